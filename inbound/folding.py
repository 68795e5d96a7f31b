"""Words without what people vary: case, accents, kinds of blanks, dashes and quotes.

commands, days, thanks and choices compare with it. Callers bound what they fold: bringing combining marks into order is
not linear.
"""

from __future__ import annotations

import unicodedata

from inbound.lines import UNSEEN

QUOTES = "\"'«»“”„‟‘’‚‹›`´*_~"
"""What stands around a word to quote or to stress it."""
CLOSING = ".!…‼,;:"
"""What may end a line without changing it. A question mark does: whoever asks does not order."""
_BLANK = " \t\r\n\v\f\x85\u00a0\u2007\u2009\u200a\u2028\u2029\u202f\u3000"
_SPELLINGS = str.maketrans({**dict.fromkeys("‘’ʼ´`", "'"), **dict.fromkeys("‐‑‒–—−", "-")})


def fold(text: str) -> str:
    """Lower case, no accents, plain blanks, dashes and apostrophes: "DÉSABONNER" and "desabonner" are one."""
    plain = text.translate(UNSEEN).translate(_SPELLINGS)
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", plain).casefold())
        plain = "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Me"))
    return " ".join(plain.casefold().split())


def bare(text: str) -> str:
    """The text without blank lines, quotes and closing punctuation around it, in its own letters."""
    return text.translate(UNSEEN).rstrip(CLOSING + QUOTES + _BLANK).lstrip(QUOTES + _BLANK)
