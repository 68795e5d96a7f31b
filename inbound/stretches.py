"""Stretches: the person's words between the sent words of a digest, each with the topic it stands in.

digest_reply calls find() with the lines of one body. What matches the digest is ours, whatever marks it has; what does
not is the person's, even inside a quote, but for what quoting knows to be a program's or a signature.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from inbound import attribution, phrases
from inbound.headers import Headers
from inbound.lines import Line, Mark, visible
from inbound.quoted_words import QUOTE_MARKS, QuotedWords
from inbound.quoting import Label, label
from inbound.rewraps import asking_words, is_lost, is_punctuation
from inbound.sent_words import UNKNOWN, SentWords, is_ours, without_links, words_of

_ORNAMENTS = re.compile(r"[\s\-_=*~#|.·•<>\[\]():…\u2500-\u257f\u200b-\u200f\u2060-\u2064\ufeff]*")
_SNIPPED = re.compile(r"\W*[\[(<{]\s*(?:snip|snipped|cut|coup[ée]|couper|\.{2,}|…)\s*[\])>}]\W*", re.IGNORECASE)
_LINK = re.compile(r"(?:https?:|www\.)[^\s<>]+")
_FOOTNOTE = re.compile(r"\s{0,8}\[?\d{1,3}[\]:.)]\s{0,4}<?(?:https?:|mailto:|www\.)\S+\s*")
_SENT_CLOSING = " \t\xa0\u202f.,;:!?…)»”\"'’]>*_|-–—·"
_SENT_OPENING = ' \t\xa0\u202f([«“"*_|<-–—·'
_FEW = 2
_MAX_SNIPPED = 40
_MAX_MISSING = 40
_STUB = Line("> quoted", Mark.QUOTE)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words of the person between two stretches of the digest, line by line."""

    lines: tuple[str, ...]
    topic: int | None
    """The topic of the last sent words above; None for none, or where the same words stand in several topics."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one body of an answer holds."""

    stretches: tuple[Stretch, ...]
    words: int
    """How many words it has, and how many of them are the digest's."""
    matched: int
    quoted_topic: int | None
    """The one topic of which something is quoted, where nothing else of the digest is; None else."""
    marked: bool
    """The mark [#n] of that topic is quoted, too."""
    selection: str
    """Where no topic matched: the few words that are quoted all the same, of a summary or of nobody; "" else."""


@dataclass(slots=True)
class _Gap:
    """Lines between sent words: `word` is the last sent word above (-1: none), `until` the next place (-1: none)."""

    word: int
    lines: list[Line] = field(default_factory=list)
    until: int = -1


def find(lines: Sequence[Line], sent: SentWords) -> Found:
    """The person's words among the lines of one body, in their order. Linear."""
    words = QuotedWords(lines, sent)
    stretches = _Stretches(words).read()
    if not stretches and words.take_back():
        stretches = _Stretches(words).read()
    topics = words.topics()
    quoted = next(iter(topics)) if len(topics) == 1 and words.is_certain(0, len(words.words)) else None
    return Found(
        stretches=stretches,
        words=len(words.words),
        matched=words.matched,
        quoted_topic=quoted,
        marked=any(place >= 0 and words.words[at][0] == "#" for at, place in enumerate(words.places)),
        selection=words.selection() if topics <= {None} else "",
    )


