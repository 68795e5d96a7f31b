"""Wave: when within a window each of the digests that are closed at one moment leaves. Pure.

Called by digests.close, so that thousands of digests of one hour do not meet the relay, and its readers, all at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from digests.schedule import opening
from gateway.core.digest import Rhythm

_TURN = 0x9E3779B9
"""2**32 divided by the golden ratio: its multiples lie evenly within 2**32, however many of them there are in a row."""


def place_in_wave(person_id: int, rhythm: Rhythm, start: datetime, window: timedelta) -> datetime:
    """When the digest of this person leaves: at `start` or within `window` after it, the same for the same person.

    Where that would be in their quiet hours, or on a day off, it leaves at `start`, which is none of these.
    """
    if not window:
        return start
    share = person_id * _TURN % (1 << 32) / (1 << 32)
    at = start + timedelta(seconds=int(share * window.total_seconds()))
    return at if opening(rhythm, at) == at else start
