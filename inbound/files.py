"""Files that do not go out with a mail: of a barred type, or too large. Pure.

Asked by the house rules, and by the gathering, which takes them off a mail once somebody said that it goes without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.core.message import Attachment, Reading
from gateway.core.ruling import Ruling


@dataclass(frozen=True, slots=True)
class FileRules:
    """What no post carries: files above so many octets, and files whose name has one of these endings."""

    max_bytes: int
    barred: tuple[str, ...] = ()
    """Lower-case, without the dot."""


def is_barred(file: Attachment, rules: FileRules) -> bool:
    """Whether the last ending of its name is barred; "report.pdf.exe" ends in exe, whatever stands before."""
    name = file.name.rstrip(" .\u00a0").lower()
    return "." in name and name.rpartition(".")[2] in rules.barred


def barred(files: Sequence[Attachment], rules: FileRules) -> tuple[Attachment, ...]:
    """Those of a barred type, in their order."""
    return tuple(file for file in files if is_barred(file, rules))


def is_heavy(file: Attachment, rules: FileRules) -> bool:
    """Whether it is above the limit."""
    return file.size > rules.max_bytes


def without(reading: Reading, rulings: frozenset[Ruling], rules: FileRules) -> tuple[Reading, tuple[str, ...]]:
    """The mail as it goes out after these rulings, and the names of the files that were taken off it."""
    gone = [
        file
        for file in reading.parsed.attachments
        if (Ruling.PUBLISHED in rulings and is_barred(file, rules))
        or (Ruling.LIGHTENED in rulings and is_heavy(file, rules))
    ]
    if not gone:
        return reading, ()
    kept = tuple(file for file in reading.parsed.attachments if file not in gone)
    return replace(reading, parsed=replace(reading.parsed, attachments=kept)), tuple(file.name for file in gone)
