"""Telling: the notices that answer a person's digest answer or word of command, one to a mail.

Only for a proven author whose mail may be answered at all (I8); nobody else's mail comes so far but one that says it is
no person's to answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.community import Person
from gateway.core.decision import Reason
from gateway.core.notice import NamedFile, NoticeKind, Obeyed
from gateway.core.question import Question
from inbound.actions.answering import NOT_TOLD, believable, may_be_told
from inbound.actions.publishing import scrub
from inbound.case import Decided
from inbound.route import House
from store import notices
from store.notices import NewNotice, Told


def receipt(tx: Connection, item: Decided, house: House, now: datetime, *, arrival_id: int | None = None) -> None:
    """Where each part of an answer to a digest is: of this mail, or of the earlier one whose arrival is named."""
    told = _notice(item, NoticeKind.RECEIPT, Reason.DIGEST_ANSWER, house, arrival_id or item.case.arrival.id)
    _add(tx, item, told, house, now)


def ask_again(tx: Connection, decided: Sequence[Decided], house: House, now: datetime) -> dict[int, str]:
    """The receipt once more for each of these answers to one, with their words, of which none was understood.

    Returns the arrivals whose author must not be answered, each with the flag that says so: they are kept.
    """
    kept = {}
    for item in decided:
        parsed, body = item.case.facts.reading.parsed, item.case.facts.reading.body
        words = "\n\n".join(part for part in (body.text, body.forwarded) if part.strip())
        arrival_id = next((part.arrival_id for part in item.case.asked if part.arrival_id), item.case.arrival.id)
        told = replace(
            _notice(item, NoticeKind.RECEIPT, item.decision.reason, house, arrival_id),
            text=scrub(words),
            files=tuple(NamedFile(file.name, file.size) for file in parsed.attachments if not file.inline),
        )
        _add(tx, item, told, house, now)
        if not may_be_told(item):
            kept[item.case.arrival.id] = NOT_TOLD
    return kept


def obeyed(
    tx: Connection,
    item: Decided,
    what: Obeyed,
    house: House,
    now: datetime,
    *,
    community_id: int | None = None,
    reader: Person | None = None,
) -> None:
    """What has been done, to the author or to the `reader`; `community_id` is the place that answers about it."""
    told = _notice(item, NoticeKind.OBEYED, Reason.COMMAND, house, item.case.arrival.id, obeyed=what)
    reason = Reason.NOT_UNDERSTOOD if what.words else Reason.COMMAND
    told = replace(told, community_id=community_id, reason=reason)
    if reader is None or reader.id == _author_id(item):
        _add(tx, item, told, house, now)
    else:
        notices.add(tx, [_to_another(told, reader)], house.keys.current, now)


def reading(tx: Connection, item: Decided, topic_id: int, house: House, now: datetime) -> None:
    """The posts of a topic."""
    told = _notice(item, NoticeKind.READING, Reason.COMMAND, house, item.case.arrival.id, topic_id=topic_id)
    _add(tx, item, told, house, now)


def latest(
    tx: Connection, item: Decided, community_id: int, post_ids: Sequence[int], house: House, now: datetime
) -> None:
    """Posts of a community, each with its own answer."""
    told = _notice(item, NoticeKind.READING, Reason.COMMAND, house, item.case.arrival.id)
    _add(tx, item, replace(told, community_id=community_id, post_ids=tuple(post_ids)), house, now)


def question(
    tx: Connection,
    item: Decided,
    reader: Person,
    what: Question,
    house: House,
    now: datetime,
    *,
    once: str | None = None,
) -> None:
    """Asks somebody, because of this mail: its author, or whom it is about. What is told `once` is not asked again."""
    told = _notice(item, NoticeKind.QUESTION, Reason.COMMAND, house, item.case.arrival.id, question=what, reader=reader)
    if reader.id != _author_id(item):
        told = _to_another(told, reader)
    elif not may_be_told(item):
        return
    if once is None or not notices.told(tx, [reader.id], [once]):
        notices.add(tx, [replace(told, community_id=what.community_id, once=once)], house.keys.current, now)


def _to_another(told: NewNotice, reader: Person) -> NewNotice:
    """To somebody who has not seen the mail that it is because of: nothing of that mail goes to them."""
    return replace(told, person_id=reader.id, in_reply_to="", subject="", sent_to="", arrival_id=None)


def of_another(question: Told, what: Obeyed, house: House, now: datetime) -> NewNotice:
    """What somebody else did about a mail that this person was asked about, to stand under that question."""
    return NewNotice(
        person_id=question.person_id,
        kind=NoticeKind.OBEYED,
        reason=Reason.COMMAND,
        message_id=f"<{uuid.uuid4().hex}@{house.domain}>",
        in_reply_to=question.message_id,
        community_id=what.community_ids[0],
        arrival_id=what.number,
        sent_to="",
        topic_title="",
        subject=question.subject,
        text="",
        files=(),
        sent_at=now,
        obeyed=what,
    )


def _author_id(item: Decided) -> int | None:
    return item.case.facts.person.id if item.case.facts.person else None


def _add(tx: Connection, item: Decided, told: NewNotice, house: House, now: datetime) -> None:
    if may_be_told(item):
        notices.add(tx, [told], house.keys.current, now)


def _notice(
    item: Decided,
    kind: NoticeKind,
    reason: Reason,
    house: House,
    arrival_id: int,
    *,
    obeyed: Obeyed | None = None,
    topic_id: int | None = None,
    question: Question | None = None,
    reader: Person | None = None,
) -> NewNotice:
    facts = item.case.facts
    parsed = facts.reading.parsed
    to = reader or facts.person
    assert to
    local, _, domain = item.case.arrival.forward_path.rpartition("@")
    return NewNotice(
        person_id=to.id,
        kind=kind,
        reason=reason,
        message_id=f"<{uuid.uuid4().hex}@{house.domain}>",
        in_reply_to=parsed.message_id,
        community_id=None,
        arrival_id=arrival_id,
        sent_to=f"{local.partition(house.separator)[0]}@{domain}",
        topic_title="",
        subject=parsed.subject,
        text="",
        files=(),
        sent_at=believable(parsed.date, item.case.read.mail.envelope.received_at),
        obeyed=obeyed,
        topic_id=topic_id,
        question=question,
    )
