"""Waiting: those who run a place are told that mails wait for them, at most once an hour, how many and where to look.

Called by the scheduler every minute. Held mails are told to the managers of their community, else to the
administrators; what was set aside is told to these. What was told and still waits is not told again on its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.core.community import Person
from gateway.core.decision import Reason
from gateway.core.notice import NoticeKind
from store import memberships, notices, people, queues
from store.notices import HUSH, NewNotice
from store.queues import WaitingPlace


@dataclass(frozen=True, slots=True)
class Origin:
    """What the notices are born under: our mail domain and the current signing key."""

    domain: str
    key_id: int
    review: timedelta = timedelta(days=7)
    """So long those who run a place have to publish or refuse what waits there."""
    late: timedelta = timedelta(0)
    """What waits to be decided, or to leave, for longer is told to the administrators; 0 for never."""


def tell(tx: Connection, origin: Origin, now: datetime) -> int:
    """Adds the notices that are due; returns how many.

    Two nodes that look at the same moment would tell twice: the second one's transaction fails by the uniqueness of
    what is told once (IntegrityError), and all is well.
    """
    last = notices.last_of_places(tx, (NoticeKind.HELD, NoticeKind.SET_ASIDE))
    due = [place for place in queues.waiting(tx) if _is_due(place, last, now)]
    if not due:
        return 0
    ids = {place.community_id for place in due if place.community_id and place.state == NoticeKind.HELD}
    managers = memberships.managers(tx, ids) if ids else {}
    admins = people.admins(tx)
    fresh = [_notice(place, reader, origin, now) for place in due for reader in _readers(place, managers, admins)]
    notices.add(tx, fresh, origin.key_id, now)
    return len(fresh)


def _is_due(place: WaitingPlace, last: dict[tuple[NoticeKind, int | None], datetime], now: datetime) -> bool:
    told = last.get((NoticeKind(place.state), place.community_id))
    return told is None or (place.latest > told and now - told >= HUSH)


def _readers(place: WaitingPlace, managers: dict[int, list[Person]], admins: Sequence[Person]) -> Sequence[Person]:
    of_community = place.community_id is not None and place.state == NoticeKind.HELD
    return managers.get(place.community_id or 0, admins) if of_community else admins


def _notice(place: WaitingPlace, reader: Person, origin: Origin, now: datetime) -> NewNotice:
    return NewNotice(
        person_id=reader.id,
        kind=NoticeKind(place.state),
        reason=Reason.FOR_THE_ADMINS,
        message_id=f"<{uuid.uuid4().hex}@{origin.domain}>",
        in_reply_to="",
        community_id=place.community_id,
        arrival_id=None,
        sent_to="",
        topic_title="",
        subject="",
        text="",
        files=(),
        sent_at=now,
        once=f"{place.state}:{place.community_id or 0}:{now:%Y%m%d%H}",
        waiting=place.count,
    )
