"""Quiet hours by a person's own clock: whether, and until when, also where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digests.calendar import is_working_day
from gateway.core.digest import Rhythm
from gateway.core.quiet import Peace, is_quiet_at, quiet_until, waiting_readers

EVERY_DAY = frozenset(range(7))


def rhythm(first: str, end: str, *, zone: str = "Europe/Paris", days: frozenset[int] = EVERY_DAY) -> Rhythm:
    return Rhythm(zone, time(7, 30), 0, days, quiet=(time.fromisoformat(first), time.fromisoformat(end)))


def local(text: str, zone: str = "Europe/Paris", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-11-19T18:59", None),
        ("2026-11-19T19:00", "2026-11-20T08:00"),
        ("2026-11-20T07:59", "2026-11-20T08:00"),
        ("2026-11-20T08:00", None),
        # Saturday and Sunday are days off.
        ("2026-11-20T19:00", "2026-11-23T08:00"),
        ("2026-11-22T12:00", "2026-11-23T08:00"),
        # The clocks go forward, and back, in these nights: from Saturday to Sunday, both off.
        ("2026-03-27T22:00", "2026-03-30T08:00"),
        ("2026-10-23T22:00", "2026-10-26T08:00"),
    ],
)
def test_nights_and_week_ends(moment: str, until: str | None) -> None:
    found = quiet_until(rhythm("19:00", "08:00", days=frozenset(range(5))), local(moment), is_working_day)
    assert found == (local(until) if until else None)


def test_a_public_holiday_is_quiet() -> None:
    france = Rhythm("Europe/Paris", time(7, 30), 0, holidays="FR", quiet=(time(19), time(8)))
    # Friday 1 May, and the week-end after it.
    assert quiet_until(france, local("2026-04-30T20:00"), is_working_day) == local("2026-05-04T08:00")


def test_a_working_day_after_one_off_begins_at_midnight_where_its_night_is_not_quiet() -> None:
    of = rhythm("12:00", "14:00", days=frozenset(range(5)))
    assert quiet_until(of, local("2026-11-22T10:00"), is_working_day) == local("2026-11-23T00:00")


@pytest.mark.parametrize(
    ("first", "end", "moment", "until"),
    [
        # 02:30 is missing on 29 March: quiet ends with the hour that is missing.
        ("22:00", "02:30", local("2026-03-29T01:30"), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        # The whole of it is missing: there is nothing to wait for.
        ("02:10", "02:50", local("2026-03-29T01:59"), None),
        ("02:10", "02:50", local("2026-03-29T03:00"), None),
        # On 25 October 02:00 to 03:00 comes twice, and is quiet both times.
        ("22:00", "02:30", local("2026-10-25T02:10"), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("22:00", "02:30", local("2026-10-25T02:40"), None),
        ("22:00", "02:30", local("2026-10-25T02:10", fold=1), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_clocks_that_change(first: str, end: str, moment: datetime, until: datetime | None) -> None:
    assert quiet_until(rhythm(first, end), moment, is_working_day) == until


@given(
    first=st.times(),
    end=st.times(),
    zone=st.sampled_from(("Europe/Paris", "Australia/Lord_Howe", "Pacific/Apia", "America/New_York", "Nowhere/Else")),
    moment=st.integers(0, 16 * 365 * 86_400).map(lambda s: datetime(2011, 12, 1, tzinfo=UTC) + timedelta(seconds=s)),
    days=st.frozensets(st.integers(0, 6), min_size=1),
)
def test_an_end_is_the_first_moment_that_is_not_quiet(
    first: time, end: time, zone: str, moment: datetime, days: frozenset[int]
) -> None:
    of = Rhythm(zone, time(7, 30), 0, days, quiet=(first.replace(microsecond=0), end.replace(microsecond=0)))
    found = quiet_until(of, moment, is_working_day)
    assert (found is not None) == is_quiet_at(of, moment, is_working_day)
    if found is not None:
        assert found > moment and not is_quiet_at(of, found, is_working_day)
        between = moment + (found - moment) / 2
        assert is_quiet_at(of, between, is_working_day)
        assert is_quiet_at(of, found - timedelta(microseconds=1), is_working_day)


def test_equal_ends_and_a_choice_of_none_are_no_quiet_hours() -> None:
    assert quiet_until(rhythm("08:00", "08:00", days=frozenset({0})), local("2026-11-22T08:00"), is_working_day) is None
    nights = Peace(rhythm("19:00", "08:00"), is_working_day)
    moment = local("2026-11-19T22:00")
    assert nights.until("Europe/Paris", None, moment) == local("2026-11-20T08:00")
    assert nights.until("Europe/Paris", "none", moment) is None
    assert nights.until("Europe/Paris", "21:00-23:00", moment) == local("2026-11-19T23:00")


def test_the_first_of_many_who_wait_gives_the_time() -> None:
    nights = Peace(rhythm("19:00", "08:00"), is_working_day)
    groups = [("Europe/Paris", None, 31), ("Europe/London", None, 3), ("Asia/Tokyo", None, 5), ("UTC", "none", 7)]
    found = waiting_readers(nights, groups, local("2026-11-20T00:30"))
    assert (found.readers, found.first_at) == (34, local("2026-11-20T08:00"))
