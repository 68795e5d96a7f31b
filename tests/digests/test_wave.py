"""The digests of one moment leave evenly over a window, and never when nothing is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from digests.wave import place_in_wave
from tests.digests.newspaper import RHYTHM

MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
"""07:30 in Paris."""
WINDOW = timedelta(minutes=10)


def test_they_are_spread_evenly() -> None:
    for people in (range(1, 1001), range(1, 30_001, 30)):
        minutes = [0] * 10
        for person_id in people:
            at = place_in_wave(person_id, RHYTHM, MONDAY, WINDOW)
            minutes[int((at - MONDAY) / timedelta(minutes=1))] += 1
        assert all(80 <= number <= 120 for number in minutes), minutes


def test_the_same_person_has_the_same_place() -> None:
    first, next_day = (place_in_wave(7, RHYTHM, day, WINDOW) - day for day in (MONDAY, MONDAY + timedelta(days=1)))
    assert timedelta(0) < first == next_day < WINDOW


def test_without_a_window_all_leave_at_once() -> None:
    assert {place_in_wave(person_id, RHYTHM, MONDAY, timedelta(0)) for person_id in range(99)} == {MONDAY}


def test_nothing_leaves_in_quiet_hours() -> None:
    quiet = replace(RHYTHM, quiet=(time(7, 35), time(9, 0)))
    times = [place_in_wave(person_id, quiet, MONDAY, WINDOW) - MONDAY for person_id in range(1000)]
    assert max(times) < timedelta(minutes=5)
    assert 450 < times.count(timedelta(0)) < 550


def test_nothing_leaves_on_a_day_off() -> None:
    friday_night = datetime(2026, 11, 27, 22, 55, tzinfo=UTC)
    times = [place_in_wave(person_id, RHYTHM, friday_night, WINDOW) - friday_night for person_id in range(1000)]
    assert max(times) < timedelta(minutes=5)
