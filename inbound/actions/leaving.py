"""Leaving: a List-Unsubscribe, by mail or by link, sets the pace of that community to off; the membership stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gateway.core.community import Pace
from gateway.core.digest import Cadence
from inbound.route import Destination, ToLeave, ToQuiet
from store import paces

PACE_OF = {Cadence.DAILY: Pace.DAILY, Cadence.WEEKLY: Pace.WEEKLY, Cadence.CATCH_UP: Pace.EACH}
"""The pace that a cadence serves; a catch-up goes to who hears of posts at once."""


def leave(tx: Connection, community_id: int, person_id: int, now: datetime) -> bool:
    """Stops the posts of one community for one person. Idempotent; False where there is no such membership."""
    return paces.choose(tx, community_id, person_id, Pace.OFF, now)


def end_digests(tx: Connection, cadence: Cadence, person_id: int, now: datetime) -> bool:
    """Stops the digests of a cadence: what is followed at it is off. Idempotent; False where nothing was.

    A catch-up tells of what is heard at once, so that is what it ends.
    """
    return bool(paces.choose_everywhere(tx, person_id, Pace.OFF, now, only=PACE_OF[cadence]))


def unsubscribe(tx: Connection, destination: Destination, now: datetime) -> None:
    """What a List-Unsubscribe by mail asks for."""
    match destination:
        case ToLeave(community_id, person_id):
            leave(tx, community_id, person_id, now)
        case ToQuiet(cadence, person_id):
            end_digests(tx, cadence, person_id, now)
        case _:
            raise AssertionError("only these two are ever unsubscribed from")
