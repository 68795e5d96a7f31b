"""A person's words → Command, or None where they are an ordinary mail.

The pipeline asks for every mail, and for every part of an answer to a digest, with the newly written, visible text
alone. A word is a command only when it is the whole text, or the subject of a mail to a command address: in doubt it is
none. Pure, never raises; all but the reason of a refusal stands on one line of at most MAX_LINE characters.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from gateway.core import address
from gateway.core.address import AddressError
from gateway.core.command import Command, Place, Problem, Verb
from inbound.days import read_until
from inbound.folding import CLOSING, QUOTES, bare, fold
from inbound.lines import UNSEEN
from inbound.vocabulary import LOOKALIKES, MOST_WORDS, Entry, Shape, entry_of

MAX_LINE = 400
"""No command is longer, nor looked for in a longer subject."""
_MAX_WORDS = 24
_NAME_WORDS = {Place.POST: 0, Place.DIGEST: 1, Place.QUESTION: 1, Place.ADDRESS: 8}
_NO_NAME = re.compile(r"[?!,;]|[.:]$")
_N = r"[1-9][0-9]{0,8}"
_TOPIC_MARK = re.compile(rf"\[?# ?({_N})\]?:?")
_TOPIC = re.compile(rf"\[?(?:#|n°|no\.?|sujet|topic)? ?({_N})\]?")
_NUMBER = re.compile(rf"#?({_N})")
_MOVE = re.compile(rf"(?:#?({_N}))?(?:^|\s)(?:(?:to|into|in|vers|a|dans|en|->|=>|→)\s)?(\[?#({_N})\]?|{_N})")
_HELD = re.compile(r"\s*(?:#|n°\s?)?([1-9][0-9]{0,8})(?=[\s:,.;-]|$)")
_LANGUAGES = {
    **dict.fromkeys(("fr", "francais", "francaise", "french"), "fr"),
    **dict.fromkeys(("en", "anglais", "anglaise", "english"), "en"),
}
_LANGUAGE_CODE = re.compile(r"([a-z]{2})(?:[-_][a-z]{2})?")
_TO_A_PLACE = frozenset(("to", "into", "a", "dans", "en"))
_PREFIX = re.compile(
    r"(?:\s*(?:(?P<answer>(?:re|r[ée]p|r[ée]f|fwd?|tr|aw|antw|wg|sv|vs|rv|rif|res|enc)\s?(?:\[[0-9]{1,3}\])?\s?[:：])"
    r"|\[(?!#)[^\[\]]{1,60}\]))*\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Moment:
    """Where and when the words were written, and in whose language days are read."""

    place: Place
    today: date
    locale: str


def read_command(text: str, subject: str, place: Place, today: date, locale: str) -> Command | None:
    """The command that `text` is, or at a command address the `subject`; None for anything else.

    `today` is the writer's own day. The subject of an answer or a forward is inherited: it counts only where there is
    no text.
    """
    moment = _Moment(place, today, locale)
    command = _read(text, moment)
    if command is not None or place is not Place.ADDRESS:
        return command
    prefix = _PREFIX.match(subject[:MAX_LINE])
    if prefix is None or len(subject) > MAX_LINE or (prefix["answer"] and bare(text)):
        return None
    return _read(subject[prefix.end() :], moment)


def _read(text: str, moment: _Moment) -> Command | None:
    text = text.strip()
    line = bare(text) if len(text) <= MAX_LINE else ""
    if len(line.splitlines()) == 1 and (command := _read_line(line, moment)) is not None:
        return command
    return _read_refusal(text, moment)


def _read_line(line: str, moment: _Moment) -> Command | None:
    words = [word for raw in line.split() if (word := raw.strip('"“”«»*')) and word != ":"]
    if not 0 < len(words) <= _MAX_WORDS:
        return None
    topic = _TOPIC_MARK.fullmatch(fold(words[0]))
    entry, rest = _find(words[1:] if topic else words)
    if entry is None or moment.place not in entry.rule.places:
        return None
    if not topic:
        return _complete(entry, rest, moment)
    # "#12 mute", as people write under a digest.
    return Command(entry.rule.verb, topic=int(topic[1])) if entry.rule.shape is Shape.TOPIC and not rest else None


def _find(words: list[str]) -> tuple[Entry | None, list[str]]:
    """The entry whose words come first, the longest there is, and what follows them."""
    for count in range(min(MOST_WORDS, len(words)), 0, -1):
        spelt = " ".join(words[:count]).removesuffix(":")
        if (entry := entry_of(fold(spelt))) is not None:
            lookalike = unicodedata.normalize("NFC", spelt).casefold() in LOOKALIKES
            return (None if lookalike else entry), words[count:]
    return None, words


def _complete(entry: Entry, rest: list[str], moment: _Moment) -> Command | None:
    """The command with its arguments; None where what follows is none."""
    verb, said = entry.rule.verb, " ".join(rest)
    match entry.rule.shape:
        case Shape.NOTHING:
            return None if rest else Command(verb)
        case Shape.NAME:
            return _with_name(Command(verb), rest, _NAME_WORDS[moment.place])
        case Shape.NAME_AT_ADDRESS:
            return _with_name(Command(verb), rest, _NAME_WORDS[Place.ADDRESS] if moment.place is Place.ADDRESS else 0)
        case Shape.TOPIC:
            return _with_topic(verb, fold(said), moment.place)
        case Shape.NUMBER:
            number = _NUMBER.fullmatch(said) if moment.place is not Place.POST else None
            return Command(verb, number=int(number[1]) if number else None) if number or not rest else None
        case Shape.COUNT:
            return _with_count(verb, rest, moment.place)
        case Shape.MOVE:
            return _with_move(verb, fold(said))
        case Shape.UNTIL:
            return _with_until(verb, said, moment)
        case Shape.ADDRESS:
            return _with_address(verb, rest, moment.place)
        case Shape.LANGUAGE:
            return _with_language(verb, said)
        case Shape.REASON:
            return None
        case unreachable:
            assert_never(unreachable)


def _with_name(command: Command, rest: list[str], most: int) -> Command | None:
    if len(rest) > most or any(_NO_NAME.search(word) for word in rest):
        return None
    return replace(command, name=" ".join(rest))


def _with_topic(verb: Verb, said: str, place: Place) -> Command | None:
    if not said:
        return Command(verb, problem=Problem.MISSING if verb is Verb.GET else None)
    # A bare number under a post may be anything: "Follow 12" is left alone there.
    topic = (_TOPIC_MARK if place is Place.POST else _TOPIC).fullmatch(said)
    return Command(verb, topic=int(topic[1])) if topic else None


def _with_count(verb: Verb, rest: list[str], place: Place) -> Command | None:
    if not rest:
        return Command(verb)
    count = _NUMBER.fullmatch(rest[0])
    return _with_name(Command(verb, number=int(count[1])), rest[1:], _NAME_WORDS[place]) if count else None


def _with_move(verb: Verb, said: str) -> Command | None:
    found = _MOVE.fullmatch(said)
    if found is None:
        return Command(verb, problem=Problem.MISSING) if not said else None
    number, target, marked = found.groups()
    if number is None and marked is None:
        # One number alone, and nothing says which of the two it is.
        return Command(verb, number=int(target), problem=Problem.MISSING)
    return Command(verb, number=int(number) if number else None, topic=int(marked or target))


def _with_until(verb: Verb, said: str, moment: _Moment) -> Command | None:
    if not said:
        return Command(verb)
    match read_until(fold(said), moment.today, moment.locale):
        case date() as until:
            return Command(verb, until=until)
        case Problem() as problem:
            return Command(verb, problem=problem, words=said)
        case None:
            return None


def _with_address(verb: Verb, rest: list[str], place: Place) -> Command | None:
    if not rest:
        return Command(verb, problem=Problem.MISSING)
    written = rest[0].strip("<>,;").removeprefix("mailto:")
    if "@" not in written:
        return None
    to_a_place = len(rest) > 2 and fold(rest[1]) in _TO_A_PLACE
    try:
        command = Command(verb, address=str(address.parse(written)))
    except AddressError:
        return Command(verb, problem=Problem.NOT_AN_ADDRESS, words=written) if len(rest) == 1 else None
    return _with_name(command, rest[2:] if to_a_place else rest[1:], _NAME_WORDS[place])


def _with_language(verb: Verb, said: str) -> Command | None:
    name = fold(said)
    if not name:
        return Command(verb, problem=Problem.MISSING)
    code = _LANGUAGE_CODE.fullmatch(name)
    language = _LANGUAGES.get(name) or (_LANGUAGES.get(code[1]) if code else None)
    if language is None:
        return Command(verb, problem=Problem.NOT_A_LANGUAGE, words=said) if code else None
    return Command(verb, language=language)


def _read_refusal(text: str, moment: _Moment) -> Command | None:
    """REJECT, the only word that anything may follow. At a command address a reason needs the number before it."""
    text = text.translate(UNSEEN).strip().lstrip(QUOTES + " ")
    first = text.split(None, 1)[:1]
    if not first or len(first[0]) > MAX_LINE:
        return None
    entry = entry_of(fold(first[0].strip(QUOTES + CLOSING + "-–—")))
    after = text[len(first[0]) :].lstrip().lstrip(QUOTES)
    if entry is None or entry.rule.shape is not Shape.REASON or moment.place not in entry.rule.places:
        return None
    if after.startswith("?"):
        return None
    held = _HELD.match(after)
    reason = (
        (after[held.end() :] if held else after).lstrip(" :,.;!-–—\u00a0\u202f\t\r\n").strip().strip(QUOTES).strip()
    )
    if reason and held is None and moment.place is Place.ADDRESS:
        return None
    return Command(entry.rule.verb, number=int(held[1]) if held else None, words=reason)
