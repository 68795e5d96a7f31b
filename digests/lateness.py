"""Mail that is late: the administrators are told when the spool or the outbox has grown old, at most once a day each.

Called by the scheduler every minute. What does not leave may be this notice too; then it arrives when all of it does.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digests.waiting import Origin
from gateway.core.decision import Reason
from gateway.core.notice import NoticeKind
from store import notices, people, queues
from store.notices import NewNotice
from store.queues import Late

_HUSH = timedelta(days=1)


def tell(tx: Connection, origin: Origin, now: datetime) -> int:
    """Adds the notices that are due; returns how many.

    Two nodes that look at the same moment would tell twice: the second one's transaction fails by the uniqueness of
    what is told once (IntegrityError), and all is well.
    """
    if not origin.late:
        return 0
    before = now - origin.late
    late = {NoticeKind.LATE_IN: queues.late_in(tx, before), NoticeKind.LATE_OUT: queues.late_out(tx, before)}
    found = {kind: what for kind, what in late.items() if what is not None}
    if not found:
        return 0
    last = notices.last_of_places(tx, found)
    due = {kind: what for kind, what in found.items() if (kind, None) not in last or now - last[kind, None] >= _HUSH}
    admins = people.admins(tx) if due else ()
    fresh = [_notice(kind, what, reader.id, origin, now) for kind, what in due.items() for reader in admins]
    notices.add(tx, fresh, origin.key_id, now)
    return len(fresh)


def _notice(kind: NoticeKind, what: Late, person_id: int, origin: Origin, now: datetime) -> NewNotice:
    return NewNotice(
        person_id=person_id,
        kind=kind,
        reason=Reason.FOR_THE_ADMINS,
        message_id=f"<{uuid.uuid4().hex}@{origin.domain}>",
        in_reply_to="",
        community_id=None,
        arrival_id=None,
        sent_to="",
        topic_title="",
        subject="",
        text="",
        files=(),
        sent_at=what.oldest,
        once=f"{kind.value}:{now:%Y%m%d%H}",
        waiting=what.count,
    )
