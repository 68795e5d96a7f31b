"""The digest of the demo goes on a working morning, and never by itself while the story is told."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from gateway.demo.house import quiet_hour
from gateway.demo.story_digest import next_morning


@pytest.mark.parametrize(("today", "expected"), [(19, 20), (20, 23), (21, 23), (22, 23)])
def test_the_next_morning_is_one_on_which_people_work(today: int, expected: int) -> None:
    paris = ZoneInfo("Europe/Paris")
    now = datetime(2026, 11, today, 23, 30, tzinfo=paris)
    assert next_morning(now.astimezone(UTC), time(7, 30)) == datetime(2026, 11, expected, 7, 30, tzinfo=paris)


@pytest.mark.parametrize(
    ("hour", "expected"), [((7, 10), time(7, 30)), ((7, 20), time(9)), ((7, 30), time(9)), ((23, 55), time(7, 30))]
)
def test_the_hour_of_digests_is_none_that_is_about_to_come(hour: tuple[int, int], expected: time) -> None:
    assert quiet_hour(datetime(2026, 11, 20, *hour, tzinfo=ZoneInfo("Europe/Paris"))) == expected
