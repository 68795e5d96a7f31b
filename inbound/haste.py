"""Answers that come sooner than a person can have written them, to a mail that we sent to many.

policy asks for each answer to a post; the mail's own headers were asked before. It takes more than haste: whole
sentences of new words and nothing quoted, because people who answer a notification at once say little or quote.
"""

from __future__ import annotations

import re
from datetime import timedelta

from gateway.core.message import Kind, Reading

FEWEST_WORDS = 20
"""So many new words are no shout of joy from the lock screen."""
WORDS_PER_SECOND = 5
"""Faster than anybody types, and nothing was read yet."""
LONGEST = timedelta(seconds=15)
"""After so long somebody may have pasted what they had at hand, however long it is."""
_OVERTAKEN = timedelta(seconds=-1)
_WORD = re.compile(r"\w+")


def needs_time(reading: Reading) -> bool:
    """These words cannot be a person's within seconds: many of them, and no sign of a hand that answered."""
    body = reading.body
    if reading.classification.kind is not Kind.ORDINARY or body.quoted or body.forwarded:
        return False
    return not reading.parsed.attachments and _count(body.text) >= FEWEST_WORDS


def is_too_fast(reading: Reading, after: timedelta) -> bool:
    """Nobody writes this `after` so short a time. A mail from before ours left answers something else, or a copy of it.

    Ours is recorded up to a tenth of a second after it left, so an answer may seem to come a little before it.
    """
    least = min(timedelta(seconds=_count(reading.body.text) / WORDS_PER_SECOND), LONGEST)
    return needs_time(reading) and _OVERTAKEN <= after < least


def _count(text: str) -> int:
    """How many words, as far as it matters."""
    most = WORDS_PER_SECOND * int(LONGEST.total_seconds())
    return sum(1 for _, _ in zip(range(most), _WORD.finditer(text), strict=False))
