"""Which words of an answer to a digest are the digest's own, come back in its quote, and which are the person's.

stretches asks. A run of the same words is the quote's where it stands in its order and in its lines; the same few words
in a line of the person's are the person's: nobody's answer is cut in two because the digest uses its words too.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence

from inbound.alignment import SURE, Run, Words, align
from inbound.lines import Line, Mark
from inbound.rewraps import Slice, find_rewrapped
from inbound.sent_words import RUN, UNKNOWN, SentWords, spans_of

QUOTE_MARKS = re.compile(r"^[ ]{0,3}(?:(?:>|&gt;)[ \t]?)+")
_FEW = 2
"""Words that match by chance at the edge of a line."""
_MAX_PLACES = 32
_BUDGET = 4
"""How often as many words as the digest has are looked at again."""


class QuotedWords:
    """One body of an answer beside the digest; `places` says of each word where in the digest it stands."""

    def __init__(self, lines: Sequence[Line], sent: SentWords) -> None:
        self.sent = sent
        self.lines = lines
        self.texts = [line.text if line.text.isascii() else unicodedata.normalize("NFC", line.text) for line in lines]
        self.depths = [_depth(line) for line in lines]
        """How deep each line is quoted: by blockquotes, by its marks, or by a class that says so."""
        self.words: list[str] = []
        self.owners: list[int] = []
        self.first = [0]
        """For each line the index of its first word; one more for the end."""
        for number, found in enumerate(sent.words_of_lines(self.texts)):
            self.words.extend(found)
            self.owners.extend([number] * len(found))
            self.first.append(len(self.words))
        self.numbers = [sent.numbers.get(word, UNKNOWN) for word in self.words]
        self.runs = align(Words(self.numbers, self.owners, self.depths), sent)
        self.depth = self._quote_depth()
        """How deep the digest is quoted; 0 also where its quote is not marked, or there is none."""
        self.places = [-1] * len(self.words)
        """For each word its place in the digest, -1 for the person's."""
        self._settle()
        self._claim_rewrapped()

    @property
    def matched(self) -> int:
        """How many words are the digest's."""
        return len(self.places) - self.places.count(-1)

    def topics(self) -> set[int | None]:
        """To what the digest's words among them belong; None stands for what belongs to no topic."""
        pieces = {self.sent.pieces[place] for place in self.places if place >= 0}
        return {self.sent.topics[piece] for piece in pieces}

    def spans(self, line: int) -> list[tuple[int, int]]:
        """Where each word of a line begins and ends in its text; [] where folding letters made other words of it."""
        found = spans_of(self.texts[line])
        return found if len(found) == self.first[line + 1] - self.first[line] else []

    def take_back(self) -> bool:
        """Call all words the person's where they are few and nothing marks them as a quote; whether that is so."""
        few = 0 < self.matched < SURE
        if not few or any(self.depths[self.owners[at]] for at, place in enumerate(self.places) if place >= 0):
            return False
        self.places = [-1] * len(self.words)
        return True

    def selection(self) -> str:
        """The digest's words among them, one blank between; where there are none the few that are quoted, or ""."""
        if self.matched:
            return " ".join(word for word, place in zip(self.words, self.places, strict=True) if place >= 0)
        # What only a class calls quoted is the line that introduces the quote.
        inside = [bool(line.depth or line.mark is not Mark.QUOTE) for line in self.lines]
        quoted = [word for word, at in zip(self.words, self.owners, strict=True) if self.depths[at] and inside[at]]
        return " ".join(quoted) if len(quoted) <= _FEW else ""

    def is_certain(self, first: int, last: int) -> bool:
        """The sent words among `first` to `last` stand in one topic only, not the same in another one, too."""
        starts = [run.first for run in self.runs]
        for run in self.runs[max(0, bisect_right(starts, first) - 1) : bisect_left(starts, last + 1)]:
            if self.places[run.first] >= 0 and run.behind > first and self._is_unique(run):
                return True
        return False

    def _has_mark(self, run: Run) -> bool:
        return any(number in self.sent.marks for number in self.numbers[run.first : run.behind])

    def _is_unique(self, run: Run) -> bool:
        numbers = self.numbers[run.first : run.behind]
        marks = [at for at in range(run.first, run.behind) if self.numbers[at] in self.sent.heads]
        if any(self.words[at] == f"#{self.sent.topic_at(run.place + at - run.first)}" for at in marks):
            return True
        # The mark of another topic: somebody's words about it, or made to look like it.
        if marks or len(numbers) < RUN:
            return False
        places = self.sent.places_of(*numbers[:RUN])
        if len(places) > _MAX_PLACES:
            return False
        topic = self.sent.topic_at(run.place)
        return not any(
            self.sent.topic_at(place) not in (topic, None) and self.sent.words[place : place + len(numbers)] == numbers
            for place in places
        )

    def _quote_depth(self) -> int:
        """How deep most of the quoted words stand."""
        weights: Counter[int] = Counter()
        for run in self.runs:
            if run.chained:
                weights.update(self.depths[owner] for owner in self.owners[run.first : run.behind])
        return weights.most_common(1)[0][0] if weights else 0

    def _settle(self) -> None:
        before = 0
        top = next((run.first for run in self.runs if run.chained), 0)
        for run in self.runs:
            if self._is_quote(run, before, top):
                self.places[run.first : run.behind] = range(run.place, run.end)
            if run.chained:
                before = run.end
        for line in range(len(self.lines)):
            self._give_back(self.first[line], self.first[line + 1])

    def _is_quote(self, run: Run, before: int, top: int) -> bool:
        """The run came with the quote; else the person wrote the same words. `before`: where the quote got to."""
        if run.length >= SURE:
            return True
        first, last = self.owners[run.first], self.owners[run.behind - 1]
        begins = self.first[first] == run.first
        whole = begins and self.first[last + 1] == run.behind
        inside = min(self.depths[first], self.depths[last]) > 0
        if whole and self.sent.begins[run.place] and self.sent.ends[run.end - 1]:
            # A sentence may be said twice; a title with its mark is copied.
            return run.chained or inside or self._has_mark(run)
        if not run.chained:
            # What a program put above its quote, such as the title of the page, is no answer.
            return whole and inside and run.behind <= top
        if 0 < before == run.place:
            return True
        if self.depth > 0 and not inside:
            return False
        return whole or (begins and (inside or bool(self.sent.begins[run.place])))

    def _claim_rewrapped(self) -> None:
        """Words of the quote that a program cut elsewhere or whose letters it lost, between those that it left."""
        if not self.matched:
            # Where nothing is certain, no place is found by resemblance.
            return
        names = list(self.sent.numbers)
        budget, end = _BUDGET * len(self.sent.words), 0
        while (start := self._next_unmatched(end)) < len(self.places):
            end = self._next_matched(start)
            above = self.places[start - 1] if start else -1
            below = self.places[end] if end < len(self.places) else len(self.sent.words)
            budget -= max(0, below - above)
            if below - above < 2 or budget < 0:
                continue
            spans = self._slices(start, end)
            slices = [Slice(self.words[first:behind], self.depths[self.owners[first]] > 0) for first, behind in spans]
            missing = [names[number] for number in self.sent.words[above + 1 : below]]
            for (first, behind), found in zip(spans, find_rewrapped(slices, missing), strict=True):
                if found is not None:
                    self.places[first:behind] = [above + 1 + index for index in found]

    def _next_unmatched(self, at: int) -> int:
        try:
            return self.places.index(-1, at)
        except ValueError:
            return len(self.places)

    def _next_matched(self, at: int) -> int:
        while at < len(self.places) and self.places[at] < 0:
            at += 1
        return at

    def _slices(self, start: int, end: int) -> list[tuple[int, int]]:
        """The words from `start` to before `end` by lines, without those outside of the marks of the quote."""
        spans = []
        while start < end:
            line = self.owners[start]
            behind = min(end, self.first[line + 1])
            if self.depths[line] or not self.depth:
                spans.append((start, behind))
            start = behind
        return spans

    def _give_back(self, start: int, end: int) -> None:
        """A word or two at the edge of a person's line, the same only as the last or next word of the digest."""
        places = self.places
        if start == end or min(places[start:end]) >= 0 or max(places[start:end]) < 0:
            return
        at = start
        while places[at] >= 0:
            at += 1
        goes_on = 0 < at - start <= _FEW and start > 0 and places[start - 1] == places[start] - 1
        if goes_on and (not self.sent.ends[places[at - 1]] or self._is_deeper(start - 1, start)):
            self._return(start, at)
        at = end
        while places[at - 1] >= 0:
            at -= 1
        goes_on = 0 < end - at <= _FEW and end < len(places) and places[end] == places[end - 1] + 1
        if goes_on and (not self.sent.begins[places[at]] or self._is_deeper(end, at)):
            self._return(at, end)

    def _is_deeper(self, one: int, other: int) -> bool:
        return self.depths[self.owners[one]] > self.depths[self.owners[other]]

    def _return(self, start: int, end: int) -> None:
        if not any(self.words[at][0] == "#" for at in range(start, end)):
            self.places[start:end] = [-1] * (end - start)


def _depth(line: Line) -> int:
    if line.depth:
        return line.depth
    found = QUOTE_MARKS.match(line.text)
    if found:
        return found[0].count(">") + found[0].count("&gt;")
    return int(line.mark is Mark.QUOTE)
