"""The audit log: one row for each act of those who run the network or a community.

`record` is called by whoever acts, in the transaction of the act; `listing` by the command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from gateway.core.audit import Entry, Hand, Recorded
from store.database import storable
from store.schema import audit, communities, people


@dataclass(frozen=True, slots=True)
class Filter:
    """Which acts are asked for; None for no matter."""

    community_id: int | None = None
    person_id: int | None = None
    """Who acted, or to whom it was done."""
    since: datetime | None = None


def record(tx: Connection, entry: Entry, now: datetime) -> None:
    """Adds one act, inside the transaction that is the act."""
    is_hand = isinstance(entry.by, Hand)
    tx.execute(
        insert(audit).values(
            at=now,
            act=entry.act.value,
            actor_id=None if is_hand else entry.by,
            actor=entry.by if is_hand else "",
            community_id=entry.community_id,
            person_id=entry.person_id,
            topic_id=entry.topic_id,
            post_id=entry.post_id,
            arrival_id=entry.arrival_id,
            detail=storable(entry.detail),
        )
    )


def listing(tx: Connection, wanted: Filter, most: int) -> list[Recorded]:
    """Up to `most` acts, the newest first."""
    actor, person = people.alias("actor"), people.alias("person")
    query = (
        select(
            audit.c.id,
            audit.c.at,
            audit.c.act,
            func.coalesce(actor.c.address, audit.c.actor).label("actor"),
            communities.c.address.label("community"),
            person.c.address.label("person"),
            audit.c.topic_id,
            audit.c.post_id,
            audit.c.arrival_id,
            audit.c.detail,
        )
        .outerjoin(actor, actor.c.id == audit.c.actor_id)
        .outerjoin(person, person.c.id == audit.c.person_id)
        .outerjoin(communities, communities.c.id == audit.c.community_id)
        .order_by(audit.c.id.desc())
        .limit(most)
    )
    if wanted.community_id is not None:
        query = query.where(audit.c.community_id == wanted.community_id)
    if wanted.person_id is not None:
        query = query.where(or_(audit.c.actor_id == wanted.person_id, audit.c.person_id == wanted.person_id))
    if wanted.since is not None:
        query = query.where(audit.c.at >= wanted.since)
    return [Recorded(**row._mapping) for row in tx.execute(query)]


def forget_words(tx: Connection, person_id: int) -> None:
    """Takes out what was said in acts by or to a person who is erased; that they happened stays."""
    theirs = or_(audit.c.actor_id == person_id, audit.c.person_id == person_id)
    tx.execute(update(audit).where(theirs).values(detail=""))


def purge(tx: Connection, before: datetime, most: int) -> int:
    """Forgets up to `most` acts of before; returns how many."""
    old = select(audit.c.id).where(audit.c.at < before).order_by(audit.c.id).limit(most)
    return tx.execute(delete(audit).where(audit.c.id.in_(old))).rowcount
