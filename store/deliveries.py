"""The outbox: what is still to be sent to whom, claimed in batches, recorded in batches.

An attempt is recorded before the dialing (T4) and its outcome after (T5); `attempts` is the fence between the two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    text,
    update,
)

from gateway.core.delivery import Delivery, DeliveryKind, DeliveryState, Lease, Outcome
from gateway.core.quiet import Peace
from store import objections
from store.database import storable
from store.schema import OPEN_DELIVERY, deliveries, fan_outs
from store.times import LEASE as LEASE

_OPEN = (DeliveryState.PENDING.value, DeliveryState.DEFERRED.value)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claimed delivery, and why it must not be sent after all ("" where it may)."""

    delivery: Delivery
    objection: str


_due = (
    select(deliveries.c.id)
    .where(OPEN_DELIVERY, deliveries.c.bulk == bindparam("is_bulk"), deliveries.c.next_attempt_at <= bindparam("now"))
    .order_by(deliveries.c.next_attempt_at, deliveries.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_claim = (
    update(deliveries)
    .where(deliveries.c.id.in_(select(_due.c.id)))
    # Claimed is pending again: so a lease is told from a deferral, whoever asks.
    .values(state=DeliveryState.PENDING.value, attempts=deliveries.c.attempts + 1, next_attempt_at=bindparam("lease"))
    .returning(deliveries.c.id)
)


def claim(tx: Connection, now: datetime, most: int, peace: Peace) -> list[Claimed]:
    """Takes up to `most` due deliveries for two minutes. The caller commits before it dials (T4).

    Notices and the posts of small communities come first, but for a quarter that is kept for the very large ones:
    neither keeps the other waiting. Within each, the longest due come first. Posts that were born before the quiet
    hours of their reader, and are late, wait for the end of these.
    """
    while found := _take(tx, now, most):
        claimed, asleep = _part(found, now, peace)
        for until, ids in asleep.items():
            tx.execute(
                update(deliveries)
                .where(deliveries.c.id.in_(ids))
                .values(state=DeliveryState.DEFERRED.value, next_attempt_at=until)
            )
        if claimed:
            return claimed
    return []


def _part(found: Sequence[Row[Any]], now: datetime, peace: Peace) -> tuple[list[Claimed], dict[datetime, list[int]]]:
    """Those that may leave now, and by the end of their readers' quiet hours the ids of the others."""
    claimed: list[Claimed] = []
    asleep: dict[datetime, list[int]] = defaultdict(list)
    ends: dict[tuple[str, str | None], datetime | None] = {}
    for row in found:
        whose = row.timezone, row.quiet_hours
        if whose not in ends:
            ends[whose] = peace.until(*whose, now)
        until = ends[whose]
        if until is not None and row.kind != DeliveryKind.DIGEST.value and not row.passes_quiet:
            asleep[until].append(row.id)
        else:
            claimed.append(_to_claimed(row, Lease(now + LEASE)))
    return claimed, asleep


def _take(tx: Connection, now: datetime, most: int) -> Sequence[Row[Any]]:
    lease = now + LEASE
    values = {"now": now, "lease": lease}
    share = most - most // 4
    ids = list(tx.scalars(_claim, {**values, "is_bulk": False, "most": share}))
    more = len(ids) == share
    ids += tx.scalars(_claim, {**values, "is_bulk": True, "most": most - len(ids)})
    if more and len(ids) < most:
        ids += tx.scalars(_claim, {**values, "is_bulk": False, "most": most - len(ids)})
    return objections.find(tx, ids) if ids else []


def _to_claimed(row: Row[Any], lease: Lease) -> Claimed:
    return Claimed(
        Delivery(
            row.id,
            DeliveryKind(row.kind),
            row.content_id,
            row.notice_id,
            row.digest_id,
            row.community_id,
            row.post_id,
            row.person_id,
            row.address,
            row.locale,
            row.key_id,
            row.attempts,
            row.created_at,
            lease,
        ),
        row.objection,
    )


def record(tx: Connection, outcomes: Sequence[tuple[Outcome, datetime | None]], now: datetime) -> int:
    """Writes what came of attempts (T5); returns how many rows were still ours to write.

    With each outcome comes when to try again, None for never. Where a lease was lost, the other attempt's word counts.
    """
    written = 0
    alike: dict[tuple[str, str, datetime | None], list[tuple[int, int]]] = defaultdict(list)
    for outcome, retry_at in outcomes:
        answer = str(outcome.reply) if outcome.reply else outcome.detail
        # The text of a 250 carries the relay's queue id, so it differs for each; the log has it, the row need not.
        shown = "" if outcome.state is DeliveryState.DELIVERED else storable(answer[:500])
        alike[(outcome.state.value, shown, retry_at)].append((outcome.delivery_id, outcome.attempts))
    for (state, answer, retry_at), rows in alike.items():
        values: dict[str, object] = {"state": state, "answer": answer}
        if state in _OPEN:
            values["next_attempt_at"] = retry_at or now
        else:
            values["finished_at"] = now
        by_attempts: dict[int, list[int]] = defaultdict(list)
        for delivery_id, attempts in rows:
            by_attempts[attempts].append(delivery_id)
        for attempts, ids in by_attempts.items():
            ours = and_(deliveries.c.id.in_(ids), deliveries.c.attempts == attempts, deliveries.c.state.in_(_OPEN))
            written += tx.execute(update(deliveries).where(ours).values(values)).rowcount
    return written


def take_back(tx: Connection, outcomes: Sequence[tuple[Outcome, datetime | None]], now: datetime) -> int:
    """Makes failures deferrals again, with when to try again: the refusal was not about them. Returns how many were.

    Only of the attempt that failed; what was delivered, dropped or claimed since is left alone.
    """
    written = 0
    by_fence: dict[tuple[int, datetime], list[int]] = defaultdict(list)
    for outcome, retry_at in outcomes:
        by_fence[outcome.attempts, retry_at or now].append(outcome.delivery_id)
    for (attempts, due), ids in by_fence.items():
        failed = and_(deliveries.c.state == DeliveryState.FAILED.value, deliveries.c.attempts == attempts)
        again = {"state": DeliveryState.DEFERRED.value, "next_attempt_at": due, "finished_at": None}
        written += tx.execute(update(deliveries).where(deliveries.c.id.in_(ids), failed).values(again)).rowcount
    return written


def renew(tx: Connection, held: Iterable[Delivery], now: datetime) -> set[int]:
    """Holds claimed deliveries two minutes more: a relay may take ten to answer a dot (RFC 5321 §4.5.3.2.6).

    Returns the ids that are still ours to send: neither lost to another sender nor unwanted by now.
    """
    mine = list(held)
    wanted = objections.wanted(tx, mine)
    return _set_due(tx, (delivery for delivery in mine if delivery.id in wanted), now + LEASE)


def _set_due(tx: Connection, held: Iterable[Delivery], due: datetime) -> set[int]:
    by_attempts: dict[int, list[int]] = defaultdict(list)
    for delivery in held:
        by_attempts[delivery.attempts].append(delivery.id)
    ours: set[int] = set()
    for attempts, ids in by_attempts.items():
        # What was deferred meanwhile is nobody's, and waits for its own time.
        claimed = and_(deliveries.c.attempts == attempts, deliveries.c.state == DeliveryState.PENDING.value)
        query = update(deliveries).where(deliveries.c.id.in_(ids), claimed).values(next_attempt_at=due)
        ours.update(tx.scalars(query.returning(deliveries.c.id)))
    return ours


def give_back(tx: Connection, held: Iterable[Delivery], now: datetime) -> None:
    """Lets go of claimed deliveries that nobody has begun to send: they are due at once, for any sender."""
    _set_due(tx, held, now)


def release_all(tx: Connection, now: datetime) -> int:
    """Makes claimed deliveries due at once: only where this process is known to be alone (SQLite, at start).

    What was in flight when the last process died is sent again, with the same Message-ID (promise P3).
    """
    # However far ahead: a clock may have been.
    query = update(deliveries).where(OPEN_DELIVERY, _in_hand(now)).values(next_attempt_at=now)
    return tx.execute(query).rowcount


def _claimed(now: datetime) -> ColumnElement[bool]:
    """What a sender holds at this time."""
    return and_(_in_hand(now), deliveries.c.next_attempt_at <= now + LEASE)


def _in_hand(now: datetime) -> ColumnElement[bool]:
    return and_(
        deliveries.c.state == DeliveryState.PENDING.value,
        deliveries.c.attempts > 0,
        deliveries.c.next_attempt_at > now,
    )


def add_notice_delivery(tx: Connection, notice_id: int, person_id: int, key_id: int, now: datetime) -> None:
    """The delivery of a notice."""
    tx.execute(
        insert(deliveries).values(
            kind=DeliveryKind.NOTICE.value,
            notice_id=notice_id,
            person_id=person_id,
            state=DeliveryState.PENDING.value,
            key_id=key_id,
            # It answers what they just sent, or is their work.
            passes_quiet=True,
            created_at=now,
            next_attempt_at=now,
        )
    )


def retry(tx: Connection, delivery_id: int, now: datetime) -> bool:
    """Makes a delivery that waits, failed or was dropped due now. False if there is none, or a sender holds it now.

    `attempts` goes on counting: begun again, a new claim could be taken for the one that is still under way. So does
    its age: one that has been tried for five days gets this one try, and has failed again if that is deferred.
    """
    query = (
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state != DeliveryState.DELIVERED.value)
        .where(not_(_claimed(now)))
        .values(state=DeliveryState.PENDING.value, next_attempt_at=now, finished_at=None)
    )
    return tx.execute(query).rowcount == 1


def drop(tx: Connection, delivery_id: int, now: datetime) -> bool:
    """Gives up a delivery that waits. False if there is none, or a sender holds it now: it may be under way."""
    query = (
        update(deliveries)
        .where(deliveries.c.id == delivery_id, OPEN_DELIVERY, not_(_claimed(now)))
        .values(state=DeliveryState.DROPPED.value, finished_at=now, answer="dropped by hand")
    )
    return tx.execute(query).rowcount == 1


def held_until(tx: Connection, delivery_id: int, now: datetime) -> datetime | None:
    """When a sender's claim of this delivery ends unless it is renewed; None where nobody holds it."""
    query = select(deliveries.c.next_attempt_at).where(deliveries.c.id == delivery_id, OPEN_DELIVERY, _claimed(now))
    until: datetime | None = tx.scalar(query)
    return until


def counts(tx: Connection) -> dict[str, int]:
    """Deliveries by state."""
    found = {state.value: 0 for state in DeliveryState}
    by_state = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    found.update((state, number) for state, number in tx.execute(by_state))
    return found


def waiting(tx: Connection) -> int:
    """How many deliveries are still to be sent."""
    return tx.scalar(select(func.count()).select_from(deliveries).where(OPEN_DELIVERY)) or 0


def oldest(tx: Connection) -> datetime | None:
    """When the oldest delivery that is still to be sent was born."""
    born: datetime | None = tx.scalar(select(func.min(deliveries.c.created_at)).where(OPEN_DELIVERY))
    return born


def purge(tx: Connection, before: datetime, most: int) -> int:
    """Forgets up to `most` finished deliveries of before, whose fan-out is closed and cannot send them again."""
    old = (
        select(deliveries.c.id)
        .outerjoin(fan_outs, fan_outs.c.post_id == deliveries.c.post_id)
        .where(text("deliveries.finished_at IS NOT NULL"), deliveries.c.finished_at < before)
        .where(or_(deliveries.c.post_id.is_(None), fan_outs.c.closed_at.is_not(None)))
        .limit(most)
    )
    return tx.execute(delete(deliveries).where(deliveries.c.id.in_(old))).rowcount
