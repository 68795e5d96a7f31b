"""Dues follow one another, one for each working day or week, at the hour or next to it, and never in quiet hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digests.calendar import is_working_day
from digests.schedule import FURTHEST, Due, latest_due, next_due, opening
from gateway.core.digest import Cadence, Period, Rhythm
from gateway.core.quiet import is_quiet

DAILY, WEEKLY = Cadence.DAILY, Cadence.WEEKLY
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
# Clocks that move at night, at midnight, across midnight, by half an hour, by two hours, by a day, seldom, and never.
ZONES = (
    "Europe/Paris",
    "Europe/Lisbon",
    "America/New_York",
    "America/St_Johns",
    "America/Nuuk",
    "America/Sao_Paulo",
    "America/Havana",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Asia/Kolkata",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
)
PLACES = ("", "FR", "FR-57", "DE-BY", "GB-SCT", "US", "JP", "RU", "MA")
LEFT_OUT = {("Pacific/Apia", date(2011, 12, 30))}
"""Local days that there never were."""


def _changes() -> list[tuple[str, date]]:
    """Each (zone, local day) around which the clocks of these zones moved."""
    found = []
    for zone in ZONES:
        moments = [datetime(2010, 1, 1, tzinfo=UTC) + n * DAY for n in range(366 * 17)]
        offsets = [moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in moments]
        moved = [moment for moment, (before, after) in zip(moments, pairwise(offsets), strict=False) if before != after]
        found += [(zone, moment.date() + n * DAY) for moment in moved for n in range(-1, 3)]
    return found


CHANGES = _changes()
hours = st.integers(0, 24 * 60 - 1).map(lambda minute: time(*divmod(minute, 60)))
odd_hours = st.sampled_from([time(0), time(0, 30), time(1, 30), time(2, 15), time(2, 30), time(23, 30), time(23, 59)])


@st.composite
def spans(draw: st.DrawFn) -> tuple[time, time]:
    """Quiet hours that leave at least two hours of the day, as settings allow."""
    first, length = draw(st.integers(0, 24 * 60 - 1)), draw(st.integers(1, 22 * 60))
    return time(*divmod(first, 60)), time(*divmod((first + length) % (24 * 60), 60))


rhythms = st.builds(
    Rhythm,
    timezone=st.sampled_from(ZONES),
    daily_at=hours | odd_hours,
    weekly_on=st.integers(0, 6),
    working_days=st.just(frozenset(range(5))) | st.frozensets(st.integers(0, 6), min_size=1),
    holidays=st.sampled_from(PLACES),
    quiet=st.none() | st.just((time(19), time(8))) | spans(),
)
ANY_MINUTE = st.integers(0, 26 * 366 * 24 * 60).map(lambda minute: datetime(2010, 1, 1, tzinfo=UTC) + minute * MINUTE)
BEFORE_A_CHANGE = st.sampled_from(CHANGES).map(lambda change: datetime.combine(change[1], time(12), UTC) - 3 * DAY)
moments = ANY_MINUTE | BEFORE_A_CHANGE
cadences = st.sampled_from([DAILY, WEEKLY])


def following(cadence: Cadence, rhythm: Rhythm, after: datetime, count: int) -> list[Due]:
    found = [next_due(cadence, rhythm, after)]
    while len(found) < count:
        found.append(next_due(cadence, rhythm, found[-1].at))
    return found


@settings(max_examples=150, deadline=None)
@given(cadences, rhythms, moments)
def test_dues_follow_one_another(cadence: Cadence, rhythm: Rhythm, start: datetime) -> None:
    zone = ZoneInfo(rhythm.timezone)
    dues = following(cadence, rhythm, start, 30)
    assert dues[0].at > start
    for due, later in pairwise(dues):
        assert due.at < later.at
        assert due.period.day < later.period.day
    for due in dues:
        local = due.at.astimezone(zone)
        assert due.period == Period(cadence, local.date())
        assert not is_quiet(local.time(), rhythm.quiet)
        assert is_working_day(local.date(), rhythm)


@settings(max_examples=150, deadline=None)
@given(cadences, rhythms, moments, st.floats(0, 1))
def test_from_whichever_moment_one_hears_of_the_same_dues(
    cadence: Cadence, rhythm: Rhythm, start: datetime, share: float
) -> None:
    for due, later in pairwise(following(cadence, rhythm, start, 8)):
        between = due.at + share * (later.at - due.at - timedelta(microseconds=1))
        assert next_due(cadence, rhythm, between) == later
        assert latest_due(cadence, rhythm, between) == due
        assert latest_due(cadence, rhythm, due.at) == due
        assert next_due(cadence, rhythm, later.at - timedelta(microseconds=1)) == later


@settings(max_examples=300, deadline=None)
@given(rhythms, moments)
def test_a_late_digest_waits_for_a_moment_at_which_it_may_go(rhythm: Rhythm, moment: datetime) -> None:
    at = opening(rhythm, moment)
    local = at.astimezone(ZoneInfo(rhythm.timezone))
    assert moment <= at <= next_due(DAILY, rhythm, moment).at
    assert is_working_day(local.date(), rhythm)
    assert not is_quiet(local.time(), rhythm.quiet)
    assert opening(rhythm, at) == at


@settings(max_examples=100, deadline=None)
@given(rhythms, moments)
def test_every_working_day_has_exactly_one(rhythm: Rhythm, start: datetime) -> None:
    dues = following(DAILY, rhythm, start, 40)
    first, last = dues[0].period.day, dues[-1].period.day
    days = [first + n * DAY for n in range((last - first).days + 1)]
    expected = [day for day in days if is_working_day(day, rhythm) and has_a_moment(rhythm, day)]
    assert [due.period.day for due in dues] == expected


@settings(max_examples=100, deadline=None)
@given(rhythms, moments)
def test_every_week_has_one_on_the_nearest_working_day(rhythm: Rhythm, start: datetime) -> None:
    dues = following(WEEKLY, rhythm, start, 12)
    found = {due.period.day - due.period.day.weekday() * DAY: due.period.day for due in dues}
    assert len(found) == len(dues)
    weeks = [min(found) + 7 * n * DAY for n in range((max(found) - min(found)).days // 7 + 1)]
    for monday in weeks:
        wanted = monday + rhythm.weekly_on * DAY
        days = [monday + n * DAY for n in range(7)]
        open_days = [day for day in days if is_working_day(day, rhythm) and has_a_moment(rhythm, day)]
        later = [day for day in open_days if day >= wanted]
        assert found.get(monday) == (later[0] if later else open_days[-1] if open_days else None)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(CHANGES), hours | odd_hours)
@example(("Europe/Paris", date(2026, 3, 29)), time(2, 30))
@example(("Europe/Paris", date(2026, 10, 25)), time(2, 30))
@example(("America/Nuuk", date(2026, 3, 28)), time(23, 30))
@example(("Pacific/Apia", date(2011, 12, 30)), time(12))
def test_the_hour_is_kept_or_the_next_there_is(change: tuple[str, date], hour: time) -> None:
    zone, day = change
    rhythm = Rhythm(zone, hour, 0, frozenset(range(7)))
    minutes = minutes_of(zone, day)
    due = next_due(DAILY, rhythm, datetime.combine(day, hour, UTC) - 3 * DAY)
    while due.period.day < day:
        due = next_due(DAILY, rhythm, due.at)
    if not minutes:
        assert (zone, day) in LEFT_OUT
        assert due.period.day == day + DAY
        return
    # The first minute of that day whose clock shows the hour or more; where there is none, the last of the day.
    expected = next((at for at in minutes if at.astimezone(ZoneInfo(zone)).time() >= hour), minutes[-1])
    assert due == Due(expected, Period(DAILY, day))


@pytest.mark.parametrize("zone", ZONES)
def test_ten_years_of_working_days(zone: str) -> None:
    start, end = date(2022, 1, 1), date(2032, 1, 1)
    for hour in (time(0), time(2, 30), time(7, 30), time(23, 30)):
        rhythm = Rhythm(zone, hour, 0, holidays="FR")
        days, moment = [], datetime.combine(start, time(), UTC) - 3 * DAY
        while (due := next_due(DAILY, rhythm, moment)).period.day < end:
            # Nothing waits longer than a long week-end.
            assert due.at - moment < 6 * DAY
            days.append(due.period.day)
            moment = due.at
        every = [start + n * DAY for n in range((end - start).days)]
        assert [day for day in days if day >= start] == [day for day in every if is_working_day(day, rhythm)]


@pytest.mark.parametrize("place", PLACES)
def test_no_due_is_further_than_a_clock_may_be_wrong(place: str) -> None:
    for weekly_on in range(7):
        rhythm = Rhythm("Europe/Paris", time(7, 30), weekly_on, holidays=place)
        for due, later in pairwise(following(WEEKLY, rhythm, datetime(2022, 1, 1, tzinfo=UTC), 520)):
            assert later.at - due.at <= FURTHEST


def minutes_of(zone: str, day: date) -> list[datetime]:
    """Every minute, in UTC and in order, at which the calendar of that zone shows this day."""
    start = datetime.combine(day, time(), UTC) - DAY
    minutes = (start + n * MINUTE for n in range(3 * 24 * 60))
    return [minute for minute in minutes if minute.astimezone(ZoneInfo(zone)).date() == day]


def has_a_moment(rhythm: Rhythm, day: date) -> bool:
    """Whether something may be sent on that day: it exists, and quiet hours and a gap do not take all of its end."""
    if (rhythm.timezone, day) in LEFT_OUT:
        return False
    if (rhythm.timezone, day) not in CHANGES or rhythm.quiet is None:
        return True
    zone = ZoneInfo(rhythm.timezone)
    shown = [minute.astimezone(zone).time() for minute in minutes_of(rhythm.timezone, day)]
    wanted = min(hour for hour in (*shown, time.max) if hour >= rhythm.daily_at)
    ends = [hour for hour in shown if hour >= rhythm.quiet[1]]
    return not is_quiet(wanted, rhythm.quiet) or any(not is_quiet(hour, rhythm.quiet) for hour in ends)
