"""Failures: deliveries that did not arrive, one counted for a person, day and kind.

Written in the transaction that hears of them: of a report that came to the signed address of its delivery, or of the
outcome of an attempt. The day is that of the hand-over, so that one delivery counts once, however often it is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, and_, delete, exists, func, select, tuple_, update

# Both databases read it; SQLAlchemy has the clause for each of them under the name of one.
from sqlalchemy.dialects.postgresql import insert

from gateway.core.community import PersonState
from gateway.core.delivery import DeliveryKind, DeliveryState
from gateway.core.failure import Failure, FailureKind
from store.schema import deliveries, digests, failures, people, unreachable

OLDEST = timedelta(days=14)
"""Mail systems give up within five days or so: what is told of later is not believed."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a delivery was of."""

    person_id: int
    kind: DeliveryKind
    community_id: int | None
    cadence: str
    """Of a digest; "" for anything else."""


@dataclass(frozen=True, slots=True)
class Endurance:
    """What an address may do before its person is written to no more: fail on fewer days than these, within those."""

    days: int
    within: int


def note(tx: Connection, told: Iterable[Failure], now: datetime) -> list[Failure]:
    """Counts failures of deliveries that left lately; returns those that counted, each the first of its day and kind.

    Where the delivery was a probe of an address, or left after it, that probe has come back.
    """
    by_delivery = {failure.delivery_id: failure for failure in told}
    if not by_delivery:
        return []
    query = (
        select(deliveries.c.id, deliveries.c.person_id, deliveries.c.finished_at, deliveries.c.created_at)
        .join(people, people.c.id == deliveries.c.person_id)
        .where(deliveries.c.id.in_(list(by_delivery)), deliveries.c.attempts > 0)
        .where(deliveries.c.state != DeliveryState.DROPPED.value, deliveries.c.created_at > now - OLDEST)
        .where(people.c.state == PersonState.ACTIVE.value)
        # Whoever counts for the same people takes their rows in the same order.
        .order_by(deliveries.c.person_id, deliveries.c.id)
    )
    counted = []
    for row in tx.execute(query).all():
        failure = by_delivery[row.id]
        new = insert(failures).values(
            person_id=row.person_id,
            day=(row.finished_at or now).astimezone(UTC).date(),
            kind=failure.kind.value,
            delivery_id=row.id,
            status=failure.status[:16],
            cause=failure.cause[:40],
        )
        if tx.execute(new.on_conflict_do_nothing().returning(failures.c.person_id)).first():
            counted.append(failure)
        if failure.kind is not FailureKind.COMPLAINT:
            probed = and_(unreachable.c.person_id == row.person_id, unreachable.c.probed_at <= row.created_at)
            tx.execute(update(unreachable).where(probed).values(probed_at=None))
    return counted


def take_back(tx: Connection, delivery_ids: Iterable[int]) -> None:
    """Forgets what was counted of these: the refusal was about us."""
    tx.execute(delete(failures).where(failures.c.delivery_id.in_(list(delivery_ids))))


def sent(tx: Connection, delivery_ids: Iterable[int]) -> dict[int, Sent]:
    """What deliveries that were tried were of, by id."""
    query = (
        select(deliveries.c.id, deliveries.c.person_id, deliveries.c.kind, deliveries.c.community_id)
        .add_columns(func.coalesce(digests.c.cadence, "").label("cadence"))
        .outerjoin(digests, digests.c.id == deliveries.c.digest_id)
        .where(deliveries.c.id.in_(list(delivery_ids)), deliveries.c.attempts > 0)
    )
    return {
        row.id: Sent(row.person_id, DeliveryKind(row.kind), row.community_id, row.cadence) for row in tx.execute(query)
    }


def worn_out(tx: Connection, endurance: Endurance, today: date, most: int) -> list[int]:
    """Up to `most` people whose address failed for good on so many days, and who are not known to be unreachable."""
    known = exists().where(unreachable.c.person_id == failures.c.person_id)
    query = (
        select(failures.c.person_id)
        .join(people, people.c.id == failures.c.person_id)
        .where(failures.c.kind == FailureKind.HARD.value, failures.c.day > today - timedelta(days=endurance.within))
        .where(people.c.state == PersonState.ACTIVE.value, ~known)
        .group_by(failures.c.person_id)
        .having(func.count() >= endurance.days)
        .order_by(failures.c.person_id)
        .limit(most)
    )
    return list(tx.scalars(query))


def days_of(tx: Connection, person_id: int) -> list[tuple[date, FailureKind, str, str]]:
    """(day, kind, status, cause) of all that is kept of a person, oldest first."""
    query = select(failures).where(failures.c.person_id == person_id).order_by(failures.c.day, failures.c.kind)
    return [(row.day, FailureKind(row.kind), row.status, row.cause) for row in tx.execute(query)]


def count_on(tx: Connection, day: date, kind: FailureKind) -> int:
    """How many people had such a failure on that day."""
    query = select(func.count()).select_from(failures).where(failures.c.kind == kind.value, failures.c.day == day)
    return tx.scalar(query) or 0


def forgive(tx: Connection, person_id: int) -> None:
    """Forgets what spoke against an address: it is to be judged anew."""
    theirs = and_(failures.c.person_id == person_id, failures.c.kind == FailureKind.HARD.value)
    tx.execute(delete(failures).where(theirs))


def purge(tx: Connection, before: datetime, most: int) -> int:
    """Forgets up to `most` failures of before; returns how many."""
    key = (failures.c.person_id, failures.c.day, failures.c.kind)
    old = select(*key).where(failures.c.day < before.date()).limit(most)
    return tx.execute(delete(failures).where(tuple_(*key).in_(old))).rowcount
