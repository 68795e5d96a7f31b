"""Announcements: one notice for very many readers, stored once and rendered once for each language.

Its deliveries name the readers. An answer to it is known by the notice and by who wrote it, as to any other.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, exists, func, insert, literal, select, update

from gateway.core.command import Verb
from gateway.core.community import Community, Pace, PersonState
from gateway.core.decision import Reason
from gateway.core.delivery import DeliveryKind, DeliveryState
from gateway.core.notice import NoticeKind, Obeyed, Result
from store import paces
from store.schema import OPEN_DELIVERY, deliveries, memberships, notices, people

_VERBS = {Pace.EACH: Verb.ALL, Pace.DAILY: Verb.DAILY, Pace.WEEKLY: Verb.WEEKLY}
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


@dataclass(frozen=True, slots=True)
class Origin:
    """What an announcement is born with."""

    domain: str
    key_id: int
    """Of the signing key of its answer tokens."""


def change_default(tx: Connection, community: Community, pace: Pace, origin: Origin, now: datetime) -> int:
    """Gives a community another default pace; returns how many people are told, 0 where it was that already.

    All who never chose are moved, lose nothing by it, and are told in the same transaction; who chose is neither moved
    nor told. Raises ValueError for a default by which who never chose would miss something.
    """
    if pace not in _VERBS:
        raise ValueError(f"{pace.value}: who never chose would miss something")
    before = paces.change_default(tx, community.id, pace, now)
    if before is pace:
        return 0
    result = Result.SLOWED if before is Pace.EACH else Result.DEFAULT
    what = Obeyed(_VERBS[pace], (community.name,), community_ids=(community.id,), result=result)
    return _tell_of_default(tx, what, origin, now)


def _tell_of_default(tx: Connection, what: Obeyed, origin: Origin, now: datetime) -> int:
    """Tells all who follow the default of the one community that `what` names; returns how many.

    Who has not had the mail of an earlier change gets only this one.
    """
    [community_id] = what.community_ids
    _forget_unsent(tx, community_id, now)
    row: dict[str, object] = {
        "person_id": None,
        "kind": NoticeKind.OBEYED.value,
        "reason": Reason.COMMAND.value,
        "message_id": f"<{uuid.uuid4().hex}@{origin.domain}>",
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
    values = {"notice": notice_id, "community": community_id, "key_id": origin.key_id, "now": now}
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
