"""Charters: the versions of what people promise before they post, and who accepted which one when.

Asked once a batch by the gathering; written by the command line and by who answers yes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, exists, func, or_, select

# Both databases read it; SQLAlchemy has the clause for each of them under the name of one.
from sqlalchemy.dialects.postgresql import insert

from gateway.core.charter import Acceptance, Charter
from store.schema import acceptances, charter_texts, charters, people

_asked_of = or_(charters.c.everybody, people.c.created_at >= charters.c.published_at)
_accepted = exists().where(acceptances.c.person_id == people.c.id, acceptances.c.version >= charters.c.version)
# A newer version that is only for newcomers leaves those in peace who accepted an older one.
_owes = exists().where(_asked_of, ~_accepted)


def publish(tx: Connection, texts: Mapping[str, str], now: datetime, *, everybody: bool) -> int:
    """Adds a version, which holds at once. Returns its number."""
    version = 1 + (tx.scalar(select(func.max(charters.c.version))) or 0)
    tx.execute(insert(charters).values(version=version, everybody=everybody, published_at=now))
    tx.execute(insert(charter_texts), [{"version": version, "locale": k, "text": v} for k, v in texts.items()])
    return version


def listing(tx: Connection) -> list[tuple[Charter, int]]:
    """All versions, oldest first, each with how many accepted it."""
    texts: dict[int, dict[str, str]] = defaultdict(dict)
    for row in tx.execute(select(charter_texts).order_by(charter_texts.c.locale)):
        texts[row.version][row.locale] = row.text
    counted = select(acceptances.c.version, func.count()).group_by(acceptances.c.version)
    numbers = {row[0]: row[1] for row in tx.execute(counted)}
    return [
        (Charter(row.version, row.everybody, row.published_at, texts[row.version]), numbers.get(row.version, 0))
        for row in tx.execute(select(charters).order_by(charters.c.version))
    ]


def current(tx: Connection) -> Charter | None:
    """The newest version."""
    versions = listing(tx)
    return versions[-1][0] if versions else None


def owing(tx: Connection, person_ids: Iterable[int]) -> set[int]:
    """Of these people those who have yet to accept what is asked of them; their rows are held.

    What waits for a yes and the yes itself are of one person, and come to different workers: whoever is second waits,
    and sees what the first one did.
    """
    owe = select(people.c.id).where(people.c.id.in_(list(person_ids)), _owes)
    if not (found := list(tx.scalars(owe))):
        return set()
    held = select(people.c.id).where(people.c.id.in_(found)).order_by(people.c.id)
    tx.execute(held.with_for_update(key_share=True))
    return set(tx.scalars(owe))


def accept(tx: Connection, person_id: int, now: datetime) -> int | None:
    """This person accepts the newest version, whatever was asked. Idempotent; its number, None where there is none."""
    version: int | None = tx.scalar(select(func.max(charters.c.version)))
    if version is not None:
        row = insert(acceptances).values(person_id=person_id, version=version, accepted_at=now)
        tx.execute(row.on_conflict_do_nothing())
    return version


def accepted(tx: Connection, person_id: int | None = None) -> list[Acceptance]:
    """Who accepted what when, the latest last; of one person, where one is given."""
    query = (
        select(people.c.address, people.c.name, acceptances.c.version, acceptances.c.accepted_at)
        .join(people, people.c.id == acceptances.c.person_id)
        .order_by(acceptances.c.accepted_at, acceptances.c.person_id)
    )
    if person_id is not None:
        query = query.where(acceptances.c.person_id == person_id)
    return [Acceptance(*row) for row in tx.execute(query)]


def count_owing(tx: Connection) -> int:
    """How many active people have yet to accept."""
    return tx.scalar(select(func.count()).select_from(people).where(people.c.state == "active", _owes)) or 0
