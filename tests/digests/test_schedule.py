"""The schedule on the days on which schedules go wrong."""

from __future__ import annotations

import time as timer
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from digests.calendar import public_holidays
from digests.schedule import Due, latest_due, next_due, opening
from gateway.core.digest import Cadence, Period, Rhythm
from gateway.core.quiet import is_quiet

DAILY, WEEKLY = Cadence.DAILY, Cadence.WEEKLY
ALL_DAYS, WORKING = frozenset(range(7)), frozenset(range(5))
NIGHT = (time(19), time(8))


def rhythm(
    zone: str = "Europe/Paris",
    at: str = "07:30",
    weekly_on: int = 0,
    days: frozenset[int] = ALL_DAYS,
    holidays: str = "",
    quiet: tuple[time, time] | None = None,
) -> Rhythm:
    return Rhythm(zone, time.fromisoformat(at), weekly_on, days, holidays, quiet)


def local(text: str, zone: str = "Europe/Paris", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def shown(due: Due, zone: str = "Europe/Paris") -> str:
    """As the person's clock and calendar show it."""
    assert due.at.tzinfo is UTC
    at = due.at.astimezone(ZoneInfo(zone))
    assert at.date() == due.period.day
    return f"{at:%a %Y-%m-%d %H:%M %z}"


def days_of(cadence: Cadence, of: Rhythm, after: str, count: int) -> list[str]:
    moment, found = local(after, of.timezone), []
    for _ in range(count):
        due = next_due(cadence, of, moment)
        moment = due.at
        found.append(f"{due.period.day:%a %m-%d}")
    return found


def test_a_daily_digest_goes_on_working_days_at_its_hour() -> None:
    of = rhythm(days=WORKING)
    assert next_due(DAILY, of, local("2026-03-06 07:29")) == Due(
        datetime(2026, 3, 6, 6, 30, tzinfo=UTC), Period(DAILY, date(2026, 3, 6))
    )
    assert days_of(DAILY, of, "2026-03-05 12:00", 3) == ["Fri 03-06", "Mon 03-09", "Tue 03-10"]


def test_the_moment_itself_is_over() -> None:
    of = rhythm()
    at = local("2026-03-06 07:30")
    assert next_due(DAILY, of, at).period.day == date(2026, 3, 7)
    assert next_due(DAILY, of, at - timedelta(microseconds=1)).period.day == date(2026, 3, 6)
    assert latest_due(DAILY, of, at).period.day == date(2026, 3, 6)
    assert latest_due(DAILY, of, at - timedelta(microseconds=1)).period.day == date(2026, 3, 5)


def test_the_day_is_the_person_s_whatever_zone_the_moment_is_told_in() -> None:
    tokyo, honolulu = rhythm("Asia/Tokyo"), rhythm("Pacific/Honolulu")
    moment = datetime(2026, 3, 6, 21, tzinfo=UTC)
    assert shown(next_due(DAILY, tokyo, moment), "Asia/Tokyo") == "Sat 2026-03-07 07:30 +0900"
    assert shown(next_due(DAILY, honolulu, moment), "Pacific/Honolulu") == "Sat 2026-03-07 07:30 -1000"
    assert next_due(DAILY, tokyo, moment.astimezone(ZoneInfo("America/Lima"))) == next_due(DAILY, tokyo, moment)


def test_no_daily_digest_on_a_public_holiday() -> None:
    # 2026: Friday 1 May, Friday 8 May, Thursday 14 May, Whit Monday 25 May.
    of = rhythm(days=WORKING, holidays="FR")
    assert days_of(DAILY, of, "2026-04-30 12:00", 6) == [
        *("Mon 05-04", "Tue 05-05", "Wed 05-06", "Thu 05-07"),
        *("Mon 05-11", "Tue 05-12"),
    ]


def test_a_weekly_digest_goes_on_its_day() -> None:
    assert days_of(WEEKLY, rhythm(weekly_on=2), "2026-03-04 07:29", 3) == ["Wed 03-04", "Wed 03-11", "Wed 03-18"]
    assert days_of(WEEKLY, rhythm(weekly_on=2), "2026-03-04 07:30", 2) == ["Wed 03-11", "Wed 03-18"]


def test_a_weekly_digest_passes_to_the_next_working_day_of_its_week() -> None:
    # Easter Monday, and in the second week the Thursday of Ascension.
    of = rhythm(weekly_on=0, days=WORKING, holidays="FR")
    assert days_of(WEEKLY, of, "2026-03-30 12:00", 2) == ["Tue 04-07", "Mon 04-13"]
    of = rhythm(weekly_on=3, days=WORKING, holidays="FR")
    assert days_of(WEEKLY, of, "2026-05-08 12:00", 2) == ["Fri 05-15", "Thu 05-21"]


def test_a_weekly_digest_goes_before_where_nothing_comes_after() -> None:
    # Friday 1 May is a holiday, and a weekend follows.
    of = rhythm(weekly_on=4, days=WORKING, holidays="FR")
    assert days_of(WEEKLY, of, "2026-04-25 12:00", 2) == ["Thu 04-30", "Thu 05-07"]
    # Nobody works on Sundays here: the last working day before it.
    assert days_of(WEEKLY, rhythm(weekly_on=6, days=WORKING), "2026-03-01 12:00", 2) == ["Fri 03-06", "Fri 03-13"]


def test_a_week_off_has_no_weekly_digest() -> None:
    # Russia, 1 to 8 January 2025, and the days in lieu before: the week of 30 December had no working day.
    of = rhythm("Europe/Moscow", weekly_on=0, days=WORKING, holidays="RU")
    week = {date(2024, 12, 30) + timedelta(days=n) for n in range(5)}
    assert week <= public_holidays("RU", 2024) | public_holidays("RU", 2025)
    assert days_of(WEEKLY, of, "2024-12-23 06:00", 2) == ["Mon 12-23", "Thu 01-09"]
    assert latest_due(WEEKLY, of, local("2025-01-05 12:00", "Europe/Moscow")).period.day == date(2024, 12, 23)


def test_who_has_no_working_days_gets_digests_from_monday_to_friday() -> None:
    assert days_of(DAILY, rhythm(days=frozenset()), "2026-03-05 12:00", 2) == ["Fri 03-06", "Mon 03-09"]
    assert days_of(WEEKLY, rhythm(days=frozenset(), weekly_on=5), "2026-03-02 12:00", 1) == ["Fri 03-06"]


@pytest.mark.parametrize("cadence", [DAILY, WEEKLY])
def test_a_missing_hour_is_the_first_moment_after_it(cadence: Cadence) -> None:
    of = rhythm(at="02:30", weekly_on=6)
    assert shown(next_due(cadence, of, local("2026-03-28 12:00"))) == "Sun 2026-03-29 03:00 +0200"
    assert next_due(DAILY, of, local("2026-03-29 03:00")).period.day == date(2026, 3, 30)


@pytest.mark.parametrize("cadence", [DAILY, WEEKLY])
def test_a_doubled_hour_is_the_first_of_the_two(cadence: Cadence) -> None:
    of = rhythm(at="02:30", weekly_on=6)
    due = next_due(cadence, of, local("2026-10-24 12:00"))
    assert shown(due) == "Sun 2026-10-25 02:30 +0200"
    for moment in (local("2026-10-25 02:30"), local("2026-10-25 02:29", fold=1), local("2026-10-25 02:30", fold=1)):
        assert next_due(cadence, of, moment).period.day > due.period.day
        assert latest_due(cadence, of, moment) == due


def test_lord_howe_moves_its_clocks_by_half_an_hour() -> None:
    zone = "Australia/Lord_Howe"
    of = rhythm(zone, "02:15")
    assert shown(next_due(DAILY, of, local("2026-10-03 12:00", zone)), zone) == "Sun 2026-10-04 02:30 +1100"
    of = rhythm(zone, "01:45")
    assert shown(next_due(DAILY, of, local("2026-04-04 12:00", zone)), zone) == "Sun 2026-04-05 01:45 +1100"
    assert next_due(DAILY, of, local("2026-04-05 01:40", zone, fold=1)).period.day == date(2026, 4, 6)


@pytest.mark.parametrize("at", ["00:00", "07:30", "23:59"])
def test_a_day_that_a_zone_leaves_out_has_no_digest(at: str) -> None:
    # Samoa went from Thursday 29 to Saturday 31 December 2011.
    of = rhythm("Pacific/Apia", at)
    assert days_of(DAILY, of, "2011-12-28 23:59:30", 3) == ["Thu 12-29", "Sat 12-31", "Sun 01-01"]
    of = rhythm("Pacific/Apia", at, weekly_on=4)
    assert days_of(WEEKLY, of, "2011-12-23 23:59:30", 2) == ["Sat 12-31", "Fri 01-06"]
    of = rhythm("Pacific/Apia", at, weekly_on=4, days=WORKING)
    assert days_of(WEEKLY, of, "2011-12-23 23:59:30", 2) == ["Thu 12-29", "Fri 01-06"]


def test_an_hour_missing_up_to_midnight_stays_on_its_day() -> None:
    # Greenland goes from Saturday 23:00 to Sunday 00:00: at 23:30 there would be two on Sunday, and none on Saturday.
    zone = "America/Nuuk"
    of = rhythm(zone, "23:30")
    first = next_due(DAILY, of, local("2026-03-28 12:00", zone))
    second = next_due(DAILY, of, first.at)
    assert [shown(due, zone) for due in (first, second)] == ["Sat 2026-03-28 22:59 -0200", "Sun 2026-03-29 23:30 -0100"]
    # The minute before is quiet here, and the end of the quiet hours is missing as the hour is.
    quiet = rhythm(zone, "23:30", quiet=(time(22), time(23)))
    assert days_of(DAILY, quiet, "2026-03-27 12:00", 2) == ["Fri 03-27", "Sun 03-29"]


def test_midnight_may_be_missing() -> None:
    zone = "Africa/Cairo"
    due = next_due(DAILY, rhythm(zone, "00:00"), local("2026-04-23 12:00", zone))
    assert shown(due, zone) == "Fri 2026-04-24 01:00 +0300"


def test_clocks_that_go_back_across_midnight() -> None:
    # St John's went from Sunday 00:01 back to Saturday 23:01: Sunday had begun once already.
    zone = "America/St_Johns"
    of = rhythm(zone, "00:00")
    sunday = Due(local("2010-11-07 00:00", zone).astimezone(UTC), Period(DAILY, date(2010, 11, 7)))
    again = local("2010-11-06 23:30", zone, fold=1)
    assert again > sunday.at
    assert latest_due(DAILY, of, again) == sunday
    assert next_due(DAILY, of, again).period.day == date(2010, 11, 8)


def test_leap_day_and_the_end_of_a_year() -> None:
    assert days_of(DAILY, rhythm(), "2028-02-28 06:00", 3) == ["Mon 02-28", "Tue 02-29", "Wed 03-01"]
    assert days_of(WEEKLY, rhythm(weekly_on=1), "2028-02-23 06:00", 2) == ["Tue 02-29", "Tue 03-07"]
    assert days_of(DAILY, rhythm(holidays="FR"), "2026-12-31 06:00", 2) == ["Thu 12-31", "Sat 01-02"]
    # The week of 28 December 2026 ends in 2027.
    assert days_of(WEEKLY, rhythm(weekly_on=4, holidays="FR"), "2026-12-27", 2) == ["Sat 01-02", "Fri 01-08"]


def test_quiet_hours_do_not_move_an_hour_outside_them() -> None:
    of = rhythm(at="08:00", quiet=NIGHT)
    assert shown(next_due(DAILY, of, local("2026-03-06 07:00"))) == "Fri 2026-03-06 08:00 +0100"


@pytest.mark.parametrize("at", ["07:30", "00:00", "07:59", "19:00", "22:00"])
def test_a_quiet_hour_is_the_end_of_the_quiet_hours_of_the_same_day(at: str) -> None:
    of = rhythm(at=at, days=WORKING, quiet=NIGHT, weekly_on=4)
    friday = "Fri 2026-03-06 08:00 +0100"
    assert shown(next_due(DAILY, of, local("2026-03-05 23:00"))) == friday
    assert shown(next_due(WEEKLY, of, local("2026-03-05 23:00"))) == friday
    # Nothing of Friday evening is brought on Saturday morning.
    assert days_of(DAILY, of, "2026-03-05 07:00", 3) == ["Thu 03-05", "Fri 03-06", "Mon 03-09"]


def test_quiet_hours_in_the_night_of_a_change() -> None:
    of = rhythm(at="02:15", quiet=(time(3), time(4, 30)))
    assert shown(next_due(DAILY, of, local("2026-03-28 12:00"))) == "Sun 2026-03-29 04:30 +0200"
    # The end of the quiet hours may be what is missing.
    of = rhythm(at="01:00", quiet=(time(23), time(2, 30)))
    assert shown(next_due(DAILY, of, local("2026-03-28 12:00"))) == "Sun 2026-03-29 03:00 +0200"


def test_a_day_without_a_moment_outside_quiet_hours_has_no_digest() -> None:
    # All but 02:15 to 02:45, and that is missing.
    of = rhythm(at="02:20", quiet=(time(2, 45), time(2, 15)))
    assert days_of(DAILY, of, "2026-03-27 12:00", 2) == ["Sat 03-28", "Mon 03-30"]


def test_what_is_quiet() -> None:
    hours = {"19:00": True, "18:59": False, "23:59": True, "00:00": True, "07:59": True, "08:00": False, "12:00": False}
    for hour, quiet in hours.items():
        assert is_quiet(time.fromisoformat(hour), NIGHT) is quiet
        assert is_quiet(time.fromisoformat(hour), (NIGHT[1], NIGHT[0])) is not quiet
    # Equal ends are no quiet hours.
    assert not is_quiet(time(8), (time(8), time(8)))
    assert not is_quiet(time(9), (time(8), time(8)))
    assert not is_quiet(time(8), None)


def test_days_of_outage_make_one_digest() -> None:
    of = rhythm(days=WORKING)
    due = latest_due(DAILY, of, local("2026-03-08 15:00"))
    assert shown(due) == "Fri 2026-03-06 07:30 +0100"
    assert shown(latest_due(WEEKLY, of, local("2026-03-08 15:00"))) == "Mon 2026-03-02 07:30 +0100"


@pytest.mark.parametrize(
    ("late", "opens"),
    [
        ("2026-03-06 11:00", "2026-03-06 11:00"),
        ("2026-03-06 08:00", "2026-03-06 08:00"),
        ("2026-03-06 03:00", "2026-03-06 08:00"),
        # Friday evening and the days off wait for Monday, where it is one with what is due then.
        ("2026-03-06 19:00", "2026-03-09 09:30"),
        ("2026-03-07 12:00", "2026-03-09 09:30"),
        ("2026-05-01 12:00", "2026-05-04 09:30"),
    ],
)
def test_a_late_digest_disturbs_nobody(late: str, opens: str) -> None:
    of = rhythm(at="09:30", days=WORKING, holidays="FR", quiet=NIGHT)
    assert opening(of, local(late)) == local(opens)


def test_a_change_of_zone_makes_no_second_digest_of_the_same_day() -> None:
    paris = next_due(DAILY, rhythm(), local("2026-03-10 00:00"))
    # They had it at 07:30 in Paris, flew, and asked at 05:00 in New York: the same day, and so the same period.
    new_york = next_due(DAILY, rhythm("America/New_York"), local("2026-03-10 05:00", "America/New_York"))
    assert new_york.at > paris.at
    assert new_york.period == paris.period


def test_a_zone_that_this_machine_does_not_know_is_utc() -> None:
    for name in ("Mars/Olympus", "", "../etc"):
        assert next_due(DAILY, rhythm(name), datetime(2026, 3, 6, 7, tzinfo=UTC)).at == datetime(
            2026, 3, 6, 7, 30, tzinfo=UTC
        )


@pytest.mark.parametrize("ask", [next_due, latest_due])
def test_what_cannot_be_asked(ask: Callable[[Cadence, Rhythm, datetime], Due]) -> None:
    with pytest.raises(ValueError, match="a catch-up goes by no clock"):
        ask(Cadence.CATCH_UP, rhythm(), local("2026-03-06"))
    with pytest.raises(ValueError, match="a moment without a zone"):
        ask(DAILY, rhythm(), datetime(2026, 3, 6))  # noqa: DTZ001 (the mistake itself)


def test_a_hundred_thousand_people_take_seconds() -> None:
    people = [rhythm(zone, days=WORKING, holidays="FR", quiet=NIGHT) for zone in ("Europe/Paris", "Asia/Tokyo")]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    public_holidays.cache_clear()
    began = timer.process_time()
    for n in range(20_000):
        next_due((DAILY, WEEKLY)[n % 4 // 2], people[n % 2], start + timedelta(minutes=n))
    # A fifth of them in a fifth of the time, with much to spare for a slow machine.
    assert timer.process_time() - began < 2
    assert public_holidays.cache_info().misses <= 2
