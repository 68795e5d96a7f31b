"""Meeting: whoever cannot be reached by mail and writes to us is told so, once, with the word that ends it.

Called by the pipeline for every batch; only a proven author who may be answered at all is told (I8).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.decision import Reason
from gateway.core.notice import NoticeKind
from gateway.core.question import Asks, Question
from inbound.actions.answering import may_be_told
from inbound.case import Decided
from inbound.facts import Rules
from inbound.route import House
from store import notices, unreachable
from store.notices import NewNotice


def tell(tx: Connection, decided: Sequence[Decided], house: House, rules: Rules, now: datetime) -> None:
    """Tells each of these authors whose own address fails that nothing is sent to it any more."""
    wrote = {
        person.id: item.case.read.reading.parsed.message_id
        for item in decided
        if (person := item.case.facts.person)
        and (item.case.facts.proof.proven or rules.require == "none")
        and may_be_told(item)
    }
    met = unreachable.meet(tx, wrote, now)
    notices.add(tx, [_notice(person_id, wrote[person_id], house, now) for person_id in met], house.keys.current, now)


def _notice(person_id: int, in_reply_to: str, house: House, now: datetime) -> NewNotice:
    return NewNotice(
        person_id=person_id,
        kind=NoticeKind.QUESTION,
        reason=Reason.BOUNCE,
        message_id=f"<{uuid.uuid4().hex}@{house.domain}>",
        in_reply_to=in_reply_to,
        community_id=None,
        arrival_id=None,
        sent_to="",
        topic_title="",
        subject="",
        text="",
        files=(),
        sent_at=now,
        question=Question(Asks.REACHED),
    )
