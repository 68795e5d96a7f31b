"""Welcomes: what somebody who comes late is shown of a community, each post as answerable as on its day.

Asked by inbound.actions (which topics) and by store.notices (what they say), for members alone (I11).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from gateway.core.community import shown_name
from gateway.core.notice import Choice, ReadPost
from gateway.core.post import ToldFile
from store import fragments, news
from store.news import TopicFacts
from store.schema import contents, memberships, people, posts, topics

BEST = 3
_LATEST = 400
"""Posts among whose topics the best are sought."""
_DAY_S = 86_400.0
_FADES_DAYS = 30.0
_PERSON, _ANSWER, _THANKS = 3.0, 1.0, 1.0


def best_topics(tx: Connection, community_id: int, now: datetime) -> list[int]:
    """The topics that say most of this community at present, the best first; none that is closed."""
    latest = (
        select(posts.c.topic_id)
        .where(posts.c.community_id == community_id, posts.c.withdrawn_at.is_(None))
        .order_by(posts.c.number.desc())
        .limit(_LATEST)
        .subquery()
    )
    query = select(topics.c.id).where(topics.c.id.in_(select(latest.c.topic_id)), topics.c.closed.is_(False))
    facts = news.topic_facts(tx, list(tx.scalars(query)))
    ranked = sorted(facts.values(), key=lambda topic: (-_worth(topic, now), -topic.id))
    return [topic.id for topic in ranked[:BEST]]


def _worth(topic: TopicFacts, now: datetime) -> float:
    """How many people took part counts most; what was opened a month ago is worth half."""
    merits = _PERSON * topic.people + _ANSWER * topic.answers + _THANKS * topic.thanks
    age_days = max(0.0, (now - topic.opened_at).total_seconds() / _DAY_S)
    return merits / (1 + age_days / _FADES_DAYS)


def openings(tx: Connection, topic_ids: Sequence[int], person_id: int) -> tuple[ReadPost, ...]:
    """The first post of each of these topics, in their order; an answer to it answers the latest of its topic."""
    standing = posts.c.withdrawn_at.is_(None)
    ends = (
        select(posts.c.topic_id, func.min(posts.c.id).label("first"), func.max(posts.c.id).label("last"))
        .add_columns((func.count() - 1).label("answers"))
        .where(posts.c.topic_id.in_(list(topic_ids)), standing)
        .group_by(posts.c.topic_id)
        .subquery()
    )
    rows = tx.execute(_told(person_id).add_columns(ends.c.last, ends.c.answers).join(ends, ends.c.first == posts.c.id))
    found = {row.topic_id: _post(row, row.last, row.answers) for row in rows}
    return tuple(found[i] for i in topic_ids if i in found)


def latest_ids(tx: Connection, community_id: int, count: int) -> list[int]:
    """The last posts of a community, oldest first."""
    query = select(posts.c.id).where(posts.c.community_id == community_id, posts.c.withdrawn_at.is_(None))
    return list(reversed(list(tx.scalars(query.order_by(posts.c.number.desc()).limit(count)))))


def told(tx: Connection, post_ids: Sequence[int], person_id: int) -> tuple[ReadPost, ...]:
    """These posts with their files, in their order, as far as this person may read them."""
    rows = tx.execute(_told(person_id).where(posts.c.id.in_(list(post_ids)), posts.c.withdrawn_at.is_(None))).all()
    files = fragments.files_of(tx, {row.content_id for row in rows})
    found = {row.id: _post(row, row.id, 0, files.get(row.content_id, ())) for row in rows}
    return tuple(found[i] for i in post_ids if i in found)


def _told(person_id: int) -> Any:
    return (
        select(posts.c.id, posts.c.topic_id, posts.c.created_at, posts.c.content_id, contents.c.text)
        .add_columns(people.c.name, people.c.address, topics.c.title)
        .join(contents, contents.c.id == posts.c.content_id)
        .join(people, people.c.id == posts.c.author_id)
        .join(topics, topics.c.id == posts.c.topic_id)
        .join(memberships, memberships.c.community_id == posts.c.community_id)
        .where(memberships.c.person_id == person_id)
    )


def _post(row: Any, answers_to: int, answers: int, files: tuple[ToldFile, ...] = ()) -> ReadPost:
    return ReadPost(
        shown_name(row.name, row.address),
        row.created_at,
        row.text,
        files,
        topic=Choice(row.topic_id, row.title),
        post_id=answers_to,
        answers=answers,
    )
