"""A relay for tests: a strict little SMTP server that can be told to misbehave, and remembers everything.

`answer(verb, argument, state)` decides each reply: a line ("450 4.2.1 later"), raw octets, DROP, SILENT, STALL, or None
for what a well-behaved server says. Verbs are upper-case; the greeting is "CONNECT", the end of data ".".
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Odd(Enum):
    """Replies that are none."""

    DROP = "hang up"
    SILENT = "say nothing"
    STALL = "say nothing, and never listen again"


DROP, SILENT, STALL = Odd.DROP, Odd.SILENT, Odd.STALL


@dataclass
class Accepted:
    """One mail the server said 250 to; `data` is unstuffed, without the final dot."""

    reverse_path: str
    forward_paths: list[str]
    parameters: list[str]
    data: bytes
    tls: bool
    session: int


@dataclass
class State:
    """One connection as the server sees it."""

    session: int
    mails: int = 0
    """Mails that ended with a dot on this connection."""
    tls: bool = False
    user: str = ""
    reverse_path: str | None = None
    parameters: list[str] = field(default_factory=list)
    forward_paths: list[str] = field(default_factory=list)


Answer: TypeAlias = Callable[[str, str, State], "str | bytes | Odd | None"]


class RelayServer:
    """`async with RelayServer(...) as server:` listens on 127.0.0.1:server.port."""

    def __init__(
        self,
        answer: Answer | None = None,
        *,
        extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 52428800"),
        greeting_delay: float = 0.0,
        context: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
    ) -> None:
        self.accepted: list[Accepted] = []
        self.commands: list[str] = []
        self.faults: list[str] = []
        """What a correct client never does: bare LF, talk ahead without PIPELINING, nested MAIL."""
        self.connections = 0
        self.open = 0
        self.peak = 0
        self.port = 0
        self._answer = answer or (lambda verb, argument, state: None)
        self._extensions = extensions
        self._delay = greeting_delay
        self._context = context
        self._implicit = implicit_tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def received(self) -> list[str]:
        """The first forward-path of each accepted mail."""
        return [mail.forward_paths[0] for mail in self.accepted]

    async def __aenter__(self) -> RelayServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen; `port` 0 takes a free one."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", port, ssl=self._context if self._implicit else None, limit=2**20
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and every connection."""
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        self.open += 1
        self.peak = max(self.peak, self.open)
        state = State(self.connections, tls=self._implicit)
        try:
            await asyncio.sleep(self._delay)
            await _Talk(self, reader, writer, state).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            self.open -= 1
            writer.transport.abort()


