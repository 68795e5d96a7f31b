"""A house whose mails come back: deliveries that were handed over, and what mail systems report of them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from digests.reach import Bounds, Reach
from digests.waiting import Origin
from gateway.core.delivery import DeliveryState, Outcome
from gateway.core.token import Purpose
from store import deliveries as deliveries_in_store
from store.database import Database
from store.failures import Endurance
from store.schema import deliveries, failures, people, unreachable
from tests.digests.newspaper import Newspaper
from tests.inbound.mails import multipart
from tests.inbound.test_joining import Doorstep
from tests.network import DOMAIN, KEYS, PEACE, SetClock

CORPUS = Path(__file__).parent.parent / "corpus"
BOUNDS = Bounds(Endurance(5, 30), timedelta(days=7), timedelta(days=3), 3)


def report(status: str = "5.1.1", action: str = "failed", to: str = "bob@people.example") -> bytes:
    """A failure report as RFC 3464 wants it."""
    status_part = (
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.people.example\r\n\r\n"
        f"Final-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\n"
    )
    words = b"Content-Type: text/plain\r\n\r\nThis is the mail system. Your message could not be delivered.\r\n"
    head = b"From: MAILER-DAEMON@mx.people.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"
    return head + multipart("report; report-type=delivery-status", words, status_part.encode())


def complaint(kind: str, mail_from: str = "", return_path: str = "") -> bytes:
    """A feedback report (RFC 5965); where its mail came from stands in its fields, or in the header of that mail."""
    fields = f"Content-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nVersion: 1\r\n"
    fields += f"Original-Mail-From: <{mail_from}>\r\n" if mail_from else ""
    original = f"Content-Type: text/rfc822-headers\r\n\r\nReturn-Path: <{return_path}>\r\nSubject: News\r\n"
    words = b"Content-Type: text/plain\r\n\r\nA complaint about mail of yours.\r\n"
    head = b"From: feedback@provider.example\r\nSubject: Complaint\r\nMIME-Version: 1.0\r\n"
    parts = (words, fields.encode(), original.encode())
    return head + multipart("report; report-type=feedback-report", *parts)


class House(Doorstep):
    """Ann writes in `projets`, which Mia runs; Bob reads it, and his address may fail. Adam runs the network."""

    def __init__(self, database: Database, clock: SetClock, blobs: Path) -> None:
        super().__init__(database, clock, blobs)
        self.paper = Newspaper(database, self.network)
        self.reach = Reach(database, BOUNDS, Origin(DOMAIN, 1), "Europe/Paris")
        self.place = self.network.community("projets")
        self.ann, self.bob = self.network.persons("ann", "bob")
        self.network.join(self.place, self.ann, self.bob)

    def post(self) -> int:  # type: ignore[override]
        """Ann posts."""
        return self.network.write(self.ann, self.place)[0]

    def send(self) -> list[int]:
        """All that is due is handed over; returns the ids of the deliveries to Bob among it."""
        self.network.fan_out()
        with self.database.transaction() as tx:
            taken = [item.delivery for item in deliveries_in_store.claim(tx, self.clock(), 100, PEACE)]
            done = [(Outcome(one.id, one.attempts, DeliveryState.DELIVERED), None) for one in taken]
            deliveries_in_store.record(tx, done, self.clock())
        return [one.id for one in taken if one.person_id == self.bob]

    def send_one(self) -> int:
        """Ann posts, and Bob's copy is handed over."""
        self.post()
        [sent] = self.send()
        return sent

    def bounce_path(self, delivery_id: int) -> str:
        """Where a delivery left from."""
        return f"bounce+{KEYS.sign(Purpose.BOUNCE, (delivery_id,), issued=self.clock())}"

    def come_back(self, delivery_id: int, raw: bytes | None = None) -> None:
        """A report about a delivery comes in."""
        self.accept(raw or report(), self.bounce_path(delivery_id), reverse_path="")
        self.work()

    def fail(self, days: int) -> None:
        """So many days on each of which a mail to Bob comes back for good; it is the last of them then."""
        for day in range(days):
            if day:
                self.clock.advance(days=1)
            self.come_back(self.send_one())

    def counted(self, person_id: int | None = None) -> list[tuple[date, str, str]]:
        """(day, kind, cause) of what was counted of Bob, or of that person."""
        query = select(failures.c.day, failures.c.kind, failures.c.cause).order_by(failures.c.day, failures.c.kind)
        with self.database.reading() as tx:
            rows = tx.execute(query.where(failures.c.person_id == (person_id or self.bob)))
            return [(row.day, row.kind, row.cause) for row in rows]

    def is_reached(self) -> bool:
        """Whether Bob is written to."""
        with self.database.reading() as tx:
            lost = tx.scalar(select(unreachable.c.person_id).where(unreachable.c.person_id == self.bob))
            paused = tx.scalar(select(people.c.paused).where(people.c.id == self.bob))
        assert lost is None or paused
        return lost is None

    def outgoing(self) -> int:
        """How many deliveries there are."""
        with self.database.reading() as tx:
            return len(tx.scalars(select(deliveries.c.id)).all())
