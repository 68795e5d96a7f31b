"""Words without what people put around them: quotes, stress, closing punctuation.

commands, days, thanks and choices compare with it, and with fold() of the kernel.
"""

from __future__ import annotations

from gateway.core.folding import UNSEEN, fold

__all__ = ["CLOSING", "QUOTES", "bare", "fold"]

QUOTES = "\"'«»“”„‟‘’‚‹›`´*_~"
"""What stands around a word to quote or to stress it."""
CLOSING = ".!…‼,;:"
"""What may end a line without changing it. A question mark does: whoever asks does not order."""
_BLANK = " \t\r\n\v\f\x85\u00a0\u2007\u2009\u200a\u2028\u2029\u202f\u3000"


def bare(text: str) -> str:
    """The text without blank lines, quotes and closing punctuation around it, in its own letters."""
    return text.translate(UNSEEN).rstrip(CLOSING + QUOTES + _BLANK).lstrip(QUOTES + _BLANK)
