"""People and their addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, exists, insert, select, text, update

from gateway.core.address import Address
from gateway.core.calling import callings
from gateway.core.community import NetworkRole, Person, PersonState
from store import authors
from store.schema import OPEN_REQUEST, addresses, digest_clocks, join_requests, names, people


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to be added, with one verified address."""

    address: Address
    name: str
    locale: str
    timezone: str
    role: NetworkRole = NetworkRole.MEMBER
    external_id: str | None = None
    listed: bool = False
    """A file of people names them (store.directory)."""
    state: PersonState = PersonState.ACTIVE


def add(tx: Connection, batch: Sequence[NewPerson], now: datetime) -> list[int | None]:
    """Adds people; returns their ids in order, None where the address already belongs to somebody.

    The address of an author of imported posts is theirs: they become a person, with what they wrote.
    """
    keys = [new.address.key for new in batch]
    wrote = authors.of_addresses(tx, keys)
    taken = _taken(tx, keys) - wrote.keys()
    fresh: list[NewPerson] = []
    for new in batch:
        if new.address.key not in taken:
            taken.add(new.address.key)
            fresh.append(new)
    if not fresh:
        return [None] * len(batch)
    unknown = [new for new in fresh if new.address.key not in wrote]
    by_key = {**wrote, **(_insert(tx, unknown, now) if unknown else {})}
    known = [new for new in fresh if new.address.key in wrote]
    if known:
        rows = [{**_row(new), "person": wrote[new.address.key]} for new in known]
        authors.adopt(tx, rows, [new.address.key for new in known], now)
    ids = [by_key[new.address.key] for new in fresh]
    calls = [
        {"key": key, "kind": kind.value, "person_id": i}
        for n, i in zip(fresh, ids, strict=True)
        for kind, key in callings(n.name, str(n.address))
    ]
    if calls:
        tx.execute(insert(names), calls)
    by_new = {id(new): i for new, i in zip(fresh, ids, strict=True)}
    return [by_new.get(id(new)) for new in batch]


def _row(new: NewPerson) -> dict[str, object]:
    return {
        "address": str(new.address),
        "name": new.name,
        "locale": new.locale,
        "timezone": new.timezone,
        "role": new.role.value,
        "external_id": new.external_id,
        "listed": new.listed,
        "state": new.state.value,
    }


def _insert(tx: Connection, fresh: Sequence[NewPerson], now: datetime) -> dict[str, int]:
    rows = [{**_row(new), "created_at": now} for new in fresh]
    ids = list(tx.scalars(insert(people).returning(people.c.id, sort_by_parameter_order=True), rows))
    keys = [{"key": n.address.key, "person_id": i, "verified_at": now} for n, i in zip(fresh, ids, strict=True)]
    tx.execute(insert(addresses), keys)
    return {new.address.key: person_id for new, person_id in zip(fresh, ids, strict=True)}


def find(tx: Connection, address: Address) -> Person | None:
    """The person one of whose verified addresses this is."""
    return find_all(tx, [address.key]).get(address.key)


def find_author(tx: Connection, address: Address) -> Person | None:
    """Who wrote under this address in an imported archive, and is nobody else here."""
    wrote = authors.of_addresses(tx, [address.key])
    return next(iter(get_all(tx, wrote.values()).values()), None)


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


@dataclass(frozen=True, slots=True)
class Traits:
    """What may change of a person; None leaves it. An hour or day of digests, or quiet hours, of "": the network's."""

    name: str | None = None
    locale: str | None = None
    timezone: str | None = None
    digest_at: str | None = None
    """"08:30"."""
    digest_on: str | None = None
    """"0" is Monday."""
    quiet_hours: str | None = None
    """"22:00-07:00", or "none" for none at all."""
    urgent_allowed: bool | None = None
    named: bool | None = None
    """Whether other members are told their name."""


def change(tx: Connection, person_id: int, traits: Traits) -> None:
    """Changes these. Where it moves their digests, their clocks are let go: the next round winds them anew."""
    given = {"name": traits.name, "locale": traits.locale, "timezone": traits.timezone, "named": traits.named}
    values: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if traits.digest_at is not None:
        values["digest_at"] = traits.digest_at or None
    if traits.digest_on is not None:
        values["digest_on"] = int(traits.digest_on) if traits.digest_on else None
    if traits.quiet_hours is not None:
        values["quiet_hours"] = traits.quiet_hours or None
    if traits.urgent_allowed is not None:
        values["urgent_allowed"] = traits.urgent_allowed
    if values:
        tx.execute(update(people).where(people.c.id == person_id).values(values))
    if traits.name is not None:
        call_anew(tx, person_id)
    if not values.keys().isdisjoint(("timezone", "digest_at", "digest_on", "quiet_hours")):
        tx.execute(delete(digest_clocks).where(digest_clocks.c.person_id == person_id))
        tx.execute(update(people).where(people.c.id == person_id).values(clocks_wound=False))


def quiet_of(tx: Connection, person_id: int) -> tuple[str | None, bool]:
    """The quiet hours that a person chose, None for the network's, and whether urgent posts may pass them."""
    row = tx.execute(select(people.c.quiet_hours, people.c.urgent_allowed).where(people.c.id == person_id)).one()
    return row.quiet_hours, row.urgent_allowed


def call_anew(tx: Connection, person_id: int) -> None:
    """What others may call a person by goes with the name and the address."""
    tx.execute(delete(names).where(names.c.person_id == person_id))
    row = tx.execute(select(people.c.name, people.c.address).where(people.c.id == person_id)).one()
    calls = [{"key": key, "kind": kind.value, "person_id": person_id} for kind, key in callings(row.name, row.address)]
    if calls:
        tx.execute(insert(names), calls)


def set_role(tx: Connection, person_id: int, role: NetworkRole) -> None:
    """Makes a person an administrator, or a plain member of the network again."""
    tx.execute(update(people).where(people.c.id == person_id).values(role=role.value))


def set_state(tx: Connection, person_id: int, state: PersonState) -> None:
    """Suspends a person or brings them back, by hand: the directory has no say in it then."""
    tx.execute(update(people).where(people.c.id == person_id).values(state=state.value, left_at=None))


def forget_pending(tx: Connection, before: datetime, most: int) -> int:
    """Forgets up to `most` people who came to be before and were never in, unless a question to them is open."""
    asked = exists().where(join_requests.c.person_id == people.c.id, OPEN_REQUEST)
    old = (
        select(people.c.id)
        .where(text("people.state = 'pending'"), people.c.created_at < before, ~asked)
        .order_by(people.c.id)
        .limit(most)
    )
    ids = list(tx.scalars(old))
    # Those only: an answer that comes in meanwhile has made somebody of them.
    gone = delete(people).where(people.c.id.in_(ids), people.c.state == PersonState.PENDING.value)
    return tx.execute(gone).rowcount if ids else 0


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