class _Stretches:
    def __init__(self, words: QuotedWords) -> None:
        self.words = words
        self.places = words.places
        self.sent = words.sent

    def read(self) -> tuple[Stretch, ...]:
        gaps = self._gaps()
        # Somebody's answer in which the digest was quoted is answered here: what stands inside is an older answer.
        nested = self.words.depth > 1
        older = not self.words.depth and len(gaps) > 1 and _is_answered_twice(gaps[0].lines)
        found: list[Stretch] = []
        above, certain = -1, False
        for gap in gaps:
            if not any(line.text for line in gap.lines):
                continue
            if gap.word < 0:
                lines = self._above(gap, alone=len(gaps) == 1)
            elif older and found:
                break
            else:
                certain = self._goes_on(above, gap.word, certain)
                above = gap.word
                inner = [line for line in gap.lines if not line.depth] if nested else gap.lines
                stubs = [_STUB] if gap.until >= 0 else []
                lines = _new([_STUB, *map(_unmarked, self._without_missing(gap, inner)), *stubs])
            lines = _trimmed(lines)
            if lines:
                topic = self.sent.topic_at(self.places[gap.word]) if certain and not older else None
                found.append(Stretch(tuple(lines), topic))
        return tuple(found)

    def _goes_on(self, above: int, word: int, certain: bool) -> bool:
        """The sent words between two stretches leave no doubt about their topic, or go on where those above ended."""
        first = next(at for at in range(above + 1, word + 1) if self.places[at] >= 0)
        if certain and above >= 0 and 0 <= self.places[first] - self.places[above] <= 1:
            one, other = self.sent.topic_at(self.places[above]), self.sent.topic_at(self.places[word])
            if one == other:
                return True
        return self.words.is_certain(above + 1, word)

    def _gaps(self) -> list[_Gap]:
        gaps = [_Gap(-1)]
        for number in range(len(self.words.lines)):
            start, end = self.words.first[number], self.words.first[number + 1]
            if start == end:
                self._add_wordless(gaps[-1], number)
            elif max(self.places[start:end]) < 0:
                line = self._line(number, self.words.texts[number])
                gaps[-1].lines.append(
                    Line("", line.mark, line.depth) if _SNIPPED.fullmatch(line.text[:_MAX_SNIPPED]) else line
                )
            else:
                self._divide(number, gaps)
        return gaps

    def _line(self, number: int, text: str) -> Line:
        """A line of a gap: without the marks of the quote it was typed in, unless only its class says it is quoted."""
        line = self.words.lines[number]
        if not self.words.depth:
            return Line(text, line.mark, self.words.depths[number])
        if line.depth:
            mark = Mark.NONE if line.mark in (Mark.QUOTE, Mark.INDENT) else line.mark
            return Line(text, mark, line.depth)
        return Line(QUOTE_MARKS.sub("", text), line.mark, self.words.depths[number])

    def _add_wordless(self, gap: _Gap, number: int) -> None:
        """A line without words: kept where it says something that the digest does not say."""
        line = self._line(number, self.words.texts[number])
        text = line.text.strip()
        blank = Line("", line.mark, line.depth) if line.text else line
        if not text:
            gap.lines.append(blank)
            return
        if _FOOTNOTE.fullmatch(text):
            _drop_heading(gap.lines)
            gap.lines.append(blank)
            return
        bare = without_links(text)
        said = not _ORNAMENTS.fullmatch(bare) and bare.strip(" \t\xa0>|*") not in self.sent.ornaments
        linked = bare != text
        if linked and not said:
            quoted = bool(line.depth and self.words.depth)
            links = _LINK.findall(text)
            said = text[0] != "<" and not all(is_ours(link, self.sent, quoted=quoted) for link in links)
        wrapped_off = bool(line.depth and self.words.depth) and self._is_wrapped_off(number, text)
        said = said and not wrapped_off
        # The delimiter of a signature and rules above footers are for quoting to tell.
        ruled = not linked and (phrases.is_rule(text) or text.startswith("--"))
        # The end of our own line, which begins and ends with dashes, delimits nothing where it was wrapped off.
        dashes = wrapped_off and text == "--" and self._is_ours(self.words.first[number] - 1)
        ours = dashes or text in self.sent.ornaments
        keep = said or (ruled and not ours)
        gap.lines.append(line if keep and not _is_snipped(text) else blank)

    def _is_wrapped_off(self, number: int, text: str) -> bool:
        """Punctuation of the quote that a program wrapped into a line of its own."""
        last = self.words.first[number] - 1
        if is_punctuation(text) or not self._is_ours(last):
            return is_punctuation(text)
        asks = self.sent.words[self.places[last]] in self.asking
        return asks and len(text) == 1 and not self.words.texts[self.words.owners[last]].rstrip().endswith(text)

    def _is_ours(self, word: int) -> bool:
        return word >= 0 and self.places[word] >= 0

    @cached_property
    def asking(self) -> frozenset[int]:
        """The words of the digest behind which a question or an exclamation mark stands."""
        return frozenset(self.sent.numbers.get(word, UNKNOWN) for word in asking_words(self.sent.lines))

    def _divide(self, number: int, gaps: list[_Gap]) -> None:
        """A line with sent words: what else stands in it was typed at its end, its beginning or between."""
        start, end = self.words.first[number], self.words.first[number + 1]
        mixed = min(self.places[start:end]) < 0
        text, spans = self.words.texts[number], self.words.spans(number) if mixed else []
        if mixed and not spans:
            gaps[-1].lines.append(self._line(number, text))
            return
        at, behind = start, 0
        while at < end:
            until = at
            while until < end and self.places[until] < 0:
                until += 1
            if until > at and not self._is_changed(at, until):
                stop = spans[until - start][0] if until < end else len(text)
                typed = text[behind:stop].lstrip(_SENT_CLOSING if behind else None)
                gaps[-1].lines.append(self._line(number, typed.rstrip(_SENT_OPENING if until < end else None)))
            at = until
            while at < end and self.places[at] >= 0:
                at += 1
            if at > until:
                behind = spans[at - 1 - start][1] if mixed else 0
                if gaps[-1].lines or gaps[-1].word < 0:
                    gaps[-1].until = self.places[until]
                    gaps.append(_Gap(at - 1))
                gaps[-1].word = at - 1

    def _is_changed(self, at: int, until: int) -> bool:
        """A word or two of ours that were written in another way: as few are missing at the same place."""
        if (
            until - at > _FEW
            or at == 0
            or until >= len(self.places)
            or min(self.places[at - 1], self.places[until]) < 0
        ):
            return False
        same_line = self.words.owners[at - 1] == self.words.owners[at]
        return same_line and 1 <= self.places[until] - self.places[at - 1] - 1 <= _FEW + 1

    def _without_missing(self, gap: _Gap, lines: Sequence[Line]) -> list[Line]:
        """Without lines of a word or two that the digest has between the matches around them: nobody typed those."""
        start = self.places[gap.word] + 1
        if not 0 < gap.until - start <= _MAX_MISSING:
            return list(lines)
        missing = self.sent.words[start : gap.until]
        lost = self.words.depth > 0 and not self.sent.foreign.isdisjoint(missing)
        return [
            line
            for line in lines
            if not (line.depth or not self.words.depth)
            or not (self._is_among(line, missing) or (lost and is_lost(line.text)))
        ]

    def _is_among(self, line: Line, missing: Sequence[int]) -> bool:
        numbers = [self.sent.numbers.get(word, UNKNOWN) for word in words_of(line.text)]
        size = len(numbers)
        if not 0 < size <= _FEW:
            return False
        return any(list(missing[at : at + size]) == numbers for at in range(len(missing) - size + 1))

    def _above(self, gap: _Gap, *, alone: bool) -> list[str]:
        """The words above the first sent ones: outside the quote, then inside it. `alone`: nothing is quoted."""
        if alone:
            return _new(gap.lines)
        end = next((at for at, line in enumerate(gap.lines) if line.depth), len(gap.lines))
        outer, inner = gap.lines[:end], gap.lines[end:]
        for at, line in enumerate(outer):
            if line.mark in (Mark.CUT, Mark.FORWARD) or phrases.is_forward_marker(visible(line.text)):
                return _new([*outer[:at], _STUB])
        if not self.words.depth:
            return _new([*gap.lines, _STUB])
        lines = _without_name(outer, _new([*outer, _STUB]))
        if self.words.depth > 1:
            return lines
        # Some programs put the header of the answered mail inside its quote.
        inner = [line for line in inner if not _is_field(visible(line.text))]
        return lines + _new([_STUB, *inner, _STUB])


