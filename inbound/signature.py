"""Signatures behind a delimiter: "-- " and what clients, people and lists make of it.

quoting asks at each line that could be a delimiter, then about the lines below. Only the delimiter of RFC 3676 §4.3
is believed at once; any other may divide a letter or a poem, so what stands below has to look like a signature.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inbound import footers, notices

MAX_LINES = 25
_MAX_OTHER_LINES = 12
_MAX_WIDTH = 90
_DELIMITERS = frozenset({"--", "—", "–", "__", "___", "---", "- -", "– –", "-- --", "=="})
_CONTACT = re.compile(
    r"\d[\d .()/+-]{5,}\d|@|https?:|www\.|\b\d{5}\b|[|•·]|\b(?:t[ée]l|fax|mob|phone|portable|direct|gsm)\b",
    re.IGNORECASE,
)


def is_delimiter(text: str, raw: str, below: str) -> bool:
    """The line may stand above a signature or a list's footer; `raw` is as it came, `below` the next with words."""
    if text in _DELIMITERS:
        return not raw.startswith((" ", "\t"))
    return footers.is_list_rule(text) and footers.is_list_footer(below)


def is_sure(raw: str) -> bool:
    """The line, as it came, is the delimiter of RFC 3676 §4.3."""
    return raw.startswith("-- ") and not raw[3:].strip()


def is_bare(text: str) -> bool:
    """The line is a delimiter and nothing else."""
    return text in _DELIMITERS


def is_signature(delimiter: str, below: Sequence[str], *, divided: bool = False) -> bool:
    """The lines with words below the delimiter (as it came) are no part of the letter.

    `divided`: the same sign divided the letter before, so that it takes more than a name to be a signature.
    """
    below = [text for text in below if text not in _DELIMITERS] if below and below[-1] in _DELIMITERS else below
    if delimiter.startswith("-- ") or (not below and delimiter.strip() == "--"):
        return True
    if not below:
        return False
    if footers.is_list_rule(delimiter) and footers.is_list_footer(below[0]):
        return True
    own = [text for text in below if not _is_added(text)]
    prose = any(_is_prose(text) for text in own)
    if delimiter.strip() == "--":
        # Somebody may divide a letter so: then only sentences follow, or the same sign again.
        contact = any(_CONTACT.search(text) for text in own)
        return "--" not in own and (contact or not (prose or divided))
    if prose or len(own) > _MAX_OTHER_LINES or any(len(text) > _MAX_WIDTH for text in own):
        return False
    return not own or any(_CONTACT.search(text) for text in own)


def _is_added(text: str) -> bool:
    return (
        notices.is_disclaimer(text)
        or notices.is_small_print(text)
        or footers.is_list_footer(text)
        or footers.is_mobile_footer(text)
    )


def _is_prose(text: str) -> bool:
    """A sentence of a person's, not a line of a contact block."""
    return len(text.split()) >= 8 and text[-1] in ".!?…" and _CONTACT.search(text) is None
