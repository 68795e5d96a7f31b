"""How a rhythm is written, and whose choice counts."""

from __future__ import annotations

from datetime import time

import pytest

from gateway.core.digest import Rhythm
from gateway.core.rhythm import (
    WEEKDAYS,
    Choices,
    parse_hour,
    parse_quiet,
    parse_weekday,
    parse_weekdays,
    rhythm_of,
)

NETWORK = Rhythm("Europe/Paris", time(7, 30), 0, frozenset({0, 1, 2}), "FR", (time(19), time(8)))


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("07:30", time(7, 30)),
        ("7:30", time(7, 30)),
        ("00:00", time(0)),
        ("23:59", time(23, 59)),
        (" 19:05 ", time(19, 5)),
    ],
)
def test_an_hour(text: str, hour: time) -> None:
    assert parse_hour(text) == hour


@pytest.mark.parametrize(
    "text", ["", "7", "24:00", "07:60", "7:3", "07:30:00", "7.30", "-1:30", "07:30pm", "٠٧:٣٠", "07:30\n08:00"]
)
def test_what_is_no_hour(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be a time of day such as 07:30$"):
        parse_hour(text)


def test_every_weekday_has_its_number() -> None:
    assert [parse_weekday(name) for name in WEEKDAYS] == list(range(7))
    assert parse_weekday(" Monday ") == 0


@pytest.mark.parametrize("text", ["", "mon", "lundi", "0", "monday,tuesday"])
def test_what_is_no_weekday(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be one of monday, tuesday, .*, sunday$"):
        parse_weekday(text)


def test_weekdays_are_a_set() -> None:
    assert parse_weekdays(["sunday", "Monday", "sunday"]) == {6, 0}
    with pytest.raises(ValueError, match=r"^must name at least one day"):
        parse_weekdays([])
    with pytest.raises(ValueError, match=r"^must be one of monday"):
        parse_weekdays(["monday", "never"])


@pytest.mark.parametrize(
    ("text", "quiet"),
    [
        ("", None),
        (" ", None),
        ("19:00-08:00", (time(19), time(8))),
        ("19:00 - 8:00", (time(19), time(8))),
        ("12:00-14:00", (time(12), time(14))),
        ("00:00-22:00", (time(0), time(22))),
        ("10:00-08:00", (time(10), time(8))),
    ],
)
def test_quiet_hours(text: str, quiet: tuple[time, time] | None) -> None:
    assert parse_quiet(text) == quiet


@pytest.mark.parametrize(
    "text", ["19:00", "19:00-", "-08:00", "19:00-08:00-09:00", "19-8", "19:00/08:00", "19:00–08:00"]
)
def test_what_are_no_quiet_hours(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be a span such as 19:00-08:00, or empty$"):
        parse_quiet(text)


@pytest.mark.parametrize("text", ["08:00-08:00", "00:00-22:01", "08:00-07:59", "10:00-08:01"])
def test_quiet_hours_leave_something_of_the_day(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must leave at least two hours of the day"):
        parse_quiet(text)


def test_who_chose_nothing_has_the_rhythm_of_the_network_in_their_own_zone() -> None:
    rhythm = rhythm_of(NETWORK, "Asia/Tokyo", Choices())
    assert rhythm == Rhythm("Asia/Tokyo", time(7, 30), 0, frozenset({0, 1, 2}), "FR", (time(19), time(8)))


def test_what_a_person_chose_counts() -> None:
    chosen = Choices(time(0), 0, frozenset({5}), "", (time(0), time(0)))
    network = Rhythm("Europe/Paris", time(7, 30), 3, holidays="FR", quiet=(time(19), time(8)))
    rhythm = rhythm_of(network, "Asia/Tokyo", chosen)
    assert rhythm == Rhythm("Asia/Tokyo", time(0), 0, frozenset({5}), "", (time(0), time(0)))
