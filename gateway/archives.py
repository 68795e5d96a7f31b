"""Moving in: the mails of an archive become posts of a community, in their threads and with their dates.

Called by `relais import posts`. Reader processes understand the mails, one thread writes them, a few hundred a
transaction under the community's lock, so that a gateway may run beside it. Nothing is sent and nobody owed anything
(store.archives). What is there already is left out by its Message-ID: killed and run again, it goes on.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from queue import SimpleQueue

from gateway.archiving import Filing, Letter, known_as
from gateway.core.errors import StoreError
from gateway.core.message import NOTHING_KNOWN, Envelope, Mail
from gateway.mailboxes import Archive, Head, glance
from inbound.archived import read_author, refusal, understand
from inbound.case import ReadMail
from inbound.job import ReaderSetup
from inbound.reader import Reader, Unread
from inbound.route import House
from store import posts
from store.authors import Origin
from store.database import REFUSED, Database

CHUNK = 200
"""Mails a transaction: some tens of milliseconds, which is what a mail that comes in meanwhile waits."""
_CHUNK_BYTES = 16 << 20
_TOLD = 1000
"""Skipped mails that are named one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be imported where. `authors` says whose address an author of the archive has now."""

    community_id: int
    names: tuple[str, ...]
    """What the tag before a subject may be."""
    authors: Mapping[str, str]
    origin: Origin
    max_bytes: int
    readers: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A mail that was not imported, where it is, and why in a word."""

    where: str
    message_id: str
    why: str


@dataclass(slots=True)
class Report:
    """What became of the mails."""

    mails: int = 0
    imported: int = 0
    topics: int = 0
    known: int = 0
    """There already: imported before, posted since, or twice in the archive."""
    undated: int = 0
    authors_added: int = 0
    """Those who were nobody here."""
    why: Counter[str] = field(default_factory=Counter)
    skipped: list[Skipped] = field(default_factory=list)


