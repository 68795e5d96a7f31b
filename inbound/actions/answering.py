"""Answering: the notice that tells a proven author why a mail was not posted, or that it waits.

Never to automatic mail, a null reverse-path or an unproven author (I8), and once an hour for one cause (RFC 3834 §2).
A rejected mail whose author is not told stays held: what a person wrote is never lost in silence (I13).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.core.community import JoinPolicy, PersonState
from gateway.core.decision import FLOODS, Reason, Verdict
from gateway.core.message import Attachment, Kind
from gateway.core.notice import NamedFile, NoticeKind
from gateway.core.question import Asks, Question
from inbound.actions.publishing import scrub, title
from inbound.case import Decided
from inbound.route import House
from store import answer_parts, notices, rulings
from store.notices import Cause, NewNotice

HUSHED = "hushed"
"""The flag of a rejected arrival whose author was told the same within the hour."""
NOT_TOLD = "not_told"
"""The flag of a rejected arrival whose author must not be answered."""
_WAITING = FLOODS | frozenset(
    (Reason.MODERATED, Reason.FIRST_POST, Reason.LARGE_AUDIENCE, Reason.FILE_TYPE, Reason.TOKEN_OF_ANOTHER)
)
_SAID = frozenset((Reason.REFUSED, Reason.EXPIRED))
"""What became of one mail for somebody's word, or for want of it, is told each time."""
_CLOCKS_DIFFER = timedelta(days=730)
"""A mail dated further than this from when it came has no date that anybody could use."""
# Who runs a list or a mail system reads no answers meant for a person (RFC 3834 §2).
_NOBODY = re.compile(
    r"owner-.*|.*-(?:request|owner|bounces)|mailer-daemon|postmaster|listserv|majordomo", re.IGNORECASE
)
_BULK = frozenset(("bulk", "junk", "list"))


def answer(tx: Connection, decided: Sequence[Decided], house: House, now: datetime) -> dict[int, str]:
    """Adds a notice for every rejected or waiting arrival whose author may be told.

    Returns the rejected arrivals of which nobody is told, by id, each with the flag that says why: they are kept.
    """
    asked = [(item, kind) for item in decided if (kind := _kind(item))]
    due = [(item, kind) for item, kind in asked if may_be_told(item)]
    kept = {
        item.case.arrival.id: NOT_TOLD
        for item, kind in asked
        if kind is NoticeKind.RETURNED and item.decision.reason is not Reason.REFUSED
    }
    if not due:
        return kept
    told = notices.recent(tx, {item.case.facts.person.id for item, _ in due if item.case.facts.person}, now)
    # A mail to two addresses is one mail to its author: one notice tells of both.
    here: set[tuple[Cause, int]] = set()
    fresh = []
    for item, kind in due:
        arrival, mail, cause = item.case.arrival, item.case.read.mail, _cause(item, kind)
        if item.decision.reason in _SAID and item.case.parts:
            answer_parts.give_back(tx, arrival.id, item.decision.reason.value)
        if cause not in told or item.decision.reason in _SAID:
            told.add(cause)
            here.add((cause, mail.id))
            # What was not told within the hour is told of now, by its number.
            fresh.append(replace(_notice(item, kind, house), waiting=notices.suppressed(tx, cause)))
        if (cause, mail.id) in here:
            kept.pop(arrival.id, None)
        elif arrival.id in kept:
            kept[arrival.id] = HUSHED
    said = [new.arrival_id for new in fresh if new.arrival_id and new.reason is Reason.REFUSED]
    words = rulings.words_of(tx, said) if said else {}
    notices.add(tx, [replace(new, words=words.get(new.arrival_id or 0, "")) for new in fresh], house.keys.current, now)
    return kept


def _cause(item: Decided, kind: NoticeKind) -> Cause:
    facts = item.case.facts
    assert facts.person
    return facts.person.id, kind, item.decision.reason, facts.community.id if facts.community else None


