"""Digests: whose is due, the closed ones with their items, and the watermarks that move with them.

Written by digests.close, one batch of readers a transaction; read by whoever composes a digest or reads an answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, delete, exists, func, insert, or_, select, update

from gateway.core.community import Pace, PersonState
from gateway.core.delivery import DeliveryKind, DeliveryState
from gateway.core.digest import Cadence, Item
from store import debts
from store.packing import pack, unpack
from store.schema import UNWOUND, answer_parts, communities, deliveries, digest_clocks, digests, memberships, people

SCHEDULED = (Cadence.DAILY, Cadence.WEEKLY)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody whose digest is due. `at`, `on` and `quiet` are their own choices, None where the network's hold."""

    person_id: int
    locale: str
    timezone: str
    at: str | None
    on: int | None
    quiet: str | None
    """Their quiet hours (gateway.core.rhythm.personal_quiet)."""
    listens: bool
    """Active, and not paused."""
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Following:
    """One membership whose news fall into a digest: the numbers after `after`, up to `through`."""

    person_id: int
    community_id: int
    after: int
    through: int
    matters_only: bool = False
    """Only what concerns them is told (store.concerns)."""
    waited: bool = False
    """Owed until an hour that many have in common."""


@dataclass(frozen=True, slots=True)
class NewDigest:
    """A digest to be written."""

    person_id: int
    cadence: Cadence
    period: str
    locale: str
    items: tuple[Item, ...]
    left_out: int
    leaves_at: datetime
    """When its delivery is due."""


@dataclass(frozen=True, slots=True)
class ClosedDigest:
    """A digest as its row tells it."""

    id: int
    person_id: int
    cadence: Cadence
    period: str
    locale: str
    items: tuple[Item, ...]
    left_out: int
    created_at: datetime


_TRAITS = (
    people.c.locale,
    people.c.timezone,
    people.c.digest_at,
    people.c.digest_on,
    people.c.quiet_hours,
    people.c.state,
    people.c.paused,
)
_listens = and_(people.c.state == PersonState.ACTIVE.value, people.c.paused.is_(False))
_NO_TIME = datetime.max.replace(tzinfo=UTC)
_readers = select(digest_clocks.c.next_due_at, digest_clocks.c.person_id, *_TRAITS).join(
    people, people.c.id == digest_clocks.c.person_id
)


def due(tx: Connection, cadence: Cadence, now: datetime, most: int, *, beyond: datetime | None = None) -> list[Reader]:
    """Up to `most` readers whose digest of this cadence is due; they and their clocks are held by the transaction.

    One node at a time tells a person: two would not see of each other what they tell of several places.
    With `beyond`, those instead whose next digest is later than that: no schedule says so, a clock was wrong.
    """
    late = digest_clocks.c.next_due_at > beyond if beyond else digest_clocks.c.next_due_at <= now
    query = (
        _readers.where(digest_clocks.c.cadence == cadence.value, late)
        .order_by(digest_clocks.c.next_due_at, digest_clocks.c.person_id)
        .limit(most)
        .with_for_update(skip_locked=True, key_share=True, of=[digest_clocks, people])
    )
    return [_reader(row, row.next_due_at) for row in tx.execute(query)]


