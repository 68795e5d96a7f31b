"""Files of rows (CSV, RFC 4180) as spreadsheets save them: UTF-8 with or without a mark, commas or semicolons.

Read by `relais import`. A row that cannot be read is told with its line, and the rows after it are read all the same.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

_SEPARATORS = (",", ";")
_LONGEST = 1 << 20
"""Octets of a line: what is longer is no sheet of ours, and is not read into memory."""
_SHOWN = 200


class SheetError(ValueError):
    """The whole file is of no use: no header row, or one with other columns."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its first line in the file (the header is line 1), its values by column, or why it cannot be read."""

    line: int
    values: dict[str, str] = field(default_factory=dict)
    error: str = ""


def read_rows(file: IO[bytes], columns: Sequence[str], needed: Sequence[str]) -> Iterator[SheetRow]:
    """The rows behind the header row, which names some of `columns`, all of `needed` among them, in any order.

    Empty lines are passed over. Raises SheetError.
    """
    text = _Lines(file)
    head = next(text, "")
    # Whichever separator makes known columns of the header row is the one of the file.
    try:
        named = [[name.strip().lower() for name in next(csv.reader([head], delimiter=s), [])] for s in _SEPARATORS]
    except csv.Error as error:
        raise SheetError(f"line 1: cannot be read: {error}") from error
    known = [sum(name in columns for name in names) for names in named]
    best = known.index(max(known))
    _check(named[best], columns, needed)
    reader = csv.reader(text, delimiter=_SEPARATORS[best], strict=True)
    yield from _rows(reader, text, named[best])


def _rows(reader: Iterator[list[str]], text: _Lines, names: Sequence[str]) -> Iterator[SheetRow]:
    while True:
        line = text.mark()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            text.give_back()
            yield SheetRow(line, error=f"cannot be read: {error}")
            continue
        if not any(value.strip() for value in row):
            continue
        if any("\udc80" <= character <= "\udcff" for value in row if not value.isascii() for character in value):
            yield SheetRow(line, error="is not UTF-8")
        elif len(row) != len(names):
            text.give_back()
            yield SheetRow(line, error=f"has {len(row)} values for {len(names)} columns")
        else:
            yield SheetRow(line, dict(zip(names, row, strict=True)))


def _check(names: Sequence[str], columns: Sequence[str], needed: Sequence[str]) -> None:
    wanted = ",".join(columns)
    missing = [name for name in needed if name not in names]
    strange = [name for name in names if name not in columns]
    if missing or strange or len(set(names)) < len(names):
        raise SheetError(f"line 1: the header row must be {wanted}, and it is {','.join(names)[:_SHOWN]!a}")


class _Lines(Iterator[str]):
    """The lines of a file as text, counted; octets that are not UTF-8 stay recognisable.

    A line ends with LF, CRLF or, as old spreadsheets write it, CR.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._read: deque[bytes] = deque()
        # Of a line that was not read to its end.
        self._begun = b""
        self._taken: list[str] = []
        self._again: deque[str] = deque()
        self._line = 0

    def __next__(self) -> str:
        if self._again:
            text = self._again.popleft()
        else:
            text = self._next_line().decode("utf-8" if self._line else "utf-8-sig", "surrogateescape")
        self._line += 1
        self._taken.append(text)
        return text

    def _next_line(self) -> bytes:
        while not self._read:
            chunk = self._file.readline(_LONGEST)
            if len(chunk) == _LONGEST and chunk.endswith(b"\r"):
                # Its LF may be the next octet.
                chunk += self._file.read(1)
            lines = (self._begun + chunk).splitlines(keepends=True)
            self._begun = b""
            if not lines:
                raise StopIteration
            if len(chunk) >= _LONGEST and not chunk.endswith((b"\n", b"\r")):
                self._begun = lines.pop()
                if len(self._begun) > _LONGEST:
                    raise SheetError(f"line {self._line + 1 + len(lines)}: longer than {_LONGEST} octets")
            self._read.extend(lines)
        return self._read.popleft()

    def mark(self) -> int:
        """Here a row begins; returns the number of its first line."""
        self._taken.clear()
        return self._line + 1

    def give_back(self) -> None:
        """A quotation mark that nobody closed takes the lines after it along: all but the first are read again."""
        self._again.extendleft(reversed(self._taken[1:]))
        self._line -= len(self._taken) - 1