def _kind(item: Decided) -> NoticeKind | None:
    if item.decision.verdict is Verdict.REJECT:
        return NoticeKind.RETURNED
    if item.decision.verdict is not Verdict.HOLD:
        return None
    if item.decision.reason is Reason.CHARTER:
        return NoticeKind.QUESTION
    if item.decision.reason in _WAITING:
        return NoticeKind.WAITING
    return None


def may_be_told(item: Decided) -> bool:
    """Whether the author of this mail may be answered by a machine at all (I8)."""
    facts = item.case.facts
    parsed = facts.reading.parsed
    return (
        facts.person is not None
        and facts.person.state in (PersonState.ACTIVE, PersonState.PENDING)
        and facts.reading.classification.kind is Kind.ORDINARY
        and facts.addressed
        and item.case.read.mail.envelope.reverse_path != ""
        and not _NOBODY.fullmatch(item.case.read.mail.envelope.reverse_path.rpartition("@")[0])
        and parsed.header("precedence").strip().lower() not in _BULK
        and not parsed.header("list-id")
    )


def _notice(item: Decided, kind: NoticeKind, house: House) -> NewNotice:
    facts = item.case.facts
    parsed, body = facts.reading.parsed, facts.reading.body
    assert facts.person
    local, _, domain = item.case.arrival.forward_path.rpartition("@")
    own_words = _waiting_words(item) or "\n\n".join(part for part in (body.text, body.forwarded) if part.strip())
    return NewNotice(
        person_id=facts.person.id,
        kind=kind,
        reason=item.decision.reason,
        message_id=f"<{uuid.uuid4().hex}@{house.domain}>",
        in_reply_to=parsed.message_id,
        community_id=facts.community.id if facts.community else None,
        arrival_id=item.case.arrival.id,
        sent_to=f"{local.partition(house.separator)[0]}@{domain}",
        topic_title=facts.place.topic.title if facts.place else "",
        subject=parsed.subject or title("", own_words),
        text=scrub(own_words),
        files=tuple(_file(file, kind) for file in parsed.attachments if not file.inline),
        sent_at=believable(parsed.date, item.case.read.mail.envelope.received_at),
        question=_question(item, kind),
    )


def _waiting_words(item: Decided) -> str:
    """Of an answer to a digest that comes back late, what waited in it: the rest went its ways before."""
    if item.decision.reason not in _SAID:
        return ""
    waited = (case for number, case in enumerate(item.case.parts, 1) if number not in item.case.done)
    return "\n\n".join(case.part.text for case in waited)


def _file(file: Attachment, kind: NoticeKind) -> NamedFile:
    """What comes back comes back with its files; what waits keeps them."""
    blob = file.sha256 if kind is NoticeKind.RETURNED else ""
    return NamedFile(file.name, file.size, file.content_type, blob)


def _question(item: Decided, kind: NoticeKind) -> Question | None:
    """Who has yet to accept the charter is asked to, who may come in whether they want to, and whose files are too
    large whether their words alone go out. Once they have said so the mail is decided anew.
    """
    if kind is NoticeKind.QUESTION:
        return Question(Asks.CHARTER, arrival_id=item.case.arrival.id)
    community = item.case.facts.community
    if item.decision.reason is Reason.ATTACHMENT_TOO_LARGE and community and item.case.facts.reading.body.text.strip():
        return Question(Asks.LIGHTER, community_id=community.id, arrival_id=item.case.arrival.id)
    if item.decision.reason is not Reason.NOT_A_MEMBER or community is None or community.join is JoinPolicy.INVITE:
        return None
    return Question(Asks.OFFER, community_id=community.id, arrival_id=item.case.arrival.id)


def believable(date: datetime | None, received_at: datetime) -> datetime:
    """When a mail was written by its own word, or when it came, where it says nothing or what cannot be."""
    return date if date and abs(date - received_at) <= _CLOCKS_DIFFER else received_at
