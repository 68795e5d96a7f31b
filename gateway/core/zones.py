"""Time zones by name. Where this machine does not know one it is UTC, and the mail leaves all the same."""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def zone_named(name: str) -> tzinfo:
    """The zone of that IANA name. Kept longer than zoneinfo keeps it, which reads a file again for every ninth zone."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return UTC
