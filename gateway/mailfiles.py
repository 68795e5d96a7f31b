"""Files of mails as people keep them: one mail a file (eml), or many (mbox, RFC 4155).

Read by `relais accept` and `relais explain`. Mails come out one by one, so an mbox may be larger than memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from inbound.explain import return_path as return_path

_FROM = b"From "
_QUOTED_FROM = re.compile(rb">+From ")


@dataclass(frozen=True, slots=True)
class FiledMail:
    """One mail of a file. `envelope_sender` is what the mbox noted beside it, "" where it noted nothing."""

    raw: bytes
    envelope_sender: str


def read_mails(file: IO[bytes]) -> Iterator[FiledMail]:
    """The mails of this file: those of an mbox where it begins with "From ", else the one that it is."""
    first = file.readline()
    if first.startswith(_FROM):
        yield from _read_mbox(file, first)
    else:
        yield FiledMail(first + file.read(), "")


def _read_mbox(file: IO[bytes], separator: bytes) -> Iterator[FiledMail]:
    lines: list[bytes] = []
    blank = False
    for line in file:
        # Only behind a blank line does "From " begin a mail; within one it is a word of somebody's.
        if blank and line.startswith(_FROM):
            yield _filed(separator, lines)
            separator, lines, blank = line, [], False
            continue
        blank = line in (b"\n", b"\r\n")
        lines.append(line[1:] if _QUOTED_FROM.match(line) else line)
    yield _filed(separator, lines)


def _filed(separator: bytes, lines: list[bytes]) -> FiledMail:
    if lines and lines[-1] in (b"\n", b"\r\n"):
        lines.pop()
    words = separator.split()
    sender = words[1].decode("utf-8", "replace") if len(words) > 1 else ""
    return FiledMail(b"".join(lines), sender if "@" in sender else "")