def without_clocks(tx: Connection, most: int) -> list[Reader]:
    """Up to `most` people who lack a clock; they are held, and another node takes others. Asked every minute."""
    query = (
        select(people.c.id.label("person_id"), *_TRAITS)
        .where(UNWOUND)
        .order_by(people.c.id)
        .limit(most)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return [_reader(row, _NO_TIME) for row in tx.execute(query)]


def wind_missing(tx: Connection, cadence: Cadence, next_due: Mapping[int, datetime]) -> None:
    """As wind(), leaving alone the clocks that are there."""
    have = _wound(tx, cadence, next_due)
    wind(tx, cadence, {person_id: at for person_id, at in next_due.items() if person_id not in have})


def note_wound(tx: Connection, person_ids: Iterable[int]) -> None:
    """These people have all their clocks."""
    tx.execute(update(people).where(people.c.id.in_(list(person_ids))).values(clocks_wound=True))


def _reader(row: Any, due_at: datetime) -> Reader:
    listens = row.state == PersonState.ACTIVE.value and not row.paused
    return Reader(
        row.person_id, row.locale, row.timezone, row.digest_at, row.digest_on, row.quiet_hours, listens, due_at
    )


def readers(tx: Connection, person_ids: Iterable[int]) -> dict[int, Reader]:
    """People as readers, by id; what has no clock has no time at which it is due."""
    query = select(people.c.id.label("person_id"), *_TRAITS).where(people.c.id.in_(list(person_ids)))
    return {row.person_id: _reader(row, _NO_TIME) for row in tx.execute(query)}


def wind(tx: Connection, cadence: Cadence, next_due: Mapping[int, datetime]) -> None:
    """Sets when each person's next digest is due, making the clocks that are missing."""
    have = _wound(tx, cadence, next_due)
    fresh = [
        {"person_id": person_id, "cadence": cadence.value, "next_due_at": at}
        for person_id, at in next_due.items()
        if person_id not in have
    ]
    if fresh:
        tx.execute(insert(digest_clocks), fresh)
    # Most people share their hour with many: one statement an hour, not one a person.
    alike: dict[datetime, list[int]] = defaultdict(list)
    for person_id, at in next_due.items():
        if person_id in have:
            alike[at].append(person_id)
    for at, person_ids in alike.items():
        tx.execute(
            update(digest_clocks)
            .where(digest_clocks.c.cadence == cadence.value, digest_clocks.c.person_id.in_(person_ids))
            .values(next_due_at=at)
        )


def _wound(tx: Connection, cadence: Cadence, person_ids: Iterable[int]) -> set[int]:
    query = select(digest_clocks.c.person_id).where(
        digest_clocks.c.cadence == cadence.value, digest_clocks.c.person_id.in_(list(person_ids))
    )
    return set(tx.scalars(query))


def following(tx: Connection, cadence: Cadence, person_ids: Iterable[int], *, hold: bool = True) -> list[Following]:
    """What these people follow at this cadence, where there is anything new.

    The rows are held until the transaction ends, without `hold` only read.
    """
    query = (
        select(
            memberships.c.person_id,
            memberships.c.community_id,
            memberships.c.digest_through,
            communities.c.last_number,
        )
        .join(communities, communities.c.id == memberships.c.community_id)
        .where(memberships.c.person_id.in_(list(person_ids)))
        .where(func.coalesce(memberships.c.pace, communities.c.pace) == cadence.value)
        .where(memberships.c.digest_through < communities.c.last_number)
        # What is owed is told first: it reaches up to the watermark, which must not move under it.
        .where(memberships.c.catch_up_from.is_(None))
        .order_by(memberships.c.person_id, memberships.c.community_id)
    )
    return [Following(*row) for row in tx.execute(query.with_for_update(of=memberships) if hold else query)]


def owed(tx: Connection, now: datetime, most: int, *, beyond: int = 0) -> list[Following]:
    """What is owed by now as a catch-up to up to `most` people beyond that id who are not paused.

    The people and the rows are held, as by due(). What is still being fanned out waits: it may turn out to have come
    singly.
    """
    by_now = or_(memberships.c.catch_up_after.is_(None), memberships.c.catch_up_after <= now)
    leaves = and_(memberships.c.catch_up_from.is_not(None), by_now, ~debts.unexpanded())
    some = (
        select(memberships.c.person_id)
        .join(people, people.c.id == memberships.c.person_id)
        .where(leaves, _listens)
        .where(memberships.c.person_id > beyond)
        .distinct()
        .order_by(memberships.c.person_id)
        .limit(most)
    )
    hold = select(people.c.id).where(people.c.id.in_(some)).order_by(people.c.id)
    theirs = list(tx.scalars(hold.with_for_update(skip_locked=True, key_share=True)))
    query = (
        select(
            memberships.c.person_id,
            memberships.c.community_id,
            memberships.c.catch_up_from,
            memberships.c.digest_through,
            (func.coalesce(memberships.c.pace, communities.c.pace) == Pace.IMPORTANT.value).label("matters_only"),
            memberships.c.catch_up_after.is_not(None).label("waited"),
        )
        .join(communities, communities.c.id == memberships.c.community_id)
        .where(memberships.c.person_id.in_(theirs), leaves)
        .order_by(memberships.c.person_id, memberships.c.community_id)
        .with_for_update(skip_locked=True, of=memberships)
    )
    held = [Following(*row) for row in tx.execute(query)]
    still = _may_leave(tx, {item.person_id for item in held}) if held else set()
    return [item for item in held if (item.person_id, item.community_id) in still]


def _may_leave(tx: Connection, person_ids: Collection[int]) -> set[tuple[int, int]]:
    """(person, community) where nothing is on its way singly and nobody has paused.

    Asked once the rows are held: a row that changed while it was waited for came with the answer of before to this.
    """
    query = (
        select(memberships.c.person_id, memberships.c.community_id)
        .join(people, people.c.id == memberships.c.person_id)
        .where(memberships.c.person_id.in_(person_ids), _listens, ~debts.unexpanded())
    )
    return {(row.person_id, row.community_id) for row in tx.execute(query)}


def move_watermarks(tx: Connection, told: Sequence[Following]) -> None:
    """Moves the watermarks of these memberships to what was told."""
    for (community_id, through), person_ids in _alike(told).items():
        tx.execute(
            update(memberships)
            .where(memberships.c.community_id == community_id, memberships.c.person_id.in_(person_ids))
            .where(memberships.c.digest_through < through)
            .values(digest_through=through)
        )


def settle(tx: Connection, told: Sequence[Following]) -> None:
    """Nothing is owed to these memberships any more."""
    for (community_id, _), person_ids in _alike(told).items():
        tx.execute(
            update(memberships)
            .where(memberships.c.community_id == community_id, memberships.c.person_id.in_(person_ids))
            .values(catch_up_from=None, catch_up_after=None)
        )


def _alike(told: Sequence[Following]) -> dict[tuple[int, int], list[int]]:
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for item in told:
        alike[item.community_id, item.through].append(item.person_id)
    return alike


def had(tx: Connection, cadence: Cadence, keys: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    """Of (person, period), those that have their digest already."""
    wanted = set(keys)
    query = select(digests.c.person_id, digests.c.period).where(
        digests.c.cadence == cadence.value,
        digests.c.person_id.in_({person_id for person_id, _ in wanted}),
        digests.c.period.in_({period for _, period in wanted}),
    )
    return {(row.person_id, row.period) for row in tx.execute(query)} & wanted


def add(tx: Connection, batch: Sequence[NewDigest], key_id: int, now: datetime) -> list[int]:
    """Adds digests of `now`, each with its one delivery; returns their ids. UNIQUE(person, cadence, period)."""
    if not batch:
        return []
    rows = [
        {
            "person_id": new.person_id,
            "cadence": new.cadence.value,
            "period": new.period,
            "locale": new.locale,
            "items": pack(new.items),
            "left_out": new.left_out,
            "created_at": now,
        }
        for new in batch
    ]
    ids = list(tx.scalars(insert(digests).returning(digests.c.id, sort_by_parameter_order=True), rows))
    tx.execute(
        insert(deliveries),
        [
            {
                "kind": DeliveryKind.DIGEST.value,
                "digest_id": digest_id,
                "person_id": new.person_id,
                # One that is due later is told from one that a sender holds until then.
                "state": (DeliveryState.DEFERRED if new.leaves_at > now else DeliveryState.PENDING).value,
                # However many there are, notices and posts go first.
                "bulk": True,
                "key_id": key_id,
                "created_at": now,
                "next_attempt_at": new.leaves_at,
            }
            for digest_id, new in zip(ids, batch, strict=True)
        ],
    )
    return ids


def get_all(tx: Connection, ids: Iterable[int]) -> dict[int, ClosedDigest]:
    """Digests by id."""
    query = select(digests).where(digests.c.id.in_(list(ids)))
    return {row.id: _closed(row) for row in tx.execute(query)}


def _closed(row: Row[Any]) -> ClosedDigest:
    return ClosedDigest(
        row.id,
        row.person_id,
        Cadence(row.cadence),
        row.period,
        row.locale,
        unpack(row.items),
        row.left_out,
        row.created_at,
    )


_followed_names: Select[Any] = (
    select(memberships.c.person_id, communities.c.name)
    .join(communities, communities.c.id == memberships.c.community_id)
    .where(memberships.c.person_id.in_(bindparam("people", expanding=True)))
    .where(func.coalesce(memberships.c.pace, communities.c.pace) == bindparam("pace"))
    .order_by(communities.c.name)
)


def followed(tx: Connection, cadence: Cadence, person_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """By person, the names of the communities they follow at this cadence."""
    names: dict[int, list[str]] = defaultdict(list)
    for person_id, name in tx.execute(_followed_names, {"people": list(person_ids), "pace": cadence.value}):
        names[person_id].append(name)
    return {person_id: tuple(found) for person_id, found in names.items()}


def count(tx: Connection) -> int:
    """How many digests there are."""
    return tx.scalar(select(func.count()).select_from(digests)) or 0


def purge(tx: Connection, before: datetime, most: int) -> int:
    """Forgets up to `most` digests of before whose deliveries are forgotten already; returns how many."""
    sent = exists().where(deliveries.c.digest_id == digests.c.id)
    asked = exists().where(answer_parts.c.digest_id == digests.c.id, answer_parts.c.created_at >= before)
    old = select(digests.c.id).where(digests.c.created_at < before, ~or_(sent, asked)).limit(most)
    return tx.execute(delete(digests).where(digests.c.id.in_(old))).rowcount
