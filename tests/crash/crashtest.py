"""kill -9 under load: clients send numbered mails, a killer kills the gateway, a relay counts, a checker compares.

`python -m tests.crash.crashtest --kills 500 --mails 100000`; by default a run of half a minute. Clients behave as mail
servers do: what was not answered with 250 is sent again, the same mail. kill -9 shows that what was answered survives
the process; that it survives a loss of power rests on fsync and is not shown here.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import func, select

from gateway import keys
from store import arrivals, deliveries, migrations
from store.blobs import DiskBlobs
from store.database import Database
from store.schema import OPEN_FAN_OUT, attachments, contents, fan_outs, posts, spool
from store.schema import arrivals as arrival_rows
from tests.crash.counting_relay import CountingRelay
from tests.network import DOMAIN, Network, SetClock
from tests.postgresql import PostgreSQL, find_binaries

CLIENTS = 4
UNRECORDED = 20
SHORTEST_S = 0.2
STARTING = 0.25
"""How many of the kills meet a gateway that starts and recovers."""
LARGE_EVERY = 40
READY_WITHIN_S = 10.0


@dataclass(frozen=True)
class Plan:
    """How long and how hard."""

    kills: int = 12
    mails: int = 600
    members: int = 5
    seed: int = 1
    longest_s: float = 3.0
    """Between two kills, from the moment it is ready."""
    patience_s: float = 240.0
    postgresql: bool = False
    mutant: str = ""


@dataclass
class Findings:
    """What was seen, and what of it breaks a promise."""

    acked: int = 0
    unknown: int = 0
    posts: int = 0
    copies: int = 0
    extra: int = 0
    kills: int = 0
    slowest_start_s: float = 0.0
    seconds: float = 0.0
    breaches: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        figures = ", ".join(f"{name} {value}" for name, value in vars(self).items() if name != "breaches")
        return f"{'BROKEN' if self.breaches else 'held'}: {figures}" + "".join(f"\n  {b}" for b in self.breaches)


class Gateway:
    """The process that is killed, and its settings."""

    def __init__(self, folder: Path, url: str, relay: CountingRelay, mutant: str) -> None:
        self.port = _free_port()
        self.settings = folder / "settings.toml"
        self.log = folder / "log"
        self._mutant = mutant
        self._process: subprocess.Popen[bytes] | None = None
        keys.make(folder / "secret")
        self.settings.write_text(
            f"""
[gateway]
domain = "{DOMAIN}"
secret_file = "{folder / "secret"}"
[store]
url = "{url}"
blobs = "{folder / "blobs"}"
reserve_bytes = 0
[smtp]
listen = ""
[lmtp]
listen = "127.0.0.1:{self.port}"
[relay]
host = "127.0.0.1"
port = {relay.port}
unrecorded = {UNRECORDED}
[posting]
receipts = "never"
[authentication]
authserv_id = "mx.people.example"
[web]
listen = ""
""",
            "utf-8",
        )

    def start(self) -> None:
        """Starts it, and does not wait."""
        with self.log.open("ab") as log:
            words = [sys.executable, "-m", "tests.crash.runner", str(self.settings), self._mutant]
            self._process = subprocess.Popen(words, stdout=log, stderr=log)

    def wait_until_ready(self) -> float:
        """Seconds until it says 220."""
        assert self._process
        began = time.monotonic()
        while time.monotonic() - began < 6 * READY_WITHIN_S:
            if self._process.poll() is not None:
                raise RuntimeError(self.log.read_text("utf-8", "replace")[-5000:])
            with suppress(OSError), Client(self.port):
                return time.monotonic() - began
            time.sleep(0.02)
        raise RuntimeError("the gateway does not come up")

    def kill(self) -> None:
        """kill -9."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Asks it to end; returns its exit code."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)


class Client:
    """One LMTP connection. Raises OSError for anything but the expected."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 30)
        self._lines = self._socket.makefile("rb")
        try:
            self._hear(b"220")
            self.ask(b"LHLO mx.people.example", b"250")
        except OSError:
            self.close()
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hangs up."""
        self._lines.close()
        self._socket.close()

    def ask(self, line: bytes, wanted: bytes) -> None:
        """One command and its answer."""
        self._socket.sendall(line + b"\r\n")
        self._hear(wanted)

    def _hear(self, wanted: bytes) -> None:
        while True:
            line = self._lines.readline()
            if not line.startswith(wanted):
                raise ConnectionError(line)
            if line[3:4] != b"-":
                return


