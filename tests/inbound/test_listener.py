import asyncio
import errno
import socket
import ssl
import struct
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from gateway.core.errors import StoreError
from gateway.core.reply import Reply
from inbound import watch
from inbound.limits import Protocol
from inbound.listener import Listener
from inbound.spool import Spool
from store import schema
from store.blobs import open_blobs
from store.database import Database
from tests.inbound.mailroom import (
    LOOPBACK,
    NOW,
    Client,
    KnownPeople,
    MemoryIntake,
    MemorySpool,
    Room,
    listening,
    make_config,
    until,
)

MAIL = b"Subject: hello\r\n\r\nwords\r\n.\r\n"


def reset(client: Client) -> None:
    """Close so that the peer gets a reset, not an end of stream."""
    sock = client.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.writer.transport.abort()


# What is handed over.


async def test_envelope_and_trace() -> None:
    async with listening(make_config(trusted_peers=LOOPBACK)) as room:
        client = await room.connect()
        assert await client.announce("Team@OUR.example") == "354 End with a dot on a line by itself"
        reply = await client.ask(MAIL)
        envelope, data = room.spool.kept[0]
    assert envelope.reverse_path == "ann@client.example"
    assert envelope.forward_paths == ("Team@our.example",)
    assert (envelope.peer, envelope.trusted, envelope.protocol) == ("127.0.0.1", True, "ESMTP")
    assert (envelope.helo, envelope.received_at) == ("client.example", NOW)
    queue_id = reply.removeprefix("250 2.0.0 Ok, kept as ")
    assert data.startswith(b"Received: from client.example ([127.0.0.1])\r\n\tby mx.our.example with ESMTP id ")
    assert f"id {queue_id}\r\n".encode() in data
    assert data.endswith(b"+0000\r\nSubject: hello\r\n\r\nwords\r\n")


async def test_one_envelope_per_transaction_each_recipient_once() -> None:
    async with listening(make_config(Protocol.LMTP)) as room:
        client = await room.connect()
        await client.announce("team@our.example", "TEAM@our.example", "projets@our.example", verb="LHLO")
        await client.send(MAIL)
        assert [(await client.line())[:9] for _ in range(3)] == ["250 2.0.0"] * 3
        await client.announce("slow@our.example", verb="LHLO")
        assert (await client.ask(MAIL)).startswith("250")
        assert [envelope.forward_paths for envelope, _ in room.spool.kept] == [
            ("team@our.example", "projets@our.example"),
            ("slow@our.example",),
        ]
        assert room.people.asked == ["slow@our.example"]


async def test_null_reverse_path_is_empty() -> None:
    async with listening(make_config()) as room:
        client = await room.connect()
        await client.ask("HELO client.example")
        await client.ask("MAIL FROM:<>")
        await client.ask("RCPT TO:<postmaster>")
        await client.ask("DATA")
        await client.ask(MAIL)
        envelope, _ = room.spool.kept[0]
    assert envelope.reverse_path == ""
    assert envelope.forward_paths == ("postmaster@our.example",)
    assert envelope.protocol == "SMTP"


async def test_250_is_said_after_the_spool_has_kept_the_mail() -> None:
    spool = MemorySpool()
    spool.open.clear()
    async with listening(make_config(), spool) as room:
        client = await room.connect()
        await client.announce()
        await client.send(MAIL)
        await until(spool.submitted.is_set)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await client.reader.read(1)
        spool.open.set()
        assert (await client.reply()).startswith("250 2.0.0")


