"""Time is always passed in: pure code gets `now`, the workers get a Clock, tests get one that they set."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

JUMP = timedelta(minutes=10)
"""A clock that moved so far from where time itself took it was set, or was wrong."""
SETTLED = timedelta(days=1)
"""After so long without another jump a new time is believed."""

Clock: TypeAlias = Callable[[], datetime]
"""Returns the current time, aware, in UTC."""


def utc_now() -> datetime:
    """The wall clock: the one Clock of production."""
    return datetime.now(UTC)


class ClockWatch:
    """Notices when the wall clock jumps, by comparing it with time that only runs. For one thread at a time.

    What cannot be undone, such as forgetting what is old, waits while `is_settled()` is False: until the clock is back
    where it should be, or has gone on evenly for a day. The sleep of a whole machine counts as a jump.
    """

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._trusted = self._offset()
        self._seen = self._trusted
        self._seen_at = monotonic()

    def is_settled(self) -> bool:
        """Whether the wall clock can be believed, as far as this process has seen it."""
        offset = self._offset()
        if abs(offset - self._seen) > JUMP:
            self._seen, self._seen_at = offset, self._monotonic()
        if abs(offset - self._trusted) <= JUMP:
            # Small corrections are followed, so that a year of them is no jump.
            self._trusted = self._seen = offset
            return True
        if self._monotonic() - self._seen_at >= SETTLED.total_seconds():
            self._trusted = offset
            return True
        return False

    def even_s(self) -> float:
        """For how many seconds the wall clock has not jumped, right or wrong, as far as this process has seen it."""
        self.is_settled()
        return self._monotonic() - self._seen_at

    def _offset(self) -> timedelta:
        """What the wall clock shows beyond the time that ran."""
        return self._clock() - datetime.fromtimestamp(self._monotonic(), UTC)
