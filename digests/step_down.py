"""Stepping down: whose mails pile up unanswered gets them at the next slower pace, and one mail that says so.

Run by the scheduler once an hour, where it is on. Each step is a transaction: the paces, the note that it was taken and
the notice, which one word of answer undoes. Nothing that was due is lost: it is a change of pace like any other.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from digests.schedule import opening
from digests.waiting import Origin
from gateway.core.command import Verb
from gateway.core.community import Pace
from gateway.core.decision import Reason
from gateway.core.digest import Rhythm
from gateway.core.notice import NoticeKind, Obeyed, Result
from gateway.core.rhythm import Choices, personal_quiet, rhythm_of
from gateway.core.zones import zone_named
from store import communities, notices, paces, silence
from store.database import Database
from store.notices import NewNotice
from store.silence import Patience, Silent

log = structlog.get_logger(__name__)

HOUR = 10
"""Local time, on a working day: each person is looked at once a day, and reads of it when they may answer."""
_BATCH = 200
_STEPS = ((Pace.EACH, Pace.DAILY, Verb.DAILY), (Pace.DAILY, Pace.WEEKLY, Verb.WEEKLY))


class _HeardError(Exception):
    """A sign came, or another node took the step."""


@dataclass(frozen=True, slots=True)
class StepDown:
    """What a look needs."""

    database: Database
    network: Rhythm
    patience: Patience
    origin: Origin
    counted: Callable[[Pace], None]
    """Told of every step, with the pace it leads to."""

    def run(self, now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
        """Steps down whoever it is time for; returns how many. Raises StoreError."""
        with self.database.reading() as tx:
            here = [name for name in silence.zones(tx) if now.astimezone(zone_named(name)).hour == HOUR]
        taken = beyond = 0
        while here and not stopping():
            with self.database.reading() as tx:
                found, beyond = silence.silent(tx, self.patience, now, beyond, _BATCH, here)
            taken += sum(self._take(one, now) for one in found)
            if not beyond:
                break
        return taken

    def _take(self, one: Silent, now: datetime) -> bool:
        choices = Choices(quiet=personal_quiet(one.quiet_hours))
        if opening(rhythm_of(self.network, one.timezone, choices), now) > now:
            return False
        try:
            with self.database.transaction() as tx:
                pace = self._step(tx, one.person_id, now)
        except _HeardError:
            return False
        except DBAPIError as error:
            # Somebody else was changing the same; tomorrow is another day.
            log.info("not_stepped_down", trouble=type(error).__name__)
            return False
        if pace is None:
            return False
        self.counted(pace)
        log.info("stepped_down", person=one.person_id, pace=pace.value)
        return True

    def _step(self, tx: Connection, person_id: int, now: datetime) -> Pace | None:
        """The pace that some of their communities now have; None where none may be heard at a slower one."""
        step = None
        for before, after, verb in _STEPS:
            if changed := paces.choose_everywhere(tx, person_id, after, now, only=before):
                step = after, self._notice(tx, person_id, verb, changed, now)
                break
        # Only now, for whoever pauses takes the communities first, and the person then.
        if not silence.note_step(tx, person_id, self.patience, now):
            raise _HeardError
        if step is None:
            return None
        pace, notice = step
        notices.add(tx, [notice], self.origin.key_id, now)
        return pace

    def _notice(self, tx: Connection, person_id: int, verb: Verb, changed: list[int], now: datetime) -> NewNotice:
        names = communities.get_all(tx, changed)
        told = tuple(names[i].name for i in changed)
        return NewNotice(
            person_id=person_id,
            kind=NoticeKind.OBEYED,
            reason=Reason.COMMAND,
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
            once=f"stepped_down:{now:%Y%m%d}",
            obeyed=Obeyed(verb, told, community_ids=tuple(changed), result=Result.STEPPED_DOWN),
        )
