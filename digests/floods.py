"""Floods that are over: what was held of them is decided anew, slowly.

Called by the scheduler every minute. Where a machine wrote it all, the copies of that wake it again: they leave as one
catch-up then (store.storms), and the topic is paused anew.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gateway.core.ruling import Ruling
from store import rulings

EACH = 10
"""Mails of one community a minute, so that a topic that takes twenty still has room for what comes."""


def calm(tx: Connection, now: datetime) -> int:
    """Puts back the oldest mails of every community where no topic is paused any more; returns how many."""
    calmed = 0
    for arrival_id in rulings.to_calm(tx, now, EACH):
        found = rulings.waiting(tx, arrival_id)
        calmed += found is not None and rulings.rule(tx, found, Ruling.CALMED, now)
    return calmed
