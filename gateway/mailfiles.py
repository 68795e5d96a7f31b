"""Files of mails as people keep them: one mail a file (eml), or many (mbox, RFC 4155).

Read by `relais accept` and `relais explain`. Mails come out one by one, so an mbox may be larger than memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from inbound.explain import return_path as return_path

FROM = b"From "
_QUOTED_FROM = re.compile(rb">+From ")
_QUOTED_FROMS = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_DATED = re.compile(rb"From .{0,400}\d{1,2}:\d\d.{1,60}")


@dataclass(frozen=True, slots=True)
class FiledMail:
    """One mail of a file. `envelope_sender` is what the mbox noted beside it, "" where it noted nothing."""

    raw: bytes
    envelope_sender: str


class Separator:
    """What a line between two mails looks like in an mbox that begins with `first`."""

    def __init__(self, first: bytes) -> None:
        # Many programs do not quote "From " within a mail; but what people write so has no time of day.
        self._dated = bool(_DATED.match(first))

    def begins(self, line: bytes) -> bool:
        """Whether this line, behind a blank one, begins a mail."""
        return line.startswith(FROM) and (not self._dated or bool(_DATED.match(line)))


def unquoted(raw: bytes) -> bytes:
    """The mail without the marks that an mbox puts before "From " at the beginning of a line."""
    return _QUOTED_FROMS.sub(b"", raw) if b">From " in raw else raw


def read_mails(file: IO[bytes]) -> Iterator[FiledMail]:
    """The mails of this file: those of an mbox where it begins with "From ", else the one that it is."""
    first = file.readline()
    if first.startswith(FROM):
        yield from _read_mbox(file, first)
    else:
        yield FiledMail(first + file.read(), "")


def _read_mbox(file: IO[bytes], separator: bytes) -> Iterator[FiledMail]:
    known = Separator(separator)
    lines: list[bytes] = []
    blank = False
    for line in file:
        # Only behind a blank line does "From " begin a mail; within one it is a word of somebody's.
        if blank and known.begins(line):
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
