"""Claiming: an answer that came from a second address of its reader makes that address theirs, once they say so.

Called by the pipeline inside T3, to ask and for the answers. It is claimed by answering at both: the proven mail with
the token of a person is the answer from the one, their YES to our question that from the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.core import address
from gateway.core.command import Verb
from gateway.core.community import PersonState
from gateway.core.decision import Reason, Verdict
from gateway.core.message import Kind
from gateway.core.notice import NoticeKind, Obeyed, Result
from gateway.core.question import Asks, Question
from inbound.actions import telling
from inbound.case import Decided
from inbound.route import House, ToDigest, ToPost
from store import arrivals, mailboxes, notices, people

MOST_AN_HOUR = 3
"""Questions to one person: who passes our mails on to a great many people is not asked about each of them."""


def ask(tx: Connection, decided: Sequence[Decided], house: House, now: datetime) -> None:
    """Asks the person whose token a proven stranger answered with whether that address is theirs too, once."""
    for item in decided:
        owner_id = _token_of(item)
        author = item.case.facts.reading.parsed.author
        if owner_id is None or author is None or house.is_named_by(author.key):
            continue
        owner = people.get_all(tx, [owner_id]).get(owner_id)
        if owner is None or owner.state is not PersonState.ACTIVE:
            continue
        if notices.counts(tx, [owner_id], NoticeKind.QUESTION, (Reason.COMMAND,), now).get(owner_id, 0) >= MOST_AN_HOUR:
            continue
        question = Question(Asks.ADDRESS, arrival_id=item.case.arrival.id, address=str(author))
        telling.question(tx, item, owner, question, house, now, once=f"address:{author.key}"[:100])


def _token_of(item: Decided) -> int | None:
    """Whose token it is that somebody answered with whom nobody knows; None where it is no such mail."""
    facts, to = item.case.facts, item.case.facts.destination
    is_strange = item.decision.verdict is Verdict.HOLD and item.decision.reason is Reason.SENDER_UNKNOWN
    is_written = facts.reading.classification.kind is Kind.ORDINARY and item.case.read.mail.envelope.reverse_path != ""
    if not is_strange or not is_written or not facts.proof.proven or facts.person is not None:
        return None
    return to.token_person_id or None if isinstance(to, ToPost | ToDigest) else None


def settle(tx: Connection, item: Decided, question: Question, house: House, now: datetime) -> None:
    """YES: the address is theirs, and what they wrote from it goes its way; NO: it waits as it did."""
    facts = item.case.facts
    assert facts.command and facts.person
    claimed = address.parse(question.address)
    told = Obeyed(Verb.YES, address=question.address, result=Result.DONE)
    if facts.command.verb is Verb.NO:
        told = replace(told, verb=Verb.NO, result=Result.DECLINED)
    elif people.find(tx, claimed) is not None or not mailboxes.add(tx, facts.person.id, claimed, now):
        told = replace(told, result=Result.OVER)
    elif question.arrival_id is not None:
        arrivals.retry(tx, question.arrival_id)
    telling.obeyed(tx, item, told, house, now)
