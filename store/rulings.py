"""Rulings: what people said about mails that wait, and who has been asked about which.

Called by inbound.actions.moderating, the command line and digests.waiting. Each question is settled under the row lock
of the arrival: whoever comes second finds what the first one said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from gateway.core.audit import Act, Entry, Hand
from gateway.core.decision import Reason
from gateway.core.ruling import FINAL, Ruling, Waiting
from store import arrivals as spooled
from store import audit
from store.database import storable
from store.schema import OPEN_ARRIVAL, arrivals, storms, topics

HELD = ("held",)
_ACTS = {
    Ruling.PUBLISHED: Act.MAIL_PUBLISHED,
    Ruling.REFUSED: Act.MAIL_REFUSED,
    Ruling.EXPIRED: Act.MAIL_EXPIRED,
}


def waiting(tx: Connection, arrival_id: int) -> Waiting | None:
    """The arrival as it is, its row locked until the transaction ends."""
    row = tx.execute(select(arrivals).where(arrivals.c.id == arrival_id).with_for_update()).first()
    if row is None:
        return None
    return Waiting(
        row.id,
        row.state,
        row.reason or "",
        row.community_id,
        row.person_id,
        read(row.rulings),
        row.ruled_by,
        row.ruled_at,
    )


def rule(
    tx: Connection,
    found: Waiting,
    ruling: Ruling,
    now: datetime,
    *,
    by: int | None = None,
    words: str = "",
    states: Collection[str] = HELD,
) -> bool:
    """Adds a ruling and puts the mail back into the spool, to be decided anew; False where it is in no such state.

    The caller holds its lock. Where its bytes are forgotten already, nothing can be decided: False as well.
    """
    if found.state not in states or not spooled.retry(tx, found.arrival_id, states):
        return False
    # Of what ends a question the last one counts, should a mail be held again after it.
    said = sorted({*(found.rulings - FINAL), ruling})
    values = {"rulings": " ".join(said), "ruled_by": by, "ruled_at": now, "ruling_words": storable(words)}
    tx.execute(update(arrivals).where(arrivals.c.id == found.arrival_id).values(values))
    return True


def settle(tx: Connection, found: Waiting, ruling: Ruling, by: int | Hand, now: datetime, words: str = "") -> bool:
    """What somebody who runs the place says of a held mail, with its line in the audit log; False where it is late."""
    person_id = None if isinstance(by, Hand) else by
    if not rule(tx, found, ruling, now, by=person_id, words=words):
        return False
    entry = Entry(_ACTS[ruling], by, found.community_id, found.person_id, arrival_id=found.arrival_id, detail=words)
    audit.record(tx, entry, now)
    return True


def words_of(tx: Connection, arrival_ids: Iterable[int]) -> dict[int, str]:
    """By arrival, the reason that was given with the last ruling on it."""
    query = select(arrivals.c.id, arrivals.c.ruling_words).where(arrivals.c.id.in_(list(arrival_ids)))
    return {row.id: row.ruling_words for row in tx.execute(query)}


def asked(tx: Connection, arrival_ids: Iterable[int], now: datetime) -> None:
    """Notes that those who run their places were asked about these by mail."""
    tx.execute(update(arrivals).where(arrivals.c.id.in_(list(arrival_ids))).values(asked_at=now, reminded_at=None))


def reminded(tx: Connection, arrival_ids: Iterable[int], now: datetime) -> None:
    """Notes that they were reminded."""
    tx.execute(update(arrivals).where(arrivals.c.id.in_(list(arrival_ids))).values(reminded_at=now))


def to_remind(tx: Connection, before: datetime, most: int) -> list[int]:
    """Held arrivals about which somebody was asked before that moment and not reminded since; their rows are locked."""
    query = (
        select(arrivals.c.id)
        .where(OPEN_ARRIVAL, arrivals.c.state == "held")
        .where(arrivals.c.asked_at <= before, arrivals.c.reminded_at.is_(None))
        .order_by(arrivals.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(tx.scalars(query))


def to_expire(tx: Connection, before: datetime, most: int) -> list[int]:
    """Held arrivals about which somebody was asked before that moment, and nobody has answered."""
    query = (
        select(arrivals.c.id)
        .where(OPEN_ARRIVAL, arrivals.c.state == "held", arrivals.c.asked_at <= before)
        .order_by(arrivals.c.id)
        .limit(most)
    )
    return list(tx.scalars(query))


def to_calm(tx: Connection, now: datetime, each: int) -> list[int]:
    """Up to `each` held arrivals of every community that came in a flood which is over, oldest first."""
    flooded = select(topics.c.community_id).join(storms, storms.c.topic_id == topics.c.id)
    nth = func.row_number().over(partition_by=arrivals.c.community_id, order_by=arrivals.c.id).label("nth")
    held = (
        select(arrivals.c.id, nth)
        .where(OPEN_ARRIVAL, arrivals.c.state == "held", arrivals.c.reason == Reason.TOPIC_FLOOD.value)
        .where(arrivals.c.community_id.not_in(flooded.where(storms.c.paused_until > now)))
        .subquery()
    )
    return list(tx.scalars(select(held.c.id).where(held.c.nth <= each).order_by(held.c.id)))


def read(words: str) -> frozenset[Ruling]:
    """What stands in the column."""
    return frozenset(Ruling(word) for word in words.split())
