"""Rewraps: words of a digest that a program cut, joined or wrote in fewer letters when it quoted them.

quoted_words asks about words that match none, between two that do. A line is ours where its letters are those that are
missing there, and stand where they are missed: what the quote has in full is never looked for a second time.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from inbound.sent_words import words_of

_AHEAD = 3
"""Lines below that may show that a line goes on: words of a person may stand between."""
_WEIGHT = 12
"""Letters in a row that a quoted line shares with no others by chance; a letter beyond ASCII counts three."""
_SEARCHES = 200
"""Lines that are looked for anywhere in what is missing: more than that are no quote."""
_WRAPPED_OFF = re.compile(r"(?:[\s>«»“”„\"'’.,;:()…™®。、，；：（）「」『』《》-]|\?[.,;:)])*")
_LOST = re.compile(r"[\s>]*\?[\s?«»“”\"'’.,;:!()…-]*")
_ASKING = re.compile(r"(\w+)\W?[?!？！]")
_PLAIN = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "þ": "th", "ð": "d"}


@dataclass(frozen=True, slots=True)
class Slice:
    """The words in one line that match none; `quoted`: the line is marked as a quote."""

    words: Sequence[str]
    quoted: bool


def find_rewrapped(slices: Sequence[Slice], missing: Sequence[str]) -> list[list[int] | None]:
    """For each slice the index in `missing` of each of its words; None for what is the person's. Linear.

    `missing`: the words of the digest between the matched ones above and below, as words_of() gives them.
    """
    row = _Row(missing)
    letters = ["".join(_plain(word)[0] for word in part.words) for part in slices]
    found: list[list[int] | None] = [None] * len(slices)
    at, searches = 0, _SEARCHES
    for number, part in enumerate(slices):
        said = letters[number]
        sure = _is_sure(part, said)
        spans = [
            (start, end)
            for start, end in row.match(said, at)
            if sure or row.is_over(end) or _goes_on(row, letters, number, end)
        ]
        if not spans and sure and searches:
            searches -= 1
            spans = row.find(said, at)
        if spans:
            start, at = spans[0]
            found[number] = row.indexes(part.words, start, at)
    return found


def is_punctuation(text: str) -> bool:
    """Marks that open, close and part words, and nothing that anybody says: what asks or calls is none of them."""
    return bool(_WRAPPED_OFF.fullmatch(text))


def is_lost(text: str) -> bool:
    """What is left of letters that a program could not write."""
    return bool(_LOST.fullmatch(text))


def asking_words(lines: Iterable[str]) -> set[str]:
    """The words in these lines behind which a question or an exclamation mark stands, as words_of() gives them."""
    return {word for line in lines for found in _ASKING.findall(line) for word in words_of(found)}


def _goes_on(row: _Row, letters: Sequence[str], number: int, end: int) -> bool:
    """A line below has the letters that are missing next."""
    return any(row.match(said, end) for said in letters[number + 1 : number + 1 + _AHEAD])


def _is_sure(part: Slice, said: str) -> bool:
    return part.quoted and len(said) + 2 * sum(not char.isascii() for char in said) >= _WEIGHT


class _Row:
    """The letters of the missing words; those that a program may lose are `soft`."""

    def __init__(self, words: Sequence[str]) -> None:
        plain = [_plain(word) for word in words]
        self.letters = "".join(letters for letters, _ in plain)
        self.soft = b"".join(soft for _, soft in plain)
        self.size = len(self.letters)
        self._ends = list(accumulate(len(letters) for letters, _ in plain))
        self._hard = ""
        self._hard_before: list[int] = []
        if any(self.soft):
            self._hard = "".join(char for char, soft in zip(self.letters, self.soft, strict=True) if not soft)
            self._hard_before = [0, *accumulate(1 - soft for soft in self.soft)]

    def is_over(self, at: int) -> bool:
        """Nothing is missing from `at` on but what may be lost."""
        return at == self.size or (bool(self._hard_before) and self._hard_before[at] == self._hard_before[-1])

    def match(self, said: str, at: int) -> list[tuple[int, int]]:
        """The spans from `at` on whose letters may be `said`: all of them, or with all or some soft ones lost."""
        spans = []
        if said and self.letters.startswith(said, at):
            spans.append((at, at + len(said)))
        if said and self._hard_before:
            before = self._hard_before[at]
            if self._hard.startswith(said, before):
                start = bisect_right(self._hard_before, before) - 1
                spans.append((start, bisect_left(self._hard_before, before + len(said))))
            if not spans:
                spans = self._match_some(said, at)
        return spans

    def _match_some(self, said: str, at: int) -> list[tuple[int, int]]:
        start = -1
        for char in said:
            while at < self.size and self.letters[at] != char and self.soft[at]:
                at += 1
            if at == self.size or self.letters[at] != char:
                return []
            start, at = at if start < 0 else start, at + 1
        return [(start, at)]

    def find(self, said: str, at: int) -> list[tuple[int, int]]:
        """The first span behind `at` whose letters are `said`."""
        start = self.letters.find(said, at)
        return [(start, start + len(said))] if start >= 0 else []

    def indexes(self, words: Sequence[str], start: int, end: int) -> list[int]:
        """The missing word that each of the words begins in, where together they are the letters of this span.

        Where letters were lost it may be the word before: no topic begins there.
        """
        found, at = [], start
        for word in words:
            found.append(min(bisect_right(self._ends, min(at, end - 1)), len(self._ends) - 1))
            at += len(_plain(word)[0])
        return found


@lru_cache(maxsize=8192)
def _plain(word: str) -> tuple[str, bytes]:
    """The letters of a word without accents and marks; a byte for each says whether a program may lose it.

    The euro is none: programs write EUR, E or nothing for it.
    """
    if word == "eur":
        return "", b""
    if word.isascii() and word.isalnum():
        return word, bytes(len(word))
    letters, soft = [], []
    for char in word:
        for base in unicodedata.normalize("NFKD", _PLAIN.get(char, char)):
            if base.isalnum():
                letters.append(base)
                soft.append(not char.isascii())
    return "".join(letters), bytes(soft)
