"""Words without what people vary: case, accents, kinds of blanks, dashes and quotes.

What people type is compared in this form, and names are stored in it beside themselves. Callers bound what they fold:
bringing combining marks into order is not linear.
"""

from __future__ import annotations

import unicodedata

UNSEEN = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0xAD])
"""What no reader sees, for str.translate(): marks of direction and width."""
_SPELLINGS = str.maketrans({**dict.fromkeys("‘’ʼ´`", "'"), **dict.fromkeys("‐‑‒–—−", "-")})


def fold(text: str) -> str:
    """Lower case, no accents, plain blanks, dashes and apostrophes: "DÉSABONNER" and "desabonner" are one."""
    plain = text.translate(UNSEEN).translate(_SPELLINGS)
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", plain).casefold())
        plain = "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Me"))
    return " ".join(plain.casefold().split())
