"""A listener for tests: what it keeps is in memory, who is known is written down, and a raw client to talk to it."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import cast

from gateway.core.address import Address
from gateway.core.message import Envelope
from gateway.core.reply import Reply
from inbound.limits import Limits, ListenerConfig, Protocol
from inbound.listener import Listener
from inbound.spool import IN_ROW, Spool

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
PATIENCE_S = 10.0
KEPT = Reply(250, "2.0.0", "Ok")
LOOPBACK = (ip_network("127.0.0.0/8"),)


class MemoryIntake:
    """Keeps what is written; `trouble` is raised at the write with that number."""

    def __init__(self, trouble: Exception | None = None, at_write: int = 2) -> None:
        self.data = bytearray()
        self.writes = 0
        self.longest_write = 0
        self.discarded = False
        self._trouble, self._at_write = trouble, at_write

    @property
    def size(self) -> int:
        return len(self.data)

    def fits(self, octets: int) -> bool:
        return self.size + octets <= IN_ROW

    def write(self, chunk: bytes) -> None:
        self.writes += 1
        self.longest_write = max(self.longest_write, len(chunk))
        if self._trouble is not None and self.writes >= self._at_write:
            raise self._trouble
        self.data += chunk

    def discard(self) -> None:
        self.discarded = True


class MemorySpool:
    """Answers from another thread, as the real one does, once `open` is set."""

    def __init__(self, reply: Reply = KEPT) -> None:
        self.reply = reply
        self.trouble: Exception | None = None
        self.kept: list[tuple[Envelope, bytes]] = []
        self.intakes: list[MemoryIntake] = []
        self.submitted = threading.Event()
        self.open = threading.Event()
        self.open.set()
        self._threads: list[threading.Thread] = []

    def intake(self) -> MemoryIntake:
        self.intakes.append(MemoryIntake(self.trouble))
        return self.intakes[-1]

    def submit(self, envelope: Envelope, intake: MemoryIntake, done: Callable[[Reply], None]) -> None:
        thread = threading.Thread(target=self._answer, args=(envelope, bytes(intake.data), done), daemon=True)
        self._threads.append(thread)
        thread.start()
        self.submitted.set()

    def _answer(self, envelope: Envelope, data: bytes, done: Callable[[Reply], None]) -> None:
        self.open.wait(PATIENCE_S)
        if self.reply.ok:
            self.kept.append((envelope, data))
        done(self.reply)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def bodies(self) -> list[bytes]:
        """What was kept, without our Received field."""
        return [_without_trace(data) for _, data in self.kept]


def _without_trace(data: bytes) -> bytes:
    assert data.startswith(b"Received: ")
    lines = data.split(b"\r\n")
    folded = next(i for i, line in enumerate(lines[1:], 1) if not line.startswith((b" ", b"\t")))
    return b"\r\n".join(lines[folded:])


@dataclass
class KnownPeople:
    """Says yes to `known`; asks the store (a thread) about local parts that begin with "slow"."""

    known: frozenset[str] = frozenset({"team", "projets", "slow", "postmaster", "élan"})
    asked: list[str] = field(default_factory=list)
    trouble: Exception | None = None

    def quick(self, path: Address) -> Reply | None:
        return None if path.local.startswith("slow") else self._judge(path)

    def ask(self, path: Address) -> Reply:
        assert threading.current_thread() is not threading.main_thread()
        self.asked.append(str(path))
        if self.trouble is not None:
            raise self.trouble
        return self._judge(path)

    def _judge(self, path: Address) -> Reply:
        if path.split("+")[0] == "busy":
            return Reply(450, "4.2.1", "Not now")
        return KEPT if path.split("+")[0] in self.known else Reply(550, "5.1.1", "No such address here")


def make_config(protocol: Protocol = Protocol.SMTP, **changes: object) -> ListenerConfig:
    """A listener on a free loopback port that trusts nobody; limits are changed by their names."""
    names = set(Limits.__dataclass_fields__)
    limits = {"banner_delay_s": 0.0} | {name: value for name, value in changes.items() if name in names}
    rest = {name: value for name, value in changes.items() if name not in names}
    settings = {"listen": "127.0.0.1:0", "hostname": "mx.our.example", "domain": "our.example"} | rest
    return ListenerConfig(protocol=protocol, limits=Limits(**limits), **settings)  # type: ignore[arg-type]


class Client:
    """Octets out, reply lines in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: str | bytes) -> None:
        self.writer.write(data.encode() + b"\r\n" if isinstance(data, str) else data)
        await self.writer.drain()

    async def line(self) -> str:
        """One line; "" where the connection is closed. Fails after ten seconds of silence."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return (await self.reader.readline()).decode().removesuffix("\r\n")
        except ConnectionResetError:
            return ""

    async def reply(self) -> str:
        """The last line of one reply."""
        while True:
            line = await self.line()
            if line[3:4] != "-":
                return line

    async def ask(self, command: str | bytes) -> str:
        await self.send(command)
        return await self.reply()

    async def announce(self, *recipients: str, verb: str = "EHLO") -> str:
        """Everything up to DATA; the reply to that."""
        for command in (f"{verb} client.example", "MAIL FROM:<ann@client.example>"):
            assert (await self.ask(command)).startswith("250")
        for recipient in recipients or ("team@our.example",):
            assert (await self.ask(f"RCPT TO:<{recipient}>")).startswith("250")
        return await self.ask("DATA")

    async def secure(self) -> None:
        """STARTTLS, believing any certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        await self.writer.start_tls(context)

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


class Room:
    """A running listener, what it keeps, and clients of it."""

    def __init__(self, listener: Listener, spool: MemorySpool, people: KnownPeople) -> None:
        self.listener, self.spool, self.people = listener, spool, people
        self._clients: list[Client] = []

    async def connect(self, *, greeted: bool = True) -> Client:
        host, port = self.listener.address
        if port:
            client = Client(*await asyncio.open_connection(host, port))
        else:
            client = Client(*await asyncio.open_unix_connection(host))
        self._clients.append(client)
        if greeted:
            assert (await client.reply()).startswith("220 mx.our.example ")
        return client

    async def hang_up(self) -> None:
        for client in self._clients:
            await client.close()


@asynccontextmanager
async def listening(config: ListenerConfig, spool: MemorySpool | None = None) -> AsyncIterator[Room]:
    """A listener that is stopped at the end; no session of it may outlive the block."""
    kept, people = spool or MemorySpool(), KnownPeople()
    listener = Listener(config, cast(Spool, kept), people, lambda: NOW)
    await listener.start()
    room = Room(listener, kept, people)
    try:
        yield room
    finally:
        await room.hang_up()
        kept.open.set()
        await listener.stop(PATIENCE_S)
        kept.join()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens in another task or thread."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)
