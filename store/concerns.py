"""Concerns: which people a post speaks to, so that it is theirs at pace `important`. One definition for all who ask.

A post concerns who is named in it, who wrote in its topic before or follows it, and everybody where it is an
announcement: any post of a mandatory community, or a topic opened by somebody who runs the community.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Connection, FromClause, Select, and_, exists, func, or_, select, union

from gateway.core.community import Choice, Pace, Role
from store.schema import communities, memberships, mentions, posts, topic_choices

_earlier = posts.alias("earlier_posts")
_authors = memberships.alias("authors")
_homes = communities.alias("homes")
_heard = func.coalesce(memberships.c.pace, _homes.c.pace)


def concerned(wanted: FromClause, *within: Any) -> CompoundSelect[Any]:
    """(post_id, person_id) of those whom these posts concern.

    `wanted` has the columns id, topic_id, community_id, parent_id and author_id of posts. Of an announcement these are
    the members at pace `important`, further bounded by `within`, conditions on memberships.
    """
    named: Select[Any] = select(wanted.c.id.label("post_id"), mentions.c.person_id.label("person_id")).join(
        mentions, mentions.c.post_id == wanted.c.id
    )
    wrote = (
        select(wanted.c.id, _earlier.c.author_id)
        .join(_earlier, and_(_earlier.c.topic_id == wanted.c.topic_id, _earlier.c.id < wanted.c.id))
        .where(_earlier.c.withdrawn_at.is_(None))
    )
    follow = (
        select(wanted.c.id, topic_choices.c.person_id)
        .join(topic_choices, topic_choices.c.topic_id == wanted.c.topic_id)
        .where(topic_choices.c.choice == Choice.FOLLOWED.value)
    )
    runs_it = exists().where(
        _authors.c.community_id == wanted.c.community_id,
        _authors.c.person_id == wanted.c.author_id,
        _authors.c.role == Role.MANAGER.value,
    )
    announced = (
        select(wanted.c.id, memberships.c.person_id)
        .join(_homes, _homes.c.id == wanted.c.community_id)
        .join(memberships, memberships.c.community_id == wanted.c.community_id)
        .where(or_(_homes.c.mandatory.is_(True), and_(wanted.c.parent_id.is_(None), runs_it)))
        .where(_heard == Pace.IMPORTANT.value, *within)
    )
    return union(named, wrote, follow, announced)


def concerning(tx: Connection, spans: Iterable[tuple[int, int, int]], person_ids: Sequence[int]) -> dict[int, set[int]]:
    """By person, the posts that concern them, of (community, after, through) by number."""
    places = [
        and_(posts.c.community_id == community_id, posts.c.number > after, posts.c.number <= through)
        for community_id, after, through in spans
    ]
    if not places:
        return {}
    columns = (posts.c.id, posts.c.topic_id, posts.c.community_id, posts.c.parent_id, posts.c.author_id)
    wanted = select(*columns).where(or_(*places)).cte("wanted")
    found = concerned(wanted, memberships.c.person_id.in_(person_ids)).cte("concerned")
    theirs: dict[int, set[int]] = {person_id: set() for person_id in person_ids}
    for post_id, person_id in tx.execute(select(found).where(found.c.person_id.in_(person_ids))):
        theirs[person_id].add(post_id)
    return theirs
