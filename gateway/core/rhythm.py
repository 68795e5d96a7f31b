"""How hours, days and spans of a rhythm are written, and whose choice counts: the person's, else the network's.

Used for settings, the command line and the words of a mail. Every parse_* gives the value, or raises ValueError with
words that go behind the name of what was set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import time

from gateway.core.digest import Rhythm

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\Z")
_LEAST_MINUTES = 120
"""What quiet hours leave of a day: more than clocks that go forward take, so that every day keeps a moment."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What one person chose for themself; None for what they left to the network."""

    daily_at: time | None = None
    weekly_on: int | None = None
    working_days: frozenset[int] | None = None
    holidays: str | None = None
    quiet: tuple[time, time] | None = None
    """Equal ends are no quiet hours at all, whatever the network has."""


def rhythm_of(network: Rhythm, timezone: str, choices: Choices) -> Rhythm:
    """The rhythm of one person: their zone, what they chose, and the network's for the rest."""
    return replace(
        network,
        timezone=timezone,
        daily_at=network.daily_at if choices.daily_at is None else choices.daily_at,
        weekly_on=network.weekly_on if choices.weekly_on is None else choices.weekly_on,
        working_days=network.working_days if choices.working_days is None else choices.working_days,
        holidays=network.holidays if choices.holidays is None else choices.holidays,
        quiet=network.quiet if choices.quiet is None else choices.quiet,
    )


def parse_hour(text: str) -> time:
    """07:30 or 7:30, from 00:00 to 23:59."""
    found = _HOUR.match(text.strip())
    if found is None:
        raise ValueError("must be a time of day such as 07:30")
    return time(int(found[1]), int(found[2]))


def parse_weekday(text: str) -> int:
    """The English name of a weekday in full, whatever its case; 0 is Monday."""
    try:
        return WEEKDAYS.index(text.strip().lower())
    except ValueError as error:
        raise ValueError(f"must be one of {', '.join(WEEKDAYS)}") from error


def parse_weekdays(names: Iterable[str]) -> frozenset[int]:
    """At least one weekday, each as parse_weekday takes it."""
    days = frozenset(parse_weekday(name) for name in names)
    if not days:
        raise ValueError("must name at least one day of the week")
    return days


def parse_quiet(text: str) -> tuple[time, time] | None:
    """19:00-08:00, from the first hour until the second, which may be on the next day; None for ""."""
    if not text.strip():
        return None
    first, dash, end = text.partition("-")
    if not dash:
        raise ValueError("must be a span such as 19:00-08:00, or empty")
    try:
        quiet = parse_hour(first), parse_hour(end)
    except ValueError as error:
        raise ValueError("must be a span such as 19:00-08:00, or empty") from error
    # What is not quiet lies between the second hour and the first; equal ends may mean all of the day or nothing.
    left = (_minutes(quiet[0]) - _minutes(quiet[1])) % (24 * 60)
    if left < _LEAST_MINUTES:
        raise ValueError("must leave at least two hours of the day, and not end when it begins")
    return quiet


NO_QUIET = "none"
"""What is stored for somebody who wants no quiet hours, whatever the network has."""


def parse_personal_quiet(text: str) -> str:
    """As parse_quiet, or "none": what is stored for the person, "" for the network's."""
    wanted = text.strip().lower()
    if wanted == NO_QUIET:
        return wanted
    try:
        parse_quiet(wanted)
    except ValueError as error:
        raise ValueError(f"{error}; none for no quiet hours at all") from error
    return wanted


def personal_quiet(stored: str | None) -> tuple[time, time] | None:
    """What a person chose, as Choices.quiet has it."""
    if stored is None:
        return None
    return (time(), time()) if stored == NO_QUIET else parse_quiet(stored)


def _minutes(hour: time) -> int:
    return hour.hour * 60 + hour.minute
