"""People as the company's directory knows them: whom a file of people named, and who left with it.

Called by gateway.directory. Only who was once named by a file is suspended for being named no more: whoever was added
by hand or registered by mail is none of the directory's business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from gateway.core.community import NetworkRole, PersonState
from store.schema import addresses, people


@dataclass(frozen=True, slots=True)
class Standing:
    """One person as the store has them. `keys` are their verified addresses, `left` that an earlier sync suspended."""

    id: int
    address: str
    name: str
    locale: str
    timezone: str
    role: NetworkRole
    state: PersonState
    external_id: str | None
    listed: bool
    left: bool
    keys: frozenset[str]


def everybody(tx: Connection) -> list[Standing]:
    """All people who are or were members of the network: neither erased nor only authors."""
    keys: dict[int, set[str]] = defaultdict(set)
    for person_id, key in tx.execute(
        select(addresses.c.person_id, addresses.c.key).where(addresses.c.verified_at.is_not(None))
    ):
        keys[person_id].add(key)
    nobody = (PersonState.ERASED.value, PersonState.AUTHOR.value)
    query = select(people).where(people.c.state.not_in(nobody)).order_by(people.c.id)
    return [
        Standing(
            row.id,
            row.address,
            row.name,
            row.locale,
            row.timezone,
            NetworkRole(row.role),
            PersonState(row.state),
            row.external_id,
            row.listed,
            row.left_at is not None,
            frozenset(keys[row.id]),
        )
        for row in tx.execute(query)
    ]


def note(tx: Connection, person_id: int, external_id: str | None) -> None:
    """The directory names this person, by that id if it gives one."""
    given: dict[str, object] = {"external_id": external_id} if external_id else {}
    tx.execute(update(people).where(people.c.id == person_id).values(listed=True, **given))


def suspend(tx: Connection, person_ids: Iterable[int], now: datetime) -> int:
    """Suspends who left: their tokens are dead and nothing is sent to them, their posts stay."""
    leaving = update(people).where(
        people.c.id.in_(list(person_ids)), people.c.state == PersonState.ACTIVE.value, people.c.listed.is_(True)
    )
    return tx.execute(leaving.values(state=PersonState.SUSPENDED.value, left_at=now)).rowcount


def bring_back(tx: Connection, person_id: int) -> None:
    """Who left is back. Who was suspended by hand stays so."""
    back = update(people).where(people.c.id == person_id, people.c.left_at.is_not(None))
    tx.execute(back.values(state=PersonState.ACTIVE.value, left_at=None))