async def test_the_real_spool_has_the_row_when_250_is_read(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'relais.db'}")
    schema.metadata.create_all(database.engine)
    spool = Spool(database, open_blobs(str(tmp_path / "blobs")), disk=tmp_path, reserve_bytes=0, committed=lambda: None)
    spool.start()
    listener = Listener(make_config(Protocol.LMTP), spool, KnownPeople(), lambda: NOW)
    await listener.start()
    try:
        client = Client(*await asyncio.open_connection(*listener.address))
        await client.reply()
        for text in (b"small", b"large\r\n" * 40_000):
            await client.announce(verb="LHLO")
            assert (await client.ask(b"Subject: x\r\n\r\n" + text + b"\r\n.\r\n")).startswith("250 2.0.0")
        with database.reading() as tx:
            rows = tx.exec_driver_sql("select count(*) from spool").scalar()
        await client.close()
    finally:
        await listener.stop(5)
        spool.stop()
        database.close()
    assert rows == 2


# Trouble of ours.


@pytest.mark.parametrize(
    ("trouble", "reply"),
    [
        (OSError(errno.ENOSPC, "full"), "452 4.3.1"),
        (StoreError("postgresql://user:secret@host"), "451 4.3.0"),
        (RuntimeError("secret"), "451 4.3.0"),
    ],
)
@pytest.mark.parametrize("protocol", list(Protocol))
async def test_a_store_that_fails_while_the_mail_comes_in(protocol: Protocol, trouble: Exception, reply: str) -> None:
    async with listening(make_config(protocol)) as room:
        room.spool.trouble = trouble
        client = await room.connect()
        verb, answers = ("LHLO", 2) if protocol is Protocol.LMTP else ("EHLO", 1)
        await client.announce("team@our.example", "projets@our.example", verb=verb)
        with capture_logs() as logs:
            await client.send(MAIL)
            said = [await client.reply() for _ in range(answers)]
        assert all(line.startswith(reply) and "secret" not in line for line in said)
        assert logs[0]["event"] == "intake_failed"
        assert logs[0]["exc_info"]
        assert room.spool.intakes[0].discarded
        # Nothing of the mail was taken for a command.
        assert await client.ask("NOOP") == "250 2.0.0 Ok"


async def test_a_store_that_fails_at_rcpt() -> None:
    async with listening(make_config()) as room:
        room.people.trouble = StoreError("secret")
        client = await room.connect()
        await client.ask("EHLO client.example")
        await client.ask("MAIL FROM:<>")
        with capture_logs() as logs:
            reply = await client.ask("RCPT TO:<slow@our.example>")
        assert reply == "451 4.3.0 Temporary trouble on our side, try again later"
        assert [entry["event"] for entry in logs] == ["command_failed"]
        assert (await client.ask("RCPT TO:<team@our.example>")).startswith("250")


async def test_a_spool_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "HANDOVER_S", 0.2)
    spool = MemorySpool()
    spool.open.clear()
    async with listening(make_config(idle_s=1), spool) as room:
        client = await room.connect()
        await client.announce()
        assert (await client.ask(MAIL)).startswith("451 4.3.0")
        spool.open.set()
        assert await client.ask("NOOP") == "250 2.0.0 Ok"


# Clients that go away.


@pytest.mark.parametrize("leave", ["close", "reset", "half"])
async def test_a_client_that_leaves_right_after_the_dot(leave: str) -> None:
    async with listening(make_config(connections_per_peer=1000)) as room:
        for count in range(1, 51):
            client = await room.connect()
            await client.announce()
            await client.send(MAIL)
            if leave == "half":
                client.writer.write_eof()
                assert (await client.reply()).startswith("250 2.0.0")
                assert await client.line() == ""
            elif leave == "close":
                await client.close()
            else:
                # A reset throws away what the kernel has not yet handed us, so let it be read first.
                await until(lambda n=count: len(room.spool.intakes) == n and room.spool.intakes[-1].size > 150)  # type: ignore[misc]
                reset(client)
            await until(lambda n=count: len(room.spool.kept) == n)  # type: ignore[misc]
        assert set(room.spool.bodies()) == {MAIL[:-3]}


