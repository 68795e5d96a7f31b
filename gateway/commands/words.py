"""Closed lists of words that only the command line and its files know."""

from __future__ import annotations

from enum import StrEnum


class CommunityPace(StrEnum):
    """What pace a community may have as its default."""

    EACH = "each"
    DAILY = "daily"
    WEEKLY = "weekly"
