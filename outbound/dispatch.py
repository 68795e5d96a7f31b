"""Dispatch: feeds a courier and has outcomes recorded in groups, never more than a few mails ahead of the record.

Used by the sender. What was begun and is not recorded may be sent twice if we die; `limit` bounds it (promise P3), by
making feed() wait. Recording goes on while mails fly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TypeAlias

from gateway.core.delivery import Outcome, Outgoing
from outbound.courier import TAKEN_BACK, Courier

Record: TypeAlias = Callable[[list[Outcome]], Awaitable[None]]
"""Stores one group of outcomes durably; what it raises ends the dispatch."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How far sending may run ahead of recording."""

    limit: int = 200
    """Mails handed to the courier and not yet recorded."""
    group: int = 100
    """Outcomes recorded together, at most."""
    wait_s: float = 0.1
    """An outcome waits no longer than this for others to be recorded with."""

    def __post_init__(self) -> None:
        if not 0 < self.group <= self.limit or self.wait_s < 0:
            raise ValueError("a pace needs 0 < group <= limit and no negative wait")


class Dispatch:
    """`async with Dispatch(courier, record) as dispatch: await dispatch.feed(mails)`, as often as there are mails.

    Leaving the block waits until every outcome is recorded. After an exception in the block, or a cancellation, what
    has no outcome yet is withdrawn and what has one is recorded. What `record` raises comes out of feed() or the block.
    """

    def __init__(self, courier: Courier, record: Record, pace: Pace | None = None) -> None:
        self._courier = courier
        self._record = record
        self._pace = pace or Pace()
        # Mails fed and not recorded; those of them that have their outcome are waiting.
        self._ahead = 0
        self._waiting: list[Outcome] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._recorder: asyncio.Task[None] | None = None
        self._trouble: BaseException | None = None
        self._closed = False
        self._room = asyncio.Event()
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()

    async def feed(self, mails: Sequence[Outgoing]) -> None:
        """Returns when all of `mails` are with the courier, which is when there was room for the last of them."""
        step = max(1, self._pace.limit // 8)
        for start in range(0, len(mails), step):
            chunk = mails[start : start + step]
            while self._ahead + len(chunk) > self._pace.limit and self._trouble is None:
                self._room.clear()
                await self._room.wait()
            if self._trouble is not None:
                raise self._trouble
            self._ahead += len(chunk)
            task = asyncio.create_task(self._courier.send(chunk, self._take))
            self._sending.add(task)
            task.add_done_callback(self._note_end)

    async def __aenter__(self) -> Dispatch:
        self._recorder = asyncio.create_task(self._run())
        self._recorder.add_done_callback(self._note_end)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._recorder is not None
        try:
            if kind is None:
                await asyncio.gather(*self._sending)
        finally:
            for task in list(self._sending):
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)
            self._closed = True
            self._news.set()
            self._hurry.set()
            # A group on its way into the store is not torn away by a second cancellation.
            await asyncio.shield(self._recorder)
        if kind is None and self._trouble is not None:
            raise self._trouble

    def _take(self, outcomes: Sequence[Outcome]) -> None:
        self._waiting.extend(outcomes)
        self._news.set()
        # Nothing is gained by waiting for more once the group is full or the last mail has landed.
        if len(self._waiting) >= min(self._pace.group, self._ahead):
            self._hurry.set()

    async def _run(self) -> None:
        while True:
            await self._news.wait()
            if not self._closed:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.wait_s):
                        await self._hurry.wait()
            group, self._waiting = self._waiting[: self._pace.group], self._waiting[self._pace.group :]
            if group:
                await self._record(group)
                # What is taken back was no longer ahead.
                self._ahead -= sum(outcome.detail != TAKEN_BACK for outcome in group)
                self._room.set()
            if self._closed:
                if not self._waiting:
                    return
                continue
            if not self._waiting:
                self._news.clear()
            if len(self._waiting) < min(self._pace.group, self._ahead) or not self._waiting:
                self._hurry.clear()

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled() and task.exception() is not None and self._trouble is None:
            self._trouble = task.exception()
            self._room.set()
