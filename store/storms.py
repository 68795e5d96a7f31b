"""Storms: topics in which so much is answered so fast that nobody is sent it message by message.

Asked by store.audience before posts become deliveries; told of by digests.storms. A topic's row says until when it is
in a storm, and until when it takes no posts (store.floods): each lets go by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.schema import posts, storms, topics

CALM = timedelta(minutes=30)
"""So long without an answer, and it is over: what is owed leaves."""
LONGEST = timedelta(hours=4)
"""So old the oldest post that is owed may become while the storm goes on; then what is owed leaves all the same."""
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bounds:
    """So many answers in a topic within so long, and it is a storm; `answers` of 0: never."""

    answers: int
    within: timedelta


NEVER = Bounds(0, timedelta(0))


@dataclass(frozen=True, slots=True)
class Storm:
    """A topic that is in a storm. `first_post_id` is the post whose fan-out found it so."""

    topic_id: int
    first_post_id: int
    since: datetime
    """Its answers are those of since then."""
    calm_at: datetime
    """When it is over, should nothing more be posted."""


@dataclass(frozen=True, slots=True)
class Untold:
    """A topic of which those who run the place have yet to hear. `paused`: its posts wait; else it is a storm."""

    topic_id: int
    community_id: int
    title: str
    began_at: datetime
    paused: bool


def find(tx: Connection, post_ids: Sequence[int], bounds: Bounds, now: datetime) -> dict[int, Storm]:
    """Of these posts that are being fanned out, those that wait for the end of a storm. One that is on goes on by them.

    One that opens a topic never waits.
    """
    if not bounds.answers:
        return {}
    query = select(posts.c.id, posts.c.topic_id, posts.c.created_at)
    answers = tx.execute(query.where(posts.c.id.in_(post_ids), posts.c.parent_id.is_not(None))).all()
    if not answers:
        return {}
    by_topic: dict[int, list[int]] = defaultdict(list)
    for row in answers:
        by_topic[row.topic_id].append(row.id)
    known = _known(tx, by_topic, now)
    crowded = _crowded(tx, by_topic, bounds, min(row.created_at for row in answers) - bounds.within)
    found: dict[int, Storm] = {}
    for topic_id in known.keys() | crowded.keys():
        storm = known.get(topic_id) or Storm(topic_id, min(by_topic[topic_id]), crowded[topic_id], now)
        storm = Storm(topic_id, storm.first_post_id, storm.since, now + CALM)
        _note(tx, storm, now, is_new=topic_id not in known)
        found.update(dict.fromkeys(by_topic[topic_id], storm))
    return found


def _known(tx: Connection, topic_ids: Iterable[int], now: datetime) -> dict[int, Storm]:
    query = select(storms).where(storms.c.topic_id.in_(list(topic_ids)), storms.c.calm_at > now)
    return {row.topic_id: Storm(row.topic_id, row.first_post_id, row.since, row.calm_at) for row in tx.execute(query)}


def _crowded(tx: Connection, topic_ids: Iterable[int], bounds: Bounds, since: datetime) -> dict[int, datetime]:
    """The topics with more answers than the bound within its time up to their latest, and since when."""
    query = (
        select(posts.c.topic_id, posts.c.created_at)
        .where(posts.c.topic_id.in_(list(topic_ids)), posts.c.parent_id.is_not(None))
        .where(posts.c.created_at >= since, posts.c.withdrawn_at.is_(None))
        .order_by(posts.c.number)
    )
    times: dict[int, list[datetime]] = defaultdict(list)
    for topic_id, at in tx.execute(query):
        times[topic_id].append(at)
    begun = {i: those[-1] - bounds.within for i, those in times.items() if len(those) > bounds.answers}
    return {i: since for i, since in begun.items() if times[i][-1 - bounds.answers] > since}


def _note(tx: Connection, storm: Storm, now: datetime, *, is_new: bool) -> None:
    values: dict[str, Any] = {"calm_at": storm.calm_at}
    if is_new:
        values |= {"first_post_id": storm.first_post_id, "since": storm.since, "began_at": now, "told": False}
    put(tx, storm.topic_id, values)


def put(tx: Connection, topic_id: int, values: Mapping[str, Any]) -> None:
    """Sets these on the row of the topic, making it where it is missing."""
    insert = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
    row = insert(storms).values(topic_id=topic_id, **values)
    tx.execute(row.on_conflict_do_update(index_elements=[storms.c.topic_id], set_=dict(values)))


def untold(tx: Connection) -> list[Untold]:
    """What those who run the places have yet to hear; the rows are held. Where two nodes ask, one gets them."""
    query = (
        select(storms, topics.c.community_id, topics.c.title)
        .join(topics, topics.c.id == storms.c.topic_id)
        .where(or_(storms.c.told.is_(False), storms.c.pause_told.is_(False)))
        .order_by(storms.c.topic_id)
        .with_for_update(skip_locked=True, of=storms)
    )
    found = []
    for row in tx.execute(query):
        where = (row.topic_id, row.community_id, row.title)
        if row.told is False:
            found.append(Untold(*where, row.began_at, paused=False))
        if row.pause_told is False:
            found.append(Untold(*where, row.paused_at, paused=True))
    return found


def note_told(tx: Connection, told: Iterable[Untold]) -> None:
    """They have heard of these."""
    for item in told:
        column = storms.c.pause_told if item.paused else storms.c.told
        tx.execute(update(storms).where(storms.c.topic_id == item.topic_id).values({column: True}))


def counts(tx: Connection, now: datetime) -> dict[str, int]:
    """How many topics are in a storm now, and how many are paused."""
    query = select(func.count(case((storms.c.calm_at > now, 1))), func.count(case((storms.c.paused_until > now, 1))))
    in_storm, halted = tx.execute(query).one()
    return {"storm": in_storm, "paused": halted}


def forget(tx: Connection, now: datetime) -> int:
    """Forgets the storms and pauses that were over a day ago; returns how many topics."""
    over = now - _KEPT
    is_calm = or_(storms.c.calm_at.is_(None), storms.c.calm_at < over)
    is_open = or_(storms.c.paused_until.is_(None), storms.c.paused_until < over)
    return tx.execute(delete(storms).where(is_calm, is_open)).rowcount
