"""Reach: who cannot be written to any more is left alone, those who run their communities hear of it, and it ends.

Run by the scheduler every minute, on any number of nodes. An address that fails on too many days pauses its person;
a probe leaves after one week, two, four…, and one that does not come back ends it. Each step is a transaction.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from digests.waiting import Origin
from gateway.core.audit import Act, Entry, Hand
from gateway.core.decision import Reason
from gateway.core.failure import FailureKind
from gateway.core.notice import NoticeKind
from gateway.core.question import Asks, Question
from gateway.core.zones import zone_named
from store import audit, failures, memberships, notices, people, unreachable
from store.database import Database
from store.failures import Endurance
from store.notices import NewNotice
from store.unreachable import PROBE, Unreachable

log = structlog.get_logger(__name__)

_FROM, _TO = 9, 18
"""Hours of the network's day in which those who run it are told: what was found by then, in one mail."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the settings say of addresses that fail."""

    endurance: Endurance
    probe: timedelta
    """The first probe leaves so long after, and the second so long again; then the wait doubles each time."""
    quiet: timedelta
    """A probe that was handed over and has not come back for so long has arrived."""
    refusals: int
    """The administrators hear of a day on which so many people's mail was refused as unwanted; 0 for never."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a look needs."""

    database: Database
    bounds: Bounds
    origin: Origin
    timezone: str
    """The network's."""

    def run(self, now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
        """Does all that is due by now; returns how many people it changed something for. Raises StoreError."""
        changed = 0
        for step in (self._cut_off, self._let_in, self._probe, self._tell):
            while not stopping():
                try:
                    with self.database.transaction() as tx:
                        done = step(tx, now)
                except DBAPIError as error:
                    # Another node did the same at the same moment, most likely; the next look asks again.
                    log.info("not_reached", trouble=type(error).__name__)
                    break
                changed += done
                if not done:
                    break
        return changed

    def _cut_off(self, tx: Connection, now: datetime) -> int:
        # One a transaction: it holds the communities of one person, and never those of a second one too.
        worn = failures.worn_out(tx, self.bounds.endurance, now.date(), 1)
        for person_id in worn:
            if unreachable.cut_off(tx, person_id, now + self.bounds.probe, now):
                audit.record(tx, Entry(Act.PERSON_UNREACHABLE, Hand.RELAIS, person_id=person_id), now)
                log.info("person_unreachable", person=person_id)
        return len(worn)

    def _let_in(self, tx: Connection, now: datetime) -> int:
        back = unreachable.recovered(tx, now - self.bounds.quiet, 1)
        for person_id in back:
            if unreachable.let_in(tx, person_id, now):
                audit.record(tx, Entry(Act.PERSON_REACHABLE, Hand.RELAIS, person_id=person_id), now)
                log.info("person_reachable", person=person_id)
        return len(back)

    def _probe(self, tx: Connection, now: datetime) -> int:
        due = unreachable.to_probe(tx, now, 100)
        for one in due:
            # 7, 14, 28…: as long again as it has been.
            unreachable.probed(tx, one, now + max(now - one.since, self.bounds.probe), now)
        probes = [self._question(one, now) for one in due]
        notices.add(tx, probes, self.origin.key_id, now)
        return len(due)

    def _question(self, one: Unreachable, now: datetime) -> NewNotice:
        once = f"{PROBE}{one.since:%Y%m%d%H%M}:{one.probes}"
        return self._notice(one.person_id, NoticeKind.QUESTION, now, once, question=Question(Asks.PROBE))

    def _tell(self, tx: Connection, now: datetime) -> int:
        """One mail a day to each who is told of anything; by day, and in the morning of what the night has brought."""
        if not _FROM <= now.astimezone(zone_named(self.timezone)).hour < _TO:
            return 0
        fresh = [*self._of_the_lost(tx, now), *self._of_refusals(tx, now)]
        notices.add(tx, fresh, self.origin.key_id, now)
        return len(fresh)

    def _of_the_lost(self, tx: Connection, now: datetime) -> list[NewNotice]:
        gone = unreachable.untold(tx)
        if not gone:
            return []
        once = f"lost:{now.astimezone(zone_named(self.timezone)):%Y%m%d}"
        readers = _readers(tx, gone)
        had = {reader for reader, _ in notices.told(tx, readers, [once])}
        # Whoever reads of it has had today's mail: all who are to know of this person hear of them tomorrow.
        later = {person_id for reader in had for person_id in readers[reader]}
        unreachable.note_told(tx, gone.keys() - later, now)
        told = {reader: {p: places for p, places in them.items() if p not in later} for reader, them in readers.items()}
        return [
            self._notice(reader, NoticeKind.LOST, now, once, lost=them) for reader, them in sorted(told.items()) if them
        ]

    def _of_refusals(self, tx: Connection, now: datetime) -> list[NewNotice]:
        refused = failures.count_on(tx, now.date(), FailureKind.REFUSED) if self.bounds.refusals else 0
        if not refused or refused < self.bounds.refusals:
            return []
        once, admins = f"unwelcome:{now:%Y%m%d}", [admin.id for admin in people.admins(tx)]
        had = {person_id for person_id, _ in notices.told(tx, admins, [once])}
        return [
            self._notice(admin, NoticeKind.UNWELCOME, now, once, waiting=refused)
            for admin in admins
            if admin not in had
        ]

    def _notice(
        self,
        person_id: int,
        kind: NoticeKind,
        now: datetime,
        once: str,
        *,
        question: Question | None = None,
        lost: dict[int, list[int]] | None = None,
        waiting: int = 0,
    ) -> NewNotice:
        return NewNotice(
            person_id=person_id,
            kind=kind,
            reason=Reason.BOUNCE,
            message_id=f"<{uuid.uuid4().hex}@{self.origin.domain}>",
            in_reply_to="",
            community_id=None,
            arrival_id=None,
            sent_to="",
            topic_title="",
            subject="",
            text="",
            files=(),
            sent_at=now,
            once=once,
            question=question,
            lost=lost,
            waiting=waiting,
        )


def _readers(tx: Connection, gone: dict[int, list[int]]) -> dict[int, dict[int, list[int]]]:
    """By reader, of whom they are told, each with the communities that this reader runs.

    Of who belongs to no community with managers that can be reached, the administrators are told.
    """
    places = {place for theirs in gone.values() for place in theirs}
    managers = memberships.managers(tx, places) if places else {}
    admins = [admin.id for admin in people.admins(tx)]
    out = unreachable.among(tx, {*admins, *(manager.id for found in managers.values() for manager in found)})
    readers: dict[int, dict[int, list[int]]] = defaultdict(dict)
    for person_id, theirs in gone.items():
        run = [(manager.id, place) for place in theirs for manager in managers.get(place, ()) if manager.id not in out]
        for reader, place in run or [(admin, place) for admin in admins if admin not in out for place in theirs or [0]]:
            readers[reader].setdefault(person_id, []).append(place)
    return readers
