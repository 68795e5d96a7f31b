"""The end of the gateway: in time whatever hangs, and nobody closes the database under a task that still writes."""

from __future__ import annotations

import asyncio
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time

import pytest

from gateway import presence, settings
from gateway.app import App
from gateway.deadline import Deadline, ended, run_alone
from gateway.node import end_tasks
from gateway.roles import Role
from store.database import Database
from tests.gateway.console import Console
from tests.relay_server import SILENT, relay_in_thread


def soon() -> Deadline:
    return Deadline(0.4)


async def test_who_stops_in_time_is_not_cancelled() -> None:
    task = asyncio.create_task(asyncio.sleep(0))
    assert await end_tasks([task], soon(), 0.3) == set()
    assert not task.cancelled()
    assert await end_tasks([], soon(), 0.3) == set()


async def test_who_takes_too_long_is_cancelled() -> None:
    task = asyncio.create_task(asyncio.sleep(60))
    assert await end_tasks([task], soon(), 0.3) == set()
    assert task.cancelled()


async def test_who_lives_on_is_told_of() -> None:
    over = asyncio.Event()

    async def stubborn() -> None:
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    assert await end_tasks([task], soon(), 0.3) == {task}
    over.set()
    await task


def test_what_is_kept_for_later_is_not_left_now() -> None:
    now = [10.0]
    deadline = Deadline(5.0, lambda: now[0])
    now[0] = 12.0
    assert (deadline.left(), deadline.left(keep=2.0), deadline.left(keep=9.0)) == (3.0, 1.0, 0.0)


async def test_a_stop_that_hangs_is_not_waited_for() -> None:
    free = threading.Event()
    assert await ended(lambda: None, 10)
    assert not await ended(lambda: (free.wait(30), None)[1], 0.05)
    free.set()
    with pytest.raises(KeyError):
        await ended(lambda: {}["nothing"], 10)


def test_a_thread_that_hangs_does_not_hold_the_loop() -> None:
    free = threading.Event()

    async def main() -> int:
        waiting = asyncio.ensure_future(asyncio.to_thread(free.wait, 30))
        await asyncio.wait([waiting], timeout=0.05)
        return 7

    began = time.monotonic()
    assert run_alone(main()) == 7
    assert time.monotonic() - began < 5
    free.set()


def test_a_program_ends_with_its_code_although_a_thread_hangs() -> None:
    program = """
import threading, sys, time
from gateway import deadline
threading.Thread(target=time.sleep, args=(60,)).start()
deadline.LEAVE_S = 0.1
deadline.leave_soon(3)
sys.exit(3)
"""
    ended = subprocess.run([sys.executable, "-c", program], timeout=30, check=False)
    assert ended.returncode == 3


def open_ports(relais: Console) -> tuple[int, int]:
    """Has the settings name a free port for SMTP and one for the web; returns them."""
    found = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found.append(probe.getsockname()[1])
    text = relais.config.read_text()
    text = text.replace('[smtp]\nlisten = ""', f'[smtp]\nlisten = "127.0.0.1:{found[0]}"\nbanner_delay_s = 0')
    relais.config.write_text(text.replace('[web]\nlisten = ""', f'[web]\nlisten = "127.0.0.1:{found[1]}"'))
    return found[0], found[1]


def serve(relais: Console) -> subprocess.Popen[str]:
    serving = relais.start("serve")
    assert serving.stderr
    while "started" not in (line := serving.stderr.readline()):
        assert line, "serve ended"
    return serving


def stop(serving: subprocess.Popen[str], within_s: float) -> str:
    """Ends it by SIGTERM, within so many seconds; returns what it said."""
    began = time.monotonic()
    serving.send_signal(signal.SIGTERM)
    try:
        _, stderr = serving.communicate(timeout=60)
    finally:
        serving.kill()
    assert serving.returncode == 0, stderr
    assert time.monotonic() - began < within_s, stderr
    return stderr


def test_who_only_waits_holds_nobody_up(relais: Console) -> None:
    smtp, web = open_ports(relais)
    serving = serve(relais)
    with smtplib.SMTP("127.0.0.1", smtp) as client, socket.create_connection(("127.0.0.1", web)) as half:
        client.ehlo()
        half.sendall(b"GET / HTTP/1.1\r\nX-Half: ")
        # Two seconds as a rule; a machine that does much else at the time gets some more.
        stop(serving, 5)
        assert client.noop()[0] == 421


