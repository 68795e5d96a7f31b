"""How long each phase of a conversation may take (RFC 5321 §4.5.3.2), and what becomes of it then.

Asked by the conversation now and then, with the time and the octets that have come in. Knows no clock and no socket.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import assert_never

from gateway.core.reply import Reply
from inbound import replies
from inbound.limits import Limits

HANDOVER_S = 55.0
"""The client hears from us within a minute of its final dot, whatever the store does."""
STUCK_S = 10.0
"""How long a peer that does not read, or does not hang up, is borne when its time is over."""


class Phase(Enum):
    """What a conversation is at, which decides how long it may take."""

    COMMANDS = auto()
    DATA = auto()
    HANDOVER = auto()
    CLOSING = auto()


class Measure(Enum):
    """What is done without a word."""

    GIVE_UP = auto()
    """Wait no longer for the spool."""
    ABORT = auto()
    """Cut the connection."""


class Watch:
    """The time of one conversation, which began at `now`, in seconds."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._began = self._since = now
        self._octets_then = 0
        self.phase = Phase.COMMANDS

    def enter(self, phase: Phase, now: float, octets: int) -> None:
        """Another phase begins; `octets` have come in so far."""
        self.phase, self._since, self._octets_then = phase, now, octets

    def hear(self, now: float) -> None:
        """A command has come."""
        self._since = now

    def verdict(self, now: float, octets: int) -> Reply | Measure | None:
        """What to hang up with, or to do, where something has taken too long (RFC 5321 §4.5.3.2.7)."""
        limits, took = self._limits, now - self._since
        match self.phase:
            case Phase.COMMANDS:
                if took > limits.idle_s + STUCK_S:
                    return Measure.ABORT
                if took > limits.idle_s:
                    return replies.IDLE
                return replies.SESSION_OVER if now - self._began > limits.session_s else None
            case Phase.DATA:
                if took < limits.min_rate_window_s:
                    return None
                is_slow = octets - self._octets_then < limits.min_rate * took
                self._since, self._octets_then = now, octets
                return replies.TOO_SLOW if is_slow else None
            case Phase.HANDOVER:
                return Measure.GIVE_UP if took > HANDOVER_S else None
            case Phase.CLOSING:
                return Measure.ABORT if took > STUCK_S else None
            case _:
                assert_never(self.phase)
