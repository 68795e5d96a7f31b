"""Topics: the threads by themselves, closed and opened again; who wrote what in one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from gateway.core.post import Topic
from store.schema import contents, people, posts, topics


@dataclass(frozen=True, slots=True)
class PostLine:
    """One post of a topic, as those who run the place see it."""

    id: int
    author: str
    """An address."""
    created_at: datetime
    withdrawn_at: datetime | None
    begins: str
    """The first of its words."""


def get(tx: Connection, topic_id: int) -> Topic | None:
    """One topic."""
    row = tx.execute(select(topics).where(topics.c.id == topic_id)).first()
    return Topic(row.id, row.community_id, row.title, row.closed) if row else None


def set_closed(tx: Connection, topic_id: int, closed: bool) -> bool:
    """Closes a topic or opens it again; returns whether it was otherwise."""
    change = update(topics).where(topics.c.id == topic_id, topics.c.closed.is_(not closed)).values(closed=closed)
    return tx.execute(change).rowcount == 1


def posts_of(tx: Connection, topic_id: int, letters: int) -> list[PostLine]:
    """The posts of a topic, oldest first, each with so many letters of its text."""
    query = (
        select(
            posts.c.id,
            people.c.address,
            posts.c.created_at,
            posts.c.withdrawn_at,
            func.substr(contents.c.text, 1, letters).label("begins"),
        )
        .join(contents, contents.c.id == posts.c.content_id)
        .join(people, people.c.id == posts.c.author_id)
        .where(posts.c.topic_id == topic_id)
        .order_by(posts.c.id)
    )
    return [PostLine(*row) for row in tx.execute(query)]
