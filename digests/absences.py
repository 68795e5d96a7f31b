"""Absences: whoever's mailbox says that they are away is offered a pause until they are back, once.

Called by the scheduler every minute, on any number of nodes. Never an answer to the automatic mail (RFC 3834 §2): one
notice of ours, an hour later or more, outside of quiet hours, and nothing further whatever comes back.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digests.schedule import opening
from digests.waiting import Origin
from gateway.core.decision import Reason
from gateway.core.digest import Rhythm
from gateway.core.notice import NoticeKind
from gateway.core.question import Asks, Question
from gateway.core.rhythm import Choices, personal_quiet, rhythm_of
from gateway.core.zones import zone_named
from store import absences, notices
from store.absences import ASKED, Absent
from store.notices import NewNotice

_AFTER = timedelta(hours=1)
_LEAST = timedelta(days=2)
"""A shorter absence is not worth a mail."""
_AT_ONCE = 100


def offer(tx: Connection, origin: Origin, network: Rhythm, now: datetime) -> int:
    """Adds the questions that are due; returns how many.

    Two nodes that look at the same moment would ask twice: the second one's transaction fails by the uniqueness of what
    is told once (IntegrityError), and all is well.
    """
    due = [one for one in absences.find(tx, now - _AFTER, now) if _is_due(one, network, now)][:_AT_ONCE]
    onces = notices.told(tx, [one.person_id for one in due], [_once(one) for one in due]) if due else set()
    fresh = [_question(one, origin, now) for one in due if (one.person_id, _once(one)) not in onces]
    notices.add(tx, fresh, origin.key_id, now)
    return len(fresh)


def _is_due(one: Absent, network: Rhythm, now: datetime) -> bool:
    """They are away for some time yet, and it is neither quiet for them nor a day off."""
    rhythm = rhythm_of(network, one.timezone, Choices(quiet=personal_quiet(one.quiet_hours)))
    today = now.astimezone(zone_named(one.timezone)).date()
    return one.back_on - today >= _LEAST and opening(rhythm, now) <= now


def _once(one: Absent) -> str:
    return f"{ASKED}{one.back_on:%Y%m%d}"


def _question(one: Absent, origin: Origin, now: datetime) -> NewNotice:
    return NewNotice(
        person_id=one.person_id,
        kind=NoticeKind.QUESTION,
        reason=Reason.AUTO_REPLY,
        message_id=f"<{uuid.uuid4().hex}@{origin.domain}>",
        in_reply_to="",
        community_id=None,
        arrival_id=None,
        sent_to="",
        topic_title="",
        subject="",
        text="",
        files=(),
        sent_at=now,
        once=_once(one),
        question=Question(Asks.ABSENCE, until=one.back_on),
    )
