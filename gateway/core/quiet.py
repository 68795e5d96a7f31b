"""Quiet hours: whether, and until when, nothing is sent to somebody. Pure: the moment is passed in.

Asked by the fan-out, by whoever claims deliveries, when digests are closed and for the words of a receipt. Spans are by
the person's own clock; where there are any, days off are quiet as a whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeAlias

from gateway.core.digest import Rhythm
from gateway.core.rhythm import Choices, personal_quiet, rhythm_of
from gateway.core.zones import zone_named

Works: TypeAlias = Callable[[date, Rhythm], bool]
"""Whether a local day is one on which people of that rhythm work."""

_DAY = timedelta(days=1)
_LOOKED_AT = 400
"""Days after which it is no matter of waiting: such a calendar has no working day."""


@dataclass(frozen=True, slots=True)
class Peace:
    """The quiet hours of everybody: the network's rhythm, what each chose, and the calendar."""

    network: Rhythm
    works: Works

    @property
    def is_possible(self) -> bool:
        """Whether anybody is left in peace who did not ask for it."""
        return has_quiet(self.network)

    def until(self, timezone: str, own: str | None, moment: datetime) -> datetime | None:
        """The end (UTC) of the quiet hours that this moment is in, None where it is in none.

        `own` is what the person chose, as it is stored; None follows the network.
        """
        return quiet_until(self._rhythm(timezone, own), moment, self.works)

    def is_quiet(self, timezone: str, own: str | None, moment: datetime) -> bool:
        """Whether this moment is in somebody's quiet hours; arguments as of until()."""
        return is_quiet_at(self._rhythm(timezone, own), moment, self.works)

    def _rhythm(self, timezone: str, own: str | None) -> Rhythm:
        return rhythm_of(self.network, timezone, Choices(quiet=personal_quiet(own)))


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many readers of a post hear of it only when their quiet hours end, and when the first of them does."""

    readers: int
    first_at: datetime | None
    """None where nobody waits."""


def waiting_readers(peace: Peace, groups: Iterable[tuple[str, str | None, int]], moment: datetime) -> Waiting:
    """Of readers, given as (zone, own choice, how many), those who are left in peace at that moment.

    "Delivered Monday 08:00", a receipt says of it.
    """
    waits = [(at, count) for zone, own, count in groups if (at := peace.until(zone, own, moment)) is not None]
    return Waiting(sum(count for _, count in waits), min((at for at, _ in waits), default=None))


def has_quiet(rhythm: Rhythm) -> bool:
    """Whether there are any quiet hours in it: equal ends are no span."""
    return rhythm.quiet is not None and rhythm.quiet[0] != rhythm.quiet[1]


def is_quiet(hour: time, quiet: tuple[time, time] | None) -> bool:
    """Whether nothing is sent at that local hour. The first end is quiet, the second is not; equal ends are no span."""
    if quiet is None:
        return False
    first, end = quiet
    return first <= hour < end if first <= end else hour >= first or hour < end


def is_quiet_at(rhythm: Rhythm, moment: datetime, works: Works) -> bool:
    """Whether nothing is sent to this person at that moment, by their clock and their calendar."""
    if not has_quiet(rhythm):
        return False
    local = moment.astimezone(zone_named(rhythm.timezone))
    return is_quiet(local.time(), rhythm.quiet) or not works(local.date(), rhythm)


def quiet_until(rhythm: Rhythm, moment: datetime, works: Works) -> datetime | None:
    """The first moment (UTC) after this one at which it is no longer quiet, None where it is not quiet now.

    Correct where clocks change: an end that is missing is the first moment after it, and hours that come twice are
    quiet both times. Raises ValueError for a calendar without any working day.
    """
    if not is_quiet_at(rhythm, moment, works):
        return None
    zone = zone_named(rhythm.timezone)
    for end in _ends(rhythm, moment.astimezone(zone).date(), zone):
        if end > moment and not is_quiet_at(rhythm, end, works):
            return end
    raise ValueError("no working day in that calendar")


def _ends(rhythm: Rhythm, day: date, zone: tzinfo) -> Iterator[datetime]:
    """When it may cease to be quiet, from that local day on, in their order: at the end of the span, or at midnight."""
    assert rhythm.quiet
    for number in range(_LOOKED_AT):
        on = day + number * _DAY
        # What is quiet until the clocks go back begins anew with the hour that comes twice.
        yield from sorted(
            {instant(on, hour, zone, again=again) for hour in (time(), rhythm.quiet[1]) for again in (0, 1)}
        )


def instant(day: date, hour: time, zone: tzinfo, *, again: int = 0) -> datetime:
    """The moment (UTC) of that local time; what is next to a missing one, on the same day if it can.

    Of a time that comes twice it is the first, or with `again` 1 the second.
    """
    wanted = datetime.combine(day, hour, zone)
    offset, later = wanted.utcoffset(), wanted.replace(fold=1).utcoffset()
    assert offset is not None and later is not None
    if later <= offset:
        return wanted.replace(fold=again).astimezone(UTC)
    # PEP 495: within a gap the two folds lie before and after the moment at which the clocks go forward.
    earliest = wanted.replace(fold=1).astimezone(UTC)

    def is_past(seconds: int) -> bool:
        return (earliest + timedelta(seconds=seconds)).astimezone(zone).utcoffset() != offset

    seconds = range(int((later - offset).total_seconds()) + 1)
    forward = earliest + timedelta(seconds=bisect_left(seconds, True, key=is_past))
    if forward.astimezone(zone).date() == day:
        return forward
    # Everything up to midnight is missing: the last minute before belongs to the day, the first moment after does not.
    return forward - timedelta(minutes=1)
