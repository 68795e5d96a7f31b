"""The lines of a mail: what its HTML says around each, and what each turned out to be.

html and body make lines, quoting labels them, endings, subtraction and tails look at both. visible() is how every rule
sees a line: without the marks that programs add for direction and width, which no reader sees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from gateway.core.folding import UNSEEN as UNSEEN

MAX_LOOKED_AT = 1000
"""No rule looks further into a line than that many characters."""
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u202f\u2007\u2009\u200a\u3000\t"), " ")
_SEEN = _BLANKS | UNSEEN


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
    depth: int = field(default=0, compare=False)
    """How many blockquotes of the HTML it stands in; 0 for plain text, whose marks are in `text`."""


def visible(text: str) -> str:
    """The line as a reader sees it, without blanks at its ends and cut to MAX_LOOKED_AT characters."""
    text = text[: 2 * MAX_LOOKED_AT]
    if not text.isascii():
        text = text.translate(_SEEN)
    return text.strip()[:MAX_LOOKED_AT]
