"""Reach: how many people a post reaches, and how, as a receipt tells its author."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from gateway.core.community import Pace, PersonState
from store.schema import communities, memberships, people


@dataclass(frozen=True, slots=True)
class Reached:
    """How many a post reaches besides its author: by itself, and in a digest."""

    at_once: int
    in_digests: int


def reached_by(tx: Connection, community_id: int, author_id: int) -> Reached:
    """Whom a post to this community reaches, as their paces are now. Costs by member."""
    pace = func.coalesce(memberships.c.pace, communities.c.pace)
    query = (
        select(pace, func.count())
        .select_from(memberships)
        .join(communities, communities.c.id == memberships.c.community_id)
        .join(people, people.c.id == memberships.c.person_id)
        .where(memberships.c.community_id == community_id, memberships.c.person_id != author_id)
        .where(people.c.state == PersonState.ACTIVE.value)
        .group_by(pace)
    )
    counted: dict[str, int] = {row[0]: row[1] for row in tx.execute(query)}
    return Reached(counted.get(Pace.EACH.value, 0), sum(counted.get(p.value, 0) for p in (Pace.DAILY, Pace.WEEKLY)))
