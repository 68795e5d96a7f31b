"""Working days: weekdays, public holidays of a country or a part of one, and places that nobody knows."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, time

import pytest

from digests.calendar import is_working_day, parse_place, public_holidays
from gateway.core.digest import Rhythm


def rhythm(working_days: frozenset[int] = frozenset(range(5)), holidays: str = "") -> Rhythm:
    return Rhythm("Europe/Paris", time(7, 30), 0, working_days, holidays)


@pytest.mark.parametrize(("text", "place"), [("FR", "FR"), (" fr ", "FR"), ("de-by", "DE-BY"), ("GB-SCT", "GB-SCT")])
def test_a_place_is_written_by_its_code(text: str, place: str) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize("text", ["", "  "])
def test_no_place_is_none(text: str) -> None:
    assert parse_place(text) == ""
    assert not public_holidays("", 2026)


@pytest.mark.parametrize(
    "text", ["ZZ", "France", "FRA", "F", "FR-", "FR-ZZ", "FR-GES", "FR-Zone A", "-", "FR-57-1", "ＦＲ"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be a country of ISO 3166 such as FR"):
        parse_place(text)


def test_the_holidays_of_france_are_those_of_the_labour_code() -> None:
    days = [(1, 1), (4, 6), (5, 1), (5, 8), (5, 14), (5, 25), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    assert public_holidays("FR", 2026) == {date(2026, month, day) for month, day in days}


def test_a_part_of_a_country_has_its_own() -> None:
    good_friday, second_christmas_day = date(2026, 4, 3), date(2026, 12, 26)
    assert public_holidays("FR-57", 2026) - public_holidays("FR", 2026) == {good_friday, second_christmas_day}


def test_a_day_in_lieu_counts_in_its_own_year() -> None:
    # New Year's Day of 2022 was a Saturday: the United States had the Friday before.
    assert date(2021, 12, 31) in public_holidays("US", 2021)


def test_a_place_that_is_no_longer_known_has_no_holidays() -> None:
    assert public_holidays("ZZ", 2026) == frozenset()
    assert is_working_day(date(2026, 5, 1), rhythm(holidays="ZZ"))


def test_a_public_holiday_is_no_working_day() -> None:
    assert is_working_day(date(2026, 5, 1), rhythm())
    assert not is_working_day(date(2026, 5, 1), rhythm(holidays="FR"))
    assert is_working_day(date(2026, 5, 1), rhythm(holidays="US"))


def test_a_weekend_is_what_the_person_says() -> None:
    gulf = rhythm(frozenset({6, 0, 1, 2, 3}))
    assert [is_working_day(date(2026, 3, day), gulf) for day in range(2, 9)] == [
        True,
        True,
        True,
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("nothing", [frozenset(), frozenset({7, -1})])
def test_who_has_no_working_day_has_the_usual_ones(nothing: frozenset[int]) -> None:
    days = [is_working_day(date(2026, 3, day), rhythm(nothing)) for day in range(2, 9)]
    assert days == [True] * 5 + [False] * 2


def test_the_library_is_loaded_by_those_who_need_it() -> None:
    code = "import sys; from digests.calendar import parse_place; parse_place(''); sys.exit('holidays' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
