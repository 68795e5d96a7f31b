"""Who is connected to the web port: never more than a number, and nobody for long without a whole request.

Asked by the server for each connection. Bounds what strangers can take of the process: a file descriptor that a
half-open connection holds is one that no mail can come in by.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

HEAD_S = 10.0
"""So long a connection may be without a whole request head, new or between two requests."""
WORK_S = 60.0
"""Before that, nobody whose request is being answered gives way to a new connection."""
_LOOK_EVERY_S = 1.0


class Connection(Protocol):
    """One connection, from the accept to its end."""

    def cut(self) -> None:
        """Ends it at once. It must leave() before long."""


class Connections:
    """Counts `most` connections, and chooses who gives way. Used on one event loop; `monotonic` gives seconds."""

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._now = monotonic
        # Both by their time, the longest first: a dict keeps the order in which its keys came.
        self._waiting: dict[Connection, float] = {}
        self._working: dict[Connection, float] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._working)

    def enter(self, connection: Connection) -> bool:
        """Lets a new one in, or says that there is no place.

        Where all are taken, whoever has waited longest without a request gives way, then whoever is answered for more
        than a minute: a person's browser sends its request with its connection, a flood does not.
        """
        if len(self) >= self._most and not self._make_room():
            return False
        self._waiting[connection] = self._now()
        return True

    def begin(self, connection: Connection) -> None:
        """Its request is here and is being answered."""
        if self._waiting.pop(connection, None) is not None:
            self._working[connection] = self._now()

    def rest(self, connection: Connection) -> None:
        """It was answered; another request may come."""
        if self._working.pop(connection, None) is not None:
            self._waiting[connection] = self._now()

    def leave(self, connection: Connection) -> None:
        """It is gone. Harmless for one that never was inside."""
        self._waiting.pop(connection, None)
        self._working.pop(connection, None)

    def cut_late(self) -> None:
        """Ends all that had their time for a request head."""
        late = self._now() - HEAD_S
        for connection in [waiting for waiting, since in self._waiting.items() if since <= late]:
            self._cut(connection)

    async def patrol(self) -> None:
        """Looks every second, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self.cut_late()

    def _make_room(self) -> bool:
        oldest = next(iter(self._waiting), None)
        if oldest is None:
            oldest = next(iter(self._working), None)
            if oldest is None or self._now() - self._working[oldest] < WORK_S:
                return False
        self._cut(oldest)
        return True

    def _cut(self, connection: Connection) -> None:
        self.leave(connection)
        connection.cut()
