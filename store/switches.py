"""Switches: what an administrator has turned off for the whole network, and since when.

Asked by whoever does the work, in the transaction that does it; turned by the command line.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select

from store.schema import switches


class Switch(StrEnum):
    """What can be turned on here."""

    DIGESTS_PAUSED = "digests_paused"
    """No digest is closed."""


def turn_on(tx: Connection, switch: Switch, now: datetime) -> bool:
    """Turns it on; False where it is on already, and then it is on since that earlier time."""
    if since(tx, switch):
        return False
    tx.execute(insert(switches).values(name=switch.value, since=now))
    return True


def turn_off(tx: Connection, switch: Switch) -> bool:
    """Turns it off; False where it is off already."""
    return tx.execute(delete(switches).where(switches.c.name == switch.value)).rowcount == 1


def since(tx: Connection, switch: Switch) -> datetime | None:
    """Since when it is on; None where it is off."""
    at: datetime | None = tx.scalar(select(switches.c.since).where(switches.c.name == switch.value))
    return at
