"""ParsedMessage + the digest it answers → Parts: the person's words, each with the topic it belongs to, or with none.

Called with the digest as it was sent. split() never raises and guesses no place: words that no rule places are NOWHERE.
HTML is read first; the text part contradicts it, or speaks alone where there is no HTML or it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gateway.core.digest import Part, PlacedBy, SentDigest
from gateway.core.message import ParsedMessage
from inbound import charset, typed_topics
from inbound.courtesies import is_courtesy
from inbound.html import read_html
from inbound.lines import Line
from inbound.seams import apart
from inbound.sent_words import SentWords, html_words, stands_in, text_words, words_of
from inbound.stretches import Found, Stretch, find

_QUOTED_BREAK = re.compile(r"\n[ \t]*>[> \t]*")
_MARK = re.compile(r"\[#(\d{1,9})\]")
_MAX_SOUGHT = 120
_MAX_MARKS = 20
_MOST_PARTS = 100
"""Topics that one mail answers."""
_HEADING = 2
"""Words of a title that tell it from a mark that somebody typed."""
_BLANK_LINES = re.compile(r"\n(?:[ \t\xa0]*\n){2,}")


def split(parsed: ParsedMessage, sent: SentDigest) -> tuple[Part, ...]:
    """The newly written words of an answer to `sent`, top to bottom: one Part for each topic and kind of placing.

    () where the mail says nothing new. NOWHERE parts are joined into one and have no topic; what is TYPED may name a
    topic that the digest does not show. Linear in the size of the mail.
    """
    author = parsed.author_name
    html = _read(read_html(parsed.html).lines, sent, author, (html_words, text_words)) if parsed.html else _NOTHING
    if not parsed.text:
        return html.parts
    # The text part speaks where the HTML quotes little of the digest, if it quotes more of it.
    text = _NOTHING
    if not html.parts or 2 * html.matched < html.words:
        text = _read([Line(line) for line in parsed.text.split("\n")], sent, author, (text_words, html_words))
    if not html.parts or 2 * html.matched < text.matched:
        return text.parts
    return _undisputed(html.parts, parsed.text, html_words(sent))


@dataclass(frozen=True, slots=True)
class _Answer:
    parts: tuple[Part, ...] = ()
    words: int = 0
    matched: int = 0
    """How many of its words are the digest's."""


_NOTHING = _Answer()


def _read(
    lines: Sequence[Line], sent: SentDigest, author: str, bodies: Sequence[Callable[[SentDigest], SentWords]]
) -> _Answer:
    """One body of the answer beside that body of the digest which it quotes: clients make text from HTML, too."""
    lines = apart(lines)
    best: tuple[Found, SentWords] | None = None
    for prepare in bodies:
        words = prepare(sent)
        found = find(lines, words)
        if best is None or found.matched > best[0].matched:
            best = found, words
        if 10 * found.matched >= 9 * found.words:
            break
    if best is None:
        return _NOTHING
    return _Answer(_parts(*best, sent, author), best[0].words, best[0].matched)


def _parts(found: Found, words: SentWords, sent: SentDigest, author: str) -> tuple[Part, ...]:
    pieces: list[Part] = []
    for stretch in found.stretches:
        placed = _place(stretch, found, words, sent)
        for typed in typed_topics.divide(stretch.lines, sent.topics, words.headings):
            if typed.topics:
                runs = [_text(lines) for lines in _runs(_without_courtesies(typed.lines, author))]
                pieces.extend(Part(topic, text, PlacedBy.TYPED) for topic in typed.topics for text in runs)
            else:
                pieces.append(Part(placed[0], _text(typed.lines), placed[1]))
    said = [piece for piece in pieces if piece.text]
    telling = [
        piece
        for piece in said
        if piece.placed_by not in (PlacedBy.NOWHERE, PlacedBy.ONLY_TOPIC)
        or not is_courtesy(piece.text.split("\n"), author)
    ]
    return _joined(telling or said)


