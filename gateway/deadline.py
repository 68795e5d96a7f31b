"""Deadline: one end for many steps, so that their graces do not add up, and an end although a thread hangs.

Used by the wiring and the command line, which stop parts that live on threads: a thread cannot be cancelled.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

Result = TypeVar("Result")

_CANCEL_S = 1.0
LEAVE_S = 2.0
"""So long the end of the program waits for threads that nobody waited for before."""


class Deadline:
    """A moment, `within_s` seconds from now."""

    def __init__(self, within_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._until = monotonic() + within_s

    def left(self, *, keep: float = 0.0) -> float:
        """Seconds until then, less those to be kept for what comes after; at least 0.0."""
        return max(0.0, self._until - keep - self._now())


async def ended(stop: Callable[[], None], within_s: float) -> bool:
    """Runs `stop`, which blocks, on a thread of its own; returns whether it was back in time. Raises what it raises."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if not over.done():
            over.set_exception(error) if error else over.set_result(None)

    def run() -> None:
        error: BaseException | None = None
        try:
            stop()
        except BaseException as raised:  # It is raised again where it is waited for.
            error = raised
        # Where nobody waits any more, the loop may be closed.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, name="stopping", daemon=True).start()
    await asyncio.wait([over], timeout=within_s)
    if over.done():
        over.result()
        return True
    over.cancel()
    return False


def run_alone(main: Coroutine[Any, Any, Result]) -> Result:
    """As asyncio.run, but it does not wait for threads when `main` is over: one that hangs would hold the program."""
    loop = asyncio.new_event_loop()
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(main)
    finally:
        if left := asyncio.all_tasks(loop):
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.wait(left, timeout=_CANCEL_S))
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()


@contextmanager
def watched(within_s: float) -> Iterator[None]:
    """Ends the process with 1 where the block takes longer, whatever holds it."""
    timer = _leave_after(within_s, 1)
    try:
        yield
    finally:
        timer.cancel()


def leave_soon(code: int) -> None:
    """Ends the process after LEAVE_S with this exit code, if it has not ended by then."""
    _leave_after(LEAVE_S, code)


def _leave_after(seconds: float, code: int) -> threading.Timer:
    timer = threading.Timer(seconds, os._exit, [code])
    timer.daemon = True
    timer.start()
    return timer
