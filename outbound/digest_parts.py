"""What a digest is made of: fragments shared by their readers, and what frames them for one.

Made by whoever reads the store, taken by outbound.digest. A fragment is stored as two texts; where a reader's token
goes in them stands the mark of a slot, whose control characters any text column takes and no author's words contain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time

from gateway.core.digest import Cadence, Item, Section, Shape, Why
from gateway.core.post import ToldFile
from outbound.language import language_of
from outbound.prose import strip_controls

EXCERPT = 500
"""Characters shown of a post at most."""
LATEST = 160
"""Characters shown of the latest answer at most."""
_EXCERPT_LINES = 12
_LABELS_OF_WAITING = (Why.ANSWERS_YOU, Why.MENTIONS_YOU, Why.YOU_FOLLOW, Why.YOU_TAKE_PART)
_TAG = re.compile(r"^\[#\d+\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FragmentSource:
    """What one item tells, in plain words as they were written."""

    topic_id: int
    post_id: int
    """The post that an answer to the item answers."""
    title: str
    community_name: str
    opener: tuple[str, datetime]
    """Author and moment of the post whose words are shown."""
    excerpt_text: str
    """Those words, of any length."""
    latest: tuple[str, str] | None
    """Author and words of the last answer; None without one, or where it is the post shown."""
    news: int
    more: int
    """Further answers, which are not shown."""
    brought_back: bool
    question: bool
    """A question that nobody has answered."""
    waiting: Why | None
    """Why it waits for its readers; None where it does not."""
    zone: str
    """IANA name of the zone in which moments are told."""
    is_answer: bool = False
    """The post shown answers another."""
    files: tuple[ToldFile, ...] = ()
    """Those of the post shown."""
    latest_files: tuple[ToldFile, ...] = ()
    """Those of the last answer."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """An item in one language, whole lines both; slot marks stand where a reader's tokens go."""

    html: str
    text: str
    """As format=flowed."""

    @property
    def title(self) -> str:
        """The title of its topic, as it shows it."""
        found = _TAG.search(self.text)
        if found is None:
            return ""
        first, *others = self.text[found.end() :].split("\n")
        words = first
        # A line that ends with a blank flows on into the next, which may have been stuffed with one (RFC 3676 §4.4).
        for line in others if first.endswith(" ") else ():
            words += line.removeprefix(" ")
            if not line.endswith(" "):
                break
        return words.strip()


@dataclass(frozen=True, slots=True)
class DigestMail:
    """A closed digest and all that its frame says."""

    digest_id: int
    message_id: str
    cadence: Cadence
    day: date
    """The reader's local day on which it is due."""
    timezone: str
    """The reader's; an IANA name."""
    zone: str
    """That of the moments in its fragments."""
    network: str
    items: tuple[Item, ...]
    communities: tuple[str, ...]
    """The names of those that the reader follows at this pace."""
    daily_at: time
    weekly_on: int
    """0 is Monday."""
    left_out: int
    """Topics that found no room, not even a line."""
    created_at: datetime
    working_days: frozenset[int] = frozenset(range(5))


def excerpt(text: str, most: int = EXCERPT) -> str:
    """The beginning of a text as written, at most `most` characters and a dozen lines, cut after a word with "…"."""
    lines = [line.rstrip() for line in strip_controls(text[: 20 * most]).strip().split("\n")]
    # One empty line is a paragraph, more of them only push the next item away.
    kept = [line for place, line in enumerate(lines) if line or lines[place - 1]]
    shown = "\n".join(kept[:_EXCERPT_LINES])
    if len(shown) <= most and len(kept) <= _EXCERPT_LINES and len(text) <= 20 * most:
        return shown
    cut = shown[: most - 1]
    if len(shown) > len(cut) and not shown[len(cut)].isspace():
        word_end = max(cut.rfind(" "), cut.rfind("\n"))
        cut = cut[:word_end] if word_end > most // 2 else cut
    return cut.rstrip(" \n\t,;:–—-\u00a0\u202f") + "…"


def label_of(waiting: Why | None, *, question: bool, brought_back: bool) -> str:
    """The one word for the mark above an item; "" for none."""
    if waiting is not None:
        return waiting.value
    if brought_back:
        return "missed"
    return "question" if question else ""


def waiting_for(item: Item) -> Why | None:
    """Why the item waits for its reader, the strongest reason; None where it does not."""
    if item.section is not Section.WAITING:
        return None
    return next((why for why in item.why if why in _LABELS_OF_WAITING), Why.YOU_TAKE_PART)


def fragment_key(item: Item, language: str, zone: str) -> str:
    """The name of an item's fragment: the same for all who get the same item in that language (or locale) and zone."""
    question, brought_back = Why.QUESTION in item.why, item.section is Section.MISSED
    label = label_of(waiting_for(item), question=question, brought_back=brought_back)
    place = f"{item.topic_id}:{item.first}:{item.last}:{item.news}"
    # A line tells no moment, so it is one for all zones.
    return f"{language_of(language)}:{item.shape}:{place}:{label}:{zone if item.shape is Shape.FULL else ''}"
