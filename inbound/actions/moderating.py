"""Moderating: those who run a place are asked about each mail that waits there, and the first answer counts.

Called by the pipeline inside T3, once to ask and once for every answer. What they say is a ruling (store.rulings): the
mail itself then takes the way of every other mail. The others who were asked are told in a line.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.command import Verb
from gateway.core.community import Community, Person, PersonState
from gateway.core.decision import APPROVABLE, FLOODS, Decision, Reason, Verdict
from gateway.core.digest import PartState
from gateway.core.notice import Author, NamedFile, NoticeKind, Obeyed, Result
from gateway.core.question import Asks, Question
from gateway.core.rights import Right, may
from gateway.core.ruling import FINAL, Ruling, Waiting
from inbound import asking
from inbound.actions import telling
from inbound.actions.answering import believable
from inbound.actions.publishing import scrub, title
from inbound.case import Decided
from inbound.facts import Rules
from inbound.files import is_barred
from inbound.route import House, ToCommunity, ToParent, ToPost
from inbound.sharing import PlannedPart
from store import answer_parts, communities, memberships, notices, people, rulings
from store.notices import NewNotice

MOST_AN_HOUR = 20
"""Mails that one person is asked about one by one; what more is held is told of all together (digests.waiting)."""
_RULINGS = {Verb.APPROVE: Ruling.PUBLISHED, Verb.REJECT: Ruling.REFUSED}
_SAID = {Ruling.PUBLISHED: Verb.APPROVE, Ruling.REFUSED: Verb.REJECT, Ruling.EXPIRED: Verb.REJECT}


def ask(
    tx: Connection,
    decided: Sequence[Decided],
    planned: Sequence[PlannedPart],
    ours: tuple[House, Rules],
    now: datetime,
) -> None:
    """Asks the managers of its community about every mail that was held for their word, else the administrators.

    Of an answer to a digest that is what waits in it, where all of that is for one community.
    """
    house, rules = ours
    held = [item for item in [*decided, *_of_parts(planned)] if _waits_for_them(item)]
    if not held:
        return
    managers = memberships.managers(tx, {place.id for item in held if (place := item.case.facts.community)})
    admins = people.admins(tx)
    readers = [_readers(item, managers, admins) for item in held]
    wanted = {reader.id for those in readers for reader in those}
    sent = notices.counts(tx, wanted, NoticeKind.QUESTION, APPROVABLE, now)
    had = notices.told(tx, wanted, {_once(item) for item in held})
    fresh: list[NewNotice] = []
    asked: set[int] = set()
    for item, those in zip(held, readers, strict=True):
        for reader in those:
            if (reader.id, _once(item)) in had or sent.get(reader.id, 0) < MOST_AN_HOUR:
                asked.add(item.case.arrival.id)
            if (reader.id, _once(item)) not in had and sent.get(reader.id, 0) < MOST_AN_HOUR:
                sent[reader.id] = sent.get(reader.id, 0) + 1
                fresh.append(_question(item, reader, house, rules, now))
    notices.add(tx, fresh, house.keys.current, now)
    if asked:
        rulings.asked(tx, asked, now)


def _of_parts(planned: Sequence[PlannedPart]) -> list[Decided]:
    """What waits in each answer to a digest, as if it had been one mail to its community."""
    waiting: dict[int, list[PlannedPart]] = defaultdict(list)
    for part in planned:
        if part.state is PartState.HELD:
            waiting[part.item.case.arrival.id].append(part)
    found = []
    for parts in waiting.values():
        first = parts[0]
        if any(part.facts.community != first.facts.community for part in parts):
            continue
        words = "\n\n".join(part.part.text for part in parts)
        files = tuple(file for part in parts for file in part.facts.reading.parsed.attachments)
        reading = first.facts.reading
        parsed = replace(reading.parsed, attachments=files)
        facts = replace(first.facts, reading=replace(reading, body=replace(reading.body, text=words), parsed=parsed))
        reason = Reason(first.reason)
        found.append(Decided(replace(first.item.case, facts=facts), Decision(Verdict.HOLD, reason)))
    return found


def _waits_for_them(item: Decided) -> bool:
    # A word of command is nobody's to give for somebody else, and no answer to a question of ours either.
    is_post = isinstance(item.case.facts.destination, ToCommunity | ToPost | ToParent)
    approvable = item.decision.verdict is Verdict.HOLD and item.decision.reason in APPROVABLE - FLOODS
    return approvable and is_post and item.case.facts.community is not None


def _readers(item: Decided, managers: Mapping[int, Sequence[Person]], admins: Sequence[Person]) -> Sequence[Person]:
    """Who runs the place, without the author where there is anybody else: they would say yes."""
    facts = item.case.facts
    assert facts.community
    those = managers.get(facts.community.id, ())
    for readers in (those, admins):
        if others := [person for person in readers if person != facts.person]:
            return others
    return those or admins


def _once(item: Decided) -> str:
    return f"moderate:{item.case.arrival.id}"


def _question(item: Decided, reader: Person, house: House, rules: Rules, now: datetime) -> NewNotice:
    facts, arrival = item.case.facts, item.case.arrival
    parsed, body = facts.reading.parsed, facts.reading.body
    assert facts.community and facts.person
    # What would go out, and the signature, which says who they are.
    words = "\n\n".join(part for part in (body.text, body.signature, body.forwarded) if part.strip())
    local, _, domain = arrival.forward_path.rpartition("@")
    barred = tuple(file for file in parsed.attachments if is_barred(file, rules.files))
    return NewNotice(
        person_id=reader.id,
        kind=NoticeKind.QUESTION,
        reason=item.decision.reason,
        message_id=f"<{uuid.uuid4().hex}@{house.domain}>",
        in_reply_to="",
        community_id=facts.community.id,
        arrival_id=arrival.id,
        sent_to=f"{local.partition(house.separator)[0]}@{domain}",
        topic_title=facts.place.topic.title if facts.place else "",
        subject=parsed.subject or title("", words),
        text=scrub(words),
        files=tuple(
            NamedFile(file.name, file.size, file.content_type, file.sha256)
            for file in parsed.attachments
            if file not in barred and not file.inline
        ),
        sent_at=believable(parsed.date, item.case.read.mail.envelope.received_at),
        author=Author(facts.person.shown_name, facts.person.address, proven=True, known=True),
        once=_once(item),
        question=Question(
            Asks.MODERATE,
            facts.community.id,
            facts.person.id,
            arrival.id,
            taken_off=tuple(file.name for file in barred),
            until=asking.local_day(reader, now + rules.review),
        ),
    )


def settle(tx: Connection, item: Decided, house: House, now: datetime) -> None:
    """APPROVE or REJECT: of the mail that the answered question is about, or whose number was given."""
    facts = item.case.facts
    command, person = facts.command, facts.person
    assert command and person
    asked = facts.question.arrival_id if facts.question else None
    number = command.number if command.number is not None else asked
    found = rulings.waiting(tx, number) if number is not None else None
    place, reasons = _runs(tx, found, person) if found else (None, frozenset())
    if found is None or place is None or not (found.is_held or found.rulings & FINAL):
        told = Obeyed(command.verb, number=number, result=Result.NO_PLACE)
        telling.obeyed(tx, item, told, house, now)
        return
    questions = notices.asked_about(tx, found.arrival_id, Asks.MODERATE)
    subject = questions[0].subject if questions else ""
    told = Obeyed(command.verb, (place.name,), topic_title=subject, number=number, community_ids=(place.id,))
    if found.is_held and not reasons <= APPROVABLE:
        told = replace(told, result=Result.NOT_ALLOWED)
    elif rulings.settle(tx, found, _RULINGS[command.verb], person.id, now, command.words):
        _tell_others(tx, questions, replace(told, by_id=person.id), house, now)
    else:
        told = _late(found, told, person)
    telling.obeyed(tx, item, told, house, now, community_id=place.id)


def _runs(tx: Connection, found: Waiting, person: Person) -> tuple[Community | None, frozenset[str]]:
    """The community of the mail, where this person may say what becomes of it, and why it is held."""
    held = {(found.community_id, found.reason)} if found.community_id else answer_parts.held_in(tx, found.arrival_id)
    ids = {community_id for community_id, _ in held}
    if len(ids) != 1:
        return None, frozenset()
    [place] = communities.get_all(tx, [i for i in ids if i]).values()
    membership = memberships.get_all(tx, [(place.id, person.id)]).get((place.id, person.id))
    reasons = frozenset(reason for _, reason in held)
    return (place if may(person, membership, Right.MODERATE) else None), reasons


def _late(found: Waiting, told: Obeyed, person: Person) -> Obeyed:
    """What was said before, by whom and when."""
    last = next((ruling for ruling in Ruling if ruling in found.rulings & FINAL), Ruling.EXPIRED)
    day = asking.local_day(person, found.ruled_at) if found.ruled_at else None
    return replace(told, verb=_SAID[last], result=Result.OVER, by_id=found.ruled_by, until=day)


def _tell_others(tx: Connection, questions: Sequence[notices.Told], told: Obeyed, house: House, now: datetime) -> None:
    """One line to each of the others who were asked and still read mail, under the question that they were asked."""
    known = people.get_all(tx, {question.person_id for question in questions})
    fresh = [
        telling.of_another(question, told, house, now)
        for question in {question.person_id: question for question in questions}.values()
        if question.person_id != told.by_id and known[question.person_id].state is PersonState.ACTIVE
    ]
    notices.add(tx, fresh, house.keys.current, now)
