"""Reports: on the first morning of the week those who run a community are told how it went, and what they can do.

Called by the scheduler every minute, on any number of nodes: what is told once to a person is unique by its name, so a
second node's transaction fails (IntegrityError), and all is well.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from digests.waiting import Origin
from gateway.core.decision import Reason
from gateway.core.notice import NoticeKind
from gateway.core.report import Week, advise
from gateway.core.zones import zone_named
from store import notices, reports
from store.notices import NewNotice
from store.reports import Figures

_WEEK = timedelta(days=7)
_AT_ONCE = 500
"""Communities a transaction."""


@dataclass(frozen=True, slots=True)
class Morning:
    """When the report is due, by the clock of the network."""

    timezone: str
    at: time

    def of(self, now: datetime) -> datetime | None:
        """The latest Monday morning that has come, where it is Monday still; else None: a late report is no news."""
        local = now.astimezone(zone_named(self.timezone))
        due = datetime.combine(local.date(), self.at, local.tzinfo)
        return due if local.weekday() == 0 and local >= due else None


def tell(tx: Connection, origin: Origin, morning: Morning, now: datetime) -> int:
    """Adds the reports that are due and were not told; returns how many."""
    due = morning.of(now)
    if due is None:
        return 0
    runs = reports.places(tx)
    wanted = {_once(place_id, due.date()) for place_id in runs}
    told = notices.told(tx, {reader for readers in runs.values() for reader in readers}, wanted) if runs else set()
    fresh = {
        place_id: [reader for reader in readers if (reader, _once(place_id, due.date())) not in told]
        for place_id, readers in runs.items()
    }
    open_places = [place_id for place_id, readers in fresh.items() if readers][:_AT_ONCE]
    if not open_places:
        return 0
    found = reports.figures(tx, open_places, due - _WEEK, due)
    batch = [
        _notice(reader, place_id, _week(found[place_id], due), origin, now)
        for place_id in open_places
        for reader in fresh[place_id]
    ]
    notices.add(tx, batch, origin.key_id, now)
    return len(batch)


def _once(place_id: int, monday: date) -> str:
    return f"report:{place_id}:{monday:%Y%m%d}"


def _week(counted: Figures, due: datetime) -> Week:
    week = Week(
        since=(due - _WEEK).date(),
        until=due.date(),
        members=counted.members,
        joined=counted.joined,
        left=counted.left,
        topics=counted.topics,
        answers=counted.answers,
        by_digest=counted.by_digest,
        writers=counted.writers,
        waiting=counted.waiting,
        quiet=tuple(counted.quiet),
        newcomers=tuple(counted.newcomers),
    )
    return replace(week, advice=advise(week))


def _notice(reader: int, place_id: int, week: Week, origin: Origin, now: datetime) -> NewNotice:
    return NewNotice(
        person_id=reader,
        kind=NoticeKind.REPORT,
        reason=Reason.FOR_THE_ADMINS,
        message_id=f"<{uuid.uuid4().hex}@{origin.domain}>",
        in_reply_to="",
        community_id=place_id,
        arrival_id=None,
        sent_to="",
        topic_title="",
        subject="",
        text="",
        files=(),
        sent_at=now,
        once=_once(place_id, week.until),
        week=week,
    )
