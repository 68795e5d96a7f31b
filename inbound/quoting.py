"""Which lines of a mail are the person's new words, and which it only carries along.

body hands in lines from the plain text or from HTML (which knows more, as marks). One pass forward, every pattern on
one short line at a time, so time grows with the text and not faster. In doubt a line is new (invariant I13).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from inbound import phrases

MAX_ATTRIBUTION_LINES = 4
MAX_ATTRIBUTION = 600
MAX_SIGNATURE_LINES = 25
_QUOTED = re.compile(r"[ ]{0,3}(?:>|&gt;|\|[ ]?>)")
_SHORT = 1000
MAX_LINES = 10_000


class Mark(Enum):
    """What the HTML around a line says about it."""

    NONE = auto()
    QUOTE = auto()
    INDENT = auto()
    """A blockquote that no client marked as a citation: quoted only where an attribution line introduces it."""
    CUT = auto()
    """From this line on, everything is the answered message."""
    FORWARD = auto()
    """From this line on, everything is a forwarded message."""
    SIGNATURE = auto()


class Label(Enum):
    """What a line turned out to be."""

    NEW = auto()
    QUOTED = auto()
    SIGNATURE = auto()
    FORWARDED = auto()


@dataclass(frozen=True, slots=True)
class Line:
    """One line with what its place in the HTML says about it."""

    text: str
    mark: Mark = Mark.NONE


def label(lines: Sequence[Line], *, forward: bool) -> list[Label]:
    """One label for each line. `forward`: the subject says that the mail is a forward."""
    labels = _Labeller(lines, forward).run()
    _label_footers(lines, labels)
    _rescue(lines, labels)
    return labels


class _Labeller:
    def __init__(self, lines: Sequence[Line], forward: bool) -> None:
        self.lines = lines
        self.plain = [line.text.replace("\xa0", " ").strip()[:_SHORT] for line in lines]
        self.quoted = [
            line.mark is Mark.QUOTE or bool(_QUOTED.match(line.text) and not line.text.startswith(">From "))
            for line in lines
        ]
        self.labels = [Label.NEW] * len(lines)
        self.keys: dict[int, str] = {}
        self.begins: dict[int, bool] = {}
        self.said = False
        """A line before the current one holds new words."""
        self._label_wraps()
        self.forward = forward
        # For each line the next one that is not blank, computed once from the end.
        self.next = [len(lines)] * (len(lines) + 1)
        for i in range(len(lines) - 1, -1, -1):
            self.next[i] = i if self.plain[i] else self.next[i + 1]

    def _label_wraps(self) -> None:
        """A quoted line that a program wrapped leaves its tail without a mark, in the middle of a sentence."""
        for i in range(1, len(self.lines) - 1):
            above = self.lines[i - 1].text.rstrip()
            if (
                self.plain[i]
                and not self.quoted[i]
                and self.lines[i].mark is Mark.NONE
                and len(self.plain[i]) < 50
                and self.plain[i][0].islower()
                and above.startswith(">")
                and len(above) >= 68
                and above[-1] not in ".?!:;…"
                and (self.lines[i + 1].text.startswith(">") or not self.plain[i + 1])
            ):
                self.quoted[i] = True

    def run(self) -> list[Label]:
        # A letter of more lines than that is a log or an attack; what lies beyond is kept as it is.
        i, count = 0, min(len(self.lines), MAX_LINES)
        while i < count:
            i = self._step(i)
            self.said = self.said or (
                self.labels[i - 1] is Label.NEW and bool(self.plain[i - 1]) and not phrases.is_rule(self.plain[i - 1])
            )
        return self.labels

    def _step(self, i: int) -> int:
        """Label the line at `i` and those that belong to it; the index of the next line to look at."""
        mark, text = self.lines[i].mark, self.plain[i]
        if self.quoted[i]:
            return self._set(i, i + 1, Label.QUOTED)
        if mark is Mark.CUT or mark is Mark.FORWARD:
            return self._rest(i, forwarded=mark is Mark.FORWARD or self.forward)
        if mark is Mark.SIGNATURE:
            return self._set(i, i + 1, Label.SIGNATURE)
        if not text:
            return i + 1
        if phrases.is_forward_marker(text):
            return self._forwarded(i)
        if phrases.is_original_marker(text):
            return self._answered(i, i + 1)
        if size := self._header_block(i):
            return self._answered(i, i + size)
        if size := self._attribution(i):
            return self._attributed(i, i + size)
        if self._is_signature_delimiter(i):
            return self._signature(i)
        return i + 1

    def _answered(self, start: int, end: int) -> int:
        """The answered message begins at `start`, its own words at `end`."""
        if self.said or self.forward:
            return self._rest(start, forwarded=self.forward)
        # With nothing above it, it is no answer: the words below are what the person wants to say.
        return self._set(start, end, Label.QUOTED)

    def _set(self, start: int, end: int, what: Label) -> int:
        self.labels[start:end] = [what] * (end - start)
        return end

    def _rest(self, start: int, *, forwarded: bool) -> int:
        # A rule of dashes or underscores that stands right above belongs to what follows.
        above = start - 1
        while above >= 0 and not self.plain[above]:
            above -= 1
        if above >= 0 and phrases.is_rule(self.plain[above]) and self.labels[above] is Label.NEW:
            start = above
        return self._set(start, len(self.lines), Label.FORWARDED if forwarded else Label.QUOTED)

    def _forwarded(self, i: int) -> int:
        following = self.next[i + 1]
        if following < len(self.lines) and self.quoted[following]:
            end = following
            while end < len(self.lines) and (self.quoted[end] or not self.plain[end]):
                end += 1
            return self._set(i, end, Label.FORWARDED)
        return self._rest(i, forwarded=True)

    def _attribution(self, i: int) -> int:
        """How many lines from `i` are one attribution ("On … wrote:"), 0 if none begins here."""
        opens = phrases.opens_attribution(self.plain[i])
        joined = ""
        for size in range(1, (MAX_ATTRIBUTION_LINES if opens else 1) + 1):
            at = i + size - 1
            if at >= len(self.lines) or not self.plain[at] or (self.quoted[at] and size == 1):
                return 0
            joined = f"{joined} {self.plain[at].lstrip('> ') if self.quoted[at] else self.plain[at]}".strip()
            if len(joined) > MAX_ATTRIBUTION:
                return 0
            if phrases.is_attribution(joined):
                following = self.next[i + size]
                introduces = following < len(self.lines) and (
                    self.quoted[following] or self.lines[following].mark is Mark.INDENT
                )
                return size if introduces or (opens and phrases.is_dated(joined)) else 0
        return 0

    def _attributed(self, start: int, end: int) -> int:
        following = self.next[end]
        self._set(start, end, Label.QUOTED)
        if following < len(self.lines) and self.quoted[following]:
            return end
        if following < len(self.lines) and self.lines[following].mark is Mark.INDENT:
            while following < len(self.lines) and (
                self.lines[following].mark is Mark.INDENT or not self.plain[following]
            ):
                following += 1
            return self._set(start, following, Label.QUOTED)
        return self._rest(start, forwarded=False)

    def _header_block(self, i: int) -> int:
        """How many lines from `i` are From, Sent, To, Subject of an answered message; 0 if they are not."""
        if not self._key(i):
            return 0
        keys: set[str] = set()
        evidence, at, strangers, last = False, i, 0, i
        while at < len(self.lines) and at < i + 16 and len(keys) < 6:
            text = self.plain[at]
            key = self._key(at)
            if key:
                keys.add(key)
                strangers, last = 0, at
                evidence = evidence or "@" in text or any(c.isdigit() for c in text)
            elif text:
                # A long list of addressees may run over a line or two.
                strangers += 1
                if strangers > 2:
                    break
            at += 1
        return last - i + 1 if "from" in keys and len(keys) >= 3 and evidence else 0

    def _key(self, i: int) -> str:
        if i not in self.keys:
            self.keys[i] = phrases.header_key(self.plain[i])
        return self.keys[i]

    def _is_signature_delimiter(self, i: int) -> bool:
        text = self.plain[i]
        if text == "--" or text == "—":
            return self.lines[i].text.startswith(("--", "—"))
        return phrases.is_list_rule(text) and i + 1 < len(self.lines) and phrases.is_list_footer(self.plain[i + 1])

    def _begins_answered(self, i: int) -> bool:
        """An answered or forwarded message begins at the line; asked again and again below many delimiters."""
        if i not in self.begins:
            text = self.plain[i]
            self.begins[i] = bool(text) and bool(
                phrases.is_original_marker(text)
                or phrases.is_forward_marker(text)
                or self._attribution(i)
                or self._header_block(i)
            )
        return self.begins[i]

    def _signature(self, start: int) -> int:
        end, said = start + 1, 0
        while end < len(self.lines):
            if self.quoted[end] or self.lines[end].mark in (Mark.CUT, Mark.FORWARD):
                break
            if self._begins_answered(end):
                break
            said += bool(self.plain[end])
            if said > MAX_SIGNATURE_LINES:
                return start + 1
            end += 1
        return self._set(start, end, Label.SIGNATURE)


def _label_footers(lines: Sequence[Line], labels: list[Label]) -> None:
    """ "Sent from my phone", where it ends a run of new words."""
    closing = True
    for i in range(len(lines) - 1, -1, -1):
        if labels[i] is not Label.NEW:
            closing = True
            continue
        text = lines[i].text.replace("\xa0", " ").strip()
        if not text:
            continue
        if closing and len(text) < 160 and phrases.is_mobile_footer(text):
            labels[i] = Label.SIGNATURE
        else:
            closing = False


def _rescue(lines: Sequence[Line], labels: list[Label]) -> None:
    """Nobody sends nothing: without any new word, a forward or an undelimited block is what was meant to be said."""
    said = {what for line, what in zip(lines, labels, strict=True) if line.text.strip()}
    if Label.NEW in said:
        return
    if Label.FORWARDED in said:
        for i, what in enumerate(labels):
            labels[i] = Label.NEW if what is Label.FORWARDED else what
    elif said == {Label.SIGNATURE}:
        for i, line in enumerate(lines):
            if line.mark is Mark.SIGNATURE:
                labels[i] = Label.NEW
