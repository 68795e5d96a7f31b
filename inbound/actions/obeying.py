"""Obeying: words of command carried out, inside the transaction of the verdict. Each leaves one receipt that says so.

Pace words act on what the mail at hand is about: in answer to a digest on all that is followed at its cadence, at a
command address on everything, in answer to a post on its community.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time

from sqlalchemy import Connection

from gateway.core.command import Command, Verb
from gateway.core.community import Choice, Pace, Person
from gateway.core.decision import Verdict
from gateway.core.digest import PartState
from gateway.core.message import Body
from gateway.core.notice import Obeyed
from inbound import asking, policy
from inbound.actions import telling
from inbound.actions.leaving import PACE_OF
from inbound.actions.publishing import Publication, content_of, new_message_id, part_key, publish
from inbound.case import Decided
from inbound.gathering import Gathered
from inbound.policy import Facts, Rules
from inbound.route import House, ToDigest, ToPost, ToQuestion
from store import answer_parts, choices, communities, memberships, paces, posts
from store.answer_parts import Placed, StoredPart
from store.posts import NewContent

_PACES = {Verb.ALL: Pace.EACH, Verb.DAILY: Pace.DAILY, Verb.WEEKLY: Pace.WEEKLY}
_CHOICES = {Verb.MUTE: Choice.MUTED, Verb.FOLLOW: Choice.FOLLOWED}


def obey(
    tx: Connection, decided: Sequence[Decided], gathered: Gathered, house: House, rules: Rules, now: datetime
) -> None:
    """Carries out the command of each of these mails and tells its writer."""
    for item in decided:
        command, facts = item.case.facts.command, item.case.facts
        assert command and facts.person
        if isinstance(facts.destination, ToQuestion):
            _mend_receipt(tx, item, command, gathered, house, rules, now)
        elif command.verb is Verb.GET and command.topic is not None:
            _read(tx, item, command.topic, house, now)
        else:
            telling.obeyed(tx, item, _carry_out(tx, command, facts, facts.person, now), house, now)


def obey_in_topic(tx: Connection, command: Command, facts: Facts, now: datetime) -> None:
    """Carries out a word that stands under one topic of a digest; the receipt of the whole mail tells of it."""
    assert facts.person and facts.place
    _carry_out(tx, command, facts, facts.person, now)


def _carry_out(tx: Connection, command: Command, facts: Facts, person: Person, now: datetime) -> Obeyed:
    verb = command.verb
    if verb in _CHOICES:
        return _choose(tx, command, facts, person)
    if verb is Verb.PAUSE:
        until = _morning(command.until, person) if command.until else None
        paces.pause(tx, person.id, until, now)
        return Obeyed(verb, until=command.until)
    if verb is Verb.RESUME:
        paces.resume(tx, person.id)
        return Obeyed(verb)
    if verb in (Verb.STOP, Verb.LEAVE):
        return Obeyed(Verb.STOP, _set_pace(tx, Pace.OFF, facts, person, now))
    return Obeyed(verb, _set_pace(tx, _PACES[verb], facts, person, now))


def _set_pace(tx: Connection, pace: Pace, facts: Facts, person: Person, now: datetime) -> tuple[str, ...]:
    """The names of the communities whose pace is now this one."""
    if isinstance(facts.destination, ToPost) and facts.community:
        paces.choose(tx, facts.community.id, person.id, pace, now)
        return (facts.community.name,)
    only = None
    if isinstance(facts.destination, ToDigest) and facts.digest:
        only = PACE_OF[facts.digest.cadence]
    changed = paces.choose_everywhere(tx, person.id, pace, now, only=only)
    names = communities.get_all(tx, changed)
    return tuple(names[i].name for i in changed)


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
    if command.verb is Verb.CANCEL:
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
    if decision.verdict is not Verdict.PUBLISH:
        # Where it may not stand it does not go; the receipt says where it still is, and why.
        where = Placed(part.state, part.topic_id, part.post_id, part.content_id, decision.reason.value)
        answer_parts.place(tx, part.id, where)
        return
    if part.post_id is not None:
        posts.withdraw(tx, part.post_id, now)
    words: NewContent | int = part.content_id if part.content_id is not None else content_of(facts, house)
    if part.post_id is not None and part.content_id is not None:
        # Who has it already gets it again in its new place, so it must be another mail.
        words = posts.copy_content(tx, part.content_id, new_message_id(house), now)
    wanted = Publication(part.id, words, facts, part_key(f"{part.dedup_key}\0{facts.place.topic.id}", part.ordinal))
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
