"""Communities: the places with a posting address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from gateway.core.community import Community, CommunityKind, JoinPolicy, Pace, PostPolicy
from store.schema import communities, memberships


@dataclass(frozen=True, slots=True)
class NewCommunity:
    """A community to be added; `address` is its local part, in canonical lower case."""

    address: str
    name: str
    kind: CommunityKind = CommunityKind.INTEREST
    pace: Pace = Pace.EACH
    join: JoinPolicy = JoinPolicy.OPEN
    post: PostPolicy = PostPolicy.MEMBERS
    description: str = ""
    mandatory: bool = False


def add(tx: Connection, new: NewCommunity, now: datetime) -> int | None:
    """Adds a community; returns its id, None where the address is taken."""
    return add_all(tx, [new], now)[0]


def add_all(tx: Connection, batch: Sequence[NewCommunity], now: datetime) -> list[int | None]:
    """Adds communities; returns their ids in order, None where the address is taken, be it earlier in the batch."""
    taken = set(find_all(tx, [new.address for new in batch]))
    fresh: list[NewCommunity | None] = []
    for new in batch:
        fresh.append(None if new.address in taken else new)
        taken.add(new.address)
    rows = [
        {
            "address": new.address,
            "name": new.name,
            "kind": new.kind.value,
            "pace": new.pace.value,
            "join_policy": new.join.value,
            "post_policy": new.post.value,
            "description": new.description,
            "mandatory": new.mandatory,
            "created_at": now,
        }
        for new in fresh
        if new
    ]
    if not rows:
        return [None] * len(batch)
    ids = iter(list(tx.scalars(insert(communities).returning(communities.c.id, sort_by_parameter_order=True), rows)))
    return [next(ids) if new else None for new in fresh]


def change(tx: Connection, community: Community) -> None:
    """Writes what may change of a community but its pace (store.paces.change_default); its address stays for ever."""
    tx.execute(
        update(communities)
        .where(communities.c.id == community.id)
        .values(
            name=community.name,
            kind=community.kind.value,
            join_policy=community.join.value,
            post_policy=community.post.value,
            description=community.description,
            allowed_paces=" ".join(pace.value for pace in community.allowed_paces),
            archived=community.archived,
            mandatory=community.mandatory,
        )
    )


def find(tx: Connection, address: str) -> Community | None:
    """The community with this local part (canonical lower case)."""
    row = tx.execute(select(communities).where(communities.c.address == address)).first()
    return to_community(row) if row else None


def find_all(tx: Connection, names: Iterable[str]) -> dict[str, Community]:
    """Communities by local part (canonical lower case), for the names that there are."""
    query = select(communities).where(communities.c.address.in_(list(names)))
    return {row.address: to_community(row) for row in tx.execute(query)}


def named(tx: Connection, name: str) -> list[int]:
    """The community that somebody calls so: by its address, or by its name where only one has it."""
    called = name.partition("@")[0].strip().lower()
    query = select(communities.c.id).where(
        or_(communities.c.address == called, func.lower(communities.c.name) == name.strip().lower())
    )
    found = list(tx.scalars(query.limit(2)))
    return found if len(found) == 1 else []


def listing(tx: Connection) -> list[tuple[Community, int]]:
    """All communities by address, each with the number of its members."""
    members = (
        select(func.count())
        .where(memberships.c.community_id == communities.c.id)
        .correlate(communities)
        .scalar_subquery()
    )
    query = select(communities, members.label("members")).order_by(communities.c.address)
    return [(to_community(row), row.members) for row in tx.execute(query)]


def get_all(tx: Connection, ids: Iterable[int]) -> dict[int, Community]:
    """Communities by id."""
    query = select(communities).where(communities.c.id.in_(list(ids)))
    return {row.id: to_community(row) for row in tx.execute(query)}


@dataclass(frozen=True, slots=True)
class Locked:
    """A community whose row this transaction holds, and the number of its latest post."""

    community: Community
    last_number: int


def lock(tx: Connection, *, ids: Iterable[int] = (), names: Iterable[str] = ()) -> list[Locked]:
    """Locks communities by id or address until the transaction ends, in one order for all, so nobody deadlocks.

    The lock is FOR NO KEY UPDATE: rows that name the community, as each delivery does, can be added meanwhile.
    """
    query = (
        select(communities)
        .where(communities.c.id.in_(list(ids)) | communities.c.address.in_(list(names)))
        .order_by(communities.c.id)
        .with_for_update(key_share=True)
    )
    return [Locked(to_community(row), row.last_number) for row in tx.execute(query)]


def set_last_number(tx: Connection, community_id: int, number: int) -> None:
    """Records the number of the latest post, under the lock."""
    tx.execute(update(communities).where(communities.c.id == community_id).values(last_number=number))


def to_community(row: Row[Any]) -> Community:
    """A row of `communities` as a Community."""
    return Community(
        row.id,
        row.address,
        row.name,
        CommunityKind(row.kind),
        Pace(row.pace),
        JoinPolicy(row.join_policy),
        PostPolicy(row.post_policy),
        row.description,
        row.archived,
        tuple(Pace(word) for word in row.allowed_paces.split()),
        row.mandatory,
    )
