"""Whom the posts that are being fanned out reach: the joins and the conditions that all statements of a fan-out share.

Read by store.audience, which makes deliveries of it, and by store.debts, which owes instead. The parameters are
`fan_outs`, the ids in hand, and the people of this chunk: after the cursor of each fan-out, up to `bound`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Subquery, and_, bindparam, exists, func, select

from gateway.core.community import Choice, PersonState
from store.concerns import concerned
from store.schema import communities, deliveries, fan_outs, memberships, people, posts, topic_choices

heard: ColumnElement[Any] = func.coalesce(memberships.c.pace, communities.c.pace)
"""At which pace a membership hears."""
IN_HAND = fan_outs.c.id.in_(bindparam("fan_outs", expanding=True))
_up_to = memberships.c.person_id <= bindparam("bound")
HAS_MUTED = exists().where(
    topic_choices.c.person_id == memberships.c.person_id,
    topic_choices.c.topic_id == posts.c.topic_id,
    topic_choices.c.choice == Choice.MUTED.value,
)
_has_it = exists().where(
    deliveries.c.content_id == fan_outs.c.content_id, deliveries.c.person_id == memberships.c.person_id
)


def _spoken_to() -> Subquery:
    """(post_id, person_id) of those whom the posts in hand concern."""
    columns = (posts.c.id, posts.c.topic_id, posts.c.community_id, posts.c.parent_id, posts.c.author_id)
    wanted = select(*columns).join(fan_outs, fan_outs.c.post_id == posts.c.id).where(IN_HAND).cte("wanted")
    return concerned(wanted, memberships.c.person_id > bindparam("beyond"), _up_to).subquery("concerned")


_concerned = _spoken_to()
THERE = (
    fan_outs.join(posts, posts.c.id == fan_outs.c.post_id)
    .join(communities, communities.c.id == fan_outs.c.community_id)
    .join(memberships, memberships.c.community_id == fan_outs.c.community_id)
    .join(people, people.c.id == memberships.c.person_id)
)
"""The members of the communities."""
THERE_BY_CONCERN = (
    _concerned.join(fan_outs, fan_outs.c.post_id == _concerned.c.post_id)
    .join(posts, posts.c.id == fan_outs.c.post_id)
    .join(communities, communities.c.id == fan_outs.c.community_id)
    .join(
        memberships,
        and_(memberships.c.community_id == fan_outs.c.community_id, memberships.c.person_id == _concerned.c.person_id),
    )
    .join(people, people.c.id == memberships.c.person_id)
)
"""Those of them whom the posts concern."""
THERE_BY_CHOICE = (
    fan_outs.join(posts, posts.c.id == fan_outs.c.post_id)
    .join(topic_choices, topic_choices.c.topic_id == posts.c.topic_id)
    .join(communities, communities.c.id == fan_outs.c.community_id)
    .join(
        memberships,
        and_(
            memberships.c.community_id == fan_outs.c.community_id,
            memberships.c.person_id == topic_choices.c.person_id,
        ),
    )
    .join(people, people.c.id == memberships.c.person_id)
)
"""Those of them who chose something of the topics."""


def due(query: Select[Any], origin: FromClause) -> Select[Any]:
    """The query, from those there to whom the posts in hand are due and who do not have them."""
    return (
        query.select_from(origin)
        .where(IN_HAND, memberships.c.person_id > fan_outs.c.cursor, _up_to)
        # A writer does not get their own words back.
        .where(memberships.c.person_id != fan_outs.c.author_id)
        # What was posted before they joined, or came to this pace, is told otherwise or not at all.
        .where(posts.c.number > memberships.c.digest_through)
        .where(people.c.state == PersonState.ACTIVE.value, people.c.paused.is_(False))
        .where(~_has_it)
    )
