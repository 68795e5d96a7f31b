"""Digests closed, composed as they leave, answered as mail programs answer, and shared out: all flows, one store.

Nothing here knows how a digest looks: what is answered is what was composed, read back by the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import select

from gateway.core.digest import PartState, Rhythm
from gateway.core.message import Mail
from gateway.core.notice import NoticeMail
from inbound import hints
from inbound.case import ReadMail
from inbound.job import Job, Read
from inbound.reading_process import read
from outbound.compose import Composer
from outbound.composing import Composing, Pressroom
from outbound.contents import Contents, Limits
from outbound.digest import DigestComposer
from outbound.digest_contents import DigestContents, Press
from outbound.headers import Site
from store import deliveries, notices
from store.database import Database
from store.schema import answer_parts
from store.schema import notices as notice_rows
from tests.digests.newspaper import Newspaper
from tests.inbound.post_office import HOUSE, PROVEN, PostOffice
from tests.network import DOMAIN, KEYS, PEACE, SetClock

SITE = Site(DOMAIN, "Relais", "https://relais.example")
MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
"""07:30 in Paris."""


@dataclass(frozen=True)
class PartRow:
    """A part as the store has it."""

    number: int
    state: PartState
    topic_id: int | None
    text: str


class Correspondence(PostOffice):
    """A post office that knows what was sent, and a press that sends it."""

    def __init__(self, database: Database, clock: SetClock, blobs: Path) -> None:
        super().__init__(database, clock, blobs)
        self.paper = Newspaper(database, self.network)
        press = Press(DOMAIN, "Relais", Rhythm("Europe/Paris", time(7, 30), 0))
        composer = DigestComposer(SITE, KEYS)
        self.press = Pressroom(DigestContents(press, composer, database), composer, clock)
        contents = Contents(Limits(1000, 5000, None))
        self.composing = Composing(Composer(SITE, KEYS, self.blobs.read), contents, database, self.press)

    def morning(self, at: datetime = MONDAY) -> None:
        """Closes what is due then."""
        self.clock.now = at
        self.paper.round()

    def mails(self) -> dict[str, list[EmailMessage]]:
        """Everything that is due, composed and taken out of the queue, by address."""
        with self.database.transaction() as tx:
            claimed = deliveries.claim(tx, self.clock(), 1000, PEACE)
        sent: dict[str, list[EmailMessage]] = {}
        for outgoing in self.composing.compose_all(claimed):
            assert hasattr(outgoing, "data"), outgoing
            mail = message_from_bytes(outgoing.data, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            sent.setdefault(outgoing.forward_path, []).append(mail)
        return sent

    def digest_of(self, name: str) -> EmailMessage:
        """The one mail that is due to this person."""
        [digest] = self.mails()[f"{name}@people.example"]
        return digest

    def read(self, claimed: Mail) -> ReadMail:
        """What the worker and its reader do: what we sent is a hint."""
        with self.database.reading() as tx:
            [known] = hints.collect(tx, [claimed], HOUSE, lambda *_: {}, self.press.contents.sent)
        job = Job(claimed.id, claimed.raw, claimed.blob, claimed.envelope, known)
        answer = read(job, self.setup, self.blobs)
        assert isinstance(answer, Read), answer
        return ReadMail(claimed, answer.reading, answer.proof)

    def answer(self, name: str, digest: EmailMessage, text: str, *, number: int = 1, more: str = "") -> None:
        """Sends `text` as this person's answer to a mail of ours."""
        head = (
            f"{PROVEN}From: {name}@people.example\r\nTo: {digest['Reply-To']}\r\nSubject: Re: x\r\n"
            f"Date: Mon, 23 Nov 2026 09:00:00 +0100\r\nMessage-ID: <{name}{number}@people.example>\r\n"
            f"In-Reply-To: {digest['Message-ID']}\r\n{more}MIME-Version: 1.0\r\n"
        )
        body = text.replace("\r\n", "\n").replace("\n", "\r\n")
        raw = f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n".encode()
        self.accept(raw, str(digest["Reply-To"]).strip("<>").split("@")[0], reverse_path=f"{name}@people.example")
        self.work()

    def parts(self) -> list[PartRow]:
        """All parts there are."""
        columns = (answer_parts.c.ordinal, answer_parts.c.state, answer_parts.c.topic_id, answer_parts.c.text)
        with self.database.reading() as tx:
            rows = tx.execute(select(*columns).order_by(answer_parts.c.id))
            return [PartRow(row[0], PartState(row[1]), row[2], row[3]) for row in rows]

    def notices_to(self, person_id: int) -> list[NoticeMail]:
        """What this person was told, oldest first."""
        with self.database.reading() as tx:
            ids = list(tx.scalars(select(notice_rows.c.id).where(notice_rows.c.person_id == person_id)))
            found = notices.get_all(tx, ids, limit_bytes=5000)
        return [found[i] for i in sorted(found)]


def quoted(digest: EmailMessage) -> list[str]:
    """The text part as a text client quotes it, line by line."""
    body = digest.get_body(("plain",))
    assert body is not None
    return [f"> {line}".rstrip() for line in str(body.get_content()).split("\n")]


def under(digest: EmailMessage, answers: dict[int, str]) -> str:
    """An answer that is written under these topics, between the quoted lines."""
    lines = []
    for line in quoted(digest):
        lines.append(line)
        for topic, text in answers.items():
            if line.startswith("> --") and f"#{topic}" in line:
                lines += ["", text, ""]
    return "Le lun. 23 nov. 2026 à 07:30, Relais a écrit :\n" + "\n".join(lines)
