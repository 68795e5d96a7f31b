"""Silence: when somebody was last heard of, and who has not been for long while mails pile up.

Anything they do counts: a mail that was not discarded, a word of command, thanks, an unsubscription. A link that was
fetched does not: programs that look for harm follow them all, and no GET changes anything (I12).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select, update

from gateway.core.community import Pace, PersonState
from gateway.core.delivery import DeliveryKind, DeliveryState
from store.schema import communities, deliveries, memberships, people

_FINE = timedelta(days=1)
"""It matters to the day: who was heard of within so long is not noted again."""
_heard_at = func.coalesce(people.c.heard_at, people.c.created_at)
_pace = func.coalesce(memberships.c.pace, communities.c.pace)


@dataclass(frozen=True, slots=True)
class Patience:
    """What is waited for before a pace steps down: days without any sign, and so many mails meanwhile."""

    days: int
    mails: int


@dataclass(frozen=True, slots=True)
class Silent:
    """Somebody whose mails pile up. `hears_each`: some of it comes singly still; else they read daily digests."""

    person_id: int
    timezone: str
    quiet_hours: str | None
    """Their own, None for the network's."""
    hears_each: bool


def note_heard(tx: Connection, person_ids: Iterable[int], now: datetime) -> None:
    """These people gave a sign of life. Waits for nobody: whose row is taken is noted another time."""
    late = or_(people.c.heard_at.is_(None), people.c.heard_at < now - _FINE)
    query = select(people.c.id).where(people.c.id.in_(set(person_ids)), late)
    ids = list(tx.scalars(query.with_for_update(skip_locked=True, key_share=True)))
    if ids:
        tx.execute(update(people).where(people.c.id.in_(ids)).values(heard_at=now))


def zones(tx: Connection) -> list[str]:
    """All time zones that people live in."""
    return list(tx.scalars(select(people.c.timezone).distinct()))


def silent(
    tx: Connection, patience: Patience, now: datetime, beyond: int, most: int, zones: Collection[str] | None = None
) -> tuple[list[Silent], int]:
    """Those whose mails pile up, of the next `most` people beyond that id who are silent; with the last id looked at.

    Their last sign and their last step down are `patience.days` ago or more, and since then they were sent so many
    mails. The last id is 0 where nobody is left. With `zones` only those who live there.
    """
    long_ago = now - timedelta(days=patience.days)
    query = (
        select(people.c.id, people.c.timezone, people.c.quiet_hours)
        .where(people.c.state == PersonState.ACTIVE.value, people.c.paused.is_(False), people.c.id > beyond)
        .where(_heard_at <= long_ago, or_(people.c.stepped_at.is_(None), people.c.stepped_at <= long_ago))
        .order_by(people.c.id)
        .limit(most)
    )
    rows = tx.execute(query if zones is None else query.where(people.c.timezone.in_(list(zones)))).all()
    if not rows:
        return [], 0
    piled = _piled(tx, patience, [row.id for row in rows])
    each, daily = (_hearing(tx, piled, pace) for pace in (Pace.EACH, Pace.DAILY))
    found = [Silent(row.id, row.timezone, row.quiet_hours, row.id in each) for row in rows if row.id in each | daily]
    return found, rows[-1].id


def _piled(tx: Connection, patience: Patience, person_ids: list[int]) -> set[int]:
    since = and_(
        deliveries.c.created_at > _heard_at,
        or_(people.c.stepped_at.is_(None), deliveries.c.created_at > people.c.stepped_at),
    )
    query = (
        select(deliveries.c.person_id)
        .join(people, people.c.id == deliveries.c.person_id)
        .where(deliveries.c.person_id.in_(person_ids), since)
        .where(deliveries.c.kind.in_((DeliveryKind.POST.value, DeliveryKind.DIGEST.value)))
        .where(deliveries.c.state == DeliveryState.DELIVERED.value)
        .group_by(deliveries.c.person_id)
        .having(func.count() >= patience.mails)
    )
    return set(tx.scalars(query))


def _hearing(tx: Connection, person_ids: Collection[int], pace: Pace) -> set[int]:
    """Who of these hears of a community at that pace."""
    query = (
        select(memberships.c.person_id)
        .join(communities, communities.c.id == memberships.c.community_id)
        .where(memberships.c.person_id.in_(list(person_ids)), _pace == pace.value)
    )
    return set(tx.scalars(query.distinct()))


def note_step(tx: Connection, person_id: int, patience: Patience, now: datetime) -> bool:
    """Their pace steps down now; False where it did of late, or a sign came meanwhile, and the caller rolls back."""
    long_ago = now - timedelta(days=patience.days)
    still = and_(_heard_at <= long_ago, or_(people.c.stepped_at.is_(None), people.c.stepped_at <= long_ago))
    stepped = update(people).where(people.c.id == person_id, still).values(stepped_at=now)
    return tx.execute(stepped).rowcount == 1
