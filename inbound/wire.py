"""The receiving end of one connection: command lines, and the octets of a mail as they come.

Used by the listener's sessions in place of a stream reader, because a mail must pass in flat memory, a command line
must end in CRLF and nothing else (RFC 5321 §2.3.8), and what follows the final dot must stay for the next command.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto

from gateway.core.reply import Reply

COMMAND_OCTETS = 1000
"""Longest command line with its CRLF: 512 (RFC 5321 §4.5.3.1.4) and ample room for SIZE, BODY and SMTPUTF8."""

_HIGH_WATER = 262_144
_LOW_WATER = 65_536
_FLOOD = 1_048_576


class Fault(Enum):
    """What is wrong with a command line."""

    TOO_LONG = auto()
    """The line was skipped; the next one may be fine."""
    BARE = auto()
    """CR or LF alone, or NUL: somebody is trying something, or is no mail client."""
    FLOOD = auto()
    """No end of line in sight after a megabyte."""


class Wire:
    """Octets in, in order. Fed by the protocol, emptied by the session, both in the event loop."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False
        self._discarding = False
        self._skipped = 0
        self.octets = 0
        """Received so far, in all."""
        self.ended = False
        """The peer will send no more."""
        self.verdict: Reply | None = None
        """What the session must say before it closes, where somebody asked it to (hang_up)."""

    def attach(self, transport: asyncio.Transport) -> None:
        """Read from this transport from now on; forget what came by another (RFC 3207 §4.2)."""
        self.clear()
        self._transport = transport

    def feed(self, data: bytes) -> None:
        """Octets came in. Beyond a quarter of a megabyte unread, the peer is made to wait."""
        self.octets += len(data)
        if self._discarding:
            return
        self._buffer += data
        if len(self._buffer) >= _HIGH_WATER and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def end(self) -> None:
        """The peer closed, or its sending half."""
        self.ended = True
        self._wake()

    def hang_up(self, reply: Reply) -> None:
        """Make the session say `reply` and close at its next wait for the peer. The first reason stands."""
        self.verdict = self.verdict or reply
        self._wake()

    def clear(self) -> None:
        """Forget what was received and not read."""
        self._buffer.clear()
        self._skipped = 0
        self._relieve()

    def discard(self) -> None:
        """Forget what was received, and all that will be."""
        self._discarding = True
        self.clear()

    @property
    def pending(self) -> bool:
        """Something was received and not read."""
        return bool(self._buffer)

    async def more(self) -> bool:
        """Wait for octets. False where the session should end: the peer has closed, or `verdict` is set."""
        if self.verdict is not None or self.ended:
            return False
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        # What came together with the end is still read: a mail is complete with its dot, whoever hung up after it.
        return self.verdict is None and (bool(self._buffer) or not self.ended)

    def take(self) -> bytes:
        """All octets received and not read."""
        data = bytes(self._buffer)
        self._buffer.clear()
        self._relieve()
        return data

    def give_back(self, data: bytes) -> None:
        """Put back what take() gave too much: the commands after the final dot."""
        self._buffer[:0] = data

    def line(self) -> bytes | Fault | None:
        """The next command line without its CRLF; None until there is a whole one."""
        end = self._buffer.find(b"\n")
        if end < 0:
            return self._skip() if len(self._buffer) >= COMMAND_OCTETS else None
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        self._relieve()
        if self._skipped or len(line) > COMMAND_OCTETS:
            self._skipped = 0
            return Fault.TOO_LONG
        if line[-2:] != b"\r\n" or b"\0" in line or line.count(b"\r") != 1:
            return Fault.BARE
        return line[:-2]

    def _skip(self) -> Fault | None:
        self._skipped += len(self._buffer)
        self._buffer.clear()
        self._relieve()
        return Fault.FLOOD if self._skipped > _FLOOD else None

    def _relieve(self) -> None:
        if self._paused and len(self._buffer) < _LOW_WATER and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
