"""Subtraction: where a mail answers one of ours, what matches the text we sent is quoted, whatever the client did to
it, and what stands between is the person's, wherever they typed it.

Called by body after the labels of quoting. Pure and linear: the sent text is indexed by its runs of three words, and a
mail is walked through once. It only corrects labels; words that match nothing stay what quoting made of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from inbound.quoting import Label, Line

RUN = 3
"""Words in a row that make a match: a common word inside an answer matches by chance, three do not (MAIL.md 1)."""
_SURE = 8
"""Matched words in a row from which an unmarked quote is believed to be one."""
_CHOICES = 4
_MAX_WORDS = 60_000
_WORD = re.compile(r"\w+")
_LINK = re.compile(r"\w{2,10}:/{0,2}[^\s<>()\[\]]+|[^\s<>()\[\]]+@[^\s<>()\[\]]+")
# Every copy has a token of its own in it, so it is in no text that we can compare.
_OWN_LINK = re.compile(r"/(?:u|files)/[a-z2-7]{16,56}\b", re.IGNORECASE)
_QUOTE_MARKS = re.compile(r"^[\s>|»]+")
_WORDLESS = re.compile(r"[\d_]+\Z")


@dataclass(frozen=True, slots=True)
class Sent:
    """One text that we sent, ready to be found again: its words, and where each run of three begins."""

    words: tuple[str, ...]
    runs: dict[tuple[str, ...], list[int]]


@lru_cache(maxsize=256)
def prepare(text: str) -> Sent:
    """Indexes a sent text. The same text is asked for by everybody who answers it."""
    words = tuple(_words(text))[:_MAX_WORDS]
    runs: dict[tuple[str, ...], list[int]] = {}
    for place in range(len(words) - RUN + 1):
        places = runs.setdefault(words[place : place + RUN], [])
        if len(places) < _CHOICES:
            places.append(place)
    return Sent(words, runs)


def relabel(lines: Sequence[Line], labels: Sequence[Label], sent: Sequence[str]) -> tuple[list[Line], list[Label]]:
    """Lines and labels, corrected by what we know was sent; a line found typed inside a quote loses its `>`.

    `sent`: the texts this mail may answer, any order; the one it quotes most of is the one it answers.
    """
    corrected = list(labels)
    words, owners = _words_of(lines)
    runs = max((_matches(words, prepare(text)) for text in sent), key=_length, default=[])
    if not runs:
        return list(lines), corrected
    _subtract(corrected, lines, owners, runs)
    _rescue(corrected, words, owners, runs)
    rescued = [
        replace(line, text=_QUOTE_MARKS.sub("", line.text)) if was is not now and now is Label.NEW else line
        for line, was, now in zip(lines, labels, corrected, strict=True)
    ]
    return rescued, corrected


def _length(runs: list[tuple[int, int]]) -> int:
    return sum(behind - first for first, behind in runs)


def _words_of(lines: Sequence[Line]) -> tuple[list[str], list[int]]:
    """All words of the mail in a row, and the line that each stands in."""
    words: list[str] = []
    owners: list[int] = []
    for number, line in enumerate(lines):
        for word in _words(line.text):
            words.append(word)
            owners.append(number)
        if len(words) > _MAX_WORDS:
            break
    return words, owners


def _words(text: str) -> list[str]:
    """Words as every client leaves them: links, marks, case and shapes of letters aside."""
    bare = _LINK.sub(" ", _QUOTE_MARKS.sub("", text)).replace("€", " eur ").replace("’", "'")
    return _WORD.findall(unicodedata.normalize("NFKC", bare).casefold())


def _matches(words: Sequence[str], sent: Sent) -> list[tuple[int, int]]:
    """(first, behind the last) of every run of words that stands in the sent text too, in the order of the mail."""
    runs = []
    at, expected = 0, 0
    while at + RUN <= len(words):
        places = sent.runs.get(tuple(words[at : at + RUN]))
        if not places:
            at += 1
            continue
        # The place nearest behind the last match: a refrain is then found where it was quoted.
        place = min(places, key=lambda p: (p < expected, abs(p - expected)))
        length = RUN
        while (
            at + length < len(words)
            and place + length < len(sent.words)
            and words[at + length] == sent.words[place + length]
        ):
            length += 1
        runs.append((at, at + length))
        at += length
        expected = place + length
    return runs


def _subtract(labels: list[Label], lines: Sequence[Line], owners: Sequence[int], runs: list[tuple[int, int]]) -> None:
    """Lines wholly of a sure run are quoted, although nothing marks them so."""
    total = [0] * len(lines)
    for owner in owners:
        total[owner] += 1
    matched = [0] * len(lines)
    for first, behind in runs:
        if behind - first >= _SURE:
            for at in range(first, behind):
                matched[owners[at]] += 1
    _reopen(labels, lines, matched)
    for number, label in enumerate(labels):
        if label is Label.NEW and total[number] and matched[number] == total[number]:
            labels[number] = Label.QUOTED
    _subtract_blanks(labels, lines)


def _reopen(labels: list[Label], lines: Sequence[Line], matched: Sequence[int]) -> None:
    """A signature that begins with our own `-- ` ends with our own words: what was written below it is new."""
    start = 0
    while start < len(labels):
        end = start
        while end < len(labels) and labels[end] is Label.SIGNATURE:
            end += 1
        if any(matched[start:end]):
            for number in range(start, end):
                said = _WORD.search(lines[number].text) and not _OWN_LINK.search(lines[number].text)
                labels[number] = Label.NEW if said else Label.QUOTED
        start = max(end, start + 1)


def _subtract_blanks(labels: list[Label], lines: Sequence[Line]) -> None:
    """A blank line between two quoted ones belongs to them."""
    above = Label.NEW
    for number, line in enumerate(lines):
        if line.text.strip():
            above = labels[number]
        elif labels[number] is Label.NEW and above is Label.QUOTED:
            labels[number] = Label.QUOTED


def _rescue(labels: list[Label], words: Sequence[str], owners: Sequence[int], runs: list[tuple[int, int]]) -> None:
    """Words between two matches inside a quote were typed there: their line is the person's.

    Before the first match stand attribution lines, behind the last one signatures: those stay what they are.
    """
    for (_, behind), (following, _) in pairwise(runs):
        for at in range(behind, following):
            if not _WORDLESS.match(words[at]) and labels[owners[at]] is Label.QUOTED:
                labels[owners[at]] = Label.NEW
