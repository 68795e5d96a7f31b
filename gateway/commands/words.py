"""Closed lists of words that only the command line and its files know."""

from __future__ import annotations

from enum import StrEnum


class CommunityPace(StrEnum):
    """What pace a community may have as its default."""

    EACH = "each"
    DAILY = "daily"
    WEEKLY = "weekly"


class NewPace(StrEnum):
    """What pace a forecast may try as a default."""

    EACH = "each"
    DAILY = "daily"
    WEEKLY = "weekly"
    OFF = "off"


class DigestCadence(StrEnum):
    """What digests go by the clock."""

    DAILY = "daily"
    WEEKLY = "weekly"


class MailFormat(StrEnum):
    """What of a mail is printed."""

    HTML = "html"
    TEXT = "text"
    EML = "eml"
