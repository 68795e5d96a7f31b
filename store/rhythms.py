"""Rhythms: who hears of which community how and when, for whoever asks before it is changed. Only reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, select

from gateway.core.community import Pace, PersonState
from gateway.core.digest import Cadence
from store.schema import digest_clocks, memberships, people, posts


@dataclass(frozen=True, slots=True)
class Listener:
    """An active person with all their communities. `at` and `on` are their own choices, None for the network's."""

    person_id: int
    timezone: str
    at: str | None
    on: int | None
    paused: bool
    paces: dict[int, Pace | None]
    """By community, their own choice; None follows the community's default."""


@dataclass(frozen=True, slots=True)
class Posted:
    """That somebody posted."""

    at: datetime
    author_id: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's state and pause; `until` None is until they end it."""

    state: PersonState
    paused: bool
    until: datetime | None


def listeners(tx: Connection, community_ids: Collection[int] | None = None) -> list[Listener]:
    """The active members of these communities, or of any, each with all the communities they are in."""
    query = (
        select(
            memberships.c.person_id,
            memberships.c.community_id,
            memberships.c.pace,
            people.c.timezone,
            people.c.digest_at,
            people.c.digest_on,
            people.c.paused,
        )
        .join(people, people.c.id == memberships.c.person_id)
        .where(people.c.state == PersonState.ACTIVE.value)
        .order_by(memberships.c.person_id, memberships.c.community_id)
    )
    if community_ids is not None:
        there = select(memberships.c.person_id).where(memberships.c.community_id.in_(list(community_ids)))
        query = query.where(memberships.c.person_id.in_(there))
    found = []
    for person_id, rows in groupby(tx.execute(query), key=lambda row: row.person_id):
        mine = list(rows)
        paces = {row.community_id: Pace(row.pace) if row.pace else None for row in mine}
        one = mine[0]
        found.append(Listener(person_id, one.timezone, one.digest_at, one.digest_on, one.paused, paces))
    return found


def posted(tx: Connection, since: datetime, until: datetime) -> dict[int, list[Posted]]:
    """By community, the visible posts after `since` up to `until`, oldest first."""
    query = (
        select(posts.c.community_id, posts.c.created_at, posts.c.author_id)
        .where(posts.c.created_at > since, posts.c.created_at <= until, posts.c.withdrawn_at.is_(None))
        .order_by(posts.c.created_at, posts.c.id)
    )
    found: dict[int, list[Posted]] = defaultdict(list)
    for community_id, at, author_id in tx.execute(query):
        found[community_id].append(Posted(at, author_id))
    return found


def clock_of(tx: Connection, person_id: int, cadence: Cadence) -> datetime | None:
    """When this person's next digest of that cadence is due; None where no clock was wound for it yet."""
    return tx.scalar(
        select(digest_clocks.c.next_due_at).where(
            digest_clocks.c.person_id == person_id, digest_clocks.c.cadence == cadence.value
        )
    )


def standing_of(tx: Connection, person_id: int) -> Standing:
    """Whether this person is there, and listens."""
    row = tx.execute(
        select(people.c.state, people.c.paused, people.c.paused_until).where(people.c.id == person_id)
    ).one()
    return Standing(PersonState(row.state), row.paused, row.paused_until)
