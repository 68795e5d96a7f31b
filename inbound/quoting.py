"""Which lines of a mail are the person's new words, and which it only carries along.

body hands in lines from the plain text or from HTML (which knows more, as marks). One pass forward, every pattern on
one short line at a time, so time grows with the text and not faster. In doubt a line is new (invariant I13).
"""

from __future__ import annotations

from collections.abc import Sequence

from inbound import attribution, marks, phrases, signature
from inbound.endings import label_ends
from inbound.headers import Headers
from inbound.lines import Label, Line, Mark, visible

__all__ = ["MAX_LINES", "Label", "Line", "Mark", "label"]

MAX_LOOKED_AT = 4_000
"""Lines that may introduce a quote."""
MAX_LINES = 10_000


def label(lines: Sequence[Line], *, forward: bool, answer: bool = True) -> list[Label]:
    """One label for each line. `forward`: the mail is a forward by its subject; `answer`: it answers another."""
    labeller = _Labeller(lines, forward, answer)
    labels = labeller.run()
    label_ends(lines, labeller.plain, labels)
    _rescue(lines, labels, forward=forward)
    return labels


class _Labeller:
    def __init__(self, lines: Sequence[Line], forward: bool, answer: bool) -> None:
        self.lines = lines
        self.plain = [visible(line.text) for line in lines]
        self.quoted = marks.find_quoted(lines, self.plain)
        self.labels = [Label.NEW] * len(lines)
        self.headers = Headers(self.plain)
        self.begins: dict[int, bool] = {}
        self.attributions: dict[int, int] = {}
        self.said = False
        """A line before the current one holds new words."""
        self.forward = forward
        self.answer = answer
        self.introduced = False
        self.looked_at = 0
        """Something said that the mail quotes another."""
        self.announced: bool | None = None
        self.divided = False
        # For each line the next one that is not blank, computed once from the end.
        self.next = [len(lines)] * (len(lines) + 1)
        for i in range(len(lines) - 1, -1, -1):
            self.next[i] = i if self.plain[i] else self.next[i + 1]

    def run(self) -> list[Label]:
        # A letter of more lines than that is a log or an attack; what lies beyond is kept as it is.
        i, count = 0, min(len(self.lines), MAX_LINES)
        while i < count:
            i = self._step(i)
            self.said = self.said or (
                self.labels[i - 1] is Label.NEW and bool(self.plain[i - 1]) and not phrases.is_rule(self.plain[i - 1])
            )
        if not self.introduced:
            marks.keep_all(self.lines, self.labels, unless_prompts=self.answer or self.forward)
        marks.keep_announced(self.lines, self.plain, self.labels)
        marks.keep_cited(self.lines, self.plain, self.labels)
        return self.labels

    def _step(self, i: int) -> int:
        """Label the line at `i` and those that belong to it; the index of the next line to look at."""
        mark, text = self.lines[i].mark, self.plain[i]
        if self.quoted[i] and not (text.endswith(">>>") and phrases.is_original_marker(text)):
            return self._quoted(i)
        if mark is Mark.CUT or mark is Mark.FORWARD:
            return self._cut(i, forwarded=mark is Mark.FORWARD or self.forward)
        if mark is Mark.SIGNATURE:
            return self._set(i, i + 1, Label.SIGNATURE)
        if not text:
            return i + 1
        if phrases.is_forward_marker(text):
            return self._forwarded(i)
        if phrases.is_original_marker(text):
            return self._answered(i, i + 1)
        if size := self.headers.size(i):
            return self._answered(i, i + size)
        if size := self._attribution(i):
            return self._attributed(i, i + size)
        if end := attribution.glued_end(text):
            return self._rest(i, forwarded=False) if self.said and end else i + 1
        if self._is_signature_delimiter(i):
            return self._signature(i)
        return i + 1

    def _quoted(self, i: int) -> int:
        text, end = self.plain[i].lstrip("> "), i + 1
        begins = i == 0 or self.labels[i - 1] is Label.NEW
        if begins and self._is_forward_within(text):
            if self.lines[i].mark is Mark.QUOTE and phrases.is_forward_marker(text):
                return self._rest(i, forwarded=True)
            while end < len(self.lines) and (self.quoted[end] or not self.plain[end]):
                end += 1
            return self._set(i, end, Label.FORWARDED)
        self._set(i, end, Label.QUOTED)
        # Some clients mark the line that introduces the quote, and not the quote.
        following = self.next[end]
        if (
            self.lines[i].mark is Mark.QUOTE
            and attribution.may_end(text)
            and following < len(self.lines)
            and self.lines[following].mark is Mark.INDENT
        ):
            self.introduced = True
            return self._indented(i, following)
        self.introduced = self.introduced or self.lines[i].mark is Mark.QUOTE
        return end

    def _is_forward_within(self, text: str) -> bool:
        """A quotation that begins so is a forwarded mail, quoted as a whole."""
        if phrases.is_forward_marker(text):
            return True
        return self.forward and (phrases.is_original_marker(text) or phrases.header_key(text) == "from")

    def _indented(self, start: int, end: int) -> int:
        while end < len(self.lines) and (self.lines[end].mark is Mark.INDENT or not self.plain[end]):
            end += 1
        return self._set(start, end, Label.QUOTED)

    def _cut(self, i: int, *, forwarded: bool) -> int:
        self.introduced = True
        # The block of the header follows; what stands below it may be wanted.
        if not forwarded and self.said and self._is_announced():
            self.announced = None
            return self._set(i, i + 1, Label.QUOTED)
        return self._rest(i, forwarded=forwarded)

    def _answered(self, start: int, end: int) -> int:
        """The answered message begins at `start`, its own words at `end`."""
        if not self.said and not self.answer and not self.forward:
            # A mail that answers nothing and begins like a memo is one.
            return end
        if not self.said and not self.forward and not any("@" in text for text in self.plain[start:end]):
            # Nothing above it and no address in it: an invitation that names its day, its place and its subject.
            return end
        self.introduced = True
        if self.said and not self.forward and self._is_announced():
            return self._set(self._above(start), end, Label.QUOTED)
        if self.said or self.forward:
            return self._rest(start, forwarded=self.forward)
        # With nothing above it, it is no answer: the words below are what the person wants to say.
        return self._set(start, end, Label.QUOTED)

    def _is_announced(self) -> bool:
        """The words so far say that answers stand inside the answered mail; believed once, for its first level."""
        if self.announced is None:
            above = [t for t, what in zip(self.plain, self.labels, strict=True) if what is Label.NEW and t][:30]
            self.announced = phrases.announces_answers("\n".join(above)[:3000])
            return self.announced
        return False

    def _set(self, start: int, end: int, what: Label) -> int:
        self.labels[start:end] = [what] * (end - start)
        return end

    def _above(self, start: int) -> int:
        """Where what begins at `start` begins: with the rule, the marker or the name that a program drew above it."""
        for _ in range(3):
            above = start - 1
            while above >= 0 and not self.plain[above]:
                above -= 1
            if above < 0 or self.labels[above] is not Label.NEW:
                break
            text = self.plain[above]
            if not (phrases.is_rule(text) or phrases.is_bare_marker(text) or attribution.is_named(text)):
                break
            start = above
        return start

    def _rest(self, start: int, *, forwarded: bool) -> int:
        start = self._above(start)
        return self._set(start, len(self.lines), Label.FORWARDED if forwarded else Label.QUOTED)

    def _forwarded(self, i: int) -> int:
        self.introduced = True
        following = self.next[i + 1]
        if following < len(self.lines) and self.quoted[following]:
            end = following
            while end < len(self.lines) and (self.quoted[end] or not self.plain[end]):
                end += 1
            return self._set(i, end, Label.FORWARDED)
        return self._rest(i, forwarded=True)

    def _attribution(self, i: int) -> int:
        """How many lines from `i` are one attribution ("On … wrote:"), 0 if none begins here."""
        if i not in self.attributions:
            self.attributions[i] = self._find_attribution(i)
        return self.attributions[i]

    def _find_attribution(self, i: int) -> int:
        if self.looked_at > MAX_LOOKED_AT:
            return 0
        joined = ""
        for size in range(1, attribution.MAX_LINES + 1):
            at = i + size - 1
            if at >= len(self.lines) or not self.plain[at] or (self.quoted[at] and size == 1):
                return 0
            text = self.plain[at].lstrip("> ") if self.quoted[at] else self.plain[at]
            if size == 2 and not attribution.may_begin(joined, text):
                return 0
            joined = f"{joined} {text}".strip()
            if len(joined) > attribution.MAX_LENGTH:
                return 0
            if not attribution.may_end(text):
                continue
            following = self.next[i + size]
            introduces = following < len(self.lines) and (
                self.quoted[following] or self.lines[following].mark is Mark.INDENT or self._is_marked(following)
            )
            self.looked_at += 1
            if attribution.is_attribution(joined, introduces=introduces):
                return size
            if self.looked_at > MAX_LOOKED_AT:
                # No mail introduces so many quotes; whoever wrote this wants our time.
                return 0
        return 0

    def _is_marked(self, i: int) -> bool:
        """The line begins with a mark that is used for quotes, and so does the next."""
        mark = marks.other_mark(self.plain[i])
        below = self.next[i + 1]
        return len(mark) > 1 or (bool(mark) and below < len(self.lines) and self.plain[below].startswith(mark))

    def _attributed(self, start: int, end: int) -> int:
        self.introduced = True
        following = self.next[end]
        self._set(start, end, Label.QUOTED)
        if following >= len(self.lines):
            return end
        if not self.quoted[following] and self._is_marked(following):
            self._mark_all(following)
        if self.quoted[following]:
            return end
        if self.lines[following].mark is Mark.INDENT:
            return self._indented(start, following)
        if self.said and self._is_announced():
            return end
        return self._rest(start, forwarded=self.forward and not self.said)

    def _mark_all(self, start: int) -> None:
        """From the line at `start` on, every line with its mark is a quoted one."""
        mark = marks.other_mark(self.plain[start])
        for i in range(start, len(self.lines)):
            if mark and self.plain[i].startswith(mark):
                self.quoted[i] = True

    def _is_signature_delimiter(self, i: int) -> bool:
        text, below = self.plain[i], self.next[i + 1]
        # Anything but "--" right below a line underlines it.
        if text != "--" and i > 0 and self.plain[i - 1] and self.labels[i - 1] is Label.NEW and len(text) < 20:
            return False
        return signature.is_delimiter(text, self.lines[i].text, self.plain[below] if below < len(self.lines) else "")

    def _begins_answered(self, i: int) -> bool:
        """An answered or forwarded message begins at the line; asked again and again below many delimiters."""
        if i not in self.begins:
            text = self.plain[i]
            self.begins[i] = bool(text) and bool(
                phrases.is_original_marker(text)
                or phrases.is_forward_marker(text)
                or self._attribution(i)
                or self.headers.size(i)
            )
        return self.begins[i]

    def _signature(self, start: int) -> int:
        end, said = start + 1, 0
        while end < len(self.lines):
            if self.quoted[end] or self.lines[end].mark in (Mark.CUT, Mark.FORWARD) or self._begins_answered(end):
                break
            if signature.is_sure(self.lines[end].text) and not signature.is_sure(self.lines[start].text):
                break
            said += bool(self.plain[end])
            if said > signature.MAX_LINES:
                return start + 1
            end += 1
        below = [text for text in self.plain[start + 1 : end] if text]
        if signature.is_signature(self.lines[start].text, below, divided=self.divided):
            # Two delimiters are one.
            above = start - 1
            if above >= 0 and signature.is_bare(self.plain[above]) and self.labels[above] is Label.NEW:
                self.labels[above] = Label.SIGNATURE
            return self._set(start, end, Label.SIGNATURE)
        self.divided = self.divided or self.plain[start] == "--"
        return start + 1


def _rescue(lines: Sequence[Line], labels: list[Label], *, forward: bool) -> None:
    """Nobody sends nothing: without any new word, a forward or an undelimited block is what was meant to be said."""
    said = {what for line, what in zip(lines, labels, strict=True) if line.text.strip()}
    if Label.NEW in said:
        return
    wanted = Label.FORWARDED if Label.FORWARDED in said else Label.QUOTED if forward else None
    if wanted is not None:
        for i, what in enumerate(labels):
            labels[i] = Label.NEW if what is wanted else what
    elif said == {Label.SIGNATURE}:
        for i, line in enumerate(lines):
            if line.mark is Mark.SIGNATURE:
                labels[i] = Label.NEW
