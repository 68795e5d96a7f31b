"""Announcements: one notice for very many readers, stored once and rendered once for each language.

Its deliveries name the readers. An answer to it is known by the notice and by who wrote it, as to any other.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, exists, func, insert, literal, select, update

from gateway.core.community import PersonState
from gateway.core.decision import Reason
from gateway.core.delivery import DeliveryKind, DeliveryState
from gateway.core.notice import NoticeKind, Obeyed
from store.schema import OPEN_DELIVERY, deliveries, memberships, notices, people

_waits: ColumnElement[bool] = and_(people.c.paused.is_(True), people.c.paused_until > bindparam("now"))
_followers = (
    select(
        literal(DeliveryKind.NOTICE.value),
        bindparam("notice", type_=deliveries.c.notice_id.type),
        memberships.c.community_id,
        memberships.c.person_id,
        # Who pauses until a day is told on that day.
        case((_waits, DeliveryState.DEFERRED.value), else_=DeliveryState.PENDING.value),
        literal(0),
        literal(True),
        literal(False),
        bindparam("key_id", type_=deliveries.c.key_id.type),
        literal(False),
        bindparam("now", type_=deliveries.c.created_at.type),
        case((_waits, people.c.paused_until), else_=bindparam("now", type_=deliveries.c.created_at.type)),
        literal(""),
    )
    .join(people, people.c.id == memberships.c.person_id)
    .where(memberships.c.community_id == bindparam("community"), memberships.c.pace.is_(None))
    .where(people.c.state == PersonState.ACTIVE.value)
    # Without a day nothing may come: what waited, and how it came, the first mail after the pause shows.
    .where(people.c.paused.is_(False) | people.c.paused_until.is_not(None))
    .order_by(memberships.c.person_id)
)
_tell = insert(deliveries).from_select(
    [
        *("kind", "notice_id", "community_id", "person_id", "state", "attempts", "bulk", "personal", "key_id"),
        *("passes_quiet", "created_at", "next_attempt_at", "answer"),
    ],
    _followers,
    include_defaults=False,
)


def tell_of_default(tx: Connection, what: Obeyed, message_id: str, key_id: int, now: datetime) -> int:
    """Tells all who follow the default pace of a community that it is another one; returns how many.

    `what` names the pace and the one community. Who has not had the mail of an earlier change gets only this one.
    The caller has changed the default in the same transaction.
    """
    [community_id] = what.community_ids
    _forget_unsent(tx, community_id, now)
    row: dict[str, object] = {
        "person_id": None,
        "kind": NoticeKind.OBEYED.value,
        "reason": Reason.COMMAND.value,
        "message_id": message_id,
        "community_id": community_id,
        "details": {**asdict(what), "until": None},
        "sent_to": "",
        "subject": "",
        "text": "",
        "files": [],
        "sent_at": now,
        "created_at": now,
    }
    notice_id = tx.scalars(insert(notices).returning(notices.c.id), row).one()
    values = {"notice": notice_id, "community": community_id, "key_id": key_id, "now": now}
    tx.execute(_tell, values)
    told = select(func.count()).select_from(deliveries).where(deliveries.c.notice_id == notice_id)
    return tx.scalar(told) or 0


def _forget_unsent(tx: Connection, community_id: int, now: datetime) -> None:
    shared = exists().where(notices.c.id == deliveries.c.notice_id, notices.c.person_id.is_(None))
    tx.execute(
        update(deliveries)
        .where(OPEN_DELIVERY, deliveries.c.community_id == community_id, deliveries.c.attempts == 0, shared)
        .values(state=DeliveryState.DROPPED.value, finished_at=now, answer="another change came")
    )
