"""People and their addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from gateway.core.address import Address
from gateway.core.calling import callings
from gateway.core.community import NetworkRole, Person, PersonState
from store.schema import addresses, names, people


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to be added, with one verified address."""

    address: Address
    name: str
    locale: str
    timezone: str
    role: NetworkRole = NetworkRole.MEMBER


def add(tx: Connection, batch: Sequence[NewPerson], now: datetime) -> list[int | None]:
    """Adds people; returns their ids in order, None where the address already belongs to somebody."""
    taken = _taken(tx, [new.address.key for new in batch])
    fresh: list[NewPerson] = []
    for new in batch:
        if new.address.key not in taken:
            taken.add(new.address.key)
            fresh.append(new)
    if not fresh:
        return [None] * len(batch)
    rows = [
        {
            "address": str(new.address),
            "name": new.name,
            "locale": new.locale,
            "timezone": new.timezone,
            "role": new.role.value,
            "state": PersonState.ACTIVE.value,
            "created_at": now,
        }
        for new in fresh
    ]
    ids = list(tx.scalars(insert(people).returning(people.c.id, sort_by_parameter_order=True), rows))
    tx.execute(
        insert(addresses),
        [{"key": n.address.key, "person_id": i, "verified_at": now} for n, i in zip(fresh, ids, strict=True)],
    )
    calls = [
        {"key": key, "kind": kind.value, "person_id": i}
        for n, i in zip(fresh, ids, strict=True)
        for kind, key in callings(n.name, str(n.address))
    ]
    if calls:
        tx.execute(insert(names), calls)
    by_new = {id(new): i for new, i in zip(fresh, ids, strict=True)}
    return [by_new.get(id(new)) for new in batch]


def find(tx: Connection, address: Address) -> Person | None:
    """The person one of whose verified addresses this is."""
    return find_all(tx, [address.key]).get(address.key)


def find_all(tx: Connection, keys: Iterable[str]) -> dict[str, Person]:
    """People by address key, for the keys that belong to somebody and are verified."""
    query = (
        select(people, addresses.c.key)
        .join(addresses, addresses.c.person_id == people.c.id)
        .where(addresses.c.key.in_(list(keys)), addresses.c.verified_at.is_not(None))
    )
    return {row.key: to_person(row) for row in tx.execute(query)}


def get_all(tx: Connection, ids: Iterable[int]) -> dict[int, Person]:
    """People by id."""
    return {row.id: to_person(row) for row in tx.execute(select(people).where(people.c.id.in_(list(ids))))}


def listing() -> Select[Any]:
    """All people, by address: to be read in a stream."""
    return select(people).order_by(people.c.address)


def stream(tx: Connection) -> Iterator[Person]:
    """All people, by address, a thousand at a time in memory; read it to its end within the transaction."""
    return (to_person(row) for row in tx.execute(listing().execution_options(yield_per=1000)))


def addresses_of(tx: Connection, person_id: int) -> list[tuple[str, bool]]:
    """The address keys of a person, each with whether it is verified."""
    query = select(addresses.c.key, addresses.c.verified_at).where(addresses.c.person_id == person_id)
    return [(row.key, row.verified_at is not None) for row in tx.execute(query.order_by(addresses.c.key))]


def set_role(tx: Connection, person_id: int, role: NetworkRole) -> None:
    """Makes a person an administrator, or a plain member of the network again."""
    tx.execute(update(people).where(people.c.id == person_id).values(role=role.value))


def set_state(tx: Connection, person_id: int, state: PersonState) -> None:
    """Suspends a person or brings them back."""
    tx.execute(update(people).where(people.c.id == person_id).values(state=state.value))


def admins(tx: Connection) -> list[Person]:
    """The active administrators of the network."""
    query = select(people).where(people.c.role == NetworkRole.ADMIN.value, people.c.state == PersonState.ACTIVE.value)
    return [to_person(row) for row in tx.execute(query.order_by(people.c.id))]


def to_person(row: Row[Any]) -> Person:
    """A row of `people` as a Person."""
    return Person(
        row.id, row.address, row.name, row.locale, row.timezone, NetworkRole(row.role), PersonState(row.state)
    )


def _taken(tx: Connection, keys: list[str]) -> set[str]:
    return set(tx.scalars(select(addresses.c.key).where(addresses.c.key.in_(keys))))
