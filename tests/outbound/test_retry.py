"""outbound/retry.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.retry import RetryPlan
from store.times import FURTHEST

next_attempt = RetryPlan().next_attempt
BORN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 5), (3, 15), (4, 60), (5, 120), (6, 240), (7, 240), (40, 240)]
)
def test_waits_grow_to_four_hours(attempts: int, minutes: int) -> None:
    assert next_attempt(attempts, BORN, BORN, 0.0) == BORN + timedelta(minutes=minutes)


def test_jitter_adds_at_most_a_quarter() -> None:
    assert next_attempt(4, BORN, BORN, 0.5) == BORN + timedelta(minutes=67.5)


def test_gives_up_after_five_days() -> None:
    assert next_attempt(30, BORN, BORN + timedelta(days=5), 0.0) is None


def test_last_attempt_is_made_when_the_five_days_end() -> None:
    now = BORN + timedelta(days=5) - timedelta(hours=1)
    assert next_attempt(30, BORN, now, 0.9) == BORN + timedelta(days=5)


@pytest.mark.parametrize("attempts", range(1, 6))
def test_an_age_alone_fails_nothing(attempts: int) -> None:
    """A clock that was set ahead must not fail a whole outbox, whatever it says."""
    now = BORN + timedelta(days=3650)
    assert next_attempt(attempts, BORN, now, 0.0) == RetryPlan().wait(attempts, now, 0.0)
    assert next_attempt(6, BORN, now, 0.0) is None


def test_what_was_born_in_the_future_ends_by_its_attempts() -> None:
    born = BORN + timedelta(days=3650)
    now, attempts = BORN, 1
    while (due := next_attempt(attempts, born, now, 0.0)) is not None:
        now, attempts = due, attempts + 1
    assert timedelta(days=4, hours=20) <= now - BORN <= timedelta(days=5, hours=4)


def test_no_deferral_reaches_further_than_the_store_believes() -> None:
    assert RetryPlan().furthest <= FURTHEST


@pytest.mark.parametrize(("attempts", "jitter"), [(0, 0.0), (1, 1.0), (1, -0.1)])
def test_refuses_nonsense(attempts: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="attempts"):
        next_attempt(attempts, BORN, BORN, jitter)


def test_plan_without_waits_is_refused() -> None:
    with pytest.raises(ValueError, match="plan"):
        RetryPlan(waits=())


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=200, max_size=200))
def test_every_delivery_ends(dice: list[float]) -> None:
    now, attempts = BORN, 1
    for jitter in dice:
        due = next_attempt(attempts, BORN, now, jitter)
        if due is None:
            break
        assert now < due <= BORN + timedelta(days=5)
        now, attempts = due, attempts + 1
    assert due is None
    assert 25 <= attempts <= 40