async def test_a_mail_that_does_not_come_to_its_end_holds_nobody_up_for_long(relais: Console) -> None:
    relais.done("community", "add", "garden", "--name", "Garden")
    smtp, _ = open_ports(relais)
    app = App(settings.load(relais.config))
    running = asyncio.create_task(app.run())
    async with asyncio.timeout(60):
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", smtp)
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
        for line in (
            "",
            "HELO x.example",
            "MAIL FROM:<ann@people.example>",
            "RCPT TO:<garden@talk.example.com>",
            "DATA",
        ):
            writer.write(f"{line}\r\n".encode() if line else b"")
            assert (await reader.readline())[:1] in (b"2", b"3")
        writer.write(b"Subject: never")
        began = time.monotonic()
        app.stop(within_s=7.0)
        await running
    assert time.monotonic() - began < 8
    writer.close()


def draining(relais: Console, *words: str) -> tuple[float, int, str]:
    """Runs drain as a program; returns (seconds, exit code, stderr)."""
    began = time.monotonic()
    program = relais.start("drain", *words)
    _, stderr = program.communicate(timeout=60)
    return time.monotonic() - began, program.returncode, stderr


def garden(relais: Console) -> None:
    """A community, and a mail to its two members in the spool."""
    relais.done("community", "add", "garden", "--name", "Garden")
    for name in ("ann", "bob"):
        relais.done("person", "add", f"{name}@people.example")
        relais.done("member", "add", f"{name}@people.example", "garden")
    mail = relais.folder / "1.eml"
    mail.write_bytes(b"From: ann@people.example\nTo: garden@talk.example.com\nMessage-ID: <1@x.example>\n\nHi.\n")
    relais.done("accept", str(mail), "--to", "garden@talk.example.com")


def test_a_drain_ends_in_time_beside_a_relay_that_hangs(relais: Console) -> None:
    garden(relais)
    with relay_in_thread(lambda verb, argument, state: SILENT if verb == "." else None) as relay:
        text = relais.config.read_text()
        relais.config.write_text(text.replace("[relay]", f'[relay]\nhost = "127.0.0.1"\nport = {relay.port}'))
        took, code, stderr = draining(relais, "--timeout", "4")
    assert code == 1 and "not everything was done in time" in stderr
    # Starting the program is not part of it.
    assert 4 <= took < 4 + 2 + 10
    assert "Traceback" not in stderr and "not_stopped" not in stderr
    # What was on the wire is recorded as not known to have arrived.
    found = relais.json("status")
    assert (found["posts"], found["deliveries"]["deferred"]) == (1, 1)


def test_a_drain_does_not_wait_for_work_that_nobody_does(relais: Console, sqlite_url: str) -> None:
    garden(relais)
    other = Database(sqlite_url)
    other.hold(presence.note([Role.LISTENER, Role.SENDER]))
    try:
        took, code, stderr = draining(relais)
    finally:
        other.close()
    assert code == 1 and "without the role worker" in stderr and "Traceback" not in stderr
    assert took < 30
    # The note goes with its holder.
    assert presence.roles_of_holder(other) is None
    assert draining(relais, "--timeout", "60")[1] == 0


def test_a_port_that_is_taken_at_the_last_moment_is_78(relais: Console) -> None:
    smtp, web = open_ports(relais)
    program = f"""
import socket
from gateway import app, cli
from gateway.starting import bound
# Between the look and the start, somebody else is quicker.
app.require_free = lambda key, listen: held.append(bound(key, listen)[0]) or held[-1].listen()
held = []
cli.app(["--config", {str(relais.config)!r}, "serve"])
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 78, ended.stderr
    assert f"web.listen: cannot listen at 127.0.0.1:{web}: address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr
    relais.config.write_text(relais.config.read_text().replace(f"127.0.0.1:{web}", ""))
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 78, ended.stderr
    assert f"smtp.listen: cannot listen at 127.0.0.1:{smtp}: address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr
