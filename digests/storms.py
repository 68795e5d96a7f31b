"""Storms, as those who run the places hear of them: once for each, when it begins.

Called by the scheduler every minute, on any number of nodes: what one tells, another leaves alone.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Connection

from digests.waiting import Origin
from gateway.core.decision import Reason
from gateway.core.notice import NoticeKind
from store import memberships, notices, people, storms
from store.notices import NewNotice
from store.storms import Untold


def tell(tx: Connection, origin: Origin, now: datetime) -> list[Untold]:
    """Adds a notice of each new storm for everybody who runs the community, else for the administrators; returns them.

    What was over a day ago is forgotten.
    """
    fresh = storms.untold(tx)
    managers = memberships.managers(tx, {item.community_id for item in fresh}) if fresh else {}
    admins = people.admins(tx) if fresh else ()
    batch = [
        _notice(item, reader.id, origin, now) for item in fresh for reader in managers.get(item.community_id) or admins
    ]
    notices.add(tx, batch, origin.key_id, now)
    storms.note_told(tx, fresh)
    storms.forget(tx, now)
    return fresh


def _notice(item: Untold, person_id: int, origin: Origin, now: datetime) -> NewNotice:
    return NewNotice(
        person_id=person_id,
        kind=NoticeKind.STORM,
        reason=Reason.TOPIC_FLOOD if item.paused else Reason.FOR_THE_ADMINS,
        message_id=f"<{uuid.uuid4().hex}@{origin.domain}>",
        in_reply_to="",
        community_id=item.community_id,
        arrival_id=None,
        sent_to="",
        topic_title=item.title,
        topic_id=item.topic_id,
        subject="",
        text="",
        files=(),
        sent_at=item.began_at,
    )
