"""Past mails: what was decided long ago is forgotten, first the bytes, then the rows. Called by housekeeping."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, update

from store import blob_names
from store.schema import OPEN_ARRIVAL, arrivals, raw_mails, spool


def forget_bytes(tx: Connection, before: datetime, most: int) -> tuple[int, list[str]]:
    """Forgets the raw bytes of up to `most` messages that came in before, unless one of their arrivals is still open.

    Returns how many, and the blobs that no row names any more: the caller deletes them after the commit.
    """
    open_ones = select(arrivals.c.spool_id).where(OPEN_ARRIVAL)
    old = (
        select(spool.c.id, spool.c.blob)
        .where(spool.c.received_at < before, spool.c.state == "closed", spool.c.id.not_in(open_ones))
        .where(or_(spool.c.blob != "", spool.c.id.in_(select(raw_mails.c.spool_id))))
        .limit(most)
    )
    rows = tx.execute(old).all()
    if not rows:
        return 0, []
    ids = [row.id for row in rows]
    tx.execute(delete(raw_mails).where(raw_mails.c.spool_id.in_(ids)))
    tx.execute(update(spool).where(spool.c.id.in_(ids)).values(blob=""))
    freed = {row.blob for row in rows if row.blob}
    if freed:
        freed = blob_names.unnamed(tx, freed)
    return len(ids), sorted(freed)


def forget(tx: Connection, before: datetime, most: int) -> int:
    """Forgets up to `most` closed messages that came in before, with their arrivals; returns how many."""
    open_ones = select(arrivals.c.spool_id).where(OPEN_ARRIVAL)
    old = (
        select(spool.c.id)
        .where(spool.c.received_at < before, spool.c.state == "closed", spool.c.id.not_in(open_ones))
        .where(spool.c.blob == "", spool.c.id.not_in(select(raw_mails.c.spool_id)))
        .limit(most)
    )
    return tx.execute(delete(spool).where(spool.c.id.in_(old))).rowcount