async def test_a_client_that_leaves_while_the_spool_works() -> None:
    spool = MemorySpool()
    spool.open.clear()
    async with listening(make_config(), spool) as room:
        client = await room.connect()
        await client.announce()
        await client.send(MAIL)
        await until(spool.submitted.is_set)
        reset(client)
        spool.open.set()
        await until(lambda: len(spool.kept) == 1)
        other = await room.connect()
        assert await other.ask("NOOP") == "250 2.0.0 Ok"


async def test_a_client_that_leaves_before_the_dot() -> None:
    async with listening(make_config()) as room:
        client = await room.connect()
        await client.announce()
        await client.send(MAIL[:-3])
        await client.close()
        await until(lambda: room.spool.intakes[0].discarded)
        assert not room.spool.submitted.is_set()


# Time.


async def test_idle_sessions_end_with_421() -> None:
    async with listening(make_config(idle_s=0.2)) as room:
        client = await room.connect()
        # An unfinished command is no sign of life.
        await client.send(b"NOO")
        assert (await client.line()).startswith("421 4.4.2")
        assert await client.line() == ""


async def test_sessions_end_however_busy() -> None:
    async with listening(make_config(session_s=0.4, commands_without_mail=10_000)) as room:
        client = await room.connect()
        reply = "250"
        while reply.startswith("250"):
            reply = await client.ask("NOOP")
            await asyncio.sleep(0.02)
        assert reply.startswith("421 4.7.0 Session")


async def test_a_mail_that_drips_is_cut_and_one_in_progress_is_not() -> None:
    limits = {"min_rate": 1000, "min_rate_window_s": 0.4, "session_s": 0.4, "idle_s": 0.4}
    async with listening(make_config(Protocol.LMTP, **limits)) as room:
        steady, slow = await room.connect(), await room.connect()
        await slow.announce("team@our.example", "projets@our.example", verb="LHLO")
        await steady.announce(verb="LHLO")
        for _ in range(25):
            await steady.send(b"x" * 100 + b"\r\n")
            await asyncio.sleep(0.04)
        await steady.send(b".\r\n")
        assert (await steady.reply()).startswith("250 2.0.0")
        assert (await slow.line()).startswith("421 4.4.2")
        assert await slow.line() == ""
        assert room.spool.intakes[0].discarded


async def test_a_peer_that_never_reads_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "STUCK_S", 0.2)
    async with listening(make_config(idle_s=0.4, commands_without_mail=10**9)) as room:
        client = await room.connect()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        with pytest.raises((ConnectionError, TimeoutError)):
            async with asyncio.timeout(20):
                while True:
                    await client.send(b"HELP\r\n" * 5000)


# Who may come in.


async def test_too_many_connections() -> None:
    async with listening(make_config(connections_per_peer=2)) as room:
        first, _ = await room.connect(), await room.connect()
        refused = await room.connect(greeted=False)
        assert (await refused.line()).startswith("421 4.7.0")
        assert await refused.line() == ""
        await first.ask("QUIT")
        await first.close()
        await until(lambda: room.listener.turnstile.enter("127.0.0.1") is None)


async def test_who_talks_before_the_greeting_is_refused() -> None:
    async with listening(make_config(banner_delay_s=5)) as room:
        client = await room.connect(greeted=False)
        await client.send(b"EHLO client.example\r\nMAIL FROM:<>\r\n")
        assert (await client.line()).startswith("554 5.5.1")
        assert await client.line() == ""


async def test_the_greeting_waits_for_strangers_only() -> None:
    async with listening(make_config(banner_delay_s=0.3)) as room:
        began = asyncio.get_running_loop().time()
        await room.connect()
        assert asyncio.get_running_loop().time() - began >= 0.3
    for config in (
        make_config(banner_delay_s=30, trusted_peers=LOOPBACK),
        make_config(Protocol.LMTP, banner_delay_s=30),
    ):
        async with listening(config) as room:
            await room.connect()


async def test_trusted_peers_may_send_all_they_have() -> None:
    async with listening(make_config(mails_per_session=1, connections_per_peer=1, trusted_peers=LOOPBACK)) as room:
        client, _ = await room.connect(), await room.connect()
        for _ in range(3):
            await client.announce()
            assert (await client.ask(MAIL)).startswith("250")


