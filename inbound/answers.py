"""Answers to what the gateway itself wrote: digests, receipts, notices. What they are about, and what they ask for.

Called by the gathering, which holds the locks. Each part of an answer to a digest gets the facts as if it had been
mailed to its topic; what a person answers to a question of ours and nobody understands goes to people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from gateway.core.command import Command, Verb
from gateway.core.community import Membership, Person
from gateway.core.digest import Part, PartState, PlacedBy
from gateway.core.message import Reading
from gateway.core.notice import Obeyed
from gateway.core.question import Asks, Question
from inbound import asking, courtesies, sharing
from inbound.case import Case, PartCase, ReadMail
from inbound.facts import Facts
from inbound.route import (
    Destination,
    ToCommand,
    ToCommunity,
    ToDigest,
    ToManagers,
    ToNobody,
    ToParent,
    ToPerson,
    ToPost,
    ToQuestion,
)
from store import answer_parts, digests, notices, posts
from store.answer_parts import StoredPart
from store.communities import Locked
from store.digests import ClosedDigest
from store.posts import Place

_NUMBERS = re.compile(r"[1-9][0-9]{0,8}")
_LONGEST_ANSWER = 300


@dataclass(frozen=True, slots=True)
class Answered:
    """What the store said of the digests and receipts that the batch answers."""

    digests: dict[int, ClosedDigest]
    parts: dict[int, list[StoredPart]]
    """By receipt."""
    told: dict[int, Obeyed | Question]
    """By notice."""
    titles: dict[int, str]
    """Of the topics that a receipt may offer."""
    by_topic: dict[int, Place]
    """Where an answer to a topic goes that no post is named of."""
    asked_again: frozenset[int] = frozenset()
    """The receipts whose reader was told already that an answer was not understood."""

    @property
    def community_ids(self) -> set[int]:
        """The communities that questions are about."""
        asked = (what.community_id for what in self.told.values() if isinstance(what, Question))
        return {community_id for community_id in asked if community_id is not None}

    @property
    def letters(self) -> list[Question]:
        """What letters are about."""
        return [what for what in self.told.values() if isinstance(what, Question) and what.asks is Asks.LETTER]


@dataclass(frozen=True, slots=True)
class Around:
    """What else is known about the batch."""

    locked: Mapping[int, Locked]
    memberships: Mapping[tuple[int, int], Membership]
    by_post: Mapping[int, Place]
    answered: Answered
    shared_out: Mapping[tuple[int, str], Sequence[StoredPart]]
    """By (person, dedup key), the parts of an answer to a digest that were dealt with before."""
    addressees: Mapping[int, Person]
    """Who wrote the letters that are answered, by id."""


def look_up(tx: Connection, stops: Sequence[tuple[ReadMail, Destination]]) -> Answered:
    """What these mails answer, one query a noun."""
    digest_ids = {to.digest_id for _, to in stops if isinstance(to, ToDigest)}
    notice_ids = {to.notice_id for _, to in stops if isinstance(to, ToQuestion)}
    if not digest_ids and not notice_ids:
        return Answered({}, {}, {}, {}, {})
    parts = answer_parts.of_notices(tx, notice_ids) if notice_ids else {}
    digest_ids |= {part.digest_id for found in parts.values() for part in found}
    closed = digests.get_all(tx, digest_ids)
    shown = {item.topic_id for digest in closed.values() for item in digest.items}
    typed = {
        topic_id for read, to in stops if isinstance(to, ToDigest | ToQuestion) for topic_id in _topics_named(read)
    }
    by_topic = posts.latest_of_topics(tx, shown | typed)
    told = notices.told_of(tx, notice_ids) if notice_ids else {}
    titles = {topic_id: place.topic.title for topic_id, place in by_topic.items()}
    asked_again = frozenset(notices.asked_again(tx, parts)) if parts else frozenset()
    return Answered(closed, parts, told, titles, by_topic, asked_again)


def _topics_named(read: ReadMail) -> set[int]:
    parts = {part.topic_id for part in read.reading.parts or () if part.topic_id is not None}
    text = read.reading.body.text
    return parts | {int(number) for number in _NUMBERS.findall(text[:_LONGEST_ANSWER])}


def complete(case: Case, around: Around) -> Case:
    """The case with what the whole mail asks for, and with the parts of an answer to a digest."""
    facts, person = case.facts, case.facts.person
    to, answered, said = facts.destination, around.answered, _without_courtesies(facts)
    if person is None:
        # A stranger answers nothing of ours, and may yet ask to come in.
        asked = isinstance(to, ToCommand | ToManagers)
        language = facts.reading.language or "en"
        command = asking.asked_for(to, said, language, facts.today) if asked else None
        # Whoever is nobody here is helped where they ask for it, not where they wrote something else.
        return replace(case, facts=replace(facts, command=None if command and command.words else command))
    told = answered.told.get(to.notice_id) if isinstance(to, ToQuestion) else None
    if isinstance(told, Question) and told.asks is Asks.LETTER:
        return replace(case, facts=_to_letter(facts, told, around))
    if isinstance(told, Question):
        command = asking.in_answer(told.asks, said, person.locale, facts.today)
        return _in_answer(case, told, command, around)
    if told is not None:
        command = asking.after_obeying(said, person.locale, facts.today)
        if command is not None and command.verb is Verb.CANCEL and told.ended is None:
            command = None
        return _with_question(replace(case, obeyed=told), command, around)
    receipt = tuple(answered.parts.get(to.notice_id, ())) if isinstance(to, ToQuestion) else ()
    offered = {topic for part in receipt for topic in _shown_in(part.digest_id, answered)}
    titles = {topic_id: answered.titles[topic_id] for topic_id in offered & answered.titles.keys()}
    command = asking.asked_for(to, said, person.locale, facts.today, (receipt, titles))
    if isinstance(to, ToQuestion):
        return _with_question(replace(case, asked=receipt), command, around)
    if command is None and facts.community and isinstance(to, ToCommunity | ToPost | ToParent):
        is_own = facts.place is not None and facts.place.post.author_id == person.id
        command = asking.taking_back(said, person.locale, facts.today, is_own)
    if not isinstance(to, ToDigest):
        return replace(case, facts=replace(facts, command=command))
    before = around.shared_out.get((person.id, case.read.dedup_key), ())
    done = frozenset(part.ordinal for part in before if part.state is not PartState.HELD)
    digest = answered.digests.get(to.digest_id)
    facts = replace(facts, command=command, digest=digest, duplicate=bool(done) and len(done) == len(before))
    parts = _part_cases(facts, before, around)
    filed = any(part.content_id is not None for part in before)
    return replace(case, facts=facts, parts=parts, done=done, filed=filed)


def _without_courtesies(facts: Facts) -> Reading:
    """What is read for a word of command: who signs by hand below it has said nothing more."""
    names = f"{facts.reading.parsed.author_name} {facts.person.name if facts.person else ''}"
    body = facts.reading.body
    return replace(facts.reading, body=replace(body, text=courtesies.without(body.text, names)))


def _to_letter(facts: Facts, letter: Question, around: Around) -> Facts:
    """The facts of an answer to a letter: it goes to who wrote that, whatever it says."""
    assert isinstance(facts.destination, ToQuestion)
    to = ToPerson(letter.person_id, letter.post_id, facts.destination.token_person_id)
    locked = around.locked.get(letter.community_id or 0)
    return replace(
        facts,
        destination=to,
        community=locked.community if locked else None,
        addressee=around.addressees.get(letter.person_id or 0),
    )


def _part_cases(facts: Facts, before: Sequence[StoredPart], around: Around) -> tuple[PartCase, ...]:
    """The parts with their facts; those that are held go where their writer said last, files alone among them."""
    parts = [part for whole in facts.reading.parts or () for part in sharing.divide(whole, facts)]
    cases = [PartCase(part, _part_facts(part, facts, around)) for part in parts]
    for held in before:
        if held.state is not PartState.HELD or held.topic_id is None or held.ordinal > len(parts) + 1:
            continue
        there = Part(held.topic_id, held.text, PlacedBy.TYPED)
        case = PartCase(there, _part_facts(replace(there, text=held.text or "…"), facts, around), held.content_id)
        cases[held.ordinal - 1 : held.ordinal] = [case]
    return tuple(cases)


def _with_question(case: Case, command: Command | None, around: Around) -> Case:
    facts = case.facts
    place = around.answered.by_topic.get(command.topic) if command and command.topic else None
    if command is None or (command.verb is Verb.MOVE and place is None):
        return replace(case, facts=_not_understood(case, around))
    if place is None:
        return replace(case, facts=replace(facts, command=command))
    locked = around.locked.get(place.post.community_id)
    assert facts.person
    there = replace(
        facts,
        command=command,
        place=place,
        community=locked.community if locked else None,
        membership=around.memberships.get((place.post.community_id, facts.person.id)),
    )
    return replace(case, facts=there)


def _not_understood(case: Case, around: Around) -> Facts:
    """A receipt asks once more, and says which words it knows; whatever else is answered to us, people read."""
    to = case.facts.destination
    assert isinstance(to, ToQuestion)
    if case.asked and to.notice_id not in around.answered.asked_again:
        return replace(case.facts, unclear=True)
    return replace(case.facts, destination=ToManagers(None))


def _in_answer(case: Case, question: Question, command: Command | None, around: Around) -> Case:
    """The case with what is answered to a question; what nobody understands goes to people."""
    locked = around.locked.get(question.community_id or 0)
    facts = case.facts
    if command is None:
        managers = ToManagers(locked.community.address if locked else None)
        return replace(case, facts=replace(facts, destination=managers))
    assert facts.person
    there = replace(
        facts,
        command=command,
        question=question,
        community=locked.community if locked else None,
        membership=around.memberships.get((question.community_id or 0, facts.person.id)),
    )
    return replace(case, facts=there)


def _shown_in(digest_id: int, answered: Answered) -> set[int]:
    closed = answered.digests.get(digest_id)
    return {item.topic_id for item in closed.items} if closed else set()


def _part_facts(part: Part, facts: Facts, around: Around) -> Facts:
    """The facts as if this part alone had been mailed to its topic; files go with none of them unless that is said."""
    body = replace(facts.reading.body, text=part.text, html=None, quoted="", signature="", forwarded="")
    reading = replace(facts.reading, body=body, parsed=replace(facts.reading.parsed, attachments=()), parts=None)
    facts = replace(facts, reading=reading, command=None, digest=None)
    place = _place_of_topic(part.topic_id, facts.destination, around)
    if place is None:
        return facts if part.topic_id is None else replace(facts, destination=ToNobody())
    to = facts.destination
    token_person_id = to.token_person_id if isinstance(to, ToDigest) else 0
    locked = around.locked.get(place.post.community_id)
    assert facts.person
    return replace(
        facts,
        destination=ToPost(place.post.id, token_person_id),
        place=place,
        community=locked.community if locked else None,
        membership=around.memberships.get((place.post.community_id, facts.person.id)),
    )


def _place_of_topic(topic_id: int | None, to: Destination, around: Around) -> Place | None:
    """The post that an answer to this topic answers: what the digest showed of it last, else its latest."""
    if topic_id is None:
        return None
    closed = around.answered.digests.get(to.digest_id) if isinstance(to, ToDigest) else None
    for item in closed.items if closed else ():
        place = around.by_post.get(item.last)
        if item.topic_id == topic_id and place and not place.post.withdrawn:
            return place
    return around.answered.by_topic.get(topic_id)
