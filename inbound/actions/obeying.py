"""Obeying: words of command carried out, inside the transaction of the verdict. Each leaves one receipt that says so.

Pace words act on what the mail at hand is about: in answer to a digest on all that is followed at its cadence, at a
command address on everything, in answer to a post on its community. What needs more than a row has a module of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import assert_never

from sqlalchemy import Connection

from gateway.core.command import Command, Verb
from gateway.core.community import Choice, Pace, Person
from gateway.core.notice import Obeyed, Result
from gateway.core.question import Asks, Question
from inbound import asking
from inbound.actions import (
    accepting,
    admitting,
    claiming,
    closing,
    informing,
    inviting,
    joining,
    leaving,
    mending,
    moderating,
    registering,
    telling,
    vouching,
    withdrawing,
)
from inbound.actions.leaving import PACE_OF
from inbound.case import Decided
from inbound.facts import Facts, Rules
from inbound.gathering import Gathered
from inbound.route import House, ToDigest, ToPost
from store import choices, communities, memberships, paces, people, welcomes
from store.people import Traits

_PACES = {
    Verb.ALL: Pace.EACH,
    Verb.IMPORTANT: Pace.IMPORTANT,
    Verb.DAILY: Pace.DAILY,
    Verb.WEEKLY: Pace.WEEKLY,
}
_LAST, _MOST_LAST = 5, 20
_CHOICES = {Verb.MUTE: Choice.MUTED, Verb.FOLLOW: Choice.FOLLOWED}


def obey(
    tx: Connection, decided: Sequence[Decided], gathered: Gathered, house: House, rules: Rules, now: datetime
) -> None:
    """Carries out the command of each of these mails and tells its writer."""
    for item in decided:
        command, facts = item.case.facts.command, item.case.facts
        assert command
        if item.case.asked:
            mending.mend(tx, item, command, gathered, house, rules, now)
        elif facts.question:
            _settle(tx, item, facts.question, (house, rules), now)
        else:
            _do(tx, registering.register(tx, item, rules.registration, now), command, house, rules, now)


def _settle(tx: Connection, item: Decided, question: Question, ours: tuple[House, Rules], now: datetime) -> None:
    """What an answer to a question does: each kind of question has a module of its own."""
    house, rules = ours
    match question.asks:
        case Asks.JOIN | Asks.INVITATION | Asks.OFFER:
            joining.settle(tx, item, question, house, now)
        case Asks.CHARTER:
            accepting.settle(tx, item, house, now)
        case Asks.MODERATE:
            moderating.settle(tx, item, house, now)
        case Asks.REQUEST:
            admitting.settle(tx, item, question, house, now)
        case Asks.LETTER:
            raise AssertionError("a letter is answered by a letter")
        case Asks.MINE:
            vouching.own(tx, item, question, house, now)
        case Asks.ADDRESS:
            claiming.settle(tx, item, question, house, now)
        case Asks.LIGHTER:
            vouching.lighten(tx, item, question, house, now)
        case Asks.WITHDRAW:
            withdrawing.withdraw(tx, item, house, rules, now)
        case Asks.PROBE | Asks.REACHED:
            command = item.case.facts.command
            assert command
            telling.obeyed(tx, item, _carry_out(tx, command, item.case.facts, now), house, now)
        case Asks.ABSENCE:
            command = _of_absence(item.case.facts, question)
            telling.obeyed(tx, item, _carry_out(tx, command, item.case.facts, now), house, now)
        case unreachable:
            assert_never(unreachable)


def _of_absence(facts: Facts, question: Question) -> Command:
    """What an answer to the offer of a pause asks for: a pause up to the return, or another day; or none any more."""
    assert facts.command
    until = facts.command.until or question.until
    is_over = until is None or until <= facts.today
    if is_over or facts.command.verb in (Verb.NO, Verb.RESUME):
        return Command(Verb.RESUME)
    return Command(Verb.PAUSE, until=until)


def _do(tx: Connection, item: Decided, command: Command, house: House, rules: Rules, now: datetime) -> None:
    """A word that answers no question."""
    left = item.case.obeyed
    match command.verb:
        case Verb.APPROVE | Verb.REJECT:
            moderating.settle(tx, item, house, now)
        case Verb.JOIN:
            joining.ask(tx, item, house, rules.registration, now)
        case Verb.INVITE:
            inviting.invite(tx, item, house, rules.registration, now)
        case Verb.GET if command.topic is not None:
            _read(tx, item, command.topic, house, now)
        case Verb.HELP | Verb.LIST | Verb.SETTINGS | Verb.WHO | Verb.MY_DATA:
            informing.tell(tx, item, command, house, now)
        case Verb.LANGUAGE:
            _speak(tx, item, command, house, now)
        case Verb.LAST:
            _read_latest(tx, item, command, house, now)
        case Verb.CANCEL if left is not None and item.case.facts.person:
            telling.obeyed(tx, item, leaving.go_back(tx, left, item.case.facts.person.id, now), house, now)
        case Verb.CANCEL:
            withdrawing.withdraw(tx, item, house, rules, now)
        case _:
            about = left.community_ids if left else ()
            telling.obeyed(tx, item, _carry_out(tx, command, item.case.facts, now, about), house, now)


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
    if verb in (Verb.STOP, Verb.LEAVE):
        return _stop(tx, command, facts, now, about)
    changed = _set_pace(tx, command, _PACES[verb], facts, now, about)
    return Obeyed(verb, _names(tx, changed), community_ids=tuple(changed))


def _stop(tx: Connection, command: Command, facts: Facts, now: datetime, about: tuple[int, ...]) -> Obeyed:
    """Ends the membership where one community is meant; of several nothing more comes, and they are left one by one."""
    person = facts.person
    assert person
    if command.name:
        about = tuple(communities.named(tx, command.name))
    elif isinstance(facts.destination, ToPost) and facts.community:
        about = (facts.community.id,)
    if len(about) == 1:
        return leaving.depart(tx, about[0], person.id, now)
    if command.name:
        return Obeyed(Verb.LEAVE, result=Result.NO_PLACE)
    changed = _set_pace(tx, command, Pace.OFF, facts, now, about)
    return Obeyed(Verb.STOP, _names(tx, changed), community_ids=tuple(changed))


def _names(tx: Connection, ids: Sequence[int]) -> tuple[str, ...]:
    found = communities.get_all(tx, ids)
    return tuple(found[i].name for i in ids)


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


def _speak(tx: Connection, item: Decided, command: Command, house: House, now: datetime) -> None:
    """From now on in that language, the answer included: a mail is written in the language its reader has by then."""
    person = item.case.facts.person
    assert person
    people.change(tx, person.id, Traits(locale=command.language))
    telling.obeyed(tx, item, Obeyed(Verb.LANGUAGE), house, now)


def _read_latest(tx: Connection, item: Decided, command: Command, house: House, now: datetime) -> None:
    place, person = joining.meant(tx, item), item.case.facts.person
    assert person
    if place is None or not memberships.get_all(tx, [(place.id, person.id)]):
        telling.obeyed(tx, item, Obeyed(Verb.LAST, result=Result.NO_PLACE), house, now)
        return
    post_ids = welcomes.latest_ids(tx, place.id, min(command.number or _LAST, _MOST_LAST))
    if not post_ids:
        told = Obeyed(Verb.LAST, (place.name,), community_ids=(place.id,))
        telling.obeyed(tx, item, told, house, now, community_id=place.id)
        return
    telling.latest(tx, item, place.id, post_ids, house, now)


def _morning(day: date, person: Person) -> datetime:
    """The first moment of that day where the person is."""
    return datetime.combine(day, time(), asking.zone_of(person))
