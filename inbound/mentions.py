"""Mentions: the places of a text at which somebody is called by "@" and a name.

Pure; inbound.actions.mentioning asks the store who is meant. An address and a line of code call nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gateway.core.folding import fold

MOST = 20
"""Callings of one post that are looked at."""
_MOST_WORDS = 5
_LOOKED_AT = 300
"""Characters behind an "@" that may belong to a name, and of a line that are looked at for code."""
# Not within an address, a path, an assignment, or what is marked as code.
_AT = re.compile(r"(?<![\w.+%/@`=&#~\\-])@(?=\w)")
_WORD = re.compile(r"\w(?:[\w.'’+-]{0,62}\w)?")
_GAP = re.compile(r"\s{1,3}")
_POSSESSIVE = ("'s", "’s")
_CODE_ENDS = ("{", "}", ";")


def callings(text: str) -> list[tuple[str, ...]]:
    """What each calling may name, folded, the longest first: ("claire morel", "claire") for "@Claire Morel".

    At most MOST of them; linear in the text.
    """
    found: list[tuple[str, ...]] = []
    for at in _AT.finditer(text):
        words = _words(text, at.end())
        if words:
            found.append(tuple(_candidates(words)))
        if len(found) == MOST:
            break
    return found


def resolve(found: list[tuple[str, ...]], meant: Mapping[str, int | None]) -> set[int]:
    """The people who are called. `meant` has the person of each name that names one, None where it names several."""
    people = set()
    for candidates in found:
        known = next((name for name in candidates if name in meant), None)
        person = meant[known] if known is not None else None
        if person is not None:
            people.add(person)
    return people


def _words(text: str, start: int) -> list[str]:
    """The words from here on that may be a name; none where this is an address or code."""
    line_end = text.find("\n", start, start + _LOOKED_AT)
    line = text[start : line_end if line_end >= 0 else start + _LOOKED_AT]
    if line.rstrip().endswith(_CODE_ENDS):
        return []
    words: list[str] = []
    at = start
    while len(words) < _MOST_WORDS and (word := _WORD.match(text, at)):
        words.append(word[0])
        # An address, or the decorator of a function.
        if len(words) == 1 and text[word.end() : word.end() + 1] in ("@", "("):
            return []
        gap = _GAP.match(text, word.end())
        if not gap:
            break
        at = gap.end()
    return words


def _candidates(words: list[str]) -> Iterator[str]:
    for count in range(len(words), 0, -1):
        name = " ".join(words[:count])
        yield fold(name)
        if name.endswith(_POSSESSIVE):
            yield fold(name[:-2])
