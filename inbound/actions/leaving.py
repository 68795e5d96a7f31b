"""Leaving: a List-Unsubscribe, by mail or by link, sets the pace of that community to off; the membership stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gateway.core.community import Pace
from store import paces


def leave(tx: Connection, community_id: int, person_id: int, now: datetime) -> bool:
    """Stops the posts of one community for one person. Idempotent; False where there is no such membership."""
    return paces.choose(tx, community_id, person_id, Pace.OFF, now)
