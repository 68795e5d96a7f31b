"""Marks before lines: which lines carry the mark of a quote, and which of them are the person's own all the same.

quoting asks before and after its pass. A program puts `>` before what is answered; people put it before a command, a
verse or a list. In doubt a marked line in the middle of somebody's words is theirs (invariant I13).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inbound import attribution, phrases
from inbound.lines import Label, Line, Mark

_QUOTED = re.compile(r"[ ]{0,3}(?:>|&gt;|\|[ ]?>)")
# Marks that mean a quote only where an attribution says that one follows: tables and lists are written with them too.
_OTHER = re.compile(r"[|»}:%#]|[A-Z][A-Za-z]{0,3}>")
_PROMPTS = (">>> ", ">>>\n")
# Who speaks of the other's words announces a quote.
_OF_OTHERS = re.compile(
    r"\b(?:you|your|yours|vous|votre|vos|tu|ton|ta|tes|ihr|ihre[nmrs]?|sie|du|dein\w{0,2}|usted|su|tuo|tua|seu|sua|jouw)\b|"
    r"\b(?:quot|said|says|ask|wr[io]t|point|question|answer|repl[iy]|respon|comment|remark|mail|message|"
    r"citation|cit[ée]|[ée]cri|dit|demand|r[ée]pon|remarqu|zit|schr|sag|frag|antwort)",
    re.IGNORECASE,
)
_FULL = 68
_TAIL = 50
_WORD = re.compile(r"\w+")
_RUN = 3


def find_quoted(lines: Sequence[Line], plain: Sequence[str]) -> list[bool]:
    """For each line whether it is marked as a quote; `plain` is each line as a reader sees it."""
    quoted = [
        line.mark is Mark.QUOTE or bool(_QUOTED.match(line.text) and not line.text.startswith(">From "))
        for line in lines
    ]
    for i in range(1, len(lines) - 1):
        if not quoted[i] and plain[i] and lines[i].mark is Mark.NONE and _is_tail(lines, plain, i):
            quoted[i] = True
    return quoted


def _is_tail(lines: Sequence[Line], plain: Sequence[str], i: int) -> bool:
    """A quoted line that a program wrapped leaves its tail without a mark, in the middle of a sentence."""
    above = lines[i - 1].text
    if not above.startswith(">") or len(plain[i]) >= _TAIL or not plain[i][0].islower():
        return False
    above = above.rstrip()
    full = len(above) >= _FULL and above[-1] not in ".?!:;…"
    return full and (lines[i + 1].text.startswith(">") or not plain[i + 1])


def other_mark(text: str) -> str:
    """The mark that the line begins with, of those that mean a quote only below an attribution; "" if none."""
    found = _OTHER.match(text)
    return found[0] if found else ""


def keep_all(lines: Sequence[Line], labels: list[Label], *, unless_prompts: bool) -> None:
    """Marked lines in a mail that quotes nobody: the person's, who marks a citation or shows code so.

    `unless_prompts`: only where all of them are prompts of a shell, which have three marks, and nothing one or two.
    """
    marked = [i for i, what in enumerate(labels) if what is Label.QUOTED and lines[i].mark is Mark.NONE]
    if unless_prompts and not (marked and all(lines[i].text.startswith(_PROMPTS) for i in marked)):
        return
    for i in marked:
        labels[i] = Label.NEW


def keep_announced(lines: Sequence[Line], plain: Sequence[str], labels: list[Label]) -> None:
    """Marked lines that the person's own sentence announces, and after which they go on: "type this:"."""
    at, above = 0, ""
    while at < len(labels):
        end = at + 1
        if labels[at] is Label.NEW:
            above = plain[at] or above
        elif labels[at] is not Label.QUOTED or lines[at].mark is not Mark.NONE or not _QUOTED.match(lines[at].text):
            above = ""
        else:
            while end < len(labels) and labels[end] is Label.QUOTED and _QUOTED.match(lines[end].text):
                end += 1
            if _announces(above) and _goes_on(plain, labels, end):
                labels[at:end] = [Label.NEW] * (end - at)
            above = ""
        at = end


def _announces(text: str) -> bool:
    """A sentence of several words that ends with a colon, and not what a program writes of whom it quotes."""
    if not text.endswith(":") or "@" in text or any(map(str.isdigit, text)) or _OF_OTHERS.search(text):
        return False
    words = text.rstrip(": ").split()
    return len(words) >= 3 and sum(map(str.islower, words)) * 3 >= len(words) * 2


def _goes_on(plain: Sequence[str], labels: Sequence[Label], at: int) -> bool:
    while at < len(plain) and not plain[at]:
        at += 1
    return at < len(plain) and labels[at] is Label.NEW


def keep_cited(lines: Sequence[Line], plain: Sequence[str], labels: list[Label]) -> None:
    """Marked lines above what introduces the quote, where the quote has no such words: cited from somewhere else."""
    carried = (Label.QUOTED, Label.FORWARDED)
    first = next((i for i, what in enumerate(labels) if what in carried and _introduces(lines, plain, i)), 0)
    # The tail of a marked line that a program wrapped introduces nothing: it stands right below the mark.
    if not first or _is_marked(lines, labels, first - 1):
        return
    known: dict[int, set[tuple[str, ...]]] = {}
    at = 0
    while at < first:
        end = at
        while _is_marked(lines, labels, end):
            end += 1
        cited = _words(plain[at:end])
        if cited and not any(map(_is_of_mail, plain[at:end])):
            size = min(_RUN, len(cited))
            if size not in known:
                known[size] = _runs(_words(plain[first:]), size)
            runs = _runs(cited, size)
            if len(runs & known[size]) * 2 < len(runs):
                labels[at:end] = [Label.NEW] * (end - at)
        at = end + 1


def _is_of_mail(text: str) -> bool:
    """Programs write such a line into what they quote, and into nothing else."""
    bare = text.strip("> ")
    if phrases.is_original_marker(text) or phrases.is_forward_marker(bare) or phrases.header_key(bare):
        return True
    return attribution.may_end(bare) and attribution.is_attribution(bare, introduces=True)


def _introduces(lines: Sequence[Line], plain: Sequence[str], at: int) -> bool:
    return bool(plain[at]) and not _QUOTED.match(lines[at].text)


def _is_marked(lines: Sequence[Line], labels: Sequence[Label], at: int) -> bool:
    return labels[at] is Label.QUOTED and lines[at].mark is Mark.NONE and bool(_QUOTED.match(lines[at].text))


def _words(plain: Sequence[str]) -> list[str]:
    return [word for text in plain for word in _WORD.findall(text.lower())]


def _runs(words: Sequence[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}
