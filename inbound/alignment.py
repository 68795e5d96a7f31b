"""Alignment: which runs of words of an answer stand in the digest it answers, and which of them are its quote.

stretches calls align() with numbered words. Pure, and linear but for a logarithm: each word is extended over at most
twice, and the heaviest rising chain of runs tells the quote from words that only happen to be the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from inbound.sent_words import RUN, UNKNOWN, SentWords

SURE = 8
"""Matched words in a row from which no chance is believed."""


@dataclass(slots=True)
class Run:
    """Words `first` to before `behind` of the answer that are the sent words from `place` on."""

    first: int
    behind: int
    place: int
    chained: bool = False
    """It belongs to the quote: the heaviest set of runs that keeps the order of the digest."""

    @property
    def length(self) -> int:
        """In words."""
        return self.behind - self.first

    @property
    def end(self) -> int:
        """The place behind its last word."""
        return self.place + self.behind - self.first


@dataclass(frozen=True, slots=True)
class Words:
    """The words of an answer in a row: their number in the digest, their line, and the depth of each line's quote."""

    numbers: Sequence[int]
    lines: Sequence[int]
    depths: Sequence[int]


def align(answer: Words, sent: SentWords) -> list[Run]:
    """The runs, in the order of the answer; those of the quote are `chained`."""
    runs: list[Run] = []
    numbers, count = answer.numbers, len(answer.numbers)
    at, expected = 0, 0
    while at < count:
        if numbers[at] == UNKNOWN:
            at += 1
            continue
        run = _find(numbers, at, sent, expected)
        if run is None or (run.length < RUN and not _is_heading(run, answer)):
            at += 1
            continue
        if runs:
            _divide(runs, run, answer)
        runs.append(run)
        at, expected = run.behind, run.end
    _chain(runs, len(sent.words))
    return runs


def _find(numbers: Sequence[int], at: int, sent: SentWords, expected: int) -> Run | None:
    """The run that begins at a word: where it goes on from the last one, else the longest of the two nearest.

    A mark is that of its item rather than the same in somebody's words.
    """
    places: Sequence[int] = ()
    if at + RUN <= len(numbers) and numbers[at + 1] != UNKNOWN and numbers[at + 2] != UNKNOWN:
        places = sent.places_of(numbers[at], numbers[at + 1], numbers[at + 2])
    places = places or sent.marks.get(numbers[at], ())
    if not places:
        return None
    nearest = bisect_left(places, expected)
    best: Run | None = None
    head = sent.heads.get(numbers[at])
    for place in (*places[max(0, nearest - 1) : nearest + 1][::-1], *(() if head is None else (head,))):
        run = Run(at, at + _extend(numbers, at, sent.words, place), place)
        if best is None or run.length > best.length or (run.length == best.length and place == head):
            best = run
        if place == expected:
            break
    return best


def _extend(numbers: Sequence[int], at: int, words: Sequence[int], place: int) -> int:
    length, most = 0, min(len(numbers) - at, len(words) - place)
    while length < most and numbers[at + length] == words[place + length]:
        length += 1
    return length


def _is_heading(run: Run, answer: Words) -> bool:
    """A mark with fewer words than a run is sent where it is quoted, or where nothing else stands in its line."""
    line = answer.lines[run.first]
    if answer.depths[line]:
        return True
    above, below = run.first - 1, run.behind
    return (
        run.length > 1
        and (above < 0 or answer.lines[above] != line)
        and (below >= len(answer.lines) or answer.lines[below] != line)
    )


def _divide(runs: list[Run], run: Run, answer: Words) -> None:
    """Words that two runs claim were sent once: the other time they are the person's, who happens to use them too."""
    last = runs[-1]
    over = last.end - run.place
    if not 0 < over < run.length or run.place < last.place:
        return
    line = answer.lines[last.behind - 1]
    begins_line = over < last.length and answer.lines[last.behind - over - 1] != line
    if begins_line and answer.lines[last.behind - over] == line:
        last.behind -= over
    else:
        run.first += over
        run.place += over


def _chain(runs: list[Run], size: int) -> None:
    """Mark the heaviest chain of runs that rise in both texts. A Fenwick tree holds the best chain for each end."""
    best = [-1] * (size + 2)
    weights: list[int] = []
    above: list[int] = []
    for number, run in enumerate(runs):
        found, at = -1, run.place + 1
        while at > 0:
            if best[at] >= 0 and (found < 0 or weights[best[at]] > weights[found]):
                found = best[at]
            at -= at & -at
        above.append(found)
        weights.append(run.length + (weights[found] if found >= 0 else 0))
        at = run.end + 1
        while at < len(best):
            if best[at] < 0 or weights[number] > weights[best[at]]:
                best[at] = number
            at += at & -at
    at = max(range(len(runs)), key=weights.__getitem__, default=-1)
    while at >= 0:
        runs[at].chained = True
        at = above[at]
