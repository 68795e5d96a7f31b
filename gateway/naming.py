"""What a community may be called: the local part of its posting address, and its name.

Asked wherever a community is made: command line, import, console. A name that an address of ours means already, or
that no mail server would carry, is refused here, before anybody writes to it.
"""

from __future__ import annotations

import re
import unicodedata

from inbound.route import RESERVED

MAX_LOCAL_OCTETS = 30
"""Leaves more than half of the 64 octets of a local part to what stands behind the separator (RFC 5321 §4.5.3.1.1)."""
MAX_NAME = 200
_LOCAL_PART = re.compile(r"[a-z0-9][a-z0-9_=-]*(\.[a-z0-9_=-]+)*\Z")


def community_address(text: str, separator: str) -> str:
    """The canonical local part that `text` is, lower case. Raises ValueError, in words for an administrator."""
    local = text.strip()
    if "@" in local:
        raise ValueError(f"{local}: only the part before the @ is wanted")
    local = local.lower() if local.isascii() else local
    if separator in local:
        raise ValueError(f"{local}: {separator} separates an address from its detail and cannot be part of it")
    if len(local) > MAX_LOCAL_OCTETS:
        raise ValueError(f"{local}: longer than {MAX_LOCAL_OCTETS} characters")
    if not _LOCAL_PART.match(local):
        raise ValueError(f"{local or 'empty'}: not an address of lower-case letters, digits, dots and hyphens")
    if local in RESERVED:
        raise ValueError(f"{local}: reserved, mail to it has a meaning of its own")
    return local


def shown_text(text: str, *, longest: int = MAX_NAME) -> str:
    """A name or title on one line, as it may stand in a header. Raises ValueError."""
    shown = " ".join(unicodedata.normalize("NFC", text).split())
    if any(unicodedata.category(character)[0] == "C" for character in shown):
        raise ValueError(f"{shown!a}: has invisible characters")
    if len(shown) > longest:
        raise ValueError(f"{shown[:20]}…: longer than {longest} characters")
    return shown
