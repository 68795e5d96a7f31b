"""Figures of the whole store: how much there is of everything, for `relais status`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from gateway.core.community import PersonState
from store import digests
from store.schema import communities, people, posts, topics

_NOBODY = (PersonState.ERASED.value, PersonState.AUTHOR.value, PersonState.PENDING.value)


@dataclass(frozen=True, slots=True)
class Figures:
    """How many of each. `people` are those who were not erased and more than authors, `posts` those that stand."""

    posts: int
    topics: int
    people: int
    communities: int
    digests: int


def count(tx: Connection) -> Figures:
    """Counts everything, in one snapshot."""
    return Figures(
        posts=tx.scalar(select(func.count()).select_from(posts).where(posts.c.withdrawn_at.is_(None))) or 0,
        topics=tx.scalar(select(func.count()).select_from(topics)) or 0,
        people=tx.scalar(select(func.count()).where(people.c.state.not_in(_NOBODY))) or 0,
        communities=tx.scalar(select(func.count()).select_from(communities)) or 0,
        digests=digests.count(tx),
    )
