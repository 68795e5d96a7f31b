"""Streaks of refusals: what failed of one is taken back once, and only what is of it."""

from __future__ import annotations

from gateway.core.delivery import DeliveryState, Outcome
from gateway.core.reply import Reply
from outbound.courier import TAKEN_BACK
from outbound.refusals import IN_A_ROW, TAKE_BACK_S, Streak

NO = Reply(550, "5.0.0", "no")
UNKNOWN = Reply(550, "5.1.1", "unknown")


def refuse(streak: Streak, reply: Reply, numbers: range, at: float = 0.0) -> bool:
    """Each of these is refused and, but where it is one too many, fails; returns whether the last was."""
    for number in numbers:
        if streak.refused(reply):
            return True
        streak.failed(Outcome(number, 1, DeliveryState.FAILED, reply), at)
    return False


def test_what_failed_of_a_streak_is_taken_back_once() -> None:
    streak = Streak()
    assert refuse(streak, NO, range(IN_A_ROW))
    taken = streak.take_back(NO, 1.0)
    assert [o.delivery_id for o in taken] == list(range(IN_A_ROW - 1))
    assert {(o.state, o.detail, o.reply) for o in taken} == {(DeliveryState.DEFERRED, TAKEN_BACK, NO)}
    assert streak.take_back(NO, 1.0) == []
    # It goes on until a mail is taken.
    assert refuse(streak, NO, range(1))


def test_another_refusal_or_a_taken_mail_makes_failures_final() -> None:
    streak = Streak()
    refuse(streak, NO, range(10))
    refuse(streak, UNKNOWN, range(10, 12))
    assert streak.take_back(NO, 0.0) == []
    assert [o.delivery_id for o in streak.take_back(UNKNOWN, 0.0)] == [10, 11]
    refuse(streak, UNKNOWN, range(12, 15))
    streak.taken()
    assert streak.take_back(UNKNOWN, 0.0) == []


def test_what_failed_long_ago_stays_failed() -> None:
    streak = Streak()
    refuse(streak, NO, range(3), at=0.0)
    refuse(streak, NO, range(3, 5), at=TAKE_BACK_S)
    assert [o.delivery_id for o in streak.take_back(NO, TAKE_BACK_S + 1)] == [3, 4]
