"""Leaving: a List-Unsubscribe, by mail or by link, sets the pace of that community to off; the membership stays."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.core.community import Pace
from store import memberships


def leave(tx: Connection, community_id: int, person_id: int) -> bool:
    """Stops the posts of one community for one person. Idempotent; False where there is no such membership."""
    return memberships.set_pace(tx, community_id, person_id, Pace.OFF)
