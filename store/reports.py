"""Reports: the figures of a week by community, a fixed number of questions for all communities together. Only reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, distinct, exists, func, select

from gateway.core.audit import Act
from gateway.core.community import PersonState, Role, shown_name
from gateway.core.joining import RequestState
from gateway.core.report import QuietTopic
from store.schema import (
    OPEN_ARRIVAL,
    answer_parts,
    arrivals,
    audit,
    communities,
    join_requests,
    memberships,
    people,
    posts,
    topics,
)

_LOOKED_BACK = timedelta(days=28)
_LEFT_ALONE = timedelta(days=2)
"""A topic may go without an answer for so long before anybody need worry."""
_SHOWN = 3
_active = and_(people.c.id == memberships.c.person_id, people.c.state == PersonState.ACTIVE.value)


@dataclass(slots=True)
class Figures:
    """What the store counts of one community; as of gateway.core.report.Week."""

    members: int = 0
    joined: int = 0
    left: int = 0
    topics: int = 0
    answers: int = 0
    by_digest: int = 0
    writers: int = 0
    waiting: int = 0
    quiet: list[QuietTopic] = field(default_factory=list)
    newcomers: list[str] = field(default_factory=list)


def places(tx: Connection) -> dict[int, list[int]]:
    """By community that is not archived, the active people who run it."""
    query = (
        select(memberships.c.community_id, memberships.c.person_id)
        .join(people, _active)
        .join(communities, communities.c.id == memberships.c.community_id)
        .where(memberships.c.role == Role.MANAGER.value, communities.c.archived.is_(False))
        .order_by(memberships.c.community_id, memberships.c.person_id)
    )
    found: dict[int, list[int]] = defaultdict(list)
    for community_id, person_id in tx.execute(query):
        found[community_id].append(person_id)
    return found


def figures(tx: Connection, community_ids: Collection[int], since: datetime, until: datetime) -> dict[int, Figures]:
    """The figures of these communities between the two moments."""
    found = {community_id: Figures() for community_id in community_ids}
    _count_members(tx, found, since)
    _count_posts(tx, found, since, until)
    _count_waiting(tx, found)
    _find_quiet(tx, found, until)
    _find_newcomers(tx, found, since)
    return found


def _count_members(tx: Connection, found: dict[int, Figures], since: datetime) -> None:
    here = memberships.c.community_id
    came = func.sum(case((memberships.c.joined_at >= since, 1), else_=0))
    query = select(here, func.count(), came).join(people, _active).where(here.in_(list(found))).group_by(here)
    for community_id, members, joined in tx.execute(query):
        found[community_id].members, found[community_id].joined = members, joined
    gone = (Act.MEMBER_LEFT.value, Act.MEMBER_REMOVED.value)
    departures = (
        select(audit.c.community_id, func.count())
        .where(audit.c.act.in_(gone), audit.c.at >= since, audit.c.community_id.in_(list(found)))
        .group_by(audit.c.community_id)
    )
    for community_id, left in tx.execute(departures):
        found[community_id].left = left


def _count_posts(tx: Connection, found: dict[int, Figures], since: datetime, until: datetime) -> None:
    here = posts.c.community_id
    # Numbers below zero are of archives: they are no news, whatever their date.
    lately = and_(posts.c.created_at >= since, posts.c.created_at < until, posts.c.number > 0)
    opened = func.sum(case((posts.c.parent_id.is_(None), 1), else_=0))
    query = (
        select(here, func.count(), opened, func.count(distinct(posts.c.author_id)))
        .where(lately, posts.c.withdrawn_at.is_(None), here.in_(list(found)))
        .group_by(here)
    )
    for community_id, count, opened_here, writers in tx.execute(query):
        one = found[community_id]
        one.topics, one.answers, one.writers = opened_here, count - opened_here, writers
    by_digest = (
        select(here, func.count(distinct(posts.c.id)))
        .join(answer_parts, answer_parts.c.post_id == posts.c.id)
        .where(lately, posts.c.withdrawn_at.is_(None), here.in_(list(found)))
        .group_by(here)
    )
    for community_id, count in tx.execute(by_digest):
        found[community_id].by_digest = count


def _count_waiting(tx: Connection, found: dict[int, Figures]) -> None:
    mails = (
        select(arrivals.c.community_id, func.count())
        .where(OPEN_ARRIVAL, arrivals.c.state == "held", arrivals.c.asked_at.is_not(None))
        .where(arrivals.c.community_id.in_(list(found)))
        .group_by(arrivals.c.community_id)
    )
    requests = (
        select(join_requests.c.community_id, func.count())
        .where(join_requests.c.state == RequestState.OPEN.value, join_requests.c.kind == "request")
        .where(join_requests.c.community_id.in_(list(found)))
        .group_by(join_requests.c.community_id)
    )
    for query in (mails, requests):
        for community_id, count in tx.execute(query):
            found[community_id].waiting += count


def _find_quiet(tx: Connection, found: dict[int, Figures], until: datetime) -> None:
    answered = exists().where(posts.c.topic_id == topics.c.id, posts.c.parent_id.is_not(None))
    shown = exists().where(posts.c.topic_id == topics.c.id, posts.c.withdrawn_at.is_(None), posts.c.number > 0)
    query = (
        select(topics.c.id, topics.c.community_id, topics.c.title, topics.c.created_at)
        .where(topics.c.community_id.in_(list(found)), topics.c.closed.is_(False))
        .where(topics.c.created_at >= until - _LOOKED_BACK, topics.c.created_at < until - _LEFT_ALONE)
        .where(~answered, shown)
        .order_by(topics.c.created_at, topics.c.id)
    )
    for topic_id, community_id, title, created_at in tx.execute(query):
        if len(found[community_id].quiet) < _SHOWN:
            found[community_id].quiet.append(QuietTopic(topic_id, title, (until - created_at).days))


def _find_newcomers(tx: Connection, found: dict[int, Figures], since: datetime) -> None:
    wrote = exists().where(
        posts.c.author_id == memberships.c.person_id, posts.c.community_id == memberships.c.community_id
    )
    query = (
        select(memberships.c.community_id, people.c.name, people.c.address)
        .join(people, _active)
        .where(memberships.c.community_id.in_(list(found)), memberships.c.joined_at >= since, ~wrote)
        .order_by(memberships.c.community_id, memberships.c.joined_at, memberships.c.person_id)
    )
    for community_id, name, address in tx.execute(query):
        if len(found[community_id].newcomers) < _SHOWN:
            found[community_id].newcomers.append(shown_name(name, address))
