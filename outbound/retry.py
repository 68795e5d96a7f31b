"""When to try a deferred delivery again, and when to give up.

Called by the sender when it records a deferral; pure, the time and the dice are passed in. Quick at first, because
greylisting and restarts are over in minutes, then patient, because an outage is not ended by asking.
RFC 5321 §4.5.4.1 (retry interval, at least 4-5 days before giving up).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """The waits after the first, second… attempt, of which the last repeats, and the age at which patience ends.

    An age alone ends nothing: a clock that was set ahead would fail a whole outbox. So many attempts belong to it.
    """

    waits: tuple[timedelta, ...] = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240))
    expiry: timedelta = timedelta(days=5)
    spread: float = 0.25
    """The largest share of a wait that jitter adds, so that a thousand deferrals do not come back as one crowd."""
    fewest: int = 6
    """Attempts that are made however old a delivery seems."""

    def __post_init__(self) -> None:
        if (
            not self.waits
            or min(self.waits) <= timedelta(0)
            or self.expiry <= timedelta(0)
            or self.spread < 0
            or self.fewest < 1
        ):
            raise ValueError("a retry plan needs positive waits, a positive expiry, an attempt and no negative spread")

    def next_attempt(self, attempts: int, created_at: datetime, now: datetime, jitter: float) -> datetime | None:
        """When to try again after `attempts` attempts (the one just made included), or None to give up.

        `jitter` is in [0, 1). A wait that would overstep the expiry ends at the expiry: the last try is made then.
        """
        if attempts < 1 or not 0 <= jitter < 1:
            raise ValueError("attempts count from one and jitter is in [0, 1)")
        again, last = self.wait(attempts, now, jitter), created_at + self.expiry
        if created_at > now:
            # Born by a clock that was ahead: only its attempts tell how old it is.
            return again if attempts < self._enough else None
        if now < last:
            return min(again, last)
        return again if attempts < self.fewest else None

    @property
    def _enough(self) -> int:
        """The attempts that there is time for until patience ends, without jitter."""
        rest = self.expiry - sum(self.waits, timedelta())
        return len(self.waits) + max(0, -(-rest // self.waits[-1])) + 1

    @property
    def furthest(self) -> timedelta:
        """No deferral reaches further."""
        return max(self.waits) * (1 + self.spread)

    def wait(self, attempts: int, now: datetime, jitter: float) -> datetime:
        """When to try again where nobody can say how old the delivery is: never None."""
        return now + self.waits[min(attempts, len(self.waits)) - 1] * (1 + self.spread * jitter)
