"""When a person's digests are due: days by their calendar, hours by their clock, moments in UTC.

Called when a digest is closed, when somebody's rhythm changes and by the tick. Pure: the moment is passed in. Whether a
local day has a due, and at which moment, depends on that day (weekly: week) and the rhythm alone, so that whoever asks,
from whichever moment, hears of the same ones, and no local day has two of one cadence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from itertools import islice
from typing import assert_never

from digests.calendar import is_working_day
from gateway.core.digest import Cadence, Period, Rhythm
from gateway.core.quiet import instant, is_quiet
from gateway.core.zones import zone_named

FURTHEST = timedelta(days=21)
"""No digest of who works on more than one weekday is due so far ahead, in whatever country."""

_DAY = timedelta(days=1)
_LOOKED_AT = 400
"""Days, or weeks, after which it is no matter of waiting: such a calendar has no working day."""


@dataclass(frozen=True, slots=True)
class Due:
    """A digest that goes at this moment (aware, UTC), and the period that it covers."""

    at: datetime
    period: Period


def next_due(cadence: Cadence, rhythm: Rhythm, after: datetime) -> Due:
    """The first due strictly after that aware moment.

    Daily: on every working day, at the person's hour. Weekly: on their day; where that is no working day, on the next
    one of the same week (Monday to Sunday), else on the last one before it; a week without any has none, and the next
    digest covers it too. A missing hour is the first moment after it, a doubled one the first of the two; a day that
    the zone leaves out has none. An hour within the quiet hours is their end, on the same day. A zone that this
    machine does not know is UTC. Raises ValueError for a catch-up, which goes by no clock, for a moment without a
    zone, and for a calendar without any working day.
    """
    zone = zone_named(rhythm.timezone)
    for due in _dues(cadence, rhythm, zone, _local_day(after, zone), 1):
        if due.at > after:
            return due
    raise ValueError("no working day in that calendar")


def latest_due(cadence: Cadence, rhythm: Rhythm, now: datetime) -> Due:
    """The last due at or before that aware moment: the one digest that stands for all that an outage missed.

    Raises ValueError as next_due does.
    """
    zone = zone_named(rhythm.timezone)
    # Where clocks go back across midnight, the hours before it come again after tomorrow's first ones.
    for due in _dues(cadence, rhythm, zone, _local_day(now, zone) + _DAY, -1):
        if due.at <= now:
            return due
    raise ValueError("no working day in that calendar")


def opening(rhythm: Rhythm, moment: datetime) -> datetime:
    """The first moment from this one on at which a digest that is late may go: no day off, no quiet hours.

    On a working day that is at once, or when the quiet hours of the day end; else it waits for the next daily due, and
    becomes one with it. Raises ValueError as next_due does.
    """
    zone = zone_named(rhythm.timezone)
    day = _local_day(moment, zone)
    if is_working_day(day, rhythm):
        if not is_quiet(moment.astimezone(zone).time(), rhythm.quiet):
            return moment
        at = _moment(day, replace(rhythm, daily_at=moment.astimezone(zone).time()), zone)
        if at is not None and at > moment:
            return at
    return next_due(Cadence.DAILY, rhythm, moment).at


def _dues(cadence: Cadence, rhythm: Rhythm, zone: tzinfo, day: date, step: int) -> Iterator[Due]:
    """The dues from that local day (weekly: from its week) onwards, or backwards, in their order."""
    candidates: Iterator[tuple[date, ...]]
    match cadence:
        case Cadence.DAILY:
            candidates = ((day + n * _DAY,) for n in range(0, step * _LOOKED_AT, step))
        case Cadence.WEEKLY:
            monday = day - day.weekday() * _DAY
            weeks = (monday + 7 * n * _DAY for n in range(0, step * _LOOKED_AT, step))
            candidates = (_by_preference(week, rhythm.weekly_on) for week in weeks)
        case Cadence.CATCH_UP:
            raise ValueError("a catch-up goes by no clock")
        case _:
            assert_never(cadence)
    for days in candidates:
        moments = ((on, _moment(on, rhythm, zone)) for on in days if is_working_day(on, rhythm))
        yield from islice((Due(at, Period(cadence, on)) for on, at in moments if at is not None), 1)


def _by_preference(monday: date, wanted: int) -> tuple[date, ...]:
    """The days of that week: the wanted one, those after it, then those before it, the nearest first."""
    return tuple(monday + n * _DAY for n in (*range(wanted, 7), *range(wanted - 1, -1, -1)))


def _moment(day: date, rhythm: Rhythm, zone: tzinfo) -> datetime | None:
    """When the digest of that local day goes; None where the day has no moment at which something may be sent.

    The hour is kept unless it is quiet. Then it is the end of the quiet hours on the same day: who is left in peace
    from 19:00 to 08:00 and asked for 22:00 finds it on the morning of each working day, and none on a Saturday.
    """
    hours = (rhythm.daily_at,) if rhythm.quiet is None else (rhythm.daily_at, rhythm.quiet[1])
    for hour in hours:
        at = instant(day, hour, zone)
        local = at.astimezone(zone)
        if local.date() == day and not is_quiet(local.time(), rhythm.quiet):
            return at
    return None


def _local_day(moment: datetime, zone: tzinfo) -> date:
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(zone).date()
