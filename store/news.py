"""News: what is new in communities and what it means to a reader, for the digests. Only reads.

What is the same for all readers is asked once a community, what differs once for a whole batch of readers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, distinct, func, or_, select, text

from gateway.core.community import Choice, Pace
from store import concerns
from store.digests import Following
from store.packing import unpack
from store.schema import (
    OPEN_FAN_OUT,
    communities,
    contents,
    deliveries,
    digests,
    fan_outs,
    memberships,
    mentions,
    posts,
    thanks,
    topic_choices,
    topics,
)

MOST_POSTS = 1000
"""Of one community in one digest: of more news than that the latest are told."""
_EXCERPT = 700
SINGLY = 0
_CLOCKS_DIFFER = timedelta(days=2)
"""A digest is younger than what it tells of, but for clocks that are set."""
_AT_DIGESTS = (Pace.DAILY.value, Pace.WEEKLY.value)
_parents = posts.alias("parents")
_others = posts.alias("others")


@dataclass(frozen=True, slots=True)
class NewPost:
    """One post of the span, as the choice of topics needs it."""

    id: int
    community_id: int
    number: int
    topic_id: int
    content_id: int
    author_id: int
    answered_author_id: int | None
    """Who wrote the post it answers."""
    created_at: datetime
    length: int
    """Characters of its text, no more than an excerpt shows."""
    shared: bool
    """Its content stands in another community, too."""


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """A topic as a whole."""

    id: int
    community_id: int
    opener_id: int
    opened_at: datetime
    first_post_id: int
    people: int
    answers: int
    thanks: int
    asks: bool
    newcomer: bool
    """Its opener had not posted before."""
    length: int
    """Characters of its first text, no more than an excerpt shows."""


def posts_between(tx: Connection, community_id: int, after: int, through: int) -> list[NewPost]:
    """The posts of a community numbered above `after`, up to `through`, oldest first; of very many the latest."""
    shared = select(_others.c.id).where(_others.c.content_id == posts.c.content_id, _others.c.id != posts.c.id).exists()
    query = (
        select(
            posts.c.id,
            posts.c.community_id,
            posts.c.number,
            posts.c.topic_id,
            posts.c.content_id,
            posts.c.author_id,
            _parents.c.author_id.label("answered_author_id"),
            posts.c.created_at,
            _length(),
            shared.label("shared"),
        )
        .join(contents, contents.c.id == posts.c.content_id)
        .outerjoin(_parents, _parents.c.id == posts.c.parent_id)
        .where(posts.c.community_id == community_id, posts.c.number > after, posts.c.number <= through)
        .where(posts.c.withdrawn_at.is_(None))
        .order_by(posts.c.number.desc())
        .limit(MOST_POSTS)
    )
    return [NewPost(*row) for row in reversed(tx.execute(query).all())]


def published_at(tx: Connection, post_ids: Collection[int]) -> dict[int, datetime]:
    """When each of these posts was published."""
    query = select(posts.c.id, posts.c.created_at).where(posts.c.id.in_(list(post_ids)))
    return {row.id: row.created_at for row in tx.execute(query)}


def topic_facts(tx: Connection, topic_ids: Collection[int]) -> dict[int, TopicFacts]:
    """Topics as wholes, by id."""
    wanted = list(topic_ids)
    whole = (
        select(
            posts.c.topic_id,
            func.min(posts.c.id).label("first_post_id"),
            func.count(distinct(posts.c.author_id)).label("people"),
            (func.count() - 1).label("answers"),
        )
        .where(posts.c.topic_id.in_(wanted), posts.c.withdrawn_at.is_(None))
        .group_by(posts.c.topic_id)
        .subquery()
    )
    earlier = (
        select(_others.c.id)
        .where(_others.c.author_id == posts.c.author_id, _others.c.id < posts.c.id)
        .limit(1)
        .exists()
    )
    asks = or_(topics.c.title.contains("?"), contents.c.text.contains("?"))
    query = (
        select(whole, topics.c.community_id, topics.c.created_at, posts.c.author_id, _length())
        .add_columns(case((asks, 1), else_=0).label("asks"), earlier.label("earlier"))
        .join(topics, topics.c.id == whole.c.topic_id)
        .join(posts, posts.c.id == whole.c.first_post_id)
        .join(contents, contents.c.id == posts.c.content_id)
    )
    thanked = _thanks(tx, wanted)
    return {row.topic_id: _facts(row, thanked.get(row.topic_id, 0)) for row in tx.execute(query)}


def _length() -> Any:
    return func.length(func.substr(contents.c.text, 1, _EXCERPT)).label("length")


def _thanks(tx: Connection, topic_ids: list[int]) -> dict[int, int]:
    query = (
        select(posts.c.topic_id, func.count())
        .join(thanks, thanks.c.post_id == posts.c.id)
        .where(posts.c.topic_id.in_(topic_ids))
        .group_by(posts.c.topic_id)
    )
    return {row[0]: row[1] for row in tx.execute(query)}


def _facts(row: Any, thanked: int) -> TopicFacts:
    return TopicFacts(
        id=row.topic_id,
        community_id=row.community_id,
        opener_id=row.author_id,
        opened_at=row.created_at,
        first_post_id=row.first_post_id,
        people=row.people,
        answers=row.answers,
        thanks=thanked,
        asks=bool(row.asks),
        newcomer=not row.earlier,
        length=row.length or 0,
    )


def unanswered(tx: Connection, community_id: int, since: datetime, until: datetime, most: int) -> list[int]:
    """Topics opened in that time that nobody answered or thanked for, latest first: what everyone may have missed."""
    answered = select(_others.c.id).where(_others.c.topic_id == topics.c.id, _others.c.parent_id.is_not(None)).exists()
    thanked = (
        select(thanks.c.post_id)
        .join(_others, _others.c.id == thanks.c.post_id)
        .where(_others.c.topic_id == topics.c.id)
        .exists()
    )
    # What was imported is numbered below zero: nobody missed it.
    shown = (
        select(_others.c.id)
        .where(_others.c.topic_id == topics.c.id, _others.c.withdrawn_at.is_(None), _others.c.number > 0)
        .exists()
    )
    # What was sent to several places may have been read, and answered, in another one.
    elsewhere = (
        select(_parents.c.id)
        .join(_others, _others.c.content_id == _parents.c.content_id)
        .where(_others.c.topic_id == topics.c.id, _parents.c.topic_id != topics.c.id)
        .exists()
    )
    query = (
        select(topics.c.id)
        .where(topics.c.community_id == community_id, topics.c.closed.is_(False))
        .where(topics.c.created_at > since, topics.c.created_at <= until)
        .where(~answered, ~thanked, ~elsewhere, shown)
        .order_by(topics.c.id.desc())
        .limit(most)
    )
    return list(tx.scalars(query))


def got(tx: Connection, person_ids: Collection[int], content_ids: Collection[int]) -> dict[int, set[int]]:
    """By person, which of these contents were sent to them singly, or are about to be."""
    found: dict[int, set[int]] = defaultdict(set)
    query = select(deliveries.c.person_id, deliveries.c.content_id).where(
        deliveries.c.content_id.in_(list(content_ids)), deliveries.c.person_id.in_(list(person_ids))
    )
    for person_id, content_id in tx.execute(query):
        found[person_id].add(content_id)
    return found


@dataclass(frozen=True, slots=True)
class ReadersFacts:
    """What a batch of readers has to do with the topics at hand."""

    choices: dict[int, dict[int, set[Choice]]]
    """person → topic → what they made of it."""
    wrote: dict[int, dict[int, int]]
    """person → topic → their posts there."""
    interests: dict[int, dict[int, int]]
    """person → community → their posts there of late."""
    mentioned: dict[int, set[int]]
    """person → posts that name them."""
    homes: dict[int, dict[int, int]]
    """person → content in several communities → the one post in which they hear of it, SINGLY where not in this way."""
    got: dict[int, set[int]] = field(default_factory=dict)
    """person → contents that came singly, where that was asked."""
    matters: dict[int, set[int]] = field(default_factory=dict)
    """person → posts that concern them, where that was asked."""


def readers_facts(
    tx: Connection,
    person_ids: Collection[int],
    topic_ids: Collection[int],
    shared_contents: Collection[int],
    since: datetime,
) -> ReadersFacts:
    """Five questions for all these readers. `since` bounds what counts as of late."""
    people, wanted = list(person_ids), list(topic_ids)
    choices: dict[int, dict[int, set[Choice]]] = defaultdict(lambda: defaultdict(set))
    for row in tx.execute(
        select(topic_choices).where(topic_choices.c.person_id.in_(people), topic_choices.c.topic_id.in_(wanted))
    ):
        choices[row.person_id][row.topic_id].add(Choice(row.choice))
    wrote: dict[int, dict[int, int]] = defaultdict(dict)
    here = (
        select(posts.c.author_id, posts.c.topic_id, func.count())
        .where(posts.c.author_id.in_(people), posts.c.topic_id.in_(wanted), posts.c.withdrawn_at.is_(None))
        .group_by(posts.c.author_id, posts.c.topic_id)
    )
    for author_id, topic_id, number in tx.execute(here):
        wrote[author_id][topic_id] = number
    interests: dict[int, dict[int, int]] = defaultdict(dict)
    lately = (
        select(posts.c.author_id, posts.c.community_id, func.count())
        .where(posts.c.author_id.in_(people), posts.c.created_at > since)
        .group_by(posts.c.author_id, posts.c.community_id)
    )
    for author_id, community_id, number in tx.execute(lately):
        interests[author_id][community_id] = number
    return ReadersFacts(choices, wrote, interests, _mentioned(tx, people, wanted), _homes(tx, people, shared_contents))


def _mentioned(tx: Connection, people: list[int], topic_ids: list[int]) -> dict[int, set[int]]:
    query = (
        select(mentions.c.person_id, mentions.c.post_id)
        .join(posts, posts.c.id == mentions.c.post_id)
        .where(mentions.c.person_id.in_(people), posts.c.topic_id.in_(topic_ids))
    )
    found: dict[int, set[int]] = defaultdict(set)
    for person_id, post_id in tx.execute(query):
        found[person_id].add(post_id)
    return found


def _homes(tx: Connection, people: list[int], content_ids: Collection[int]) -> dict[int, dict[int, int]]:
    """What stands in several communities is heard of once: singly where that is due, else where it came first."""
    homes: dict[int, dict[int, int]] = defaultdict(dict)
    if not content_ids:
        return homes
    pace = func.coalesce(memberships.c.pace, communities.c.pace)
    number, through = posts.c.number, memberships.c.digest_through
    under_way = select(fan_outs.c.id).where(fan_outs.c.post_id == posts.c.id, OPEN_FAN_OUT).exists()
    is_owed = and_(number > memberships.c.catch_up_from, number <= through)
    heard = (
        select(memberships.c.person_id, posts.c.content_id, posts.c.id, posts.c.community_id, number)
        .add_columns(pace.label("pace"), case((is_owed, 1), else_=0).label("owed"))
        .add_columns(case((under_way, 1), else_=0).label("under_way"))
        .join(communities, communities.c.id == memberships.c.community_id)
        .join(posts, posts.c.community_id == memberships.c.community_id)
        .where(posts.c.content_id.in_(list(content_ids)), posts.c.withdrawn_at.is_(None))
        .where(memberships.c.person_id.in_(people), pace != Pace.OFF.value)
        # What was told is known; what is below the watermark and was not told, will not be there.
        .where(or_(is_owed, number > through))
        # What is owed is told before any digest.
        .order_by(text("owed DESC"), posts.c.id)
    )
    rows = tx.execute(heard).all()
    picky = [row for row in rows if row.pace == Pace.IMPORTANT.value and (row.owed or row.under_way)]
    spans = {(row.community_id, row.number - 1, row.number) for row in picky}
    matters = concerns.concerning(tx, spans, sorted({row.person_id for row in picky}))
    for row in rows:
        if row.pace == Pace.IMPORTANT.value and row.id not in matters.get(row.person_id, ()):
            continue
        if row.owed or row.pace in _AT_DIGESTS:
            homes[row.person_id].setdefault(row.content_id, row.id)
        elif row.under_way:
            homes[row.person_id][row.content_id] = SINGLY
    for known in (got(tx, people, content_ids), _told(tx, people, content_ids)):
        for person_id, contents_known in known.items():
            homes[person_id].update(dict.fromkeys(contents_known, SINGLY))
    return homes


def _told(tx: Connection, person_ids: Collection[int], content_ids: Collection[int]) -> dict[int, set[int]]:
    """By person, of which of these contents, in whatever community, a digest has told them."""
    copies: dict[int, list[tuple[int, int]]] = defaultdict(list)
    columns = (posts.c.id, posts.c.topic_id, posts.c.content_id, posts.c.created_at)
    rows = tx.execute(select(*columns).where(posts.c.content_id.in_(list(content_ids)))).all()
    for row in rows:
        copies[row.topic_id].append((row.id, row.content_id))
    found: dict[int, set[int]] = defaultdict(set)
    if not rows:
        return found
    query = (
        select(digests.c.person_id, digests.c["items"])
        .where(digests.c.person_id.in_(list(person_ids)))
        .where(digests.c.created_at >= min(row.created_at for row in rows) - _CLOCKS_DIFFER)
    )
    for person_id, items in tx.execute(query):
        for item in unpack(items):
            found[person_id].update(
                content_id for post_id, content_id in copies[item.topic_id] if item.first <= post_id <= item.last
            )
    return found


def homes_of_owed(
    tx: Connection, owed: Sequence[Following], content_ids: Collection[int], matters: Mapping[int, Collection[int]]
) -> dict[int, dict[int, int]]:
    """As ReadersFacts.homes, of what is owed: it is told in the first place that owes it, whatever is heard singly now.

    Unless a digest has told it in another place. `matters` are, by person, the posts that concern them, where they are
    told of no others.
    """
    homes: dict[int, dict[int, int]] = defaultdict(dict)
    if not content_ids:
        return homes
    copies = select(posts.c.community_id, posts.c.number, posts.c.id, posts.c.content_id).where(
        posts.c.content_id.in_(list(content_ids)), posts.c.withdrawn_at.is_(None)
    )
    by_place: dict[int, list[Any]] = defaultdict(list)
    for row in tx.execute(copies.order_by(posts.c.id)):
        by_place[row.community_id].append(row)
    for item in owed:
        for row in by_place[item.community_id]:
            is_theirs = not item.matters_only or row.id in matters.get(item.person_id, ())
            if item.after < row.number <= item.through and is_theirs:
                first = homes[item.person_id].get(row.content_id, row.id)
                homes[item.person_id][row.content_id] = min(first, row.id)
    for person_id, told in _told(tx, {item.person_id for item in owed}, content_ids).items():
        homes[person_id].update(dict.fromkeys(told, SINGLY))
    return homes


def remember_brought_back(tx: Connection, pairs: Iterable[tuple[int, int]]) -> None:
    """Notes that these (person, topic) were brought back once."""
    rows = [
        {"person_id": person_id, "topic_id": topic_id, "choice": Choice.BROUGHT_BACK.value}
        for person_id, topic_id in pairs
    ]
    if rows:
        tx.execute(topic_choices.insert(), rows)
