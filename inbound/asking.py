"""What a mail asks for by a word, as far as the place it was sent to lets that word act. Pure.

Called by the gathering. A word that may act in one place is an ordinary post in another: "Tout" under a post says all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo

from gateway.core.command import Command, Place, Verb
from gateway.core.community import Person
from gateway.core.digest import PartState, PlacedBy
from gateway.core.message import Kind, Reading
from gateway.core.question import Asks
from gateway.core.zones import zone_named
from inbound import recall
from inbound.choices import read_choice
from inbound.commands import read_command
from inbound.route import Destination, ToCommand, ToDigest, ToManagers, ToPost, ToQuestion
from store.answer_parts import StoredPart

_PACES = frozenset((Verb.ALL, Verb.IMPORTANT, Verb.DAILY, Verb.WEEKLY, Verb.PAUSE, Verb.RESUME))
_TOPICS = frozenset((Verb.MUTE, Verb.FOLLOW))
_IN_A_POST = _TOPICS | {Verb.STOP, Verb.LEAVE}
_OF_A_TOPIC = _TOPICS | {Verb.GET, Verb.CLOSE, Verb.REOPEN}
_IN_A_DIGEST = _PACES | _OF_A_TOPIC | {Verb.STOP, Verb.LEAVE}
_SHEETS = frozenset((Verb.HELP, Verb.LIST, Verb.SETTINGS, Verb.WHO, Verb.MY_DATA, Verb.LANGUAGE))
_RULINGS = frozenset((Verb.APPROVE, Verb.REJECT))
AT_AN_ADDRESS = _PACES | _OF_A_TOPIC | _RULINGS | {Verb.JOIN, Verb.STOP, Verb.LEAVE, Verb.INVITE, Verb.LAST} | _SHEETS
"""The words that act in a mail to relais@."""
_AFTER_OBEYING = _IN_A_DIGEST | {Verb.JOIN, Verb.INVITE, Verb.CANCEL, Verb.LAST} | _SHEETS
_OF_A_COMMUNITY = _PACES | {Verb.JOIN, Verb.STOP, Verb.LEAVE}
_WITH_A_RECEIPT = frozenset((Verb.MOVE, Verb.CANCEL))
_YES_NO = frozenset((Verb.YES, Verb.NO))
_RULING_OF = {Verb.YES: Verb.APPROVE, Verb.NO: Verb.REJECT}
_IN_ANSWER: dict[Asks, frozenset[Verb]] = {
    Asks.CHARTER: _YES_NO,
    Asks.MODERATE: _RULINGS | _YES_NO,
    Asks.JOIN: _YES_NO,
    Asks.REQUEST: _YES_NO,
    Asks.INVITATION: _YES_NO | {Verb.JOIN},
    Asks.OFFER: _YES_NO | {Verb.JOIN},
    Asks.LETTER: frozenset(),
    Asks.MINE: _YES_NO,
    Asks.ADDRESS: _YES_NO,
    Asks.LIGHTER: frozenset((Verb.TEXT,)),
    Asks.WITHDRAW: frozenset((Verb.CANCEL,)),
    Asks.PROBE: frozenset((Verb.RESUME,)),
    Asks.REACHED: frozenset((Verb.RESUME,)),
    Asks.ABSENCE: _YES_NO | {Verb.PAUSE, Verb.RESUME},
}
"""The words that answer each question."""
_LONGEST = 1200
_LONGEST_WORD = 60
_ARGUMENT = re.compile(r"[0-9@#]")


def asked_for(
    destination: Destination,
    reading: Reading,
    locale: str,
    today: date,
    receipt: tuple[Sequence[StoredPart], Mapping[int, str]] = ((), {}),
) -> Command | None:
    """The command that the whole mail is, its days read as `locale` writes them.

    `receipt` is what the answered one told of, and the topics it offered.
    """
    if reading.classification.kind is not Kind.ORDINARY or len(reading.body.text) > _LONGEST:
        return None
    match destination:
        case ToPost():
            return _command(reading.body.text, Place.POST, locale, today, _IN_A_POST)
        case ToDigest():
            return _in_a_digest(reading, locale, today)
        case ToQuestion():
            return _with_a_receipt(reading, locale, today, receipt)
        case ToManagers(takes_commands=True):
            subject = reading.parsed.subject
            command = read_command(reading.body.text, subject, Place.ADDRESS, today, locale)
            return _complete(command, AT_AN_ADDRESS) or _unknown(reading, command)
        case ToCommand(name, verb):
            return _at_a_command_address(name, verb, reading, locale, today)
        case _:
            return None


def _unknown(reading: Reading, command: Command | None) -> Command | None:
    """HELP, where somebody wrote nothing, or a word of command that is none or lacks what it needs; a sentence is for
    people.
    """
    said = reading.body.text.strip() or reading.parsed.subject.strip()
    words = said.split()
    if not words and not reading.parsed.attachments:
        return Command(Verb.HELP)
    is_word = 0 < len(words) <= 2 and words[0].isalpha() and all(_ARGUMENT.search(word) for word in words[1:])
    if reading.parsed.attachments or len(said) > _LONGEST_WORD or not (is_word or (command and command.problem)):
        return None
    return Command(Verb.HELP, words=said)


def after_obeying(reading: Reading, locale: str, today: date) -> Command | None:
    """The command in an answer to what we said was done: the way back, or another one at once."""
    if reading.classification.kind is not Kind.ORDINARY or len(reading.body.text) > _LONGEST:
        return None
    return _command(reading.body.text, Place.QUESTION, locale, today, _AFTER_OBEYING)


def in_answer(asks: Asks, reading: Reading, locale: str, today: date) -> Command | None:
    """The word that answers what was asked, None where the mail is no such word."""
    if reading.classification.kind is not Kind.ORDINARY or len(reading.body.text) > _LONGEST:
        return None
    command = _command(reading.body.text, Place.QUESTION, locale, today, _IN_ANSWER[asks])
    if command is not None and asks is Asks.MODERATE:
        # "Does it go out?" is answered by yes as well.
        return replace(command, verb=_RULING_OF.get(command.verb, command.verb))
    return command


def taking_back(reading: Reading, locale: str, today: date, is_own: bool) -> Command | None:
    """CANCEL in answer to a post of their own, or a recall by a mail program, which names the subject in `words`."""
    if (title := recall.recalled(reading)) is not None:
        return Command(Verb.CANCEL, words=title)
    if not is_own or reading.classification.kind is not Kind.ORDINARY or len(reading.body.text) > _LONGEST:
        return None
    return _command(reading.body.text, Place.POST, locale, today, frozenset((Verb.CANCEL,)))


def local_day(person: Person, moment: datetime) -> date:
    """The day it is for this person."""
    return moment.astimezone(zone_of(person)).date()


def zone_of(person: Person) -> tzinfo:
    """Their time zone; UTC where this machine does not know it."""
    return zone_named(person.timezone)


def _at_a_command_address(name: str, verb: Verb, reading: Reading, locale: str, today: date) -> Command | None:
    """The address is the command; only a pause is told more of by words."""
    if verb not in _OF_A_COMMUNITY:
        return None
    if verb is Verb.PAUSE:
        subject = reading.parsed.subject
        said = read_command(reading.body.text, subject, Place.ADDRESS, today, locale)
        if said is not None and said.verb is verb and said.problem is None:
            return said
    return Command(verb, name=name)


def _in_a_digest(reading: Reading, locale: str, today: date) -> Command | None:
    parts = reading.parts or ()
    if not parts and not reading.body.text.strip():
        # The links in a digest begin a mail whose subject is the word.
        command = read_command("", reading.parsed.subject, Place.ADDRESS, today, locale)
        return _complete(command, _IN_A_DIGEST)
    if len(parts) != 1 or parts[0].placed_by not in (PlacedBy.NOWHERE, PlacedBy.ONLY_TOPIC):
        return None
    return _command(parts[0].text, Place.DIGEST, locale, today, _IN_A_DIGEST)


def _with_a_receipt(
    reading: Reading, locale: str, today: date, receipt: tuple[Sequence[StoredPart], Mapping[int, str]]
) -> Command | None:
    parts, topics = receipt
    command = _command(reading.body.text, Place.QUESTION, locale, today, _WITH_A_RECEIPT)
    if command is not None:
        return command if _part_of(command, parts) else None
    open_parts = [part for part in parts if part.state is PartState.ASKED]
    chosen = read_choice(reading.body.text, topics)
    if chosen is None or len(open_parts) != 1:
        return None
    return Command(Verb.MOVE, topic=chosen, number=open_parts[0].ordinal)


def part_meant(command: Command, parts: Sequence[StoredPart]) -> StoredPart | None:
    """The part that MOVE or CANCEL calls by its number; without one, the only one there is."""
    if command.number is None:
        return parts[0] if len(parts) == 1 else None
    return next((part for part in parts if part.ordinal == command.number), None)


def _part_of(command: Command, parts: Sequence[StoredPart]) -> bool:
    return part_meant(command, parts) is not None and (command.verb is not Verb.MOVE or command.topic is not None)


def _command(text: str, place: Place, locale: str, today: date, verbs: frozenset[Verb]) -> Command | None:
    return _complete(read_command(text, "", place, today, locale), verbs, place)


def _complete(command: Command | None, verbs: frozenset[Verb], place: Place = Place.ADDRESS) -> Command | None:
    """The command, if it acts here and nothing it needs is missing: in doubt the words are words."""
    if command is None or command.verb not in verbs or command.problem is not None:
        return None
    if command.verb in _RULINGS and place is Place.ADDRESS and command.number is None:
        return None
    needs_topic = command.verb in _OF_A_TOPIC and place is not Place.POST
    return None if needs_topic and command.topic is None else command
