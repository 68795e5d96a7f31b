"""`make bench`: how fast the main path is on this machine, each figure beside a reference of the same run.

python -m tests.bench [--only NAME]... [--database URL] [--scale 0.1]. Nothing here asserts: machines differ, ratios
speak. The gateway, the load client and the counting relay are processes of their own on loopback.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests import old_list
from tests.bench import digests, fill
from tests.bench.house import Gateway, House, free_port

TRAFFIC = [sys.executable, "-m", "tests.bench.traffic"]


@contextmanager
def counting(expect: int, port: int = 0) -> Iterator[tuple[int, Callable[[float], list[tuple[float, int]]]]]:
    """A relay that counts: its port, and a function that waits for all mails and returns when each came."""
    command = [*TRAFFIC, "count", "--expect", str(expect), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        found = json.loads(process.stdout.readline())["port"]

        def wait(timeout_s: float) -> list[tuple[float, int]]:
            try:
                out, _ = process.communicate(timeout=timeout_s)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
                out, _ = process.communicate()
            return [(t, n) for t, n in json.loads(out)["arrived"]]

        try:
            yield found, wait
        finally:
            if process.poll() is None:
                process.terminate()


def post(port: int, rcpt: str, count: int, connections: int, **more: object) -> dict[str, Any]:
    """Posts by LMTP from a process of its own."""
    extra = [word for key, value in more.items() for word in (f"--{key}", str(value))]
    command = [*TRAFFIC, "post", "--port", str(port), "--rcpt", rcpt, "--count", str(count)]
    done = subprocess.run([*command, "--connections", str(connections), *extra], stdout=subprocess.PIPE, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def say(name: str, figure: str, reference: str = "") -> None:
    """One line of the table."""
    print(f"{name:<44} {figure:>22}   {reference}", flush=True)


def bench_accepting(house: House, scale: float) -> None:
    """Ten connections, the listener alone, against bare aiosmtpd."""
    count = int(4000 * scale)
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    for turn in range(2):
        with house.running("listener"):
            done = post(house.lmtp_port, house.small, count, 10, first=turn * count)
            rates["ours"].append(count / (done["end"] - done["start"]))
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tests.bench.reference", f"{folder}/reference.db"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bare:
                assert bare.stdout
                done = post(int(bare.stdout.readline()), house.small, count, 10)
                bare.terminate()
            rates["bare"].append(count / (done["end"] - done["start"]))
    ours, reference = max(rates["ours"]), max(rates["bare"])
    say(
        "accepting, 10 connections",
        f"{ours:.0f}/s",
        f"bare aiosmtpd + grouped commits {reference:.0f}/s: {ours / reference:.0%}",
    )


def bench_w1(house: House, scale: float, label: str = "W1: posts in to 1 subscriber out") -> float:
    """1,000 posts over four connections until each has reached its subscriber."""
    count = int(1000 * scale)
    with counting(count, house.relay_port) as (_, wait), house.running() as gateway:
        cpu = gateway.cpu()
        done = post(house.lmtp_port, house.small, count, 4, first=int(time.time()) % 10**6 * 1000)
        arrived = wait(120)
        rate = len(arrived) / (arrived[-1][0] - done["start"])
        say(
            label,
            f"{rate:.0f}/s",
            f"{(gateway.cpu() - cpu) / count * 1000:.1f} CPU ms a post; {len(arrived)} of {count}",
        )
    return rate


def bench_w2(house: House, scale: float, label: str, members: int) -> None:
    """One post to many members, each with a copy of their own."""
    with counting(members, house.relay_port) as (_, wait), house.running() as gateway:
        done = post(house.lmtp_port, house.large(members), 1, 1, first=int(time.time()) % 10**6 * 1000)
        accepted = next(iter(done["accepted"].values()))
        arrived = wait(180)
        rate = len(arrived) / (arrived[-1][0] - accepted)
        first = (arrived[0][0] - accepted) * 1000
        say(label, f"{rate:.0f}/s", f"first copy {first:.0f} ms after the 250; peak {gateway.peak_mib():.0f} MiB")


def bench_w3(house: House, label: str, network: tuple[int, int, int, int]) -> None:
    """A digest for each member, closed and sent: `network` is members, places, how many each follows, posts in each."""
    monday = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    members = network[0]
    digests.furnish(house.database_url, *network, monday)
    command = [sys.executable, "-m", "tests.bench.digests", str(house.folder / "settings.toml"), monday.isoformat()]
    with (
        counting(members, house.relay_port) as (_, wait),
        (house.folder / "log").open("wb") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout and process.stdin
        done = json.loads(process.stdout.readline())
        arrived = wait(600)
        peak = Gateway(process).peak_mib()
        process.stdin.close()
    rate = len(arrived) / (arrived[-1][0] - done["start"])
    closing = done["closed"] / (done["end"] - done["start"])
    said = f"{len(arrived)} of {members}; closing alone {closing:.0f}/s; peak {peak:.0f} MiB"
    say(label, f"{rate:.0f}/s", said)


def reference_w2(house: House, scale: float) -> None:
    """What smtplib does on one reused connection: the library's own speed here."""
    count = int(2000 * scale)
    with counting(count) as (port, wait):
        client = smtplib.SMTP("127.0.0.1", port)
        data = b"Subject: bench-0\r\n\r\n" + b"x" * 70 * 70
        start = time.monotonic()
        for i in range(count):
            client.sendmail("a@client.example", [f"m{i}@client.example"], data)
        client.quit()
        arrived = wait(60)
    say("   reference: smtplib, one connection", f"{count / (arrived[-1][0] - start):.0f}/s")