def _is_answered_twice(lines: Sequence[Line]) -> bool:
    """Two mails are introduced in these lines: the one that is answered, and one in it. No quote is marked."""
    headers = Headers([visible(line.text) for line in lines])
    count, at = 0, 0
    while at < len(lines) and count < 2:
        size = headers.size(at)
        count += bool(size)
        at += max(1, size)
    return count > 1


def _new(lines: Sequence[Line]) -> list[str]:
    """The new ones of the lines, by all that is known of quotes, signatures, footers, disclaimers and banners."""
    labels = label(lines, forward=False)
    return [line.text.rstrip() for line, what in zip(lines, labels, strict=True) if what is Label.NEW]


def _trimmed(lines: Sequence[str]) -> list[str]:
    """Without blank lines and rules above and below the words."""
    said = [at for at, line in enumerate(lines) if not _ORNAMENTS.fullmatch(line)]
    return list(lines[said[0] : said[-1] + 1]) if said else []


def _is_snipped(text: str) -> bool:
    """The line only says that something was cut here."""
    return len(text) <= _MAX_SNIPPED and bool(_SNIPPED.fullmatch(text))


def _is_field(text: str) -> bool:
    return bool(phrases.header_key(text)) or phrases.is_original_marker(text)


def _unmarked(line: Line) -> Line:
    return Line(line.text) if line.mark in (Mark.QUOTE, Mark.INDENT, Mark.CUT) else line


def _without_name(lines: Sequence[Line], new: list[str]) -> list[str]:
    """The new ones without the last line where it only names who is quoted: "Relais – projets wrote:"."""
    last = next((line.text.rstrip() for line in reversed(lines) if line.text.strip()), "")
    at = next((at for at in range(len(new) - 1, -1, -1) if new[at].strip()), -1)
    if at >= 0 and new[at] == last and len(last) <= 200 and attribution.is_named(visible(last).title()):
        return new[:at]
    return new


def _drop_heading(lines: list[Line]) -> None:
    """The "Links:" that a program puts above the links it took out of the text, and the rule below it."""
    for at in range(len(lines) - 1, max(-1, len(lines) - 4), -1):
        text = lines[at].text.strip()
        if text.endswith(":") and len(text.split()) <= _FEW:
            del lines[at:]
            return
        if text and not phrases.is_rule(text):
            return