class Load:
    """Client threads that send mails 0…n-1 to the community until each was answered with 250."""

    def __init__(self, plan: Plan, port: int) -> None:
        self.acked: set[int] = set()
        self.unknown = 0
        self._plan = plan
        self._port = port
        self._numbers = count()
        self._lock = threading.Lock()
        # The kills take this long altogether: the mails are spread over them.
        self._pause = plan.kills * (SHORTEST_S + plan.longest_s) / 2 / plan.mails * CLIENTS
        self._threads = [threading.Thread(target=self._run, name=f"client-{n}", daemon=True) for n in range(CLIENTS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self, until: float) -> bool:
        """Whether all is sent by then."""
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        client: Client | None = None
        while True:
            with self._lock:
                number = next(self._numbers)
            if number >= self._plan.mails:
                break
            while True:
                sent = False
                try:
                    client = client or Client(self._port)
                    client.ask(b"MAIL FROM:<author@people.example>", b"250")
                    client.ask(f"RCPT TO:<projets@{DOMAIN}>".encode(), b"250")
                    client.ask(b"DATA", b"354")
                    sent = True
                    client.ask(_letter(number) + b".", b"250")
                except OSError:
                    with self._lock:
                        self.unknown += sent
                    if client:
                        client.close()
                    client = None
                    time.sleep(0.05)
                    continue
                break
            with self._lock:
                self.acked.add(number)
            time.sleep(self._pause)
        if client:
            client.close()


def _letter(number: int) -> bytes:
    """Mail `number`; now and then one that is too large for a row, with an attachment."""
    head = (
        "Authentication-Results: mx.people.example; dmarc=pass header.from=people.example\r\n"
        f"From: Author <author@people.example>\r\nTo: projets@{DOMAIN}\r\nSubject: mail-{number}\r\n"
        f"Message-ID: <crash-{number}@people.example>\r\nDate: Fri, 20 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    )
    if number % LARGE_EVERY:
        return f"{head}\r\nThe words of mail-{number}.\r\n".encode()
    blob = "\r\n".join(hashlib.sha256(f"{number} {n}".encode()).hexdigest() for n in range(1200))
    return (
        f'{head}Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nThe words of mail-{number}.\r\n--b\r\n'
        'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="f.bin"\r\n\r\n'
        f"{blob}\r\n--b--\r\n"
    ).encode()


def run(plan: Plan, folder: Path) -> Findings:
    """The whole run. Everything that breaks a promise is in `breaches`."""
    began = time.monotonic()
    server = None
    url = f"sqlite:///{folder / 'relais.db'}"
    if plan.postgresql:
        binaries = find_binaries()
        assert binaries, "no PostgreSQL binaries"
        server = PostgreSQL(binaries)
        url = server.url(server.create())
    database = Database(url)
    relay = CountingRelay()
    gateway = Gateway(folder, url, relay, plan.mutant)
    try:
        migrations.upgrade(database)
        network = Network(database, SetClock())
        people = network.persons("author", *(f"reader{n}" for n in range(plan.members)))
        network.join(network.community("projets"), *people)
        found = _under_load(plan, gateway, database)
        _check(found, plan, database, relay, DiskBlobs(folder / "blobs"))
    finally:
        with suppress(AssertionError):
            gateway.kill()
        relay.stop()
        database.close()
        if server:
            server.stop()
    found.seconds = round(time.monotonic() - began, 1)
    return found


def _under_load(plan: Plan, gateway: Gateway, database: Database) -> Findings:
    found, dice = Findings(), random.Random(plan.seed)
    gateway.start()
    gateway.wait_until_ready()
    load = Load(plan, gateway.port)
    load.start()
    for _ in range(plan.kills):
        if dice.random() < STARTING:
            time.sleep(dice.uniform(0.0, 1.5))
        else:
            found.slowest_start_s = max(found.slowest_start_s, round(gateway.wait_until_ready(), 2))
            time.sleep(dice.uniform(SHORTEST_S, plan.longest_s))
        gateway.kill()
        found.kills += 1
        gateway.start()
    gateway.wait_until_ready()
    until = time.monotonic() + plan.patience_s
    if not load.join(until):
        found.breaches.append("not every mail was answered with 250")
    while _busy(database):
        if time.monotonic() > until:
            found.breaches.append("spool and deliveries do not come to rest")
            break
        time.sleep(0.1)
    if gateway.stop() != 0:
        found.breaches.append("the gateway does not end well")
    found.acked, found.unknown = len(load.acked), load.unknown
    return found


def _busy(database: Database) -> bool:
    with database.reading() as tx:
        fan_out = tx.scalar(select(fan_outs.c.id).where(OPEN_FAN_OUT).limit(1))
        return arrivals.oldest(tx) is not None or fan_out is not None or deliveries.oldest(tx) is not None


def _check(found: Findings, plan: Plan, database: Database, relay: CountingRelay, blobs: DiskBlobs) -> None:
    def promise(held: bool, words: str) -> None:
        if not held:
            found.breaches.append(words)

    with database.reading() as tx:
        names = Counter(
            tx.scalars(select(contents.c.author_message_id).join(posts, posts.c.content_id == contents.c.id))
        )
        states = set(tx.scalars(select(arrival_rows.c.state))) | set(tx.scalars(select(spool.c.state)))
        reasons = Counter(tx.scalars(select(arrival_rows.c.reason)))
        numbers = tx.execute(select(func.max(posts.c.number), func.count()).select_from(posts)).one()
        files = set(tx.scalars(select(attachments.c.sha256)))
    wanted = {f"<crash-{n}@people.example>" for n in range(plan.mails)}
    lost = sorted(wanted - set(names))
    promise(not lost, f"P1: {len(lost)} mails were answered with 250 and are no post, such as {lost[:3]}")
    promise(max(names.values(), default=0) <= 1, f"P2: posts that are there twice: {names.most_common(3)}")
    promise(set(names) <= wanted, "posts that nobody sent")
    promise(states <= {"closed"}, f"I2: not all is closed: {states}")
    promise(set(reasons) <= {"member_post", "duplicate"}, f"I2: {reasons}")
    promise(numbers[0] == numbers[1], "numbers of posts have holes")
    found.posts = sum(names.values())
    due = {(n, f"reader{r}@people.example") for n in range(plan.mails) for r in range(plan.members)}
    missing = due - set(relay.copies)
    promise(not missing, f"P3: {len(missing)} of {len(due)} notifications never came, such as {sorted(missing)[:3]}")
    promise(set(relay.copies) <= due, "notifications that are nobody's")
    found.copies = relay.copies.total()
    found.extra = found.copies - len(relay.copies)
    most = UNRECORDED * plan.kills
    promise(found.extra <= most, f"P3: {found.extra} copies too many, {most} are allowed")
    renamed = [key for key, names in relay.names.items() if len(names) != 1]
    promise(not renamed, f"I6: copies under other names: {renamed[:3]}")
    whole = all(hashlib.sha256(blobs.read(sha256)).hexdigest() == sha256 for sha256 in files)
    promise(whole and len(files) == len(range(0, plan.mails, LARGE_EVERY)), "attachments are missing")
    promise(found.slowest_start_s <= READY_WITHIN_S, f"P9: {found.slowest_start_s} s to be ready")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def main() -> None:
    """One line of summary; exit code 1 where a promise was broken."""
    default = Plan()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name in ("kills", "mails", "members", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(default, name))
    for name in ("longest_s", "patience_s"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=getattr(default, name))
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--mutant", default="", help="break a promise on purpose (tests/crash/runner.py)")
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="relais-crash-") as folder:
        found = run(plan, Path(folder))
        log = (Path(folder) / "log").read_text("utf-8", "replace")
        if found.breaches:
            sys.stderr.write(log[-20_000:])
    sys.stdout.write(f"{found}\n")
    sys.exit(bool(found.breaches))


if __name__ == "__main__":
    main()
