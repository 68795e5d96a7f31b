"""Archives of mail as they are kept: an mbox, a Maildir, a folder of such files, gzipped or not.

Read by `relais import posts` in two goes: `index()` notes where each mail is and when it was written, `read()` brings
its bytes. About 100 octets a mail are kept in memory, however large the mails are. RFC 4155 (mbox).
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import tempfile
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO

from gateway.mailfiles import FROM, Separator, unquoted

_FIELD = re.compile(
    rb"^(message-id|in-reply-to|references|date|received|from):[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
# "From ann@x Mon …", and as list programs hide it "From ann at x  Mon …".
_NOTED = re.compile(rb"^From .{0,400}?(?=\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b)")
_MESSAGE_ID = re.compile(rb"<[^<>\s]{3,898}>")
_MAX_HEADER = 256 * 1024
_FIRST = datetime(1971, 1, 1, tzinfo=UTC)
"""Older than any mail; a date before it is of a clock that was never set."""
_NOTHING = 0
_HIDDEN = re.compile(r"\.|_(?:gsdata|MACOSX)")


@dataclass(frozen=True, slots=True)
class Head:
    """What the header of a mail says at a glance. Octets as they stand there, b"" and () for nothing."""

    message_id: bytes = b""
    parents: tuple[bytes, ...] = ()
    """In-Reply-To, then References from the latest to the first."""
    author: bytes = b""
    date: datetime | None = None


@dataclass(slots=True)
class Counted:
    """What the index found. `twice` are mails whose Message-ID came before, `undated` those without a usable date."""

    mails: int = 0
    twice: int = 0
    undated: int = 0
    first: datetime | None = None
    last: datetime | None = None


class Archive:
    """The mails at `path`, an mbox, an eml, a Maildir or a folder of them. A context: temporary files go with it.

    Raises OSError where a file cannot be read. Until index() was called it has no mails.
    """

    def __init__(self, path: Path, *, until: datetime) -> None:
        self._opened = ExitStack()
        self._names = list(_files(path))
        self._until = until
        self._file = array("L")
        self._start, self._end = array("Q"), array("Q")
        self._time, self._place = array("q"), array("q")
        self._open: tuple[int, IO[bytes]] | None = None
        self._plain: dict[int, Path] = {}
        self.counted = Counted()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        if self._open:
            self._open[1].close()
        self._opened.close()

    @property
    def size(self) -> int:
        """Octets of all files, as they lie there."""
        return sum(path.stat().st_size for path in self._names)

    def index(self, seen: Callable[[Head], None], advance: Callable[[int], None]) -> array[int]:
        """Notes all mails, once each; returns them in the order in which they were written, an answer behind what it
        answers. `seen` gets the head of each, `advance` the octets that were gone through."""
        known: dict[int, int] = {}
        parents = array("q")
        ids = array("q")
        for number, path in enumerate(self._names):
            for start, end, head in self._scan(number):
                self.counted.mails += 1
                key = _digest(head.message_id) if head.message_id else _NOTHING
                if key and key in known:
                    self.counted.twice += 1
                    continue
                if key:
                    known[key] = len(ids)
                ids.append(key)
                parents.append(_digest(head.parents[0]) if head.parents else _NOTHING)
                self._note(number, start, end, head.date)
                seen(head)
            advance(path.stat().st_size)
        return self._order(known, parents)

    def name(self, mail: int) -> str:
        """Where a mail is, for a person."""
        path = self._names[self._file[mail]]
        return f"{path.name}:{self._start[mail]}" if self._start[mail] else path.name

    def written_at(self, mail: int) -> datetime:
        """When a mail was written: by its own date, else by what was noted beside it, else as the one before it."""
        return datetime.fromtimestamp(self._time[mail], UTC)

    def placed_at(self, mail: int) -> datetime:
        """The time by which a mail is ordered: its own, or one second after what it answers. After index()."""
        return datetime.fromtimestamp(self._place[mail], UTC)

    def octets(self, mail: int) -> int:
        """How long a mail is."""
        return self._end[mail] - self._start[mail]

    def read(self, mail: int) -> bytes:
        """The bytes of a mail."""
        number = self._file[mail]
        if self._open is None or self._open[0] != number:
            if self._open:
                self._open[1].close()
            self._open = (number, self._path(number).open("rb"))
        file = self._open[1]
        file.seek(self._start[mail])
        raw = file.read(self.octets(mail))
        return unquoted(raw) if self._start[mail] else raw

    def _path(self, number: int) -> Path:
        """The file itself, or what was unpacked of it."""
        path = self._names[number]
        if path.suffix != ".gz":
            return path
        if number not in self._plain:
            folder = self._opened.enter_context(tempfile.TemporaryDirectory(prefix="relais-archive-"))
            self._plain[number] = Path(folder) / path.stem
            with gzip.open(path) as packed, self._plain[number].open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
        return self._plain[number]

    def _scan(self, number: int) -> Iterator[tuple[int, int, Head]]:
        """(start, end, head) of each mail of one file."""
        with self._path(number).open("rb") as file:
            first = file.readline(_MAX_HEADER)
            if not first.startswith(FROM):
                file.seek(0)
                yield 0, self._path(number).stat().st_size, glance(file.read(_MAX_HEADER), self._until)
                return
            yield from self._scan_mbox(file, first)

    def _scan_mbox(self, file: IO[bytes], first: bytes) -> Iterator[tuple[int, int, Head]]:
        separator = Separator(first)
        at = start = len(first)
        blank, head = False, bytearray()
        noted, in_header = first, True
        while line := file.readline(_MAX_HEADER):
            if blank and separator.begins(line):
                yield start, at, glance(bytes(head), self._until, noted)
                at += len(line)
                start, blank, head = at, False, bytearray()
                noted, in_header = line, True
                continue
            at += len(line)
            blank = line in (b"\n", b"\r\n")
            in_header = in_header and not blank and len(head) < _MAX_HEADER
            if in_header:
                head += line
        yield start, at, glance(bytes(head), self._until, noted)

    def _note(self, number: int, start: int, end: int, date: datetime | None) -> None:
        if date is None:
            self.counted.undated += 1
            time = self._time[-1] if self._time else int(self._until.timestamp())
        else:
            time = int(date.timestamp())
            self.counted.first = min(filter(None, (self.counted.first, date)))
            self.counted.last = max(filter(None, (self.counted.last, date)))
        self._file.append(number)
        self._start.append(start)
        self._end.append(end)
        self._time.append(time)

    def _order(self, known: dict[int, int], parents: array[int]) -> array[int]:
        """By time. An answer whose clock was behind comes right after what it answers."""
        at = array("q", self._time)
        settled = bytearray(len(at))
        for mail in range(len(at)):
            chain: list[int] = []
            above: int | None = mail
            # It also ends where mails name each other in a ring.
            while above is not None and not settled[above]:
                settled[above] = 1
                chain.append(above)
                above = known.get(parents[above]) if parents[above] else None
            for child in reversed(chain):
                if above is not None and at[child] <= at[above]:
                    at[child] = at[above] + 1
                above = child
        self._place = at
        return array("L", sorted(range(len(at)), key=lambda mail: (at[mail], mail)))


def glance(header: bytes, until: datetime, noted: bytes = b"") -> Head:
    """What the header says; `noted` is the line before the mail, whose date is that of a mail without a usable one."""
    fields: dict[bytes, list[bytes]] = {}
    for name, value in _FIELD.findall(_top(header)):
        fields.setdefault(name.lower(), []).append(value)

    def ids(name: bytes) -> list[bytes]:
        return [i for value in fields.get(name, ()) for i in _MESSAGE_ID.findall(value)]

    date = next((found for value in fields.get(b"date", ()) if (found := _date(value, until))), None)
    if date is None and (received := fields.get(b"received")):
        date = _date(received[0].rpartition(b";")[2], until)
    if date is None and noted:
        date = _date(_NOTED.sub(b"", noted), until)
    parents = dict.fromkeys((*ids(b"in-reply-to"), *reversed(ids(b"references"))))
    return Head(
        message_id=next(iter(ids(b"message-id")), b""),
        parents=tuple(parents),
        author=next(iter(fields.get(b"from", ())), b""),
        date=date,
    )


def _top(data: bytes) -> bytes:
    ends = [end for mark in (b"\n\n", b"\n\r\n") if (end := data.find(mark)) >= 0]
    return data[: min(ends) + 1] if ends else data


def _date(value: bytes, until: datetime) -> datetime | None:
    """The date in UTC, None where there is none that a mail can have."""
    text = value.decode("ascii", "replace").strip()
    try:
        found = parsedate_to_datetime(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # A clock some hours ahead was one that ran ahead; what is beyond was never set.
    if not _FIRST <= found <= until + timedelta(days=1):
        return None
    return min(found, until)


def _digest(message_id: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(message_id, digest_size=8).digest(), "big", signed=True) or 1


def _files(path: Path) -> Iterator[Path]:
    """The files of mails at this place, in the order of their names."""
    if path.is_file():
        yield path
        return
    for child in sorted(path.iterdir()):
        # What is still being written to a Maildir is no mail yet; names with a dot are indexes and locks.
        if _HIDDEN.match(child.name) or child.name == "tmp":
            continue
        if child.is_dir():
            yield from _files(child)
        elif child.is_file() and child.stat().st_size:
            yield child
