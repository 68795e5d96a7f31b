"""Connection: the part of a session before its first mail, one command and one reply at a time.

Driven by outbound/handshake.py; outbound/session.py goes on from there. RFC 5321 §4.5.3.2, RFC 3207 §4.2.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass

from gateway.core.reply import Reply
from outbound.wire import Extensions, ReplyReader


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for the peer (RFC 5321 §4.5.3.2)."""

    connect_s: float = 30.0
    """TCP and TLS handshakes."""
    command_s: float = 300.0
    """The greeting and each reply but the last."""
    dot_s: float = 600.0
    """The reply to the final dot, counted from the last octet that could be written."""
    quit_s: float = 5.0
    idle_close_s: float = 30.0
    """A connection without work is closed after this."""


QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class SessionError(Exception):
    """The session ended before it was ready. The message is the detail for the outcome."""


class Connection(asyncio.Protocol):
    """From TCP handshake to the last reply before mails; what comes in is for whoever extends it to take."""

    def __init__(self, timeouts: Timeouts) -> None:
        self.extensions = Extensions()
        self.over = False
        self._connected = False
        self._timeouts = timeouts
        self._loop = asyncio.get_running_loop()
        self._reader = ReplyReader()
        self._answer: asyncio.Future[Reply] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: connected."""
        assert isinstance(transport, asyncio.Transport)
        # asyncio sets TCP_NODELAY itself, without which each mail would wait for an acknowledgement.
        self._transport = transport
        self._connected = True
        # The greeting may come before anybody asks for it.
        self._answer = self._loop.create_future()

    def _acknowledge(self) -> None:
        """Acknowledges what came at once: a relay that sends replies one by one may wait for that with the next.

        The system forgets the wish with each packet (tcp(7), TCP_QUICKACK), so it is said again for each.
        """
        peer = self._transport.get_extra_info("socket")
        if QUICKACK is not None and peer is not None:
            with suppress(OSError):
                peer.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)

    async def greeting(self) -> Reply:
        """The peer's first reply. Raises SessionError."""
        return await self._read()

    async def command(self, line: bytes) -> Reply:
        """Send one command, CRLF included, and return its reply. Only before the first work(). Raises SessionError."""
        if self.over:
            raise SessionError("connection lost")
        self._answer = self._loop.create_future()
        self._transport.write(line)
        return await self._read()

    async def _read(self) -> Reply:
        assert self._answer is not None
        try:
            async with asyncio.timeout(self._timeouts.command_s):
                return await self._answer
        except TimeoutError as error:
            raise SessionError("time-out") from error
        finally:
            self._answer = None

    async def secure(self, context: ssl.SSLContext, host: str, timeout_s: float) -> None:
        """After the 220 to STARTTLS: put TLS under the session. Raises SessionError, OSError (TimeoutError too)."""
        # What was sent in clear behind the 220 would be read as if it had come through TLS.
        if self.over or not self._reader.empty:
            raise SessionError("talk before the TLS handshake")
        async with asyncio.timeout(timeout_s):
            transport = await self._loop.start_tls(self._transport, self, context, server_hostname=host)
        if transport is None or self.over:
            raise SessionError("connection lost")
        self._transport = transport

    def _answers(self, reply: Reply) -> bool:
        """Gives the reply to whoever asked; False where that one has its answer already."""
        if self._answer is None or self._answer.done():
            return False
        self._answer.set_result(reply)
        return True

    def _hang_up(self, detail: str) -> None:
        self.over = True
        if self._connected:
            self._transport.abort()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(SessionError(detail))
            # Nobody may be waiting yet.
            self._answer.exception()
