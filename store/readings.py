"""Readings: a topic as somebody may read it by mail, as long as they may read it at all (I11)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from gateway.core.community import shown_name
from gateway.core.notice import Choice, ReadPost
from store import fragments
from store.schema import contents, memberships, people, posts, topics

MOST_POSTS = 30
"""Of a longer topic the first post and the latest are read."""


@dataclass(frozen=True, slots=True)
class TopicRead:
    """A topic with its posts, oldest first; None and nothing where the reader may not read it."""

    topic: Choice | None = None
    posts: tuple[ReadPost, ...] = ()
    post_id: int | None = None
    """The latest: what an answer answers."""
    left_out: int = 0
    """How many posts follow the first and are not among these."""


NOTHING = TopicRead()


def read(tx: Connection, topic_id: int, person_id: int) -> TopicRead:
    """The topic, if this person is a member of its community."""
    found = tx.execute(
        select(topics.c.id, topics.c.title)
        .join(memberships, memberships.c.community_id == topics.c.community_id)
        .where(topics.c.id == topic_id, memberships.c.person_id == person_id)
    ).first()
    if found is None:
        return NOTHING
    query = (
        select(posts.c.id, posts.c.created_at, posts.c.content_id, contents.c.text, people.c.name, people.c.address)
        .join(contents, contents.c.id == posts.c.content_id)
        .join(people, people.c.id == posts.c.author_id)
        .where(posts.c.topic_id == topic_id, posts.c.withdrawn_at.is_(None))
    )
    latest = list(reversed(tx.execute(query.order_by(posts.c.number.desc()).limit(MOST_POSTS)).all()))
    left_out = 0
    if len(latest) == MOST_POSTS:
        latest = [*tx.execute(query.order_by(posts.c.number).limit(1)).all(), *latest[1:]]
        left_out = (
            tx.execute(query.with_only_columns(func.count(), maintain_column_froms=True)).scalar_one() - MOST_POSTS
        )
    if not latest:
        return NOTHING
    files = fragments.files_of(tx, {row.content_id for row in latest})
    told = tuple(
        ReadPost(shown_name(row.name, row.address), row.created_at, row.text, files.get(row.content_id, ()))
        for row in latest
    )
    return TopicRead(Choice(found.id, found.title), told, latest[-1].id, left_out)
