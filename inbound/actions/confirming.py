"""Confirming: an author is told that their post is out, how many get it and when, and until when they can take it back.

Called by the pipeline inside T3, after the posts are made. As the setting says: for the first post of a person, for
every one or for none; always where they were told before that it waits, or where they marked it as urgent.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.core.decision import Reason
from gateway.core.notice import NoticeKind, Receipts
from gateway.core.question import Asks, Question
from gateway.core.quiet import Waiting
from gateway.core.ruling import Ruling
from gateway.core.urgency import WEEK, Urgency
from inbound.actions.answering import believable, may_be_told
from inbound.actions.publishing import Published, title
from inbound.case import Decided
from inbound.facts import Rules
from inbound.route import House
from store import notices, posts, quiet, reach, urgency
from store.notices import NewNotice


def first_timers(tx: Connection, decided: Sequence[Decided], rules: Rules) -> frozenset[int]:
    """Of the authors of these posts to be, those who never posted anything; asked before the posts are made."""
    if rules.receipts is not Receipts.FIRST:
        return frozenset()
    authors = {item.case.facts.person.id for item in decided if item.case.facts.person and may_be_told(item)}
    return frozenset(authors - posts.authors_of_any(tx, authors)) if authors else frozenset()


def confirm(
    tx: Connection,
    made: Sequence[tuple[Decided, Published]],
    first: frozenset[int],
    ours: tuple[House, Rules],
    now: datetime,
) -> None:
    """Adds the receipts of these posts; a mail to several communities has one, of the community named first."""
    house, rules = ours
    told: set[int] = set()
    fresh = []
    for item, post in made:
        facts, mail_id = item.case.facts, item.case.read.mail.id
        assert facts.person and facts.community
        wanted = rules.receipts is Receipts.ALWAYS or facts.person.id in first or item.urgency is not Urgency.NONE
        # Of a flood that is over nobody is told mail by mail: the clock let it go, and said so beforehand.
        waited = bool(facts.rulings - {Ruling.CALMED})
        if not (wanted or waited) or mail_id in told or not (may_be_told(item) and _is_theirs(item, rules)):
            continue
        told.add(mail_id)
        fresh.append(_receipt(item, _question(tx, item, post, rules, now), house))
    notices.add(tx, fresh, house.keys.current, now)


def _question(tx: Connection, item: Decided, post: Published, rules: Rules, now: datetime) -> Question:
    """Do you want it back? With whom it reaches, and when."""
    facts, is_urgent = item.case.facts, item.urgency is Urgency.GRANTED
    assert facts.person and facts.community
    author_id, community_id = facts.person.id, facts.community.id
    reached = reach.reached_by(tx, community_id, author_id)
    waiting = Waiting(0, None)
    if rules.peace is not None:
        waiting = quiet.waiting(tx, community_id, author_id, rules.peace, now + rules.hold, is_urgent=is_urgent)
    is_marked = item.urgency is not Urgency.NONE
    return Question(
        Asks.WITHDRAW,
        community_id,
        arrival_id=item.case.arrival.id,
        post_id=post.post_id,
        taken_off=facts.taken_off,
        at_once=reached.at_once,
        in_digests=reached.in_digests,
        before=now + rules.hold if rules.hold > timedelta(0) else None,
        later=waiting.readers,
        later_from=waiting.first_at,
        urgency=item.urgency,
        urgent_count=urgency.count(tx, author_id, now - WEEK) if is_marked else 0,
        urgent_limit=rules.urgent_per_week if is_marked else 0,
    )


def _is_theirs(item: Decided, rules: Rules) -> bool:
    """Whoever runs the place vouched for the mail, which does not prove the mailbox (I8)."""
    facts = item.case.facts
    return facts.proof.proven or Ruling.OWNED in facts.rulings or rules.require != "proof"


def _receipt(item: Decided, question: Question, house: House) -> NewNotice:
    facts = item.case.facts
    parsed = facts.reading.parsed
    assert facts.person and facts.community
    return NewNotice(
        person_id=facts.person.id,
        kind=NoticeKind.QUESTION,
        reason=Reason.MEMBER_POST,
        message_id=f"<{uuid.uuid4().hex}@{house.domain}>",
        in_reply_to=parsed.message_id,
        community_id=facts.community.id,
        arrival_id=item.case.arrival.id,
        sent_to="",
        topic_title=facts.place.topic.title if facts.place else "",
        subject=parsed.subject or title("", facts.reading.body.text),
        text="",
        files=(),
        sent_at=believable(parsed.date, item.case.read.mail.envelope.received_at),
        question=question,
    )
