"""The queues as an administrator sees them: arrivals and deliveries with their whole story, listed and one by one.

Read by the command line and the console; nothing here writes. Claiming, closing and retrying are in store.arrivals
and store.deliveries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, func, literal, or_, select, text

from gateway.core.decision import Reason
from gateway.core.delivery import DeliveryState
from store.schema import (
    OPEN_ARRIVAL,
    OPEN_DELIVERY,
    SPOOLED,
    arrivals,
    communities,
    deliveries,
    fan_outs,
    people,
    spool,
)

ARRIVAL_STATES = ("spooled", "held", "set_aside", "closed")


@dataclass(frozen=True, slots=True)
class ArrivalEntry:
    """One message for one forward-path. `trouble` is the last thing that went wrong while it was processed."""

    id: int
    state: str
    verdict: str | None
    reason: str | None
    flag: str
    forward_path: str
    reverse_path: str
    peer: str
    protocol: str
    received_at: datetime
    size: int
    attempts: int
    failures: int
    trouble: str
    community: str | None
    """Local part of the community it was for."""
    person: str | None
    """Address of the author, where known."""
    post_id: int | None
    returns: date | None
    """The day an automatic answer gives for the end of an absence."""
    proof: str
    """How the author was proven, or why not."""
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryEntry:
    """One thing to one person. `answer` is the relay's last word, or why there was none."""

    id: int
    kind: str
    state: str
    address: str
    community: str | None
    post_id: int | None
    notice_id: int | None
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    finished_at: datetime | None
    answer: str


@dataclass(frozen=True, slots=True)
class WaitingPlace:
    """What waits for a human: held mails of one community (None: of none), or all that were set aside."""

    state: str
    """held or set_aside."""
    community_id: int | None
    count: int
    latest: datetime
    """When the latest of them began to wait."""


def waiting(tx: Connection) -> list[WaitingPlace]:
    """Every place for which arrivals are held that nobody was asked about singly, and those set aside as one."""
    query = (
        select(arrivals.c.state, arrivals.c.community_id, func.count(), func.max(arrivals.c.closed_at))
        .where(OPEN_ARRIVAL, arrivals.c.state.in_(("held", "set_aside")), arrivals.c.closed_at.is_not(None))
        # About some they were asked one by one.
        .where(or_(arrivals.c.asked_at.is_(None), arrivals.c.state != "held"))
        # What came in a flood goes out by itself.
        .where(or_(arrivals.c.reason.is_(None), arrivals.c.reason != Reason.TOPIC_FLOOD.value))
        .group_by(arrivals.c.state, arrivals.c.community_id)
    )
    return [WaitingPlace(*row) for row in tx.execute(query)]


@dataclass(frozen=True, slots=True)
class Late:
    """What has waited for longer than it should: how many, and since when the oldest."""

    count: int
    oldest: datetime


def late_in(tx: Connection, before: datetime) -> Late | None:
    """Messages that came in before then and are not decided yet."""
    query = select(func.count(), func.min(spool.c.received_at)).where(SPOOLED, spool.c.received_at < before)
    return _late(tx.execute(query).one())


def late_out(tx: Connection, before: datetime) -> Late | None:
    """Deliveries that were due before then and not tried; where nothing has left since, also those tried in vain.

    One reader whose mailbox takes nothing is no trouble of ours.
    """
    left = exists().where(
        text("deliveries.finished_at IS NOT NULL"),
        deliveries.c.finished_at >= before,
        deliveries.c.state == DeliveryState.DELIVERED.value,
    )
    some_left = tx.scalar(select(left))
    tried = and_(deliveries.c.attempts > 0, deliveries.c.created_at < before, literal(not some_left))
    query = select(func.count(), func.min(deliveries.c.created_at)).where(
        OPEN_DELIVERY, or_(tried, deliveries.c.next_attempt_at < before)
    )
    return _late(tx.execute(query).one())


def _late(row: Row[int, datetime]) -> Late | None:
    return Late(row[0], row[1]) if row[0] else None