def _place(stretch: Stretch, found: Found, words: SentWords, sent: SentDigest) -> tuple[int | None, PlacedBy]:
    """Where a stretch belongs, by what stands above it or what is quoted beside it."""
    if found.quoted_topic is not None and not (found.marked and stretch.topic is not None):
        return found.quoted_topic, PlacedBy.QUOTED
    if stretch.topic is not None:
        return stretch.topic, PlacedBy.POSITION
    if len(sent.topics) == 1:
        return sent.topics[0], PlacedBy.ONLY_TOPIC
    # The summary names topics, too: what it says of one is about that one.
    topics = stands_in(found.selection, words) - {None} if found.selection else set()
    topic = topics.pop() if len(topics) == 1 else None
    return topic, PlacedBy.NOWHERE if topic is None else PlacedBy.QUOTED


def _joined(pieces: Sequence[Part]) -> tuple[Part, ...]:
    """What was written in several places for one topic is one answer; what was typed for it stays apart."""
    found: dict[tuple[int | None, bool], tuple[Part, list[str]]] = {}
    for piece in pieces:
        key, part = (piece.topic_id, piece.placed_by is PlacedBy.TYPED), piece
        if key not in found and len(found) >= _MOST_PARTS and piece.topic_id is not None:
            # Nobody answers so many topics: the rest is asked about, with the numbers that stood there.
            key, part = (None, False), Part(None, f"#{piece.topic_id} {piece.text}", PlacedBy.NOWHERE)
        found.setdefault(key, (part, []))[1].extend(part.runs or (part.text,))
    return tuple(
        replace(first, text="\n\n".join(texts), runs=tuple(texts) if len(texts) > 1 else ())
        for first, texts in found.values()
    )


def _runs(lines: Sequence[str]) -> list[Sequence[str]]:
    """The line that begins with the number, where it is a paragraph, and those below it: it may be a command alone."""
    alone = len(lines) > 1 and lines[0].strip() and not lines[1].strip()
    return [lines[:1], lines[1:]] if alone else [lines]


def _without_courtesies(lines: Sequence[str], author: str) -> Sequence[str]:
    """Without the closing paragraphs that end the mail and not the answer: "#12 mute" stays two words."""
    end = len(lines)
    while end:
        start = end
        while start and not lines[start - 1].strip():
            start -= 1
        while start and lines[start - 1].strip():
            start -= 1
        if not start or not is_courtesy(lines[start:end], author):
            break
        end = start
    return lines[:end]


def _text(lines: Sequence[str]) -> str:
    return charset.clean_text(_BLANK_LINES.sub("\n\n", "\n".join(lines)).strip())


def _undisputed(parts: Sequence[Part], text: str, words: SentWords) -> tuple[Part, ...]:
    """The parts; in no topic, where the text part has the same words under the heading of another one."""
    if not any(part.placed_by is PlacedBy.POSITION for part in parts):
        return tuple(parts)
    flat = _flat(text)
    return _joined(
        [
            Part(None, part.text, PlacedBy.NOWHERE)
            if part.placed_by is PlacedBy.POSITION
            and _heading_above(part.text, flat, words) not in (None, part.topic_id)
            else part
            for part in parts
        ]
    )


def _heading_above(said: str, flat: str, words: SentWords) -> int | None:
    """The topic whose heading stands last above the words in the text; None where that cannot be told."""
    sought = _flat(said.split("\n\n")[0])[:_MAX_SOUGHT]
    at = flat.find(sought)
    if at < 0 or flat.find(sought, at + 1) >= 0:
        return None
    for _ in range(_MAX_MARKS):
        at = flat.rfind("[#", 0, at)
        found = _MARK.match(flat, at) if at >= 0 else None
        if found is None:
            return None
        heading = words.headings.get(int(found[1]), ())[:_HEADING]
        # Somebody may have typed the mark; only the digest goes on with the title.
        if heading and tuple(words_of(flat[found.end() : found.end() + _MAX_SOUGHT])[: len(heading)]) == heading:
            return int(found[1])
    return None


def _flat(text: str) -> str:
    return " ".join(_QUOTED_BREAK.sub(" ", text).split())
