"""Imported posts: old mails in their threads, with their dates, due to nobody.

Called by gateway.archives, a few hundred a transaction, under the lock of the community. An imported post is numbered
below zero, by its date: watermarks never reach there, so no digest, catch-up or copy tells of it, whatever is posted
meanwhile. No fan-out row is made, and nobody is noted as mentioned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from sqlalchemy import Connection, bindparam, func, insert, select, update

from store.posts import NewContent, add_contents
from store.schema import posts, topics

_ALL_TIMES = 10**15
"""Milliseconds, more than any date of a mail has: what is left of a date without them is below zero."""


@dataclass(frozen=True, slots=True)
class Known:
    """A post and its topic, both there already."""

    post_id: int
    topic_id: int


@dataclass(frozen=True, slots=True)
class ArchivedPost:
    """One mail to stand in a community. `answered` is a post that is there, or the place in the batch of an earlier
    one, or None for what opens a topic."""

    content: NewContent
    dedup_key: str
    title: str
    written_at: datetime
    placed_at: datetime
    """By which it is ordered: never before what it answers, whatever the clock of its author said."""
    answered: Known | int | None


@dataclass(frozen=True, slots=True)
class OpenTopic:
    """A topic that an answer without references may belong to."""

    latest: Known
    latest_at: datetime


def add(tx: Connection, community_id: int, batch: Sequence[ArchivedPost], now: datetime) -> list[Known]:
    """Adds posts and the topics they open; returns them in order. The caller holds the community's lock."""
    if not batch:
        return []
    content_ids = add_contents(tx, [new.content for new in batch], now)
    topic_ids = _topics(tx, community_id, batch)
    numbers = _numbers(tx, community_id, [new.placed_at for new in batch])
    rows = [
        {
            "community_id": community_id,
            "topic_id": topic_id,
            "content_id": content_id,
            "number": number,
            "parent_id": new.answered.post_id if isinstance(new.answered, Known) else None,
            "author_id": new.content.author_id,
            "dedup_key": new.dedup_key,
            "created_at": new.written_at,
        }
        for new, content_id, topic_id, number in zip(batch, content_ids, topic_ids, numbers, strict=True)
    ]
    ids = list(tx.scalars(insert(posts).returning(posts.c.id, sort_by_parameter_order=True), rows))
    within = [
        {"post": post_id, "parent": ids[new.answered]}
        for new, post_id in zip(batch, ids, strict=True)
        if isinstance(new.answered, int)
    ]
    if within:
        tx.execute(update(posts).where(posts.c.id == bindparam("post")).values(parent_id=bindparam("parent")), within)
    return [Known(post_id, topic_id) for post_id, topic_id in zip(ids, topic_ids, strict=True)]


def _topics(tx: Connection, community_id: int, batch: Sequence[ArchivedPost]) -> list[int]:
    """The topic of each post, those that it opens among them."""
    opening = [
        {"community_id": community_id, "title": new.title, "created_at": new.written_at}
        for new in batch
        if new.answered is None
    ]
    opened: Iterable[int] = ()
    if opening:
        opened = tx.scalars(insert(topics).returning(topics.c.id, sort_by_parameter_order=True), opening)
    fresh = iter(list(opened))
    ids: list[int] = []
    for new in batch:
        match new.answered:
            case None:
                ids.append(next(fresh))
            case int():
                ids.append(ids[new.answered])
            case Known():
                ids.append(new.answered.topic_id)
    return ids


def _numbers(tx: Connection, community_id: int, times: Sequence[datetime]) -> list[int]:
    """A free number for each, below zero and in the order of their dates, also among those of other imports."""
    wanted = [int(time.timestamp()) * 1000 - _ALL_TIMES for time in times]
    # Of one second a thousand find room; only a mail beyond these is numbered as if a second later.
    taken = set(
        tx.scalars(
            select(posts.c.number).where(
                posts.c.community_id == community_id, posts.c.number.between(min(wanted), max(wanted) + 1000)
            )
        )
    )
    numbers = []
    for number in wanted:
        free = next(later for later in count(number) if later not in taken)
        taken.add(free)
        numbers.append(free)
    return numbers


def find_topics(tx: Connection, community_id: int, titles: Collection[str]) -> dict[str, OpenTopic]:
    """By title, the latest topic of the community that bears it, with its latest post."""
    if not titles:
        return {}
    latest = (
        select(topics.c.title, posts.c.topic_id, func.max(posts.c.number).label("number"))
        .join(posts, posts.c.topic_id == topics.c.id)
        .where(topics.c.community_id == community_id, topics.c.title.in_(list(titles)))
        .where(posts.c.withdrawn_at.is_(None))
        .group_by(topics.c.title, posts.c.topic_id)
        .subquery()
    )
    query = (
        select(latest.c.title, posts.c.id, posts.c.topic_id, posts.c.created_at)
        .join(posts, posts.c.topic_id == latest.c.topic_id)
        .where(posts.c.number == latest.c.number)
        .order_by(posts.c.number)
    )
    return {row.title: OpenTopic(Known(row.id, row.topic_id), row.created_at) for row in tx.execute(query)}
