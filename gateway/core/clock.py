"""Time is always passed in: pure code gets `now`, the workers get a Clock, tests get one that they set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Returns the current time, aware, in UTC."""


def utc_now() -> datetime:
    """The wall clock: the one Clock of production."""
    return datetime.now(UTC)
