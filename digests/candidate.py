"""Candidate: a topic that may go into one person's digest, and what is known of the reader and of the room.

Gathered from the store by close_digest and by the preview, judged by digests.select. Facts only: nothing here decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

FRAME_BYTES = 9_000
"""Octets of headers, greeting, summary, headings, footer, and the line that says how many more there are."""
FULL_BYTES = 2_600
"""Octets of an item in full without its excerpts, HTML and text together."""
EXCERPT_BYTES = 3
"""Octets of one character of excerpt: once in the HTML, once in the text, and what accents and escapes add."""
LINE_BYTES = 450
"""Octets of an item in one line, HTML and text together."""
HEAVIEST_BYTES = 8_000
"""What would be heavier in full stands in one line, whatever room there is: no item may crowd out all others."""
LEAST_BYTES = FRAME_BYTES + HEAVIEST_BYTES
"""A smaller mail could not hold one item."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One topic, with its news for one reader: the posts due to them that they neither wrote nor got singly."""

    topic_id: int
    community_id: int
    first: int
    """The id of the oldest post of the news."""
    last: int
    """The id of the latest."""
    news: int
    """How many posts. A topic without any is only ever brought back, see `missed`."""
    started: bool
    """The topic is new within the span: its opening post is one of the news."""
    authors: int
    """Distinct people who wrote the news."""
    people: int
    """Distinct people who ever wrote in the topic."""
    answers: int
    """Posts of the whole topic but the opening one."""
    thanks: int
    latest_at: datetime
    """When the latest post was published; aware."""
    opened_at: datetime
    excerpt_chars: int
    """Characters of all the excerpts that the item shows in full."""
    is_question: bool = False
    """Its opening post asks, and nobody has answered."""
    answers_reader: int = 0
    """How many of the news answer a post of the reader, or are in a topic they opened."""
    mentions_reader: bool = False
    followed: bool = False
    muted: bool = False
    takes_part: bool = False
    """The reader wrote in it."""
    newcomer: bool = False
    """Opened by somebody who posted for the first time."""
    missed: bool = False
    """Everyone missed it: older than the span, no answer, no thanks, and nothing in it is due to this reader. Such a
    topic is only ever brought back, and marked; its `news` counts nothing but what `first` to `last` hold."""

    @property
    def full_bytes(self) -> int:
        """Octets it takes in full, as estimated."""
        return FULL_BYTES + EXCERPT_BYTES * self.excerpt_chars

    @property
    def is_heavy(self) -> bool:
        """Too heavy to stand in full."""
        return self.full_bytes > HEAVIEST_BYTES


@dataclass(frozen=True, slots=True)
class Reader:
    """What is known of the person beside the topics."""

    interests: Mapping[int, float] = field(default_factory=dict)
    """By community, from 0 to 1: how active they are there themself. A community that is not in it: 0."""
    brought_back: frozenset[int] = frozenset()
    """Topics that were brought back to them before."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How large a digest may be, and how small. ValueError where not one item would fit."""

    max_bytes: int = 60_000
    """Octets of the whole mail, as estimated by the constants above."""
    max_topics: int = 12
    """How many items stand in full."""
    min_items: int = 1
    """With fewer topics it waits for the next one, see digests.close."""

    def __post_init__(self) -> None:
        if self.max_bytes < LEAST_BYTES or self.max_topics < 1:
            raise ValueError(f"a digest needs room for at least one topic and {LEAST_BYTES} octets")
