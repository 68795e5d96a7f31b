"""Learned signatures: the same tail in earlier mails of the same person is not what they want to say now.

Called by body with the latest texts of the author. A tail is learned from two mails that share it, to the letter but
for blanks; a greeting alone ("Merci, Claire") is too little to be one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inbound.quoting import Label, Line

_MIN_LINES = 2
_MAX_LINES = 15
_MAX_LENGTH = 1200
# What contact blocks are made of and closing sentences are not: numbers, addresses, links, separators.
_CONTACT = re.compile(r"\d[\d .()/+-]{5,}\d|@|https?:|www\.|\b\d{5}\b|[|•·]")


def relabel(lines: Sequence[Line], labels: Sequence[Label], earlier: Sequence[str]) -> list[Label]:
    """The labels with the learned tail of the new words as signature. `earlier`: texts of the author, any order."""
    corrected = list(labels)
    said = [i for i, line in enumerate(lines) if labels[i] is Label.NEW and line.text.strip()]
    tail = _learned([_bare(lines[i].text) for i in said[-_MAX_LINES - 1 :]], [_last_lines(text) for text in earlier])
    # Somebody who sends nothing but their tail means it.
    if not tail or tail == len(said):
        return corrected
    for i in said[-tail:]:
        corrected[i] = Label.SIGNATURE
    return corrected


def _learned(said: Sequence[str], earlier: Sequence[Sequence[str]]) -> int:
    """How many of the last lines are a tail that two earlier texts end with."""
    shared = sorted((_common(said, text) for text in earlier), reverse=True)
    length = min(shared[1] if len(shared) > 1 else 0, _MAX_LINES)
    while length >= _MIN_LINES:
        tail = said[-length:]
        if sum(map(len, tail)) <= _MAX_LENGTH and any(_CONTACT.search(line) for line in tail):
            return length
        length -= 1
    return 0


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines from the end are the same."""
    count = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        count += 1
    return count


def _last_lines(text: str) -> list[str]:
    return [bare for line in text[-2 * _MAX_LENGTH :].splitlines() if (bare := _bare(line))]


def _bare(line: str) -> str:
    return " ".join(line.split())
