"""Letters: what somebody writes to one person through us. No address is shown to either, and no post comes of it.

Called by the pipeline inside T3. A letter is answered like any mail, by its Reply-To, and that is a letter too. Up to a
bound an hour for one reader; what is beyond it stays held, so nothing is lost.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.decision import Reason
from gateway.core.notice import Author, NamedFile, NoticeKind
from gateway.core.question import Asks, Question
from inbound.actions.forwarding import FLOOD
from inbound.actions.publishing import scrub, title
from inbound.case import Decided
from inbound.route import House, ToPerson
from store import notices
from store.notices import NewNotice

MOST_AN_HOUR = 30
"""Letters to one reader."""


def pass_on(tx: Connection, decided: Sequence[Decided], house: House, now: datetime) -> dict[int, str]:
    """Adds a notice for the reader of each of these letters.

    Returns the arrivals that are kept instead, by id, with the flag that says why.
    """
    readers = {item.case.facts.addressee.id for item in decided if item.case.facts.addressee}
    if not readers:
        return {}
    sent = notices.counts(tx, readers, NoticeKind.LETTER, (Reason.LETTER,), now)
    had = notices.told(tx, readers, {_once(item) for item in decided})
    fresh: list[NewNotice] = []
    kept = {}
    for item in decided:
        letter = _letter(item, house)
        if (letter.person_id, letter.once or "") in had:
            continue
        if sent.get(letter.person_id, 0) >= MOST_AN_HOUR:
            kept[item.case.arrival.id] = FLOOD
            continue
        had.add((letter.person_id, letter.once or ""))
        sent[letter.person_id] = sent.get(letter.person_id, 0) + 1
        fresh.append(letter)
    notices.add(tx, fresh, house.keys.current, now)
    return kept


def _once(item: Decided) -> str:
    """What two copies of a letter share (I5)."""
    return f"letter:{item.case.read.dedup_key}"


def _letter(item: Decided, house: House) -> NewNotice:
    facts = item.case.facts
    parsed, body = facts.reading.parsed, facts.reading.body
    assert facts.person and facts.addressee and isinstance(facts.destination, ToPerson)
    words = "\n\n".join(part for part in (body.text, body.forwarded) if part.strip())
    place_id = facts.community.id if facts.community else None
    local, _, domain = item.case.arrival.forward_path.rpartition("@")
    return NewNotice(
        person_id=facts.addressee.id,
        kind=NoticeKind.LETTER,
        reason=Reason.LETTER,
        message_id=f"<{uuid.uuid4().hex}@{house.domain}>",
        in_reply_to="",
        community_id=place_id,
        arrival_id=item.case.arrival.id,
        sent_to=f"{local.partition(house.separator)[0]}@{domain}",
        topic_title=facts.place.topic.title if facts.place else "",
        subject=parsed.subject or title("", words),
        text=scrub(words),
        files=tuple(NamedFile(file.name, file.size, file.content_type, file.sha256) for file in parsed.attachments),
        sent_at=item.case.read.mail.envelope.received_at,
        # The name, and no address: whoever answers does it through us.
        author=Author(facts.person.shown_name, "", proven=True, known=True),
        question=Question(Asks.LETTER, place_id, facts.person.id, post_id=facts.destination.post_id),
        once=_once(item),
    )
