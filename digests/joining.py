"""Joining by the clock: requests that nobody answered end, and those who decide are reminded once.

Called by the scheduler every minute. Harmless on several nodes at a time: each row is held while it is dealt with.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digests.waiting import Origin
from gateway.core.command import Verb
from gateway.core.decision import Reason
from gateway.core.joining import JoinRequest, RequestKind, RequestState
from gateway.core.notice import NoticeKind, Obeyed, Result
from gateway.core.question import Asks, Question
from store import communities, memberships, notices, people, requests
from store.notices import NewNotice

REMIND_AFTER = timedelta(days=3)
_AT_ONCE = 100


def end(tx: Connection, origin: Origin, now: datetime) -> int:
    """Ends what nobody answered in time and tells who asked those who run a place; returns how many ended."""
    over = requests.ended(tx, now, _AT_ONCE)
    places = communities.get_all(tx, {request.community_id for request in over})
    fresh = []
    for request in over:
        requests.settle(tx, request.id, RequestState.EXPIRED, None, now)
        if request.kind is RequestKind.REQUEST:
            place = places[request.community_id]
            told = Obeyed(Verb.JOIN, (place.name,), community_ids=(place.id,), result=Result.EXPIRED)
            fresh.append(_notice(request, request.person_id, NoticeKind.OBEYED, origin, now, obeyed=told))
    notices.add(tx, fresh, origin.key_id, now)
    return len(over)


def remind(tx: Connection, origin: Origin, now: datetime) -> int:
    """Asks those who run a place once more about requests that are three days old; returns how many requests."""
    old = requests.to_remind(tx, now - REMIND_AFTER, now, _AT_ONCE)
    managers = memberships.managers(tx, {request.community_id for request in old}) if old else {}
    admins = people.admins(tx) if old else []
    fresh = []
    for request in old:
        asked = Question(
            Asks.REQUEST,
            community_id=request.community_id,
            person_id=request.person_id,
            request_id=request.id,
            again=True,
        )
        readers = {reader.id for reader in managers.get(request.community_id, admins)} - {request.person_id}
        fresh += [_notice(request, i, NoticeKind.QUESTION, origin, now, question=asked) for i in sorted(readers)]
    notices.add(tx, fresh, origin.key_id, now)
    return len(old)


def _notice(
    request: JoinRequest,
    reader_id: int,
    kind: NoticeKind,
    origin: Origin,
    now: datetime,
    *,
    obeyed: Obeyed | None = None,
    question: Question | None = None,
) -> NewNotice:
    return NewNotice(
        person_id=reader_id,
        kind=kind,
        reason=Reason.COMMAND,
        message_id=f"<{uuid.uuid4().hex}@{origin.domain}>",
        in_reply_to="",
        community_id=request.community_id,
        arrival_id=None,
        sent_to="",
        topic_title="",
        subject="",
        text="",
        files=(),
        sent_at=now,
        obeyed=obeyed,
        question=question,
    )
