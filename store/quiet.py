"""Quiet: whose quiet hours it is now, told zone by zone and choice by choice, never person by person.

Asked once for a chunk of a fan-out. There are few zones and few different hours, however many people there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, bindparam, case, exists, func, select, text

from gateway.core.community import Pace, PersonState
from gateway.core.quiet import Peace, Waiting, waiting_readers
from store.schema import communities, memberships, people, posts

IN_TALK = timedelta(hours=1)
"""So long after they posted the answers to it reach their author at any hour: they are in the middle of talking."""

_parents = posts.alias("parents")
# People's own windows count by zone and choice: "Europe/Paris 22:00-07:00".
_pair = people.c.timezone.concat(" ").concat(people.c.quiet_hours)
IS_QUIET: ColumnElement[bool] = case(
    (people.c.quiet_hours.is_(None), people.c.timezone.in_(bindparam("quiet_zones", expanding=True))),
    else_=_pair.in_(bindparam("quiet_pairs", expanding=True)),
)
"""Whether it is quiet for a row of people; its parameters are those of a Quiet."""
PASSES: ColumnElement[bool] = case(
    (and_(posts.c.urgent.is_(True), people.c.urgent_allowed.is_(True)), True),
    (
        exists().where(
            _parents.c.id == posts.c.parent_id,
            _parents.c.author_id == people.c.id,
            _parents.c.created_at >= bindparam("in_talk", type_=posts.c.created_at.type),
        ),
        True,
    ),
    else_=False,
)
"""Whether a row of posts may reach a row of people in their quiet hours."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Who is left in peace at one moment."""

    zones: tuple[str, ...]
    """Zones in which it is quiet for who follows the network's hours."""
    pairs: tuple[str, ...]
    """Zone and own hours, with a blank between, where it is quiet for who chose these."""
    is_known: bool
    """Whether anybody has quiet hours at all."""
    since: datetime
    """Answers to posts of since then pass."""

    @property
    def anywhere(self) -> bool:
        """Whether it is quiet for anybody now."""
        return bool(self.zones or self.pairs)

    @property
    def parameters(self) -> dict[str, object]:
        """Those of IS_QUIET and PASSES."""
        return {"quiet_zones": list(self.zones), "quiet_pairs": list(self.pairs), "in_talk": self.since}


def find(tx: Connection, peace: Peace, now: datetime) -> Quiet:
    """Whose quiet hours it is. Asks for the zones and choices that there are by the ends of their index ranges."""
    chosen = list(_distinct(tx, people.c.quiet_hours))
    zones = list(_distinct(tx, people.c.timezone)) if chosen or peace.is_possible else []
    quiet = tuple(zone for zone in zones if peace.is_quiet(zone, None, now))
    pairs = tuple(f"{zone} {own}" for own in chosen for zone in zones if peace.is_quiet(zone, own, now))
    return Quiet(quiet, pairs, bool(zones), now - IN_TALK)


def _distinct(tx: Connection, column: Column[Any]) -> Iterator[str]:
    """The values of an indexed column, each by one look into the index."""
    name = column.name
    value = tx.scalar(select(func.min(column)).where(text(f"people.{name} IS NOT NULL")))
    while value is not None:
        yield value
        value = tx.scalar(select(func.min(column)).where(text(f"people.{name} IS NOT NULL"), column > value))


def waiting(
    tx: Connection, community_id: int, author_id: int, peace: Peace, now: datetime, *, is_urgent: bool = False
) -> Waiting:
    """How many of those who hear of each post there hear of one by this author of now only later, and from when on."""
    query = (
        select(people.c.timezone, people.c.quiet_hours, func.count())
        .join(memberships, memberships.c.person_id == people.c.id)
        .join(communities, communities.c.id == memberships.c.community_id)
        .where(memberships.c.community_id == community_id, memberships.c.person_id != author_id)
        .where(func.coalesce(memberships.c.pace, communities.c.pace) == Pace.EACH.value)
        .where(people.c.state == PersonState.ACTIVE.value, people.c.paused.is_(False))
        .group_by(people.c.timezone, people.c.quiet_hours)
    )
    if is_urgent:
        query = query.where(people.c.urgent_allowed.is_(False))
    return waiting_readers(peace, [(row[0], row[1], row[2]) for row in tx.execute(query)], now)
