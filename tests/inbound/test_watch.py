"""What has taken too long, by phase; no clock, no socket."""

from __future__ import annotations

from inbound import replies
from inbound.limits import Limits
from inbound.watch import HANDOVER_S, STUCK_S, Measure, Phase, Watch

LIMITS = Limits(idle_s=300, session_s=1800, min_rate=100, min_rate_window_s=60)


def test_silence_between_commands() -> None:
    watch = Watch(LIMITS, 0)
    assert watch.verdict(300, 0) is None
    assert watch.verdict(300.1, 0) is replies.IDLE
    assert watch.verdict(300.1 + STUCK_S, 0) is Measure.ABORT
    watch.hear(310)
    assert watch.verdict(600, 0) is None


def test_a_session_has_its_end_however_busy() -> None:
    watch = Watch(LIMITS, 0)
    watch.hear(1790)
    assert watch.verdict(1800, 0) is None
    assert watch.verdict(1801, 0) is replies.SESSION_OVER
    # A mail that is coming in is not cut by it.
    watch.enter(Phase.DATA, 1802, 0)
    assert watch.verdict(1862, 6000) is None


def test_a_mail_is_measured_by_the_minute() -> None:
    watch = Watch(LIMITS, 0)
    watch.enter(Phase.DATA, 1000, 50)
    assert watch.verdict(1059, 50) is None
    assert watch.verdict(1060, 6050) is None
    # The next minute is measured for itself.
    assert watch.verdict(1119, 6050) is None
    assert watch.verdict(1120, 12_049) is replies.TOO_SLOW


def test_the_spool_and_a_peer_that_does_not_hang_up() -> None:
    watch = Watch(LIMITS, 0)
    watch.enter(Phase.HANDOVER, 10, 0)
    assert watch.verdict(10 + HANDOVER_S, 0) is None
    assert watch.verdict(11 + HANDOVER_S, 0) is Measure.GIVE_UP
    watch.enter(Phase.CLOSING, 100, 0)
    assert watch.verdict(100 + STUCK_S, 0) is None
    assert watch.verdict(101 + STUCK_S, 0) is Measure.ABORT
