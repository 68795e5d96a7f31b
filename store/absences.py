"""Absences: who said by an automatic answer until when they are away, and was not asked about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, exists, func, select, text

from gateway.core.community import Pace, PersonState
from store.schema import arrivals, communities, memberships, notices, people

ASKED = "absence:"
"""With the day of return, what somebody is asked once only (notices.once)."""
WEEK = timedelta(days=7)
"""Whoever was asked is not asked again within it, whatever other days their program names."""
_OLD = timedelta(days=4)
_HEARD = (Pace.EACH.value, Pace.IMPORTANT.value, Pace.DAILY.value)


@dataclass(frozen=True, slots=True)
class Absent:
    """Somebody who is away."""

    person_id: int
    timezone: str
    quiet_hours: str | None
    """Their own, None for the network's."""
    back_on: date


def find(tx: Connection, said_before: datetime, now: datetime) -> list[Absent]:
    """Who said so in the last four days, and not only after `said_before`; of each the latest word.

    Only people who hear of posts singly or in a daily digest, are not paused, and were not asked within a week.
    """
    latest = (
        select(
            arrivals.c.person_id,
            func.max(arrivals.c.id).label("arrival_id"),
            func.min(arrivals.c.closed_at).label("since"),
        )
        # In the words of the partial index, which SQLite takes literally.
        .where(text("arrivals.returns IS NOT NULL"), arrivals.c.closed_at > now - _OLD)
        .where(arrivals.c.person_id.is_not(None))
        .group_by(arrivals.c.person_id)
        .subquery()
    )
    hears = (
        exists()
        .where(memberships.c.person_id == people.c.id, communities.c.id == memberships.c.community_id)
        .where(func.coalesce(memberships.c.pace, communities.c.pace).in_(_HEARD))
    )
    asked = exists().where(
        notices.c.person_id == people.c.id, notices.c.once.startswith(ASKED), notices.c.created_at > now - WEEK
    )
    query = (
        select(people.c.id, people.c.timezone, people.c.quiet_hours, arrivals.c.returns)
        .select_from(latest)
        .join(arrivals, arrivals.c.id == latest.c.arrival_id)
        .join(people, people.c.id == latest.c.person_id)
        .where(latest.c.since <= said_before)
        .where(people.c.state == PersonState.ACTIVE.value, people.c.paused.is_(False))
        .where(hears, ~asked)
        .order_by(people.c.id)
    )
    return [Absent(row.id, row.timezone, row.quiet_hours, row.returns) for row in tx.execute(query)]