def list_arrivals(tx: Connection, state: str | None, most: int) -> list[ArrivalEntry]:
    """Up to `most` arrivals, newest first: those in this state, or all that are not closed."""
    wanted = arrivals.c.state == state if state else arrivals.c.state != "closed"
    query = _arrivals().where(wanted).order_by(arrivals.c.id.desc()).limit(most)
    return [_arrival(row) for row in tx.execute(query)]


def get_arrival(tx: Connection, arrival_id: int) -> ArrivalEntry | None:
    """One arrival."""
    row = tx.execute(_arrivals().where(arrivals.c.id == arrival_id)).first()
    return _arrival(row) if row else None


def list_deliveries(tx: Connection, state: DeliveryState | None, most: int) -> list[DeliveryEntry]:
    """Up to `most` deliveries, newest first: those in this state, or all that were not delivered."""
    wanted = deliveries.c.state == state.value if state else deliveries.c.state != DeliveryState.DELIVERED.value
    query = _deliveries().where(wanted).order_by(deliveries.c.id.desc()).limit(most)
    return [_delivery(row) for row in tx.execute(query)]


def get_delivery(tx: Connection, delivery_id: int) -> DeliveryEntry | None:
    """One delivery."""
    row = tx.execute(_deliveries().where(deliveries.c.id == delivery_id)).first()
    return _delivery(row) if row else None


def is_idle(tx: Connection, now: datetime) -> bool:
    """Whether nothing is left to be done at this time: the spool and the fan-outs are empty, no delivery is due.

    A delivery in the hands of a sender is still to be done; one that was deferred to a later time is not.
    """
    in_hand = and_(deliveries.c.state == DeliveryState.PENDING.value, deliveries.c.attempts > 0)
    due = and_(
        deliveries.c.state.in_((DeliveryState.PENDING.value, DeliveryState.DEFERRED.value)),
        deliveries.c.next_attempt_at <= now,
    )
    left = (
        select(spool.c.id).where(spool.c.state == "spooled"),
        select(fan_outs.c.id).where(fan_outs.c.closed_at.is_(None)),
        select(deliveries.c.id).where(or_(due, in_hand)),
    )
    return all(tx.scalar(query.limit(1)) is None for query in left)


def newest_arrival(tx: Connection) -> datetime | None:
    """When the latest message came in."""
    latest: datetime | None = tx.scalar(select(func.max(spool.c.received_at)))
    return latest


def _arrivals() -> Select[Any]:
    return (
        select(
            arrivals,
            spool.c.reverse_path,
            spool.c.peer,
            spool.c.protocol,
            spool.c.received_at,
            spool.c.size,
            spool.c.attempts,
            spool.c.failures,
            spool.c.trouble,
            communities.c.address.label("community"),
            people.c.address.label("person"),
        )
        .join(spool, spool.c.id == arrivals.c.spool_id)
        .outerjoin(communities, communities.c.id == arrivals.c.community_id)
        .outerjoin(people, people.c.id == arrivals.c.person_id)
    )


def _arrival(row: Row[Any]) -> ArrivalEntry:
    return ArrivalEntry(
        id=row.id,
        state=row.state,
        verdict=row.verdict,
        reason=row.reason,
        flag=row.flag,
        forward_path=row.forward_path,
        reverse_path=row.reverse_path,
        peer=row.peer,
        protocol=row.protocol,
        received_at=row.received_at,
        size=row.size,
        attempts=row.attempts,
        failures=row.failures,
        trouble=row.trouble,
        community=row.community,
        person=row.person,
        post_id=row.post_id,
        returns=row.returns,
        proof=row.proof,
        closed_at=row.closed_at,
    )


def _deliveries() -> Select[Any]:
    return (
        select(deliveries, people.c.address, communities.c.address.label("community"))
        .join(people, people.c.id == deliveries.c.person_id)
        .outerjoin(communities, communities.c.id == deliveries.c.community_id)
    )


def _delivery(row: Row[Any]) -> DeliveryEntry:
    return DeliveryEntry(
        id=row.id,
        kind=row.kind,
        state=row.state,
        address=row.address,
        community=row.community,
        post_id=row.post_id,
        notice_id=row.notice_id,
        attempts=row.attempts,
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at,
        finished_at=row.finished_at,
        answer=row.answer,
    )
