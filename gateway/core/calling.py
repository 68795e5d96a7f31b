"""What a person may be called in a text: by address, by full name, by first name.

store.people keeps it beside each person, folded; inbound.mentions asks by it.
"""

from __future__ import annotations

from enum import IntEnum

from gateway.core.community import shown_name
from gateway.core.folding import fold

_LONGEST = 200
"""Characters of a calling: compatibility forms may become longer by being folded."""


class Calling(IntEnum):
    """How a name names: the lower, the surer."""

    LOCAL_PART = 1
    FULL = 2
    FIRST = 3


def callings(name: str, address: str) -> set[tuple[Calling, str]]:
    """Everything this person may be called, folded.

    Directories write "MOREL Claire" and "Morel, Claire" as well as "Claire Morel": each is Claire, and Claire Morel.
    """
    whole = shown_name(name, address)
    given, family = _split(whole)
    found = {
        (Calling.LOCAL_PART, address.rpartition("@")[0]),
        (Calling.FULL, whole.replace(",", " ")),
        (Calling.FULL, f"{given} {family}"),
        (Calling.FIRST, given.partition(" ")[0]),
    }
    return {(kind, key) for kind, text in found if (key := fold(text)[:_LONGEST].strip())}


def _split(name: str) -> tuple[str, str]:
    """(given names, family name) as far as the writing tells them apart."""
    family, comma, given = name.partition(",")
    if comma and given.strip():
        return " ".join(given.split()), " ".join(family.split())
    words = name.replace(",", " ").split()
    # Capitals throughout mark a family name, unless the whole name is written so.
    capitals = [word for word in words if word.isupper() and len(word) > 1]
    if len(capitals) < len(words) and words and words[0] in capitals:
        return " ".join(word for word in words if word not in capitals), " ".join(capitals)
    return " ".join(words[:1]), " ".join(words[1:])
