"""Topics that a person types at the start of a line: #12, [#12], "12:", "sujet #12", "#12, #31: both".

digest_reply cuts the person's words at such lines: what a person says wins over where the words stand. Bare numbers
count only before a colon and only for topics that the digest shows; nothing else is a topic.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from inbound.sent_words import words_of

_LEAD = r"[\s\u200b\u2060\ufeff]*(?:[-*•·–—>+]\s+)?[*_]{0,3}"
_MARK = r"(?:\[[#＃](\d{1,9})\]|\([#＃](\d{1,9})\)|[#＃](\d{1,9}))"
_TYPED = re.compile(
    rf"{_LEAD}(?:(?:au |le |the )?(?:sujet|topic|thema|tema|argomento)\s+)?{_MARK}(?!\w)", re.IGNORECASE
)
_MORE = re.compile(rf"\s*(?:,|;|/|&|\+|et|and|und|y|e)?\s*{_MARK}(?!\w)", re.IGNORECASE)
_NUMBERED = re.compile(rf"{_LEAD}(\d{{1,9}})[*_]{{0,3}}\s?[:：](?!\d)")
_BETWEEN = re.compile(r"[*_\]]{0,3}\s*(?:[:：,;.)–—]|-(?=\s)|->|=>|→)?[*_]{0,3}\s*")
_JOINING = re.compile(r"\s*(?:et|and|und|y|e|,|/|&|\+)\s*[\[(]?[#＃]\d", re.IGNORECASE)
_MAX_TOPICS = 20


@dataclass(frozen=True, slots=True)
class Typed:
    """Lines below one typed mark, and the topics it names; none above the first mark."""

    topics: tuple[int, ...]
    lines: tuple[str, ...]


def divide(lines: Sequence[str], known: Collection[int], headings: Mapping[int, tuple[str, ...]]) -> list[Typed]:
    """The lines, cut at each line that begins with a topic; the mark itself is no part of them.

    `known`: the topics of the digest; `headings`: the words of their titles, which somebody may copy with the mark.
    """
    found: list[tuple[tuple[int, ...], list[str]]] = [((), [])]
    for line in lines:
        topics, rest = _read(line, known)
        if topics:
            heading = headings.get(topics[0]) if len(topics) == 1 else None
            copied = heading and tuple(words_of(rest)) == heading
            found.append((topics, [] if copied or not rest else [rest]))
        else:
            found[-1][1].append(line)
    return [Typed(topics, tuple(below)) for topics, below in found]


def _read(line: str, known: Collection[int]) -> tuple[tuple[int, ...], str]:
    """The topics that a line begins with, and what follows; () and the line where it begins with none."""
    numbered = _NUMBERED.match(line)
    if numbered and int(numbered[1]) in known:
        return (int(numbered[1]),), line[numbered.end() :].strip()
    first = _TYPED.match(line)
    if first is None:
        return (), line
    topics, end = [_number(first)], first.end()
    if _JOINING.match(line, end):
        topics, end = _several(line, topics, end)
        if len(topics) == 1:
            # "#12 et #31 se contredisent" is a sentence about both, said where it begins.
            return tuple(topics), line.strip()
    return tuple(dict.fromkeys(topics)), line[_between(line, end) :].strip()


def _several(line: str, topics: list[int], end: int) -> tuple[list[int], int]:
    """All topics of a list that ends with a colon or with the line; else the first alone."""
    found, at = list(topics), end
    while len(found) < _MAX_TOPICS and (more := _MORE.match(line, at)):
        found.append(_number(more))
        at = more.end()
    rest = line[at:].lstrip("*_ \t\xa0\u202f")
    return (found, at) if not rest or rest[0] in ":：" else (topics, end)


def _between(line: str, at: int) -> int:
    found = _BETWEEN.match(line, at)
    return found.end() if found else at


def _number(match: re.Match[str]) -> int:
    return int(next(group for group in match.groups() if group))
