"""Authors of imported posts: people who wrote in an archive, and nobody else here.

They have an address that nobody verified, so no mail of theirs counts and none is sent to them. Who is added later
under that address becomes the same person, with the old posts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from gateway.core.community import NetworkRole, PersonState
from store.schema import addresses, people


@dataclass(frozen=True, slots=True)
class NewAuthor:
    """An author to be added under `key`: that of the address, or a made-up one where the archive tells none."""

    key: str
    address: str
    name: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What an author has of the network they never were in."""

    locale: str
    timezone: str


def find(tx: Connection, keys: Iterable[str]) -> dict[str, int]:
    """Person ids by address key: of verified addresses, and of authors known from earlier imports."""
    query = (
        select(addresses.c.key, addresses.c.person_id)
        .join(people, people.c.id == addresses.c.person_id)
        .where(addresses.c.key.in_(list(keys)))
        .where(or_(addresses.c.verified_at.is_not(None), people.c.state == PersonState.AUTHOR.value))
    )
    return {row.key: row.person_id for row in tx.execute(query)}


def add(tx: Connection, batch: Sequence[NewAuthor], origin: Origin, now: datetime) -> dict[str, int]:
    """Adds authors; returns their ids by key. The caller knows that none of the keys is anybody's (find, claimed)."""
    if not batch:
        return {}
    rows = [
        {
            "address": new.address,
            "name": new.name,
            "locale": origin.locale,
            "timezone": origin.timezone,
            "role": NetworkRole.MEMBER.value,
            "state": PersonState.AUTHOR.value,
            # They read nothing.
            "clocks_wound": True,
            "created_at": now,
        }
        for new in batch
    ]
    ids = list(tx.scalars(insert(people).returning(people.c.id, sort_by_parameter_order=True), rows))
    keys = [{"key": new.key, "person_id": i, "verified_at": None} for new, i in zip(batch, ids, strict=True)]
    tx.execute(insert(addresses), keys)
    return {new.key: person_id for new, person_id in zip(batch, ids, strict=True)}


def claimed(tx: Connection, keys: Iterable[str]) -> set[str]:
    """Of these address keys, those that stand in somebody's row, be it unverified."""
    return set(tx.scalars(select(addresses.c.key).where(addresses.c.key.in_(list(keys)))))


def of_addresses(tx: Connection, keys: Iterable[str]) -> dict[str, int]:
    """Authors alone, by address key."""
    query = (
        select(addresses.c.key, addresses.c.person_id)
        .join(people, people.c.id == addresses.c.person_id)
        .where(addresses.c.key.in_(list(keys)), people.c.state == PersonState.AUTHOR.value)
    )
    return {row.key: row.person_id for row in tx.execute(query)}


def adopt(tx: Connection, batch: Sequence[Mapping[str, object]], keys: Sequence[str], now: datetime) -> None:
    """Makes authors people: `batch` has the id of each as `person`, and what store.people puts into a row."""
    taken_over = (
        update(people)
        .where(people.c.id == bindparam("person"))
        .values(
            address=bindparam("address"),
            name=bindparam("name"),
            locale=bindparam("locale"),
            timezone=bindparam("timezone"),
            role=bindparam("role"),
            external_id=bindparam("external_id"),
            listed=bindparam("listed"),
            state=bindparam("state"),
            clocks_wound=False,
            created_at=now,
        )
    )
    tx.execute(taken_over, list(batch))
    tx.execute(update(addresses).where(addresses.c.key.in_(list(keys))).values(verified_at=now))