class Importer:
    """Imports one archive. `advance` is told of every mail that was dealt with."""

    def __init__(self, database: Database, house: House, setup: ReaderSetup, plan: Plan) -> None:
        self._database = database
        self._plan = plan
        self._filing = Filing(plan.community_id, plan.names, plan.authors, plan.origin, house)
        self._readers = [Reader(replace(setup, archive=True)) for _ in range(plan.readers)]
        self._idle: SimpleQueue[Reader] = SimpleQueue()
        for reader in self._readers:
            self._idle.put(reader)
        self.report = Report()

    def run(self, archive: Archive, order: Sequence[int], now: datetime, advance: Callable[[int], None]) -> Report:
        """Imports these mails of the archive in this order. What was committed before trouble stays."""
        counted = archive.counted
        self.report.mails, self.report.known, self.report.undated = counted.mails, counted.twice, counted.undated
        try:
            with ThreadPoolExecutor(len(self._readers), thread_name_prefix="reading") as pool:
                for chunk, coming in self._ahead(archive, order, pool):
                    self._write(archive, coming.result(), now)
                    advance(chunk)
        finally:
            for reader in self._readers:
                reader.close()
        return self.report

    def _ahead(
        self, archive: Archive, order: Sequence[int], pool: ThreadPoolExecutor
    ) -> Iterator[tuple[int, Future[list[ReadMail | Unread]]]]:
        """Chunks being read, in order: as many at a time as there are readers, and one more that waits."""
        under_way: deque[tuple[int, Future[list[ReadMail | Unread]]]] = deque()
        for size, mails in self._chunks(archive, order):
            under_way.append((size, pool.submit(self._read, mails)))
            if len(under_way) > len(self._readers) + 1:
                yield under_way.popleft()
        yield from under_way

    def _read(self, mails: Sequence[Mail]) -> list[ReadMail | Unread]:
        """Reads them all: what was left for later, or met trouble that was not its fault, is tried once more."""
        reader = self._idle.get()
        try:
            answers = reader.read([(mail, NOTHING_KNOWN) for mail in mails]) if mails else []
            again = [item.mail for item in answers if isinstance(item, Unread) and item.temporary]
            second = reader.read([(mail, NOTHING_KNOWN) for mail in again]) if again else []
        finally:
            self._idle.put(reader)
        better = {item.mail.id: item for item in second}
        return [better.get(item.mail.id, item) for item in answers]

    def _chunks(self, archive: Archive, order: Sequence[int]) -> Iterator[tuple[int, list[Mail]]]:
        """How many mails a chunk is of, and those of them that are to be read."""
        mails: list[Mail] = []
        count = octets = 0
        for number in order:
            count += 1
            if archive.octets(number) > self._plan.max_bytes:
                self._skip(archive, number, "", "too_large")
            else:
                octets += archive.octets(number)
                mails.append(_mail(number, archive))
            if count == CHUNK or octets > _CHUNK_BYTES:
                yield count, self._unknown(archive, mails)
                mails, count, octets = [], 0, 0
        if count:
            yield count, self._unknown(archive, mails)

    def _unknown(self, archive: Archive, mails: list[Mail]) -> list[Mail]:
        """Those of the mails that the community has not got yet."""
        ids = {mail.id: _message_id(mail) for mail in mails}
        with self._database.reading() as tx:
            known = posts.places_by_message_id(tx, filter(None, ids.values()))
        have = {i for i, places in known.items() if any(p.post.community_id == self._plan.community_id for p in places)}
        self.report.known += sum(ids[mail.id] in have for mail in mails)
        return [mail for mail in mails if ids[mail.id] not in have]

    def _write(self, archive: Archive, read: Sequence[ReadMail | Unread], now: datetime) -> None:
        batch: list[Letter] = []
        for item in read:
            if isinstance(item, Unread) and item.temporary:
                # Our trouble, as a full disk: run again, it goes on here.
                raise StoreError(item.trouble)
            if isinstance(item, Unread):
                self._skip(archive, item.mail.id, _message_id(item.mail), "unreadable")
            elif why := refusal(item.reading):
                self._skip(archive, item.mail.id, item.reading.parsed.message_id, why)
            else:
                number = item.mail.id
                mail = understand(item, self._plan.names)
                batch.append(Letter(number, mail, archive.written_at(number), archive.placed_at(number)))
        if batch:
            self._file(archive, batch, now)

    def _file(self, archive: Archive, batch: Sequence[Letter], now: datetime) -> None:
        """One transaction; where that cannot be, one for each mail, so that a bad one is left out alone."""
        try:
            with self._database.transaction() as tx:
                filed = self._filing.file(tx, batch, now)
        except REFUSED:
            if len(batch) == 1:
                self._skip(archive, batch[0].number, batch[0].mail.reading.parsed.message_id, "unreadable")
            else:
                for letter in batch:
                    self._file(archive, [letter], now)
            return
        self.report.imported += filed.posts
        self.report.topics += filed.topics
        self.report.known += len(batch) - filed.posts
        self.report.authors_added += filed.authors_added

    def _skip(self, archive: Archive, number: int, message_id: str, why: str) -> None:
        self.report.why[why] += 1
        if len(self.report.skipped) < _TOLD:
            self.report.skipped.append(Skipped(archive.name(number), message_id, why))


def _mail(number: int, archive: Archive) -> Mail:
    raw = archive.read(number)
    envelope = Envelope("", (), "local", False, "local", "", archive.written_at(number))
    return Mail(number, envelope, len(raw), "", raw, (), 0, 0)


def _message_id(mail: Mail) -> str:
    head: Head = glance(mail.raw or b"", mail.envelope.received_at)
    return head.message_id.decode("utf-8", "replace")


def glimpsed_author(head: Head, renamed: Mapping[str, str]) -> str:
    """The address key of an author by the header alone, as it will be when the mail is imported; a name if hidden."""
    found = known_as(read_author(head.author.decode("utf-8", "replace")), renamed)
    return found.key if found.address else found.name
