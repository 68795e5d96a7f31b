"""Mending: what was done with the parts of an answer to a digest is changed, as its writer says by MOVE and CANCEL.

Called by obeying, inside T3; each change leaves a new receipt that says where all parts are now.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.command import Command, Verb
from gateway.core.decision import Verdict
from gateway.core.digest import PartState
from gateway.core.message import Body
from inbound import asking, policy
from inbound.actions import telling
from inbound.actions.publishing import Publication, content_of, new_message_id, part_key, publish
from inbound.case import Decided
from inbound.facts import Facts, Rules
from inbound.gathering import Gathered
from inbound.route import House, ToPost
from store import answer_parts, arrivals, posts
from store.answer_parts import Placed, StoredPart
from store.posts import NewContent

PART_HELD = "part_held"
"""The flag of an answer to a digest of which a part waits."""
_PLACELESS = (PartState.ASKED, PartState.RETURNED, PartState.HELD)
"""What stands nowhere yet, and may wait for the agreement of those who run the place it is to go to."""
_NO_WORDS = (PartState.THANKED, PartState.OBEYED)
"""What was done and is nobody's to read: it cannot be taken back by its number, nor stand elsewhere."""


def mend(
    tx: Connection,
    item: Decided,
    command: Command,
    gathered: Gathered,
    house: House,
    rules: Rules,
    now: datetime,
) -> None:
    """MOVE and CANCEL: the part goes where its writer says, and a new receipt says where all parts are now."""
    part = asking.part_meant(command, item.case.asked)
    assert part and item.case.facts.person
    if part.state in _NO_WORDS:
        # The receipt that follows says again what was done, and how to undo it.
        pass
    elif command.verb is Verb.CANCEL:
        if part.post_id is not None:
            posts.withdraw(tx, part.post_id, now)
        answer_parts.place(tx, part.id, Placed(PartState.WITHDRAWN, part.topic_id, None, part.content_id))
    else:
        _move(tx, item, part, gathered, house, rules, now)
    telling.receipt(tx, item, house, now, arrival_id=part.arrival_id)


def _move(
    tx: Connection, item: Decided, part: StoredPart, gathered: Gathered, house: House, rules: Rules, now: datetime
) -> None:
    facts = _facts_of(part, item.case.facts)
    decision = policy.decide(facts, rules)
    assert facts.place
    if part.state is PartState.POSTED and part.topic_id == facts.place.topic.id:
        return
    if decision.verdict is Verdict.HOLD and part.state in _PLACELESS and _hold(tx, part, now):
        there = Placed(PartState.HELD, facts.place.topic.id, None, part.content_id, decision.reason.value)
        answer_parts.place(tx, part.id, there)
        return
    if decision.verdict is not Verdict.PUBLISH:
        # Where it may not stand it does not go; the receipt says where it still is, and why. What came back keeps
        # the reason for which it did.
        why = decision.reason.value if part.state in (PartState.POSTED, PartState.ASKED) else part.reason
        answer_parts.place(tx, part.id, Placed(part.state, part.topic_id, part.post_id, part.content_id, why))
        return
    if part.post_id is not None:
        posts.withdraw(tx, part.post_id, now)
    words: NewContent | int = part.content_id if part.content_id is not None else content_of(facts, house)
    if part.state in (PartState.POSTED, PartState.WITHDRAWN) and part.content_id is not None:
        # Who has it already gets it again in its new place, so it must be another mail.
        words = posts.copy_content(tx, part.content_id, new_message_id(house), now)
    # It may have stood there before, and come back.
    wanted = Publication(part.id, words, facts, part_key(new_message_id(house), part.ordinal))
    [post] = publish(tx, [wanted], gathered.locked, house, now)
    answer_parts.place(tx, part.id, Placed(PartState.POSTED, facts.place.topic.id, post.post_id, post.content_id))


def _hold(tx: Connection, part: StoredPart, now: datetime) -> bool:
    """The mail that the part came in waits again, so that its words and files are read before they are posted."""
    return part.arrival_id is not None and arrivals.hold_again(tx, part.arrival_id, PART_HELD, now)


def _facts_of(part: StoredPart, facts: Facts) -> Facts:
    """The facts of the part as if it had just been mailed to the topic that the answer names."""
    assert facts.place and facts.person
    reading, words = facts.reading, Body(part.text or "…", None)
    return replace(
        facts,
        destination=ToPost(facts.place.post.id, facts.person.id),
        reading=replace(reading, body=words, parsed=replace(reading.parsed, attachments=())),
        command=None,
        duplicate=False,
    )