async def test_lmtp_on_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    async with listening(make_config(Protocol.LMTP, listen=f"unix:{path}")) as room:
        assert room.listener.address == (str(path), 0)
        client = await room.connect()
        await client.announce(verb="LHLO")
        assert (await client.ask(MAIL)).startswith("250")
        envelope, data = room.spool.kept[0]
        assert (envelope.peer, envelope.trusted, envelope.protocol) == ("unix", False, "LMTP")
        assert data.startswith(b"Received: from client.example\r\n\tby mx.our.example with LMTP id ")
    assert not path.exists()


# Stopping.


async def test_stopping_tells_who_waits_and_lets_mails_finish() -> None:
    spool = MemorySpool()
    spool.open.clear()
    async with listening(make_config(), spool) as room:
        address = room.listener.address
        idle, sending, waiting = [await room.connect() for _ in range(3)]
        await sending.announce()
        await waiting.announce()
        await waiting.send(MAIL)
        await until(spool.submitted.is_set)
        stopping = asyncio.ensure_future(room.listener.stop(10))
        assert (await idle.line()).startswith("421 4.3.2")
        assert await idle.line() == ""
        await idle.close()
        spool.open.set()
        await sending.send(MAIL)
        for client in (sending, waiting):
            assert (await client.line()).startswith("250 2.0.0")
            assert (await client.line()).startswith("421 4.3.2")
            await client.close()
        await stopping
        assert len(spool.kept) == 2
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*address)


async def test_stopping_does_not_wait_for_ever() -> None:
    async with listening(make_config()) as room:
        client = await room.connect()
        await client.announce()
        began = asyncio.get_running_loop().time()
        await room.listener.stop(0.2)
        assert asyncio.get_running_loop().time() - began < 3
        assert room.spool.intakes[0].discarded


# TLS.


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.our.example")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(certificate.public_bytes(encoding) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    yield context


async def test_starttls_forgets_and_goes_on(tls: ssl.SSLContext) -> None:
    async with listening(make_config(tls=tls)) as room:
        client = await room.connect()
        await client.send("EHLO client.example")
        offered = [await client.line() for _ in range(7)]
        assert "250-STARTTLS" in offered
        await client.ask("MAIL FROM:<before@client.example>")
        assert (await client.ask("STARTTLS")).startswith("220 2.0.0 ")
        await client.secure()
        assert await client.ask("RCPT TO:<team@our.example>") == "503 5.5.1 Bad sequence of commands"
        assert await client.ask("MAIL FROM:<>") == "503 5.5.1 Bad sequence of commands"
        await client.send("EHLO client.example")
        offered = [await client.line() for _ in range(6)]
        assert offered[-1] == "250 ENHANCEDSTATUSCODES"
        assert not any("STARTTLS" in line or "AUTH" in line for line in offered)
        assert (await client.ask("STARTTLS")).startswith("503 5.5.1")
        await client.announce()
        assert (await client.ask(MAIL)).startswith("250 2.0.0")
        assert room.spool.kept[0][0].protocol == "ESMTPS"
        assert await client.ask("QUIT") == "221 2.0.0 Bye"


async def test_what_was_said_in_clear_after_starttls_is_never_obeyed(tls: ssl.SSLContext) -> None:
    async with listening(make_config(tls=tls)) as room:
        client = await room.connect()
        await client.ask("EHLO client.example")
        await client.send(b"STARTTLS\r\nEHLO injected.example\r\nMAIL FROM:<injected@client.example>\r\n")
        assert (await client.line()).startswith("220 2.0.0")
        await client.secure()
        assert await client.ask("RCPT TO:<team@our.example>") == "503 5.5.1 Bad sequence of commands"