class _Talk:
    def __init__(
        self, server: RelayServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, state: State
    ) -> None:
        self.server, self.reader, self.writer, self.state = server, reader, writer, state

    async def run(self) -> None:
        await self.say("CONNECT", "", "220 relay.test ESMTP")
        while line := await self.reader.readline():
            if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
                self.server.faults.append(f"bare CR or LF: {line!r}")
            text = line.decode().strip()
            self.server.commands.append(text)
            verb, _, argument = text.partition(" ")
            await self.command(verb.upper(), argument)

    async def say(self, verb: str, argument: str, default: str) -> str:
        """Send the reply; returns it, "" where none was sent."""
        reply = self.server._answer(verb, argument, self.state)
        if reply is DROP:
            await self.hang_up()
        if reply is STALL:
            await asyncio.Event().wait()
        if reply is SILENT:
            return ""
        buffered = bytes(self.reader._buffer)  # type: ignore[attr-defined]
        if buffered and "PIPELINING" not in self.server._extensions:
            self.server.faults.append(f"talk ahead without PIPELINING after {verb}")
        if isinstance(reply, bytes):
            self.writer.write(reply)
            return reply.decode("latin-1")
        text = reply if isinstance(reply, str) else default
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()
        if text.startswith(("221", "421")):
            await self.hang_up()
        return text

    async def command(self, verb: str, argument: str) -> None:
        state = self.state
        if verb == "EHLO":
            lines = ["relay.test", *self.server._extensions]
            if self.server._context is not None and not state.tls:
                lines.append("STARTTLS")
            if state.tls:
                lines.append("AUTH PLAIN LOGIN")
            await self.say(verb, argument, "\r\n".join(f"250-{x}" for x in lines[:-1]) + f"\r\n250 {lines[-1]}")
        elif verb == "MAIL":
            await self.mail(argument)
        elif verb == "RCPT":
            default = "250 2.1.5 ok" if state.reverse_path is not None else "503 5.5.1 MAIL first"
            reply = await self.say(verb, argument, default)
            if reply.startswith("2"):
                state.forward_paths.append(argument.partition("<")[2].partition(">")[0])
        elif verb == "DATA":
            await self.data()
        elif verb == "STARTTLS" and self.server._context is not None:
            if (await self.say(verb, argument, "220 2.0.0 go ahead")).startswith("220"):
                await self.writer.start_tls(self.server._context)
                state.tls = True
        elif verb == "AUTH":
            await self.auth(argument)
        elif verb == "RSET":
            self.forget()
            await self.say(verb, argument, "250 2.0.0 ok")
        elif verb == "QUIT":
            await self.say(verb, argument, "221 2.0.0 bye")
        elif verb in ("HELO", "NOOP"):
            await self.say(verb, argument, "250 relay.test")
        else:
            await self.say(verb, argument, "500 5.5.2 what")

    async def mail(self, argument: str) -> None:
        state = self.state
        if state.reverse_path is not None:
            self.server.faults.append("nested MAIL")
        path, _, rest = argument.partition("<")[2].partition(">")
        if (await self.say("MAIL", argument, "250 2.1.0 ok")).startswith("2"):
            state.reverse_path, state.parameters = path, rest.split()

    async def data(self) -> None:
        state = self.state
        default = "354 go ahead" if state.forward_paths else "554 5.5.1 no valid recipients"
        if not (await self.say("DATA", "", default)).startswith("354"):
            return
        lines: list[bytes] = []
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                raise ConnectionResetError
            if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
                self.server.faults.append(f"bare CR, LF or NUL in data: {line!r}")
            lines.append(line[1:] if line.startswith(b".") else line)
        state.mails += 1
        default = "250 2.0.0 taken" if state.forward_paths else "554 5.5.1 no valid recipients"
        reply = await self.say(".", (state.forward_paths or [""])[0], default)
        if reply.startswith("250"):
            self.server.accepted.append(
                Accepted(
                    state.reverse_path or "",
                    list(state.forward_paths),
                    state.parameters,
                    b"".join(lines),
                    state.tls,
                    state.session,
                )
            )
        self.forget()

    async def auth(self, argument: str) -> None:
        mechanism, _, initial = argument.partition(" ")
        if mechanism == "PLAIN":
            _, user, password = base64.b64decode(initial).decode().split("\0")
        else:
            user = await self.ask("VXNlcm5hbWU6")
            password = await self.ask("UGFzc3dvcmQ6")
        good = (user, password) == ("gateway", "pass wörd")
        reply = await self.say("AUTH", mechanism, "235 2.7.0 welcome" if good else "535 5.7.8 no")
        if reply.startswith("235"):
            self.state.user = user

    async def ask(self, question: str) -> str:
        self.writer.write(f"334 {question}\r\n".encode())
        return base64.b64decode(await self.reader.readline()).decode()

    async def hang_up(self) -> None:
        # An abort could overtake the reply that was just written.
        self.writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await self.writer.wait_closed()
        raise ConnectionResetError

    def forget(self) -> None:
        self.state.reverse_path = None
        self.state.forward_paths = []


@contextmanager
def relay_in_thread(answer: Answer | None = None, *, port: int = 0) -> Iterator[RelayServer]:
    """A RelayServer with a loop and a thread of its own, for tests that are not coroutines."""
    server = RelayServer(answer)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="relay", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(port), loop).result(10)
        yield server
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def make_certificate(folder: Path, *, name: str = "localhost") -> tuple[Path, ssl.SSLContext]:
    """A self-made certificate for `name` and 127.0.0.1: (PEM file to trust, context for the server)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, secret = folder / f"{name}.pem", folder / f"{name}.key"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, secret)
    return trusted, context
