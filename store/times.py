"""Times that lie impossibly far ahead: what a clock that was ahead left behind, brought back to now.

Called by the scheduler once the clock has gone on evenly for longer than any claim lasts, so that nobody who holds
something loses it. What is only kept longer for it (received, finished, written) stays as it is: to bring that back
by a clock that is behind would mean to forget it too early.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Update, and_, bindparam, func, or_, select, update

from gateway.core.clock import JUMP
from gateway.core.delivery import DeliveryState
from store.schema import (
    OPEN_ARRIVAL,
    OPEN_DELIVERY,
    SPOOLED,
    arrivals,
    deliveries,
    mailboxes,
    notices,
    spool,
    storms,
)

LEASE = timedelta(minutes=2)
"""How long a claim of an arrival or a delivery holds unless it is renewed."""
FURTHEST = timedelta(hours=6)
"""No delivery is deferred further."""

_now = bindparam("at", type_=deliveries.c.next_attempt_at.type)
_lately = bindparam("lately", type_=deliveries.c.next_attempt_at.type)
_leased = bindparam("leased", type_=deliveries.c.next_attempt_at.type)
_deferred = bindparam("deferred", type_=deliveries.c.next_attempt_at.type)
# Both values of `bulk` are named, so that the index of what is due serves.
_waiting = and_(OPEN_DELIVERY, deliveries.c.bulk.in_((False, True)))
_unsent = and_(deliveries.c.state == DeliveryState.PENDING.value, deliveries.c.next_attempt_at > _leased)
_STATEMENTS: Sequence[Update] = (
    # Where nothing left yet, its age begins now; what did leave keeps the identity that its birth gave it (I6).
    update(deliveries)
    .where(_waiting, or_(_unsent, deliveries.c.next_attempt_at > _deferred), deliveries.c.attempts == 0)
    .values(created_at=_now, next_attempt_at=_now),
    update(deliveries)
    .where(_waiting, or_(_unsent, deliveries.c.next_attempt_at > _deferred))
    .values(next_attempt_at=_now),
    update(spool).where(SPOOLED, spool.c.lease_until > _leased).values(lease_until=None),
    update(mailboxes).where(mailboxes.c.lease_until > _leased).values(lease_until=None),
    # By these it is decided whether somebody was told within the hour, and of what.
    update(arrivals).where(OPEN_ARRIVAL, arrivals.c.closed_at > _lately).values(closed_at=_now),
    update(notices).where(notices.c.created_at > _lately).values(created_at=_now),
    # No storm lasts longer than the furthest deferral without another answer.
    update(storms).where(storms.c.calm_at > _deferred).values(calm_at=_now),
    update(storms).where(storms.c.paused_until > _deferred).values(paused_until=_now),
)


def set_right(tx: Connection, now: datetime) -> int:
    """Brings back what is due, held or told at a time that nothing may have; returns how many rows."""
    values = {
        "at": now,
        "lately": now + JUMP,
        "leased": now + LEASE + JUMP,
        "deferred": now + FURTHEST,
    }
    return sum(tx.execute(statement, values).rowcount for statement in _STATEMENTS)


def server_time(tx: Connection) -> datetime | None:
    """What time the database server believes it is, None where it is this process that keeps the database.

    A second opinion, for deciding whether our own clock may set right what other nodes wrote; nothing is dated by it.
    """
    if tx.dialect.name == "sqlite":
        return None
    told: datetime | None = tx.scalar(select(func.clock_timestamp()))
    return told
