"""Unreachable: people whose address fails for good. They are paused, so that nothing is lost, and tried now and then.

Begun and ended by the scheduler one person a transaction, ended also by their own word or by hand. What was posted
meanwhile is told as after any pause (store.paces): once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, exists, func, insert, select, update

from gateway.core.delivery import DeliveryState
from store import failures, paces
from store.communities import lock
from store.schema import deliveries, memberships, notices, people, unreachable

PROBE = "probe:"
"""How what is told once begins (store.notices), where it is a probe."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Somebody who cannot be reached."""

    person_id: int
    since: datetime
    probes: int
    """How often they were written to since."""
    probed_at: datetime | None
    """When last, None where that came back."""
    probe_due_at: datetime


def cut_off(tx: Connection, person_id: int, probe_at: datetime, now: datetime) -> bool:
    """Sends this person nothing more but a probe from time to time; False where that is so already."""
    theirs = select(memberships.c.community_id).where(memberships.c.person_id == person_id)
    # As everybody who pauses takes them: the communities first, the person then.
    lock(tx, ids=list(tx.scalars(theirs)))
    mine = select(people.c.paused, people.c.paused_until).where(people.c.id == person_id).with_for_update()
    own = tx.execute(mine).one()
    if find(tx, person_id) is not None:
        return False
    paces.pause(tx, person_id, None, now)
    row = {"person_id": person_id, "since": now, "probe_due_at": probe_at}
    tx.execute(insert(unreachable).values({**row, "paused": own.paused, "paused_until": own.paused_until}))
    return True


def let_in(tx: Connection, person_id: int, now: datetime) -> bool:
    """They can be reached again: what waited is owed to them, once; a pause of their own goes on. False if they were.

    Their own word that ends it, which ends such a pause too, is paces.resume.
    """
    row = tx.execute(select(unreachable).where(unreachable.c.person_id == person_id)).first()
    if row is None:
        return False
    if row.paused and (row.paused_until is None or row.paused_until > now):
        return paces.reopen(tx, person_id, row.paused_until)
    return paces.resume(tx, person_id)


def find(tx: Connection, person_id: int) -> Unreachable | None:
    """What is known of somebody who cannot be reached; None of anybody else."""
    row = tx.execute(select(unreachable).where(unreachable.c.person_id == person_id)).first()
    return _to(row) if row else None


def to_probe(tx: Connection, now: datetime, most: int) -> list[Unreachable]:
    """Up to `most` who are to be written to by now; no other node takes them until the transaction ends."""
    query = select(unreachable).where(unreachable.c.probe_due_at <= now).order_by(unreachable.c.probe_due_at)
    return [_to(row) for row in tx.execute(query.limit(most).with_for_update(skip_locked=True))]


def probed(tx: Connection, one: Unreachable, next_at: datetime, now: datetime) -> None:
    """They were written to now, and are next at that time."""
    values = {"probes": one.probes + 1, "probed_at": now, "probe_due_at": next_at}
    tx.execute(update(unreachable).where(unreachable.c.person_id == one.person_id).values(values))


def recovered(tx: Connection, before: datetime, most: int) -> list[int]:
    """Up to `most` whose last probe was taken by the relay before then, and has not come back."""
    arrived = exists().where(
        notices.c.person_id == unreachable.c.person_id,
        notices.c.once.startswith(PROBE),
        notices.c.created_at >= unreachable.c.probed_at,
        deliveries.c.notice_id == notices.c.id,
        deliveries.c.state == DeliveryState.DELIVERED.value,
        deliveries.c.finished_at <= before,
    )
    query = select(unreachable.c.person_id).where(unreachable.c.probed_at <= before, arrived)
    return list(tx.scalars(query.order_by(unreachable.c.person_id).limit(most)))


def untold(tx: Connection) -> dict[int, list[int]]:
    """Those of whom nobody who runs their communities has been told, each with these communities."""
    query = (
        select(unreachable.c.person_id, memberships.c.community_id)
        .outerjoin(memberships, memberships.c.person_id == unreachable.c.person_id)
        .where(unreachable.c.told_at.is_(None))
        .order_by(unreachable.c.person_id, memberships.c.community_id)
    )
    found: dict[int, list[int]] = {}
    for person_id, community_id in tx.execute(query):
        found.setdefault(person_id, []).extend([community_id] if community_id is not None else [])
    return found


def note_told(tx: Connection, person_ids: Iterable[int], now: datetime) -> None:
    """Those who run their communities have been told."""
    tx.execute(update(unreachable).where(unreachable.c.person_id.in_(list(person_ids))).values(told_at=now))


def among(tx: Connection, person_ids: Iterable[int]) -> set[int]:
    """Who of these cannot be reached."""
    query = select(unreachable.c.person_id).where(unreachable.c.person_id.in_(list(person_ids)))
    return set(tx.scalars(query))


def meet(tx: Connection, person_ids: Collection[int], now: datetime) -> list[int]:
    """Who of these cannot be reached and has not been told so by us; from now on they have."""
    # Asked first: nearly always there is nobody, and a question takes no lock.
    new = and_(unreachable.c.person_id.in_(list(person_ids)), unreachable.c.met_at.is_(None))
    if not person_ids or not list(tx.scalars(select(unreachable.c.person_id).where(new))):
        return []
    met = update(unreachable).where(new).values(met_at=now).returning(unreachable.c.person_id)
    return sorted(tx.scalars(met))


def moved(tx: Connection, person_id: int) -> None:
    """Their mails go to another address now: that is judged anew, and tried at once where the old one had failed."""
    failures.forgive(tx, person_id)
    at_once = {"probe_due_at": unreachable.c.since, "probed_at": None}
    tx.execute(update(unreachable).where(unreachable.c.person_id == person_id).values(at_once))


def count(tx: Connection) -> int:
    """How many people cannot be reached."""
    return tx.scalar(select(func.count()).select_from(unreachable)) or 0


def _to(row: object) -> Unreachable:
    return Unreachable(*(getattr(row, name) for name in ("person_id", "since", "probes", "probed_at", "probe_due_at")))
