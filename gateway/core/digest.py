"""Digest: what one person gets of all their communities for one day or week, and what an answer to it says where.

An item is intent, as a delivery is: it names a topic and the span of its news. What it looks like is a fragment, shared
by all who get the same item in the same language, and kept while answers are taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum


class Cadence(StrEnum):
    """How often a digest goes. A catch-up goes once, for what a change of pace or the end of a pause left over."""

    DAILY = "daily"
    WEEKLY = "weekly"
    CATCH_UP = "catch_up"


CADENCES = tuple(Cadence)
"""By the number that stands for each in tokens: only ever added to at the end."""


class Section(StrEnum):
    """Where an item stands in the mail, in this order."""

    WAITING = "waiting"
    """It waits for this person: answers to them, words to them."""
    NEW = "new"
    MISSED = "missed"
    """Brought back: everyone missed it."""


class Shape(StrEnum):
    """How much of an item is shown."""

    FULL = "full"
    LINE = "line"


class Why(StrEnum):
    """Why an item was chosen, strongest first; what `relais digest preview --why` says."""

    ANSWERS_YOU = "answers_you"
    MENTIONS_YOU = "mentions_you"
    YOU_FOLLOW = "you_follow"
    YOU_TAKE_PART = "you_take_part"
    QUESTION = "question"
    LIVELY = "lively"
    THANKED = "thanked"
    YOUR_INTEREST = "your_interest"
    NEWCOMER = "newcomer"
    FRESH = "fresh"
    EVERYONE_MISSED = "everyone_missed"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a person's digests go, every choice already resolved: theirs, else the network's."""

    timezone: str
    """IANA name."""
    daily_at: time
    weekly_on: int
    """0 is Monday."""
    working_days: frozenset[int] = frozenset(range(5))
    holidays: str = ""
    """ISO 3166 code of the country whose public holidays are none of the working days, such as FR; "" for none."""
    quiet: tuple[time, time] | None = None
    """Nothing is sent from the first until the second, which may be on the next day."""


@dataclass(frozen=True, slots=True)
class Item:
    """One topic in one digest. `first` and `last` are the ids of the oldest and latest post it tells of."""

    topic_id: int
    community_id: int
    section: Section
    shape: Shape
    first: int
    last: int
    news: int
    """How many posts from `first` to `last` are new to the reader."""
    why: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class SentPiece:
    """One stretch of a digest as it was sent: an item, or what stands before, between and after the items."""

    topic_id: int | None
    """None for what belongs to no topic."""
    post_id: int | None
    """The post that an answer to this item answers."""
    html: str
    """The HTML of the stretch, as it was sent but for tokens."""
    text: str
    """The same in the text part."""


@dataclass(frozen=True, slots=True)
class SentDigest:
    """A digest as one person got it, top to bottom."""

    digest_id: int
    pieces: tuple[SentPiece, ...]

    @property
    def topics(self) -> tuple[int, ...]:
        """The topics it shows, in their order."""
        return tuple(dict.fromkeys(piece.topic_id for piece in self.pieces if piece.topic_id is not None))


class PlacedBy(StrEnum):
    """How the place of a part was found; NOWHERE where none was, and nothing is guessed."""

    TYPED = "typed"
    """The person wrote #12 at the start of a line."""
    POSITION = "position"
    """It stands under, or in, what was sent of that topic."""
    QUOTED = "quoted"
    """It answers a sentence that stands in one item only."""
    ONLY_TOPIC = "only_topic"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Part:
    """The words of one answer to a digest that belong together."""

    topic_id: int | None
    """None where no place was found."""
    text: str
    placed_by: PlacedBy
    runs: tuple[str, ...] = ()
    """What `text` is joined of, where it was written in several places: one of them may be a word of command."""


class PartState(StrEnum):
    """What became of a part."""

    POSTED = "posted"
    THANKED = "thanked"
    """It only said thanks: that counts, and goes to nobody as a mail."""
    OBEYED = "obeyed"
    """It was a word of command about its topic."""
    ASKED = "asked"
    """No place was found: its writer is asked, and nothing is published until they say."""
    HELD = "held"
    """Somebody has to agree first."""
    RETURNED = "returned"
    """It cannot be posted there; the receipt says why and gives the words back."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Period:
    """The span one digest covers, named by the local day on which it is due: the same day never makes two."""

    cadence: Cadence
    day: date

    @property
    def key(self) -> str:
        """As it stands in the row under the unique key."""
        return self.day.isoformat()
