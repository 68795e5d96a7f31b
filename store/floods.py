"""Floods: how much comes for a topic, and from an author, against what people write by hand.

Asked by inbound.gathering for a batch of mails. A topic that took too much is paused (a row of store.storms) until no
mail has come for it for a while: what comes in between is held, and put back by digests.floods.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from store import storms as stormy
from store.schema import contents, posts, storms

PAUSE = timedelta(minutes=10)
"""So long without a mail for it, and a topic that was paused takes posts again."""
_A_MINUTE, _AN_HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Floods:
    """What came lately: posts by topic within the minute, by author within the hour, and the topics that are paused."""

    by_topic: Mapping[int, int]
    by_author: Mapping[int, int]
    paused: frozenset[int]


def find(tx: Connection, topic_ids: Collection[int], author_ids: Collection[int], most: int, now: datetime) -> Floods:
    """What came lately for these topics and from these authors; `most` is how far an author's posts are counted."""
    return Floods(
        _by_topic(tx, topic_ids, now - _A_MINUTE) if topic_ids else {},
        {author_id: _by_author(tx, author_id, most, now - _AN_HOUR) for author_id in author_ids},
        frozenset(_paused(tx, topic_ids, now)) if topic_ids else frozenset(),
    )


def _by_topic(tx: Connection, topic_ids: Collection[int], since: datetime) -> dict[int, int]:
    query = (
        select(posts.c.topic_id, func.count())
        .where(posts.c.topic_id.in_(list(topic_ids)), posts.c.created_at > since)
        .group_by(posts.c.topic_id)
    )
    return {row[0]: row[1] for row in tx.execute(query)}


def _by_author(tx: Connection, author_id: int, most: int, since: datetime) -> int:
    """Walks back over the latest only, whatever they have written in years."""
    latest = (
        select(contents.c.created_at)
        .where(contents.c.author_id == author_id)
        .order_by(contents.c.id.desc())
        .limit(most)
        .subquery()
    )
    return tx.scalar(select(func.count()).where(latest.c.created_at > since)) or 0


def _paused(tx: Connection, topic_ids: Iterable[int], now: datetime) -> set[int]:
    query = select(storms.c.topic_id).where(storms.c.topic_id.in_(list(topic_ids)), storms.c.paused_until > now)
    return set(tx.scalars(query))


def pause(tx: Connection, topic_ids: Collection[int], now: datetime) -> None:
    """These topics take no posts until no mail has come for them for PAUSE."""
    already = _paused(tx, topic_ids, now) if topic_ids else set()
    for topic_id in sorted(topic_ids):
        fresh = {} if topic_id in already else {"paused_at": now, "pause_told": False}
        stormy.put(tx, topic_id, {"paused_until": now + PAUSE, **fresh})
