"""Memberships: who is in which community, in which role, at which pace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from gateway.core.community import Community, Ended, Membership, Pace, Person, PersonState, Role
from store.communities import Locked, to_community
from store.people import to_person
from store.schema import communities, memberships, people


def add(tx: Connection, batch: Sequence[Membership], now: datetime) -> int:
    """Adds memberships, leaving those that exist as they are; returns how many are new."""
    pairs = {(m.community_id, m.person_id) for m in batch}
    have = set(get_all(tx, pairs))
    rows = {
        (m.community_id, m.person_id): {
            "community_id": m.community_id,
            "person_id": m.person_id,
            "role": m.role.value,
            "pace": m.pace.value if m.pace else None,
            "joined_at": now,
        }
        for m in batch
        if (m.community_id, m.person_id) not in have
    }
    if rows:
        # A member hears of what is posted from now on.
        numbers = select(communities.c.id, communities.c.last_number).where(
            communities.c.id.in_({community_id for community_id, _ in rows})
        )
        latest = {row.id: row.last_number for row in tx.execute(numbers)}
        for row in rows.values():
            row["digest_through"] = latest[row["community_id"]]
        tx.execute(insert(memberships), list(rows.values()))
    return len(rows)


def end(tx: Connection, locked: Locked, person_id: int) -> Ended | None:
    """Ends a membership of a community that is held; returns what it was, None where there was none."""
    mine = (memberships.c.community_id == locked.community.id, memberships.c.person_id == person_id)
    row = tx.execute(delete(memberships).where(*mine).returning(memberships)).first()
    if row is None:
        return None
    heard = Pace(row.pace) if row.pace else locked.community.pace
    # At the other paces the watermark says nothing of what was told: it came singly, or was not wanted.
    through = row.digest_through if heard in (Pace.DAILY, Pace.WEEKLY) else locked.last_number
    if row.catch_up_from is not None:
        through = row.catch_up_from
    return Ended(Role(row.role), Pace(row.pace) if row.pace else None, through)


def restore(tx: Connection, locked: Locked, person_id: int, ended: Ended, now: datetime) -> bool:
    """Goes on with a membership where it ended: what is due since is owed. False where there is one already.

    As a catch-up, whatever the pace is by now: that leaves out what came singly.
    """
    place = locked.community
    if not add(tx, [Membership(place.id, person_id, ended.role, ended.pace)], now):
        return False
    if (ended.pace or place.pace) is not Pace.OFF and ended.through < locked.last_number:
        mine = (memberships.c.community_id == place.id, memberships.c.person_id == person_id)
        tx.execute(update(memberships).where(*mine).values(catch_up_from=ended.through))
    return True


def remove(tx: Connection, community_id: int, person_id: int) -> bool:
    """Ends a membership; returns whether there was one."""
    gone = delete(memberships).where(memberships.c.community_id == community_id, memberships.c.person_id == person_id)
    return tx.execute(gone).rowcount == 1


def to_membership(row: Row[Any]) -> Membership:
    """A row of `memberships` as a Membership."""
    return Membership(row.community_id, row.person_id, Role(row.role), Pace(row.pace) if row.pace else None)


def get_all(tx: Connection, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Membership]:
    """Memberships by (community id, person id)."""
    wanted = set(pairs)
    # SQLite reads the whole table for a list of pairs; what a person belongs to is few rows of an index.
    query = select(memberships).where(memberships.c.person_id.in_({person_id for _, person_id in wanted}))
    return {
        (row.community_id, row.person_id): to_membership(row)
        for row in tx.execute(query)
        if (row.community_id, row.person_id) in wanted
    }


def set_role(tx: Connection, community_id: int, person_id: int, role: Role) -> bool:
    """Gives a member another role; False if there is no such member."""
    given = (
        update(memberships)
        .where(memberships.c.community_id == community_id, memberships.c.person_id == person_id)
        .values(role=role.value)
    )
    return tx.execute(given).rowcount == 1


def members(tx: Connection, community_id: int) -> list[tuple[Person, Membership]]:
    """The members of one community by address."""
    query = (
        select(people, memberships.c.role.label("member_role"), memberships.c.pace)
        .join(memberships, memberships.c.person_id == people.c.id)
        .where(memberships.c.community_id == community_id)
        .order_by(people.c.address)
    )
    return [
        (
            to_person(row),
            Membership(community_id, row.id, Role(row.member_role), Pace(row.pace) if row.pace else None),
        )
        for row in tx.execute(query)
    ]


def managers(tx: Connection, community_ids: Iterable[int]) -> dict[int, list[Person]]:
    """The active managers of these communities by community id; a community without one is not in it."""
    query = (
        select(people, memberships.c.community_id)
        .join(memberships, memberships.c.person_id == people.c.id)
        .where(memberships.c.community_id.in_(list(community_ids)), memberships.c.role == Role.MANAGER.value)
        .where(people.c.state == PersonState.ACTIVE.value)
        .order_by(people.c.id)
    )
    found: dict[int, list[Person]] = {}
    for row in tx.execute(query):
        found.setdefault(row.community_id, []).append(to_person(row))
    return found


def of_person(tx: Connection, person_id: int) -> list[tuple[Community, Membership]]:
    """The communities of one person by address."""
    query = (
        select(communities, memberships.c.role.label("member_role"), memberships.c.pace.label("member_pace"))
        .join(memberships, memberships.c.community_id == communities.c.id)
        .where(memberships.c.person_id == person_id)
        .order_by(communities.c.address)
    )
    return [
        (
            to_community(row),
            Membership(row.id, person_id, Role(row.member_role), Pace(row.member_pace) if row.member_pace else None),
        )
        for row in tx.execute(query)
    ]


def readers(tx: Connection, community_ids: Iterable[int]) -> dict[int, int]:
    """By community id, how many active people will read a post there, at whatever pace (`off` does not read)."""
    pace = func.coalesce(memberships.c.pace, communities.c.pace)
    query = (
        select(memberships.c.community_id, func.count())
        .join(communities, communities.c.id == memberships.c.community_id)
        .join(people, people.c.id == memberships.c.person_id)
        .where(memberships.c.community_id.in_(list(community_ids)))
        .where(people.c.state == PersonState.ACTIVE.value, pace != Pace.OFF.value)
        .group_by(memberships.c.community_id)
    )
    return {row[0]: row[1] for row in tx.execute(query)}
