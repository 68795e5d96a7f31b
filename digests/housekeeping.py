"""Housekeeping: what the retention settings say is forgotten, a little at a time, so that nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from store import arrivals, deliveries
from store.blobs import Blobs
from store.database import Database

log = structlog.get_logger(__name__)

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Retention:
    """Days for which raw mails, finished deliveries, and the outcomes of arrivals are kept."""

    raw_days: int
    sent_days: int
    log_days: int


def tidy(database: Database, blobs: Blobs, retention: Retention, now: datetime) -> None:
    """Forgets everything that is due. Harmless to run twice, or on several nodes at a time. Raises StoreError."""
    raw_before = now - timedelta(days=retention.raw_days)
    sent_before = now - timedelta(days=retention.sent_days)
    log_before = now - timedelta(days=retention.log_days)

    def forget_raw(tx: Connection) -> int:
        count, freed = arrivals.purge_raw(tx, raw_before, _AT_ONCE)
        unnamed.extend(freed)
        return count

    unnamed: list[str] = []
    raw = _in_steps(database, forget_raw)
    for blob in unnamed:
        blobs.delete(blob)
    sent = _in_steps(database, lambda tx: deliveries.purge(tx, sent_before, _AT_ONCE))
    past = _in_steps(database, lambda tx: arrivals.purge(tx, log_before, _AT_ONCE))
    log.info("tidied", raw_mails=raw, deliveries=sent, messages=past, leftovers=blobs.sweep())


def _in_steps(database: Database, step: Callable[[Connection], int]) -> int:
    """Runs a step in transactions of its own until it finds less than it could take."""
    total = 0
    while True:
        with database.transaction() as tx:
            done = step(tx)
        total += done
        if done < _AT_ONCE:
            return total
