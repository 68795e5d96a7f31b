"""Obeying: words of command carried out, inside the transaction of the verdict. Each leaves one receipt that says so.

Pace words act on what the mail at hand is about: in answer to a digest on all that is followed at its cadence, at a
command address on everything, in answer to a post on its community.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import assert_never

from sqlalchemy import Connection

from gateway.core.command import Command, Verb
from gateway.core.community import Choice, Pace, Person
from gateway.core.decision import Verdict
from gateway.core.digest import PartState
from gateway.core.message import Body
from gateway.core.notice import Obeyed
from gateway.core.question import Asks, Question
from inbound import asking, policy
from inbound.actions import accepting, closing, joining, moderating, telling
from inbound.actions.leaving import PACE_OF
from inbound.actions.publishing import Publication, content_of, new_message_id, part_key, publish
from inbound.case import Decided
from inbound.gathering import Gathered
from inbound.policy import Facts, Rules
from inbound.route import House, ToDigest, ToPost
from store import answer_parts, choices, communities, memberships, paces, posts
from store.answer_parts import Placed, StoredPart
from store.posts import NewContent

_PACES = {
    Verb.ALL: Pace.EACH,
    Verb.IMPORTANT: Pace.IMPORTANT,
    Verb.DAILY: Pace.DAILY,
    Verb.WEEKLY: Pace.WEEKLY,
}
_CHOICES = {Verb.MUTE: Choice.MUTED, Verb.FOLLOW: Choice.FOLLOWED}
_NO_WORDS = (PartState.THANKED, PartState.OBEYED)
"""What was done and is nobody's to read: it cannot be taken back by its number, nor stand elsewhere."""


def obey(
    tx: Connection, decided: Sequence[Decided], gathered: Gathered, house: House, rules: Rules, now: datetime
) -> None:
    """Carries out the command of each of these mails and tells its writer."""
    for item in decided:
        command, facts = item.case.facts.command, item.case.facts
        assert command and facts.person
        if facts.question:
            _settle(tx, item, facts.question, house, now)
        elif command.verb in (Verb.APPROVE, Verb.REJECT):
            moderating.settle(tx, item, house, now)
        elif command.verb is Verb.JOIN:
            joining.ask(tx, item, house, now)
        elif item.case.asked:
            _mend_receipt(tx, item, command, gathered, house, rules, now)
        elif command.verb is Verb.GET and command.topic is not None:
            _read(tx, item, command.topic, house, now)
        else:
            about = item.case.obeyed.community_ids if item.case.obeyed else ()
            telling.obeyed(tx, item, _carry_out(tx, command, facts, now, about), house, now)


def _settle(tx: Connection, item: Decided, question: Question, house: House, now: datetime) -> None:
    """What an answer to a question does: each kind of question has a module of its own."""
    match question.asks:
        case Asks.JOIN:
            joining.settle(tx, item, question, house, now)
        case Asks.CHARTER:
            accepting.settle(tx, item, house, now)
        case Asks.MODERATE:
            moderating.settle(tx, item, house, now)
        case unreachable:
            assert_never(unreachable)


def obey_in_topic(tx: Connection, command: Command, facts: Facts, now: datetime) -> None:
    """Carries out a word that stands under one topic of a digest; the receipt of the whole mail tells of it."""
    assert facts.place
    _carry_out(tx, command, facts, now)


def _carry_out(tx: Connection, command: Command, facts: Facts, now: datetime, about: tuple[int, ...] = ()) -> Obeyed:
    """Does it; a pace word is for the communities that the answered notice was `about`, where it was about any."""
    verb, person = command.verb, facts.person
    assert person
    if verb in _CHOICES:
        return _choose(tx, command, facts, person)
    if verb in (Verb.CLOSE, Verb.REOPEN):
        return closing.close(tx, command, person, now)
    if verb is Verb.PAUSE:
        until = _morning(command.until, person) if command.until else None
        paces.pause(tx, person.id, until, now)
        return Obeyed(verb, until=command.until)
    if verb is Verb.RESUME:
        paces.resume(tx, person.id)
        return Obeyed(verb)
    pace = Pace.OFF if verb in (Verb.STOP, Verb.LEAVE) else _PACES[verb]
    changed = _set_pace(tx, command, pace, facts, now, about)
    names = communities.get_all(tx, changed)
    told = Verb.STOP if pace is Pace.OFF else verb
    return Obeyed(told, tuple(names[i].name for i in changed), community_ids=tuple(changed))


def _set_pace(
    tx: Connection, command: Command, pace: Pace, facts: Facts, now: datetime, about: tuple[int, ...]
) -> list[int]:
    """The communities whose pace is now this one."""
    person = facts.person
    assert person
    if command.name:
        about = tuple(i for i in communities.named(tx, command.name))
    elif isinstance(facts.destination, ToPost) and facts.community:
        about = (facts.community.id,)
    if about or command.name:
        # All locks in one order, as everybody takes them.
        return [i for i in sorted(about) if paces.choose(tx, i, person.id, pace, now)]
    if isinstance(facts.destination, ToDigest) and facts.digest:
        told = {item.community_id for item in facts.digest.items}
        return paces.choose_everywhere(tx, person.id, pace, now, only=PACE_OF[facts.digest.cadence], also=told)
    return paces.choose_everywhere(tx, person.id, pace, now)


def _choose(tx: Connection, command: Command, facts: Facts, person: Person) -> Obeyed:
    topic_id = command.topic if command.topic is not None else facts.place.topic.id if facts.place else None
    title = _readable(tx, topic_id, person)
    if topic_id is None or title is None:
        return Obeyed(command.verb, topic_id=topic_id)
    choices.choose(tx, person.id, topic_id, _CHOICES[command.verb])
    return Obeyed(command.verb, topic_id=topic_id, topic_title=title)


def _readable(tx: Connection, topic_id: int | None, person: Person) -> str | None:
    """The title of a topic, None where this person may not read it."""
    if topic_id is None:
        return None
    found = choices.titles(tx, [topic_id]).get(topic_id)
    if found is None or not memberships.get_all(tx, [(found[1], person.id)]):
        return None
    return found[0]


def _read(tx: Connection, item: Decided, topic_id: int, house: House, now: datetime) -> None:
    person = item.case.facts.person
    assert person
    if _readable(tx, topic_id, person) is None:
        telling.obeyed(tx, item, Obeyed(Verb.GET, topic_id=topic_id), house, now)
    else:
        telling.reading(tx, item, topic_id, house, now)


def _morning(day: date, person: Person) -> datetime:
    """The first moment of that day where the person is."""
    return datetime.combine(day, time(), asking.zone_of(person))


def _mend_receipt(
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
