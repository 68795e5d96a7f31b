"""The sessions of one listener: kept while they last, looked after by the clock, ended together.

Used by the listener on its event loop.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from inbound.limits import Limits


class Session(Protocol):
    """One connection as its listener sees it."""

    def shut_down(self) -> None:
        """Say 421 and close, at once or after the mail in flight."""

    def look_at_the_clock(self, now: float) -> None:
        """Hang up where something has taken too long."""

    def abort(self) -> None:
        """Cut the connection."""


class Sessions:
    """Each with the task that serves it. `start` before the first, `stop` once."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._tasks: dict[Session, asyncio.Task[None]] = {}
        self._patrol: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look at the clock."""
        self._patrol = asyncio.get_running_loop().create_task(self._watch())

    def keep(self, session: Session, task: asyncio.Task[None]) -> None:
        """Keeps an eye on a session until its task ends."""
        self._tasks[session] = task
        task.add_done_callback(lambda _: self._tasks.pop(session, None))

    async def stop(self, grace_s: float) -> None:
        """421 to who waits; mails in flight finish within `grace_s` seconds, then the rest is cut."""
        for session in self._tasks:
            session.shut_down()
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=grace_s)
        tasks = list(self._tasks.values())
        for session in list(self._tasks):
            session.abort()
        if self._patrol is not None:
            self._patrol.cancel()
            tasks.append(self._patrol)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self) -> None:
        # One look at all sessions now and then is cheaper than a timer for each thing that each session waits for.
        limits = self._limits
        pause = min(1.0, limits.idle_s / 4, limits.session_s / 4, limits.min_rate_window_s / 4)
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(pause)
            for session in list(self._tasks):
                session.look_at_the_clock(loop.time())
