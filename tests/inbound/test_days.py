from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.core.command import Problem
from inbound.days import FARTHEST, read_until
from inbound.folding import fold

TODAY = date(2026, 11, 20)
"""A Friday."""


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("jusqu'au 4/12", date(2026, 12, 4)),
        ("jusqu’au 4 décembre", date(2026, 12, 4)),
        ("jusqu'au vendredi 4 décembre 2026", date(2026, 12, 4)),
        ("jusqu'au vendredi 4", date(2026, 12, 4)),
        ("jusqu'au 4", date(2026, 12, 4)),
        ("jusqu'au 1er janvier", date(2027, 1, 1)),
        ("jusqu'à lundi", date(2026, 11, 23)),
        ("jusqu’à lundi prochain", date(2026, 11, 23)),
        ("jusqu'à vendredi", date(2026, 11, 27)),
        ("jusqu'à demain", date(2026, 11, 21)),
        ("jusqu'à la semaine prochaine", date(2026, 11, 23)),
        ("jusqu'à fin août", date(2027, 9, 1)),
        ("jusqu'à la fin du mois", date(2026, 12, 1)),
        ("jusqu'en janvier", date(2027, 1, 1)),
        ("15 jours", date(2026, 12, 5)),
        ("quinze jours", date(2026, 12, 5)),
        ("15j", date(2026, 12, 5)),
        ("pendant une semaine", date(2026, 11, 27)),
        ("1 mois", date(2026, 12, 20)),
        ("until 4 Dec", date(2026, 12, 4)),
        ("until 4 Dec.", date(2026, 12, 4)),
        ("until the 4th of December", date(2026, 12, 4)),
        ("until Friday, December 4th", date(2026, 12, 4)),
        ("until December", date(2026, 12, 1)),
        ("until the end of December", date(2027, 1, 1)),
        ("until Monday", date(2026, 11, 23)),
        ("until next Monday", date(2026, 11, 23)),
        ("till tomorrow", date(2026, 11, 21)),
        ("2 weeks", date(2026, 12, 4)),
        ("for a month", date(2026, 12, 20)),
        ("2026-12-04", date(2026, 12, 4)),
        ("04/12/26", date(2026, 12, 4)),
        ("4.12.", date(2026, 12, 4)),
        ("04.12.2026", date(2026, 12, 4)),
        ("mar 3", date(2027, 3, 3)),
        ("mer. 3 mars", date(2027, 3, 3)),
        ("19/11", date(2027, 11, 19)),
    ],
)
def test_reads_a_day_in_either_language(words: str, day: date) -> None:
    assert read_until(fold(words), TODAY, "fr") == day
    assert read_until(fold(words), TODAY, "en") == day


def test_the_month_comes_first_only_where_nothing_else_is_possible_and_never_in_french() -> None:
    assert read_until("12/1", TODAY, "en-US") == date(2027, 1, 12)
    assert read_until("12/25", TODAY, "en-US") == date(2026, 12, 25)
    assert read_until("12/25", TODAY, "fr") is Problem.NO_SUCH_DAY


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("31/2", Problem.NO_SUCH_DAY),
        ("29/2", Problem.NO_SUCH_DAY),
        ("jusqu'au 32", Problem.NO_SUCH_DAY),
        ("lundi 4 décembre", Problem.NO_SUCH_DAY),
        ("until Monday 4 Dec", Problem.NO_SUCH_DAY),
        ("20/11", Problem.PAST),
        ("until the 20th", Problem.PAST),
        ("19/11/2026", Problem.PAST),
        ("0 jours", Problem.PAST),
        ("22/11/2027", Problem.TOO_FAR),
        ("400 days", Problem.TOO_FAR),
        ("999999999 weeks", Problem.TOO_FAR),
        ("13 mois", Problem.TOO_FAR),
        ("4/12/2099", Problem.TOO_FAR),
    ],
)
def test_says_what_is_wrong(words: str, problem: Problem) -> None:
    assert read_until(fold(words), TODAY, "fr") is problem


@pytest.mark.parametrize(
    "words",
    ["", "café", "4", "until", "until the cows come home", "4 fois", "mois", "lundi matin", "4/12 merci", "1/2/3/4"],
)
def test_other_words_speak_of_no_day(words: str) -> None:
    assert read_until(fold(words), TODAY, "fr") is None


def test_a_month_has_as_many_days_as_it_has() -> None:
    assert read_until("1 mois", date(2027, 1, 31), "fr") == date(2027, 2, 28)
    assert read_until("until the 29th", date(2027, 1, 30), "en") == date(2027, 3, 29)
    assert read_until("29/2", date(2027, 11, 1), "fr") == date(2028, 2, 29)


def test_the_next_of_a_weekday_is_never_today() -> None:
    for offset in range(7):
        today = TODAY + timedelta(days=offset)
        day = read_until("until monday", today, "en")
        assert isinstance(day, date) and day.weekday() == 0 and 1 <= (day - today).days <= 7


def test_the_farthest_day_is_a_year_away() -> None:
    last = TODAY + FARTHEST
    assert read_until(last.isoformat(), TODAY, "fr") == last
    assert read_until((last + timedelta(days=1)).isoformat(), TODAY, "fr") is Problem.TOO_FAR
