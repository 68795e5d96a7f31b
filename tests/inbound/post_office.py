"""A post office for tests: mails written here, accepted into a real store, read, decided and carried out.

Reading happens in this process, so a test is quick; the reader process has tests of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from gateway.core.message import Mail
from gateway.core.ruling import Ruling
from gateway.core.token import Purpose
from inbound import pipeline
from inbound.authenticity import Border
from inbound.case import Decided, ReadMail
from inbound.facts import Rules
from inbound.files import FileRules
from inbound.job import Job, Read, ReaderSetup
from inbound.reading_process import read
from inbound.resolver import Ask
from inbound.route import House
from store import arrivals, rulings
from store.arrivals import Accepted
from store.blobs import DiskBlobs
from store.database import Database
from store.schema import arrivals as arrival_rows
from store.schema import contents, notices, posts, topics
from tests.network import DOMAIN, KEYS, Network, SetClock, envelope

HOUSE = House(DOMAIN, "+", KEYS)
RULES = Rules(require="proof", files=FileRules(5000, ("exe",)))
BORDER = Border("mx.people.example", ("dmarc", "dkim", "auth"))
PROVEN = "Authentication-Results: mx.people.example; dmarc=pass header.from=people.example\r\n"


def mail(
    author: str = "ann",
    *,
    subject: str = "A visit",
    text: str = "Who comes along on Friday?",
    message_id: str = "<m1@people.example>",
    proven: bool = True,
    headers: str = "",
) -> bytes:
    """A plain mail of ann@people.example; `headers` are more header lines with their line ends."""
    address = author if "@" in author else f"{author}@people.example"
    named = f"Message-ID: {message_id}\r\n" if message_id else ""
    return (
        f"{PROVEN if proven else ''}From: {address}\r\nSubject: {subject}\r\nDate: Fri, 20 Nov 2026 09:00:00 +0100\r\n"
        f"{named}{headers}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()


@dataclass(frozen=True)
class Result:
    """What the store says of one arrival."""

    state: str
    verdict: str | None
    reason: str | None
    flag: str
    person_id: int | None
    community_id: int | None
    post_id: int | None


class PostOffice:
    """Takes mails and decides them, a batch at a time, as the worker does."""

    def __init__(self, database: Database, clock: SetClock, blobs: Path, rules: Rules = RULES) -> None:
        self.database = database
        self.clock = clock
        self.network = Network(database, clock)
        self.blobs = DiskBlobs(blobs)
        self.rules = rules
        self.setup = ReaderSetup(str(blobs), "", DOMAIN, BORDER)
        self.ask: Ask | None = None
        """The DNS, where authors are verified here."""

    def accept(self, raw: bytes, *paths: str, reverse_path: str = "ann@people.example", trusted: bool = True) -> None:
        """Puts one mail into the spool."""
        wrapped = envelope(*paths, reverse_path=reverse_path, trusted=trusted, at=self.clock())
        with self.database.transaction() as tx:
            arrivals.add(tx, [Accepted(wrapped, len(raw), raw, "")])

    def work(self) -> None:
        """Decides all that waits."""
        while mails := self.claim():
            self.process([self.read(mail) for mail in mails])

    def claim(self) -> list[Mail]:
        """T2."""
        with self.database.transaction() as tx:
            return arrivals.claim(tx, self.clock(), 32)

    def read(self, claimed: Mail) -> ReadMail:
        """What a reader process does."""
        answer = read(Job(claimed.id, claimed.raw, claimed.blob, claimed.envelope), self.setup, self.blobs, self.ask)
        assert isinstance(answer, Read), answer
        return ReadMail(claimed, answer.reading, answer.proof)

    def process(self, batch: Sequence[ReadMail]) -> list[Decided]:
        """T3, as often as the batch falls into parts."""
        decided: list[Decided] = []
        rest = list(batch)
        while rest:
            count = pipeline.independent(rest)
            with self.database.transaction() as tx:
                decided += pipeline.process(tx, rest[:count], HOUSE, self.rules, self.clock())
            rest = rest[count:]
        return decided

    def post(self, raw: bytes, *paths: str, reverse_path: str = "ann@people.example", trusted: bool = True) -> Result:
        """Accepts one mail and decides it; returns what came of its last path."""
        self.accept(raw, *paths, reverse_path=reverse_path, trusted=trusted)
        self.work()
        return self.results()[-1]

    def publish(self, arrival_id: int) -> None:
        """Somebody who runs the place lets a held mail through; it is decided anew."""
        with self.database.transaction() as tx:
            held = rulings.waiting(tx, arrival_id)
            assert held and rulings.rule(tx, held, Ruling.PUBLISHED, self.clock())
        self.work()

    def results(self) -> list[Result]:
        """All arrivals, oldest first."""
        columns = (
            arrival_rows.c[name]
            for name in ("state", "verdict", "reason", "flag", "person_id", "community_id", "post_id")
        )
        with self.database.reading() as tx:
            return [Result(*row) for row in tx.execute(select(*columns).order_by(arrival_rows.c.id))]

    def words(self) -> list[tuple[str, str]]:
        """(reason, what came of it) of all arrivals."""
        return [(result.verdict or "", result.reason or "") for result in self.results()]

    def posted(self) -> list[tuple[str, int, str]]:
        """(author's words, community, title of the topic) of all posts, oldest first."""
        query = (
            select(contents.c.text, posts.c.community_id, topics.c.title)
            .join(posts, posts.c.content_id == contents.c.id)
            .join(topics, topics.c.id == posts.c.topic_id)
            .order_by(posts.c.id)
        )
        with self.database.reading() as tx:
            return [(row[0], row[1], row[2]) for row in tx.execute(query)]

    def told(self) -> list[tuple[int, str, str]]:
        """(person, kind, reason) of all notices, oldest first."""
        query = select(notices.c.person_id, notices.c.kind, notices.c.reason).order_by(notices.c.id)
        with self.database.reading() as tx:
            return [(row[0], row[1], row[2]) for row in tx.execute(query)]

    def reply_address(self, post_id: int, person_id: int) -> str:
        """reply+TOKEN of this person for that post."""
        return "reply+" + KEYS.sign(Purpose.REPLY, (post_id, person_id), issued=self.clock())
