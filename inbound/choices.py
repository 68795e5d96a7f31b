"""The answer to our question "which topic?": the number of one of the topics that were offered.

The pipeline asks for the newly written text of such an answer. Pure, never raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from inbound.folding import bare, fold

MAX_TEXT = 1200
"""A number and the longest title."""
_NUMBER = re.compile(
    r"(?:(?:le|au|dans le|to|the|in) )?(?:sujet |topic |numero |number )?(?:\[#([0-9]{1,9})\]|(?:#|n°) ?([0-9]{1,9})|"
    r"([0-9]{1,9}))(?=$|[ :,.)-])(.*)",
)
_WORD = re.compile(r"\w+")
_MARKS = " :,.)-"


def read_choice(text: str, topics: Mapping[int, str]) -> int | None:
    """The number that `text` names, of `topics` by number with their titles; None for anything else.

    "12", "#12", "[#12]", "le 12", "12 Budget 2027": what follows the number has to begin the title of that topic.
    """
    text = text.strip()
    if len(text) > MAX_TEXT:
        return None
    found = _NUMBER.fullmatch(fold(bare(text)))
    if found is None:
        return None
    number = int(found[1] or found[2] or found[3])
    if number not in topics:
        return None
    words = _WORD.findall(found[4])
    title = _WORD.findall(fold(topics[number][:MAX_TEXT]))
    if not words:
        return None if found[4].strip(_MARKS) else number
    # A question mark may only be the title's own: "12 Budget?" asks something.
    asks = "?" in found[4] and words != title
    return number if words == title[: len(words)] and not asks else None
