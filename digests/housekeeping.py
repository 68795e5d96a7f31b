"""Housekeeping: what the retention settings say is forgotten, a little at a time, so that nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import structlog
from sqlalchemy import Connection

from store import audit, blob_names, deliveries, digests, failures, fragments, notices, past_mails, people, pickups
from store.blobs import Blobs
from store.database import Database

log = structlog.get_logger(__name__)

_AT_ONCE = 500
_UNDECIDED = timedelta(days=14)
"""Whoever was asked whether they want in has seven days to say so, and for seven more is told that it is too late."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Days for which there are raw mails, deliveries with notices, outcomes with acts, digests, and failures."""

    raw_days: int
    sent_days: int
    log_days: int
    answer_days: int = 30
    failure_days: int = 30


def tidy(database: Database, blobs: Blobs, retention: Retention, now: datetime) -> None:
    """Forgets everything that is due. Harmless to run twice, or on several nodes at a time. Raises StoreError."""
    raw_before = now - timedelta(days=retention.raw_days)
    sent_before = now - timedelta(days=retention.sent_days)
    log_before = now - timedelta(days=retention.log_days)

    def forget_raw(tx: Connection) -> int:
        count, freed = past_mails.forget_bytes(tx, raw_before, _AT_ONCE)
        unnamed.extend(freed)
        return count

    unnamed: list[str] = []
    raw = _in_steps(database, forget_raw)
    for blob in unnamed:
        blobs.delete(blob)
    sent = _in_steps(database, lambda tx: deliveries.purge(tx, sent_before, _AT_ONCE))
    told = _in_steps(database, lambda tx: notices.purge(tx, sent_before, _AT_ONCE))
    # An answer finds its topics as long as the digest is kept with the words of its items.
    answerable = now - timedelta(days=retention.answer_days)
    papers = _in_steps(database, lambda tx: digests.purge(tx, answerable, _AT_ONCE))
    pieces = _in_steps(database, lambda tx: fragments.purge(tx, answerable, _AT_ONCE))
    undecided = _in_steps(database, lambda tx: people.forget_pending(tx, now - _UNDECIDED, _AT_ONCE))
    past = _in_steps(database, lambda tx: past_mails.forget(tx, log_before, _AT_ONCE))
    acts = _in_steps(database, lambda tx: audit.purge(tx, log_before, _AT_ONCE))
    failed = _in_steps(database, lambda tx: failures.purge(tx, now - timedelta(days=retention.failure_days), _AT_ONCE))
    picked = _in_steps(database, lambda tx: pickups.purge(tx, raw_before, _AT_ONCE))
    log.info(
        "tidied",
        raw_mails=raw,
        deliveries=sent,
        notices=told,
        messages=past,
        acts=acts,
        digests=papers,
        fragments=pieces,
        undecided=undecided,
        pickups=picked,
        failures=failed,
        leftovers=blobs.sweep(),
    )


def sweep(database: Database, blobs: Blobs) -> int:
    """Deletes the blobs that no row names and that were not put within 36 hours; returns how many.

    Such are the attachments of mails that were not posted. Harmless beside everything else that goes on: what is about
    to be named was put a moment ago, and Blobs.delete looks at that again. Raises StoreError.
    """
    swept = 0
    idle = blobs.idle()
    while batch := list(islice(idle, _AT_ONCE)):
        with database.reading() as tx:
            orphans = blob_names.unnamed(tx, batch)
        for blob in orphans:
            blobs.delete(blob)
        swept += len(orphans)
    log.info("swept", blobs=swept)
    return swept


def _in_steps(database: Database, step: Callable[[Connection], int]) -> int:
    """Runs a step in transactions of its own until it finds less than it could take."""
    total = 0
    while True:
        with database.transaction() as tx:
            done = step(tx)
        total += done
        if done < _AT_ONCE:
            return total
