"""Quiet hours, socket to socket, in the nights in which clocks change: nothing within them, one mail at their end."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import and_, func, select

from gateway.app import App
from gateway.core import address
from gateway.core.delivery import DeliveryState
from gateway.demo.company import MailServer
from gateway.demo.house import House
from gateway.roles import Role
from gateway.settings import load
from store import people
from store.people import Traits
from store.schema import deliveries
from tests.journeys.clients import proof
from tests.journeys.conftest import PATIENCE_S
from tests.network import SetClock

ROLES = (Role.LISTENER, Role.WORKER, Role.SENDER)
"""The rounds of the scheduler are made by hand: their minutes are those of a real clock."""


class Night:
    """A gateway whose clock is told the time, between people who post and a mail server that keeps what they get."""

    def __init__(self, app: App, house: House, server: MailServer, clock: SetClock) -> None:
        self.app, self.house, self.server, self.clock = app, house, server, clock

    async def post(self, who: str, subject: str, *, to: str = "projets@relais.example.com", answers: str = "") -> None:
        """This person mails that address at this hour."""
        head = f"{proof(who)}\r\nFrom: {who}@example.com\r\nTo: {to}\r\nSubject: {subject}\r\n"
        thread = f"In-Reply-To: {answers}\r\n" if answers else ""
        mail = f"{head}{thread}Message-ID: <{subject.replace(' ', '.')}@example.com>\r\n\r\nWords of {subject}.\r\n"

        def send() -> None:
            with smtplib.SMTP("127.0.0.1", self.house.ports.smtp, timeout=PATIENCE_S) as client:
                client.sendmail(f"{who}@example.com", [to], mail.encode())

        await asyncio.to_thread(send)

    async def got(self, **subjects: list[str]) -> None:
        """Waits until these people have as many mails; they are these, in this order."""
        counts = {f"{who}@example.com": len(wanted) for who, wanted in subjects.items()}
        assert await self.server.wait(counts, PATIENCE_S), self.server.mailboxes
        found = {
            who: [str(mail["Subject"]) for mail in self.server.mailboxes[f"{who}@example.com"]] for who in subjects
        }
        assert {who: [_bare(one) for one in mails] for who, mails in found.items()} == subjects

    async def round_at(self, moment: datetime) -> None:
        """The scheduler's minute at that time."""
        # A lease that ends because the clock leaps is a mail sent twice: what is in hand is recorded first.
        async with asyncio.timeout(PATIENCE_S):
            while await asyncio.to_thread(self._in_hand):
                await asyncio.sleep(0.02)
        self.clock.now = moment
        await asyncio.to_thread(self.app.rounds().run, moment, moment)

    def _in_hand(self) -> int:
        """How many mails a sender holds, sent or not."""
        held = and_(deliveries.c.state == DeliveryState.PENDING.value, deliveries.c.attempts > 0)
        with self.app.database.reading() as tx:
            return tx.scalar(select(func.count()).select_from(deliveries).where(held)) or 0


def _bare(subject: str) -> str:
    return "catch-up" if "[Relais" in subject and "Projets]" not in subject else subject.replace("[Projets] ", "")


@asynccontextmanager
async def night(tmp_path: Path, begins: datetime) -> AsyncIterator[Night]:
    """Ann, Bea and Cem in `projets`, which is heard at once; Cem wants no quiet hours."""
    server = MailServer(tmp_path / "mailboxes")
    await server.start()
    house = House(tmp_path, server.port)
    names = ("ann,Ann Lee,en", "bea,Bea Roux,en", "cem,Cem Aydin,en")
    rows = [name.replace(",", "@example.com,", 1) + ",Europe/Paris" for name in names]
    members = [f"{name.partition(',')[0]}@example.com,projets,member," for name in names]
    await house.furnish(rows, ["projets,Projets,project,each,open,members,"], members)
    clock = SetClock(begins)
    app = App(load(house.config), clock=clock)
    with app.database.transaction() as tx:
        cem = people.find(tx, address.parse("cem@example.com"))
        assert cem
        people.change(tx, cem.id, Traits(quiet_hours="none"))
    running = asyncio.create_task(app.run(ROLES))
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await asyncio.to_thread(_listens, house.ports.smtp):
                assert not running.done(), running
                await asyncio.sleep(0.05)
        yield Night(app, house, server, clock)
    finally:
        app.stop()
        await running
        await server.stop()


def _listens(port: int) -> bool:
    try:
        smtplib.SMTP("127.0.0.1", port, timeout=5).close()
    except (OSError, smtplib.SMTPException):
        return False
    return True


@pytest.fixture(autouse=True)
def hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """19:00 to 08:00 for everybody, on every day of the week."""
    days = '["monday","tuesday","wednesday","thursday","friday","saturday","sunday"]'
    monkeypatch.setenv("RELAIS__DIGESTS__QUIET_HOURS", "19:00-08:00")
    monkeypatch.setenv("RELAIS__DIGESTS__WORKING_DAYS", days)
    monkeypatch.setenv("RELAIS__SMTP__BANNER_DELAY_S", "0")


@pytest.mark.parametrize(
    ("evening", "early", "morning"),
    [
        # The clocks go back: eight o'clock is an hour later than the evening before would say.
        (datetime(2026, 10, 24, 18, tzinfo=UTC), datetime(2026, 10, 25, 6, 59, tzinfo=UTC), 7),
        # They go forward: it is an hour earlier.
        (datetime(2026, 3, 28, 19, tzinfo=UTC), datetime(2026, 3, 29, 5, 59, tzinfo=UTC), 6),
    ],
)
async def test_the_night_is_quiet_and_the_morning_brings_one_mail(
    tmp_path: Path, evening: datetime, early: datetime, morning: int
) -> None:
    async with night(tmp_path, evening) as here:
        await here.post("ann", "First by night")
        await here.got(cem=["First by night"])
        await here.post("ann", "Second by night")
        await here.got(cem=["First by night", "Second by night"])
        await here.round_at(early)
        await here.post("ann", "Third by night")
        await here.got(cem=["First by night", "Second by night", "Third by night"])
        assert here.server.mailboxes["bea@example.com"] == []

        await here.round_at(early.replace(hour=morning, minute=0))
        await here.got(bea=["catch-up"])
        [mail] = here.server.mailboxes["bea@example.com"]
        words = str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
        assert all(f"{which} by night" in words for which in ("First", "Second", "Third"))

        await here.post("ann", "Good morning")
        await here.got(bea=["catch-up", "Good morning"])
        await here.round_at(early.replace(hour=morning, minute=2))
        await here.got(bea=["catch-up", "Good morning"], ann=[])


async def test_who_talks_by_night_is_answered_by_night(tmp_path: Path) -> None:
    async with night(tmp_path, datetime(2026, 10, 24, 20, tzinfo=UTC)) as here:
        await here.post("bea", "Is anybody awake")
        await here.got(cem=["Is anybody awake"])
        [asked] = here.server.mailboxes["cem@example.com"]
        await here.post("cem", "Re: Is anybody awake", to=str(asked["Reply-To"]), answers=str(asked["Message-ID"]))
        # The one who asked has the answer at once, and nobody else before the morning.
        await here.got(bea=["Re: Is anybody awake"], ann=[])
        await here.round_at(datetime(2026, 10, 25, 7, tzinfo=UTC))
        await here.got(bea=["Re: Is anybody awake"], ann=["catch-up"])
