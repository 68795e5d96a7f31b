"""Circumstances: what a notice tells of people and communities it only names, read when its mail is composed.

Called by store.notices for a batch; one query a noun.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta

from sqlalchemy import Connection, func, select

from gateway.core.community import PersonState
from gateway.core.notice import Obeyed
from gateway.core.question import Asks, Circumstances, Question
from gateway.core.rhythm import parse_hour
from store import charters, people
from store.schema import communities, memberships, notices, posts
from store.schema import people as person_rows

_WEEKS = 4
_MOST_COUNTED = 4000


def find(
    tx: Connection, asked: Mapping[int, tuple[Obeyed | Question, datetime]], readers: Mapping[int, int]
) -> dict[int, Circumstances]:
    """By notice, what it tells beside its question or its answer, and when it was born; `readers` are their people."""
    named = {i for what, _ in asked.values() for i in (what.person_id, _by(what)) if i}
    names = {i: person.shown_name for i, person in people.get_all(tx, named).items()} if named else {}
    places = {what.community_id for what, _ in asked.values() if isinstance(what, Question) and what.community_id}
    members = _members(tx, places) if places else {}
    texts = _charter_texts(tx, asked)
    heard = {i: _heard(tx, what, readers[i]) for i, (what, _) in asked.items() if isinstance(what, Obeyed)}
    return {
        notice_id: Circumstances(
            who=names.get(what.person_id or 0, ""),
            by=names.get(_by(what) or 0, ""),
            members=members.get(what.community_id or 0, 0) if isinstance(what, Question) else 0,
            pace=heard.get(notice_id, ("", None))[0],
            hour=heard.get(notice_id, ("", None))[1],
            posts_a_week=_posts_a_week(tx, what.community_id, at) if isinstance(what, Question) else 0,
            charter=texts.get(notice_id, ""),
        )
        for notice_id, (what, at) in asked.items()
    }


def _heard(tx: Connection, what: Obeyed, person_id: int) -> tuple[str, time | None]:
    """At which pace the reader hears of the one community that it is about, and their own hour."""
    if len(what.community_ids) != 1:
        return "", None
    pace = func.coalesce(memberships.c.pace, communities.c.pace)
    row = tx.execute(
        select(pace.label("pace"), person_rows.c.digest_at)
        .select_from(memberships)
        .join(communities, communities.c.id == memberships.c.community_id)
        .join(person_rows, person_rows.c.id == memberships.c.person_id)
        .where(memberships.c.community_id == what.community_ids[0], memberships.c.person_id == person_id)
    ).first()
    if row is None:
        return "", None
    return row.pace, parse_hour(row.digest_at) if row.digest_at else None


def _by(what: Obeyed | Question) -> int | None:
    return what.by_id if isinstance(what, Obeyed) else None


def _charter_texts(tx: Connection, asked: Mapping[int, tuple[Obeyed | Question, datetime]]) -> dict[int, str]:
    """By notice that asks about the charter, its words in the language of the reader."""
    ids = [i for i, (what, _) in asked.items() if isinstance(what, Question) and what.asks is Asks.CHARTER]
    charter = charters.current(tx) if ids else None
    if charter is None:
        return {}
    query = select(notices.c.id, person_rows.c.locale).join(person_rows, person_rows.c.id == notices.c.person_id)
    return {row.id: charter.text(row.locale[:2]) for row in tx.execute(query.where(notices.c.id.in_(ids)))}


def _members(tx: Connection, community_ids: Collection[int]) -> dict[int, int]:
    query = (
        select(memberships.c.community_id, func.count())
        .join(person_rows, person_rows.c.id == memberships.c.person_id)
        .where(memberships.c.community_id.in_(list(community_ids)), person_rows.c.state == PersonState.ACTIVE.value)
        .group_by(memberships.c.community_id)
    )
    return {row[0]: row[1] for row in tx.execute(query)}


def _posts_a_week(tx: Connection, community_id: int | None, at: datetime) -> int:
    """Rounded up, so that one post in four weeks is not none; of what is above the most that are counted, no more."""
    latest = (
        select(posts.c.created_at)
        .where(posts.c.community_id == community_id, posts.c.withdrawn_at.is_(None))
        .order_by(posts.c.number.desc())
        .limit(_MOST_COUNTED)
        .subquery()
    )
    query = select(func.count()).where(latest.c.created_at > at - timedelta(weeks=_WEEKS))
    return -(-int(tx.execute(query).scalar_one()) // _WEEKS)
