"""A clock that jumps is not believed at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.core.clock import ClockWatch


class Time:
    """The wall clock and the time that runs, set by hand."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 11, 20, tzinfo=UTC)
        self.ran = 5000.0

    def go(self, **span: float) -> None:
        self.wall += timedelta(**span)
        self.ran += timedelta(**span).total_seconds()


def watched() -> tuple[Time, ClockWatch]:
    time = Time()
    return time, ClockWatch(lambda: time.wall, lambda: time.ran)


def test_time_that_runs_is_believed() -> None:
    time, watch = watched()
    for _ in range(400):
        time.go(days=1)
        time.wall += timedelta(seconds=30)
        assert watch.is_settled()


def test_a_jump_is_not_believed_until_it_is_undone() -> None:
    for jump in (timedelta(days=7), timedelta(days=-7), timedelta(minutes=11)):
        time, watch = watched()
        time.wall += jump
        assert not watch.is_settled()
        time.go(hours=1)
        assert not watch.is_settled()
        time.wall -= jump
        assert watch.is_settled()


def test_a_jump_is_believed_after_an_even_day() -> None:
    time, watch = watched()
    time.wall += timedelta(days=7)
    assert not watch.is_settled()
    time.go(hours=23)
    assert not watch.is_settled()
    time.wall += timedelta(days=7)
    assert not watch.is_settled()
    time.go(hours=23)
    assert not watch.is_settled()
    time.go(hours=1)
    assert watch.is_settled()
    assert watch.is_settled()


def test_how_long_it_has_gone_on_evenly_begins_anew_with_each_jump() -> None:
    time, watch = watched()
    assert watch.even_s() == 0
    time.go(minutes=5)
    assert watch.even_s() == 300
    for jump in (timedelta(days=7), timedelta(days=-7)):
        time.wall += jump
        assert watch.even_s() == 0
        time.go(minutes=1)
        time.wall += timedelta(seconds=30)
        assert watch.even_s() == 60
