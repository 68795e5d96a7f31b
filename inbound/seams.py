"""Lines in which somebody's words and the line that introduces a quote stand together, taken apart.

digest_reply and body call it before they ask whose a line is. Roundcube's HTML editor sets the caret before its own
"Le 2026-11-20 06:30, Ann a écrit :", where whoever just begins to type writes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inbound import attribution
from inbound.lines import Line, Mark, visible

_SEAM = re.compile(
    r"(?:(?<=[^\s\d(<\[\"«“'’])|(?<=[.!?…)»] ))"
    r"(?=(?:On|Le|Am|El|Il|Em|Op|Den|Dne|På|W dniu)\s(?:[^\W\d_]{2,10}\.?,?\s)?\d)"
)


def apart(lines: Sequence[Line]) -> list[Line]:
    """The lines, each that ends with an attribution behind other words as two: the words, then the attribution."""
    found: list[Line] = []
    for line in lines:
        at = _seam(line.text)
        if at:
            # What is marked is the attribution.
            found += [Line(line.text[:at], Mark.NONE, line.depth), Line(line.text[at:], line.mark, line.depth)]
        else:
            found.append(line)
    return found


def _seam(text: str) -> int:
    """Where the attribution begins that ends the line; 0 where there is none, or nothing before it."""
    if not 10 < len(text) <= attribution.MAX_LENGTH or not attribution.may_end(visible(text)):
        return 0
    # A line with the marks of a quote is an older mail's, and its second half would have no marks.
    if text.lstrip().startswith(">"):
        return 0
    for place in _SEAM.finditer(text):
        if attribution.is_attribution(visible(text[place.start() :]), introduces=False):
            return place.start()
    return 0
