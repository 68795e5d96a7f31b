"""Command: what a person asked the gateway to do, by one of its words.

inbound/vocabulary.py says which words mean which verb and where; inbound/commands.py reads them; the actions carry them
out. A command holds what was typed, already typed as numbers and days, and nothing that only the store knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Verb(StrEnum):
    """What is asked for."""

    HELP = "help"
    LIST = "list"
    JOIN = "join"
    LEAVE = "leave"
    STOP = "stop"
    ALL = "all"
    IMPORTANT = "important"
    DAILY = "daily"
    WEEKLY = "weekly"
    PAUSE = "pause"
    RESUME = "resume"
    MUTE = "mute"
    FOLLOW = "follow"
    SETTINGS = "settings"
    MY_DATA = "my_data"
    WHO = "who"
    LAST = "last"
    GET = "get"
    INVITE = "invite"
    CANCEL = "cancel"
    MOVE = "move"
    TEXT = "text"
    CLOSE = "close"
    REOPEN = "reopen"
    LANGUAGE = "language"
    YES = "yes"
    NO = "no"
    APPROVE = "approve"
    REJECT = "reject"


class Place(StrEnum):
    """What the mail with the words answers, or where it was sent."""

    POST = "post"
    """It answers a post, or is the part of an answer to a digest that stands under one topic."""
    DIGEST = "digest"
    """It answers a digest, and no topic of it."""
    QUESTION = "question"
    """It answers a question, a notice or a receipt of ours."""
    ADDRESS = "address"
    """It was sent to a command address, such as relais@."""


class Circle(StrEnum):
    """Who may use a word, at the least; the action asks the store, and may ask for more."""

    ANYONE = "anyone"
    """Whose address is proven, known or not."""
    ASKED = "asked"
    """Whom we asked, or whose mail it is about."""
    PERSON = "person"
    """A person of the network."""
    MEMBER = "member"
    """A member of the community."""
    MANAGER = "manager"
    """Who runs the community."""


class Problem(StrEnum):
    """Why an argument is missing though the word is clear: the answer says it and repeats how to write the command."""

    MISSING = "missing"
    """Nothing followed, and the command cannot do without."""
    NOT_AN_ADDRESS = "not_an_address"
    NOT_A_LANGUAGE = "not_a_language"
    NO_SUCH_DAY = "no_such_day"
    """31 February, or Monday 4 December where that is a Friday."""
    PAST = "past"
    """The day is today or was before."""
    TOO_FAR = "too_far"
    """The day is more than a year ahead."""


@dataclass(frozen=True, slots=True)
class Command:
    """A verb with its arguments: None and "" where they were not given, and the place may give them instead."""

    verb: Verb
    topic: int | None = None
    """The number after #."""
    number: int | None = None
    """Of a receipt's line (CANCEL, MOVE), of a held mail (APPROVE, REJECT); how many posts (LAST)."""
    until: date | None = None
    """The first day on which mail comes again (PAUSE)."""
    name: str = ""
    """A community as the person called it: local part, title or posting address, in their letters.

    Where there is none of that name nothing is done: it may have been a sentence.
    """
    address: str = ""
    """Canonical (INVITE)."""
    words: str = ""
    """The reason, whole (REJECT); else what could not be understood, where there is a `problem`."""
    language: str = ""
    """"fr" or "en" (LANGUAGE)."""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One word as the help mail shows it."""

    form: str
    """The words with their argument: "PAUSE [until 4 Dec]"."""
    does: str
    """What it does, in the reader's language, without a full stop."""
