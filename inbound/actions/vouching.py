"""Vouching: what authors say of mails of their own: that one is theirs, or that it goes out without its large files.

Called by the pipeline inside T3, to ask and for the answers. Whoever the From of an unproven mail names is asked at
their own mailbox, with none of its words and seldom: somebody else may have written it to have them mailed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.audit import Act, Entry
from gateway.core.command import Verb
from gateway.core.decision import Reason, Verdict
from gateway.core.notice import NoticeKind, Obeyed, Result
from gateway.core.question import Asks, Question
from gateway.core.ruling import Ruling
from inbound.actions import telling
from inbound.actions.answering import may_be_told
from inbound.authenticity import NOT_ANSWERED
from inbound.case import Decided
from inbound.route import House, ToCommunity, ToParent, ToPost
from store import arrivals, audit, notices, rulings
from store.notices import NewNotice

MOST_AN_HOUR = 20
"""Questions to the people of one mail domain."""
_ASKED_OF = (Reason.SENDER_NOT_PROVEN, Reason.SENDER_NOT_CHECKED)


def ask(tx: Connection, decided: Sequence[Decided], house: House, now: datetime) -> None:
    """Asks whoever an unproven mail to a community of theirs names as its author, once a day."""
    fresh: list[NewNotice] = []
    for item in decided:
        if (
            item.decision.verdict is not Verdict.HOLD
            or item.decision.reason not in _ASKED_OF
            or not _is_post(item, now)
        ):
            continue
        person = item.case.facts.person
        assert person
        question = _question(item, house, now)
        domain = person.address.rpartition("@")[2]
        asked = notices.count_to_domain(tx, domain, NoticeKind.QUESTION, _ASKED_OF, now)
        asked += sum(new.person_id != person.id for new in fresh)
        pair = (person.id, question.once)
        had = notices.told(tx, [person.id], [question.once or ""]) | {(new.person_id, new.once) for new in fresh}
        if asked < MOST_AN_HOUR and pair not in had:
            fresh.append(question)
    notices.add(tx, fresh, house.keys.current, now)


def _is_post(item: Decided, now: datetime) -> bool:
    facts = item.case.facts
    waited = now - item.case.read.mail.envelope.received_at
    if facts.proof.how == NOT_ANSWERED and waited < arrivals.RECHECK_FOR - arrivals.RECHECK_EVERY:
        # It is looked for again by itself; only where that is over people are asked.
        return False
    to_a_place = isinstance(facts.destination, ToCommunity | ToPost | ToParent)
    return to_a_place and facts.membership is not None and may_be_told(item)


def _question(item: Decided, house: House, now: datetime) -> NewNotice:
    facts = item.case.facts
    assert facts.person and facts.community
    return NewNotice(
        person_id=facts.person.id,
        kind=NoticeKind.QUESTION,
        reason=item.decision.reason,
        message_id=f"<{uuid.uuid4().hex}@{house.domain}>",
        in_reply_to="",
        community_id=facts.community.id,
        arrival_id=item.case.arrival.id,
        sent_to="",
        topic_title="",
        subject="",
        text="",
        files=(),
        sent_at=item.case.read.mail.envelope.received_at,
        once=f"mine:{now:%Y%m%d}",
        question=Question(Asks.MINE, facts.community.id, arrival_id=item.case.arrival.id),
    )


def own(tx: Connection, item: Decided, question: Question, house: House, now: datetime) -> None:
    """YES: it goes its way as its author's; NO: it goes nowhere. The first answer counts."""
    facts = item.case.facts
    assert facts.command and facts.person and question.arrival_id is not None
    found = rulings.waiting(tx, question.arrival_id)
    told = Obeyed(facts.command.verb, number=question.arrival_id, result=Result.OVER)
    if found and found.is_held and found.person_id == facts.person.id:
        if facts.command.verb is Verb.YES:
            if rulings.rule(tx, found, Ruling.OWNED, now, by=facts.person.id):
                # What becomes of it now is told by what tells of every mail.
                return
        elif arrivals.drop(tx, found.arrival_id, now):
            act = Entry(Act.MAIL_DROPPED, facts.person.id, found.community_id, arrival_id=found.arrival_id)
            audit.record(tx, act, now)
            told = Obeyed(Verb.NO, number=question.arrival_id)
    telling.obeyed(tx, item, told, house, now, community_id=question.community_id)


def lighten(tx: Connection, item: Decided, question: Question, house: House, now: datetime) -> None:
    """TEXT: the mail that came back for the weight of its files goes out without those."""
    facts = item.case.facts
    assert facts.person and question.arrival_id is not None
    found = rulings.waiting(tx, question.arrival_id)
    is_theirs = found is not None and found.person_id == facts.person.id and Ruling.LIGHTENED not in found.rulings
    states = ("closed", "held")
    if found and is_theirs and rulings.rule(tx, found, Ruling.LIGHTENED, now, by=facts.person.id, states=states):
        return
    told = Obeyed(Verb.TEXT, number=question.arrival_id, result=Result.OVER)
    telling.obeyed(tx, item, told, house, now, community_id=question.community_id)
