"""Answer parts: what became of each part of an answer to a digest, by the numbers its receipt gives them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from gateway.core.digest import PartState
from gateway.core.notice import Choice, ReceiptLine
from store import digests
from store.database import storable
from store.schema import answer_parts, communities, notices, topics


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part to be written. `ordinal` counts from 1 within its mail."""

    arrival_id: int
    digest_id: int
    person_id: int
    dedup_key: str
    ordinal: int
    state: PartState
    reason: str
    topic_id: int | None
    post_id: int | None
    content_id: int | None
    text: str
    typed: int | None = None
    """The number of a topic that its writer typed, where there is no such topic."""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part as its row tells it."""

    id: int
    arrival_id: int | None
    digest_id: int
    person_id: int
    dedup_key: str
    ordinal: int
    state: PartState
    topic_id: int | None
    post_id: int | None
    content_id: int | None
    text: str
    reason: str


def add(tx: Connection, batch: Sequence[NewPart], now: datetime) -> None:
    """Writes parts; one that was held before is replaced. UNIQUE(person, dedup key, ordinal)."""
    for new in batch:
        tx.execute(
            delete(answer_parts).where(
                answer_parts.c.person_id == new.person_id,
                answer_parts.c.dedup_key == new.dedup_key,
                answer_parts.c.ordinal == new.ordinal,
                answer_parts.c.state == PartState.HELD.value,
            )
        )
    rows = [
        {
            "arrival_id": new.arrival_id,
            "digest_id": new.digest_id,
            "person_id": new.person_id,
            "dedup_key": new.dedup_key,
            "ordinal": new.ordinal,
            "state": new.state.value,
            "reason": new.reason,
            "topic_id": new.topic_id,
            "typed": new.typed,
            "post_id": new.post_id,
            "content_id": new.content_id,
            "text": storable(new.text),
            "created_at": now,
        }
        for new in batch
    ]
    if rows:
        tx.execute(insert(answer_parts), rows)


def of_mails(tx: Connection, keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], list[StoredPart]]:
    """By (person, dedup key), the parts of that mail that are written already, in their order."""
    wanted = set(keys)
    query = (
        select(answer_parts)
        .where(answer_parts.c.person_id.in_({person_id for person_id, _ in wanted}))
        .where(answer_parts.c.dedup_key.in_({key for _, key in wanted}))
        .order_by(answer_parts.c.ordinal)
    )
    found: dict[tuple[int, str], list[StoredPart]] = defaultdict(list)
    for row in tx.execute(query):
        if (row.person_id, row.dedup_key) in wanted:
            found[row.person_id, row.dedup_key].append(_stored(row))
    return dict(found)


def held_in(tx: Connection, arrival_id: int) -> set[tuple[int, str]]:
    """The (community, reason) of the parts of this mail that wait for somebody's agreement."""
    query = (
        select(topics.c.community_id, answer_parts.c.reason)
        .join(topics, topics.c.id == answer_parts.c.topic_id)
        .where(answer_parts.c.arrival_id == arrival_id, answer_parts.c.state == PartState.HELD.value)
    )
    return {(row[0], row[1]) for row in tx.execute(query)}


def give_back(tx: Connection, arrival_id: int, reason: str) -> None:
    """What waited in this mail has gone back to its author."""
    waits = (answer_parts.c.arrival_id == arrival_id, answer_parts.c.state == PartState.HELD.value)
    tx.execute(update(answer_parts).where(*waits).values(state=PartState.RETURNED.value, reason=reason))


def of_notices(tx: Connection, notice_ids: Iterable[int]) -> dict[int, list[StoredPart]]:
    """By receipt, the parts of the mail it is about, in their order."""
    query = (
        select(answer_parts, notices.c.id.label("notice_id"))
        .join(notices, notices.c.arrival_id == answer_parts.c.arrival_id)
        .where(notices.c.id.in_(list(notice_ids)), notices.c.person_id == answer_parts.c.person_id)
        .order_by(answer_parts.c.ordinal)
    )
    found: dict[int, list[StoredPart]] = defaultdict(list)
    for row in tx.execute(query):
        found[row.notice_id].append(_stored(row))
    return dict(found)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a part is now."""

    state: PartState
    topic_id: int | None
    post_id: int | None
    content_id: int | None
    reason: str = ""


def place(tx: Connection, part_id: int, where: Placed) -> None:
    """Writes where a part is now."""
    tx.execute(
        update(answer_parts)
        .where(answer_parts.c.id == part_id)
        .values(
            state=where.state.value,
            reason=where.reason,
            topic_id=where.topic_id,
            post_id=where.post_id,
            content_id=where.content_id,
        )
    )


def receipt_lines(tx: Connection, arrival_ids: Iterable[int]) -> dict[int, tuple[ReceiptLine, ...]]:
    """By arrival, its parts as a receipt shows them."""
    query = (
        select(answer_parts, topics.c.title, communities.c.name)
        .outerjoin(topics, topics.c.id == answer_parts.c.topic_id)
        .outerjoin(communities, communities.c.id == topics.c.community_id)
        .where(answer_parts.c.arrival_id.in_(list(arrival_ids)))
        .order_by(answer_parts.c.ordinal)
    )
    lines: dict[int, list[ReceiptLine]] = defaultdict(list)
    for row in tx.execute(query):
        lines[row.arrival_id].append(
            ReceiptLine(
                row.ordinal,
                PartState(row.state),
                row.typed if row.topic_id is None and row.state == PartState.RETURNED.value else row.topic_id,
                row.title or "",
                row.name or "",
                row.text,
                row.reason,
            )
        )
    return {arrival_id: tuple(found) for arrival_id, found in lines.items()}


def choices(tx: Connection, arrival_ids: Iterable[int]) -> dict[int, tuple[Choice, ...]]:
    """By arrival, the topics of the digest that its mail answers."""
    query = select(answer_parts.c.arrival_id, answer_parts.c.digest_id).where(
        answer_parts.c.arrival_id.in_(list(arrival_ids))
    )
    answered = {row.arrival_id: row.digest_id for row in tx.execute(query.distinct())}
    closed = digests.get_all(tx, set(answered.values()))
    wanted = {item.topic_id for digest in closed.values() for item in digest.items}
    titles = {
        row.id: row.title for row in tx.execute(select(topics.c.id, topics.c.title).where(topics.c.id.in_(wanted)))
    }
    return {
        arrival_id: tuple(
            Choice(i.topic_id, titles[i.topic_id]) for i in closed[digest_id].items if i.topic_id in titles
        )
        for arrival_id, digest_id in answered.items()
        if digest_id in closed
    }


def _stored(row: Any) -> StoredPart:
    return StoredPart(
        row.id,
        row.arrival_id,
        row.digest_id,
        row.person_id,
        row.dedup_key,
        row.ordinal,
        PartState(row.state),
        row.topic_id,
        row.post_id,
        row.content_id,
        row.text,
        row.reason,
    )