def bench_latency(house: House, scale: float) -> None:
    """Single posts on an idle machine: 250 to the copy on the wire."""
    count = int(100 * scale) or 10
    first = int(time.time()) % 10**6 * 1000
    with counting(count, house.relay_port) as (_, wait), house.running():
        done = post(house.lmtp_port, house.small, count, 1, pause=0.1, first=first)
        arrived = wait(60)
    accepted = {int(number): at for number, at in done["accepted"].items()}
    lag = sorted((at - accepted[number]) * 1000 for at, number in arrived)
    say(
        "single notification after its 250",
        f"p99 {lag[int(len(lag) * 0.99)]:.0f} ms",
        f"median {statistics.median(lag):.0f} ms",
    )


def bench_idle(house: House, scale: float) -> None:
    """All roles at rest."""
    with house.running() as gateway:
        time.sleep(2)
        cpu, start = gateway.cpu(), time.monotonic()
        time.sleep(max(3.0, 10 * scale))
        used = (gateway.cpu() - cpu) / (time.monotonic() - start)
        say("idle, all roles", f"{gateway.rss_mib():.0f} MiB", f"{used:.2%} of a core")


def bench_full_store(house: House, scale: float) -> None:
    """W1 on a store that already holds a million posts, against the empty one."""
    empty = max(bench_w1(house, scale, "W1 before filling") for _ in range(2))
    posts = int(1_000_000 * scale)
    start = time.monotonic()
    fill.posts(house.database_url, posts)
    print(f"   ({posts} posts filled in within {time.monotonic() - start:.0f} s)")
    full = max(bench_w1(house, scale, f"W1 on {posts} posts") for _ in range(2))
    say("   slower by", f"{empty / full:.2f} times")


def bench_import(house: House, scale: float) -> None:
    """The archive of a list becomes posts."""
    count = int(50_000 * scale)
    path = house.folder / "list.mbox"
    old_list.mbox(path, count)
    words = [
        "--config",
        str(house.folder / "settings.toml"),
        "import",
        "posts",
        str(path),
        "--community",
        "small",
        "--json",
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "gateway", *words], stdout=subprocess.PIPE, check=True)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    imported = json.loads(done.stdout)["imported"]
    said = f"{imported} of {count}; {cpu / count * 1000:.2f} CPU ms a mail; peak {after.ru_maxrss / 1024:.0f} MiB"
    say(f"import of {count} mails, {path.stat().st_size >> 20} MiB", f"{count / seconds:.0f}/s", said)


def make_dkim(folder: Path) -> dict[str, str]:
    """[dkim] settings with a fresh 2048-bit key."""
    key = rsa.generate_private_key(65537, 2048)
    path = folder / "dkim.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return {"domain": "talk.example.com", "selector": "s1", "key_file": str(path)}


BENCHES: dict[str, Callable[[House, float], object]] = {
    "accepting": bench_accepting,
    "w1": bench_w1,
    "w2": lambda house, scale: (
        reference_w2(house, scale),
        bench_w2(house, scale, "W2: one post to 10,000 members", int(10_000 * scale)),
        bench_w2(house, scale, "W2: one post to 50,000 members", int(50_000 * scale)),
    ),
    "dkim": lambda house, scale: bench_w2(
        house.with_settings(dkim=make_dkim(house.folder)), scale, "W2 with DKIM, 10,000 members", int(10_000 * scale)
    ),
    "w3": lambda house, scale: (
        reference_w2(house, scale),
        bench_w3(house, "W3a: 2,000 members of one community", (int(2000 * scale), 1, 1, 30)),
        bench_w3(house, "W3b: 2,000 members, each in 5 of 50", (int(2001 * scale), 50, 5, 10)),
    ),
    "w3-large": lambda house, scale: (
        bench_w3(house, "W3a: 10,000 members", (int(10_000 * scale), 1, 1, 30)),
        bench_w3(house, "W3a: 100,000 members", (int(100_000 * scale), 1, 1, 30)),
        bench_w3(house, "W3b: 10,000 members", (int(10_001 * scale), 50, 5, 10)),
        bench_w3(house, "W3b: 100,000 members", (int(100_001 * scale), 50, 5, 10)),
    ),
    "import": bench_import,
    "latency": bench_latency,
    "idle": bench_idle,
    "full": bench_full_store,
}


def main() -> None:
    """Runs the benches, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=list(BENCHES), default=[])
    parser.add_argument("--database", default="", help="postgresql+psycopg://… of an empty database; default SQLite")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full amounts")
    args = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    for name in args.only or BENCHES:
        with tempfile.TemporaryDirectory(prefix="relais-bench-") as folder:
            house = House(Path(folder), args.database, lmtp_port=free_port(), relay_port=free_port())
            house.prepare()
            BENCHES[name](house, args.scale)


if __name__ == "__main__":
    main()