@pytest.mark.parametrize("instead", [b"", b"NOOP\r\n"])
async def test_a_handshake_that_does_not_come(tls: ssl.SSLContext, instead: bytes) -> None:
    async with listening(make_config(tls=tls, tls_s=0.3, connections_per_peer=1)) as room:
        client = await room.connect()
        await client.ask("EHLO client.example")
        await client.ask("STARTTLS")
        await client.send(instead)
        async with asyncio.timeout(5):
            # Perhaps a TLS alert, then the end.
            while await client.reader.read(1000):
                pass
            while await _refused(room):
                await asyncio.sleep(0.02)


async def _refused(room: Room) -> bool:
    client = await room.connect(greeted=False)
    line = await client.line()
    await client.close()
    return line.startswith("421")


async def test_a_client_that_leaves_right_after_the_dot_under_tls(tls: ssl.SSLContext) -> None:
    async with listening(make_config(tls=tls)) as room:
        client = await room.connect()
        await client.ask("EHLO client.example")
        await client.ask("STARTTLS")
        await client.secure()
        await client.announce()
        await client.send(MAIL)
        await client.close()
        await until(lambda: len(room.spool.kept) == 1)


# Size.


async def test_an_endless_mail_is_answered_and_cut() -> None:
    async with listening(make_config(max_message_bytes=100_000)) as room:
        client = await room.connect()
        await client.announce()
        block = b"y" * 998 + b"\r\n"
        try:
            for _ in range(30):
                await client.send(block * 1000)
        except ConnectionError:
            pass
        assert (await client.line())[:9] in ("552 5.3.4", "")
        assert room.spool.intakes[0].discarded
        assert room.spool.intakes[0].size <= 100_200


async def test_memory_is_flat_under_empty_lines() -> None:
    async with listening(make_config(), ForgetfulSpool()) as room:
        client = await room.connect()
        await client.announce()
        tracemalloc.start()
        try:
            for _ in range(512):
                await client.send(b"\r\n" * 32_768)
            await client.send(b".\r\n")
            assert (await client.reply()).startswith("250")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 8_000_000
    assert room.spool.intakes[0].longest_write <= 600_000


class ForgetfulIntake(MemoryIntake):
    """Counts, keeps nothing."""

    def write(self, chunk: bytes) -> None:
        self.longest_write = max(self.longest_write, len(chunk))


class ForgetfulSpool(MemorySpool):
    """Of forgetful intakes."""

    def intake(self) -> MemoryIntake:
        self.intakes.append(ForgetfulIntake())
        return self.intakes[-1]


class StalledIntake(MemoryIntake):
    """Of a disk that takes nothing until the gate opens."""

    gate = threading.Event()

    def write(self, chunk: bytes) -> None:
        if not self.fits(len(chunk)):
            assert self.gate.wait(10)
        super().write(chunk)


class StalledSpool(MemorySpool):
    """Of stalled intakes."""

    def intake(self) -> MemoryIntake:
        self.intakes.append(StalledIntake())
        return self.intakes[-1]


async def test_a_disk_that_stalls_one_mail_stalls_no_other_session() -> None:
    async with listening(make_config(), StalledSpool()) as room:
        large, other = await room.connect(), await room.connect()
        await large.announce("team@our.example")
        sending = asyncio.create_task(
            large.send(b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" + b"words\r\n" * 40_000 + b".\r\n")
        )
        while not room.spool.intakes:
            await asyncio.sleep(0.01)
        assert (await other.ask("EHLO client.example")).startswith("250")
        assert await other.ask("NOOP") == "250 2.0.0 Ok"
        StalledIntake.gate.set()
        await sending
        assert (await large.reply()).startswith("250")
        assert room.spool.intakes[0].size > 280_000


async def test_the_spool_saying_no_is_passed_on() -> None:
    async with listening(make_config(), MemorySpool(Reply(452, "4.3.1", "Insufficient storage"))) as room:
        client = await room.connect()
        await client.announce()
        assert await client.ask(MAIL) == "452 4.3.1 Insufficient storage"
