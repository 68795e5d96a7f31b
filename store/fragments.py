"""Fragments: the items of digests as everybody got them, and what they are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, exists, or_, select

# Both databases read it; SQLAlchemy has the clause for each of them under the name of one.
from sqlalchemy.dialects.postgresql import insert

from gateway.core.community import Pace, shown_name
from gateway.core.digest import Item
from gateway.core.post import ToldFile, shown_inside
from store.database import storable
from store.schema import attachments, communities, contents, digests, fragments, memberships, people, posts, topics

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ToldPost:
    """One visible post of an item."""

    id: int
    author: str
    at: datetime
    text: str
    is_answer: bool
    files: tuple[ToldFile, ...] = ()
    """Without the images that its words show."""


@dataclass(frozen=True, slots=True)
class ToldTopic:
    """What an item tells of: its topic, and the posts of its span, oldest first."""

    title: str
    community: str
    posts: tuple[ToldPost, ...]


def get(tx: Connection, keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    """(html, text) by key, for those that are stored."""
    wanted = list(keys)
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(fragments.c.key, fragments.c.html, fragments.c.text).where(
            fragments.c.key.in_(wanted[start : start + _AT_ONCE])
        )
        found.update((row.key, (row.html, row.text)) for row in tx.execute(query))
    return found


def add(tx: Connection, fresh: Mapping[str, tuple[int, str, str]], now: datetime) -> None:
    """Stores fragments by key: (topic, html, text). What is there already stays, whoever stores it beside: it was sent.

    The keys go in their order, so that two who store the same ones wait for each other one way only.
    """
    rows = [
        {"key": key, "topic_id": topic_id, "html": storable(html), "text": storable(text), "created_at": now}
        for key, (topic_id, html, text) in sorted(fresh.items())
    ]
    if rows:
        tx.execute(insert(fragments).on_conflict_do_nothing(), rows)


def told(tx: Connection, items: Sequence[Item]) -> dict[Item, ToldTopic]:
    """What these items tell of, for those of which anything is still visible."""
    spans = {(item.topic_id, item.first, item.last) for item in items}
    heads = {
        row.id: row
        for row in tx.execute(
            select(topics.c.id, topics.c.title, communities.c.name)
            .join(communities, communities.c.id == topics.c.community_id)
            .where(topics.c.id.in_({topic_id for topic_id, _, _ in spans}))
        )
    }
    by_topic = _posts(tx, spans)
    found = {}
    for item in items:
        mine = tuple(post for post in by_topic.get(item.topic_id, ()) if item.first <= post.id <= item.last)
        if mine and item.topic_id in heads:
            found[item] = ToldTopic(heads[item.topic_id].title, heads[item.topic_id].name, mine)
    return found


def _posts(tx: Connection, spans: set[tuple[int, int, int]]) -> dict[int, list[ToldPost]]:
    within = [
        and_(posts.c.topic_id == topic_id, posts.c.id >= first, posts.c.id <= last) for topic_id, first, last in spans
    ]
    rows: dict[int, Row[Any]] = {}
    for start in range(0, len(within), 100):
        query: Any = (
            select(posts.c.id, posts.c.topic_id, posts.c.parent_id, posts.c.created_at, posts.c.content_id)
            .add_columns(contents.c.text, people.c.name, people.c.address)
            .join(contents, contents.c.id == posts.c.content_id)
            .join(people, people.c.id == posts.c.author_id)
            .where(or_(*within[start : start + 100]), posts.c.withdrawn_at.is_(None))
            .order_by(posts.c.id)
        )
        rows.update((row.id, row) for row in tx.execute(query))
    files = files_of(tx, {row.content_id for row in rows.values()})
    found: dict[int, list[ToldPost]] = defaultdict(list)
    for _, row in sorted(rows.items()):
        author, mine = shown_name(row.name, row.address), files.get(row.content_id, ())
        told = ToldPost(row.id, author, row.created_at, row.text, row.parent_id is not None, mine)
        found[row.topic_id].append(told)
    return found


def files_of(tx: Connection, content_ids: Iterable[int]) -> dict[int, tuple[ToldFile, ...]]:
    """The files of these contents in their order, without the images that the words show."""
    wanted, columns = list(content_ids), attachments.c
    rows: list[Any] = []
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(columns.id, columns.content_id, columns.name, columns.size, columns.cid)
        rows += tx.execute(query.where(columns.content_id.in_(wanted[start : start + _AT_ONCE]))).all()
    named = list({row.content_id for row in rows if row.cid})
    shown: dict[int, frozenset[str]] = {}
    for start in range(0, len(named), _AT_ONCE):
        pages = select(contents.c.id, contents.c.html).where(contents.c.id.in_(named[start : start + _AT_ONCE]))
        shown.update((row.id, shown_inside(row.html or "")) for row in tx.execute(pages))
    found: dict[int, list[ToldFile]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.id):
        if not row.cid or row.cid not in shown.get(row.content_id, ()):
            found[row.content_id].append(ToldFile(row.id, row.name, row.size))
    return {content_id: tuple(files) for content_id, files in found.items()}


def readable(tx: Connection, person_ids: Iterable[int]) -> set[tuple[int, int]]:
    """(person, community) of every membership of theirs that is not off: what they may be sent (I11)."""
    query = select(memberships.c.person_id, memberships.c.community_id).where(
        memberships.c.person_id.in_(list(person_ids)),
        or_(memberships.c.pace.is_(None), memberships.c.pace != Pace.OFF.value),
    )
    return {(row.person_id, row.community_id) for row in tx.execute(query)}


def withdrawn(tx: Connection, post_ids: Iterable[int]) -> set[int]:
    """Of these posts, those that were withdrawn."""
    query = select(posts.c.id).where(posts.c.id.in_(list(post_ids)), posts.c.withdrawn_at.is_not(None))
    return set(tx.scalars(query))


def purge(tx: Connection, before: datetime, most: int) -> int:
    """Forgets up to `most` fragments of before, when no digest of before is kept any more; returns how many."""
    kept = exists().where(digests.c.created_at < before)
    old = select(fragments.c.key).where(fragments.c.created_at < before, ~kept).limit(most)
    return tx.execute(delete(fragments).where(fragments.c.key.in_(old))).rowcount
