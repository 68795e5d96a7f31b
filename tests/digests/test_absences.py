"""The offer of a pause to who is away by the word of their mailbox: when, how often, and what its answers do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from digests import absences
from digests.waiting import Origin
from gateway.core.community import Pace
from gateway.core.digest import Rhythm
from gateway.core.notice import NoticeKind, NoticeMail
from gateway.core.token import Purpose
from store import deliveries, notices, people
from store.database import Database
from store.people import Traits
from store.schema import arrivals, posts
from store.schema import deliveries as delivery_rows
from store.schema import notices as notice_rows
from store.schema import people as person_rows
from tests.inbound.post_office import PostOffice, mail
from tests.network import DOMAIN, KEYS, PEACE, SetClock

ORIGIN = Origin(DOMAIN, KEYS.current)
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
AWAY = "I am out of the office and will be back on 7 December 2026."


class House:
    """Bob, who hears each post of projets, and whose vacation program answers whatever comes."""

    def __init__(self, database: Database, clock: SetClock, tmp_path: Path) -> None:
        clock.now = MONDAY
        self.clock, self.database = clock, database
        self.office = PostOffice(database, clock, tmp_path / "blobs")
        self.projets = self.office.network.community("projets")
        self.ann, self.bob = self.office.network.persons("ann", "bob")
        self.office.network.join(self.projets, self.ann, self.bob)
        self.answered = 0

    def reply(self, text: str = AWAY, *, proven: bool = True, to: str = "projets") -> None:
        """What bob's program answers."""
        self.answered += 1
        raw = mail(
            "bob",
            subject="Automatic reply: News",
            text=text,
            message_id=f"<auto{self.answered}@people.example>",
            headers="Auto-Submitted: auto-replied\r\n",
            proven=proven,
        )
        self.office.post(raw, to, reverse_path="")

    def tick(self, network: Rhythm = PEACE.network) -> None:
        """Two of them: whatever is done is done once."""
        for _ in range(2):
            with self.database.transaction() as tx:
                absences.offer(tx, ORIGIN, network, self.clock())

    def offered(self) -> list[NoticeMail]:
        with self.database.reading() as tx:
            ids = list(tx.scalars(select(notice_rows.c.id).where(notice_rows.c.person_id == self.bob)))
            found = notices.get_all(tx, ids, limit_bytes=5000)
        return [found[i] for i in sorted(found) if found[i].kind is NoticeKind.QUESTION]

    def answer(self, word: str) -> tuple[bool, datetime | None]:
        """Whether bob is paused after this word, and until when."""
        [asked] = self.offered()
        token = KEYS.sign(Purpose.ANSWER, (asked.id, self.bob), issued=self.clock())
        self.answered += 1
        raw = mail("bob", text=word, message_id=f"<w{self.answered}@people.example>")
        self.office.post(raw, f"answer+{token}", reverse_path="bob@people.example")
        with self.database.reading() as tx:
            columns = person_rows.c.paused, person_rows.c.paused_until
            row = tx.execute(select(*columns).where(person_rows.c.id == self.bob)).one()
        return row.paused, row.paused_until


@pytest.fixture
def house(database: Database, clock: SetClock, tmp_path: Path) -> House:
    return House(database, clock, tmp_path)


def test_it_is_made_an_hour_later_and_says_the_day(house: House) -> None:
    house.reply()
    house.clock.advance(minutes=59)
    house.tick()
    assert house.offered() == []
    house.clock.advance(minutes=1)
    house.tick()
    [asked] = house.offered()
    assert asked.question and asked.question.until == date(2026, 12, 7)
    assert not asked.is_answer and asked.in_reply_to == ""


def test_a_program_that_answers_everything_gets_one(house: House) -> None:
    house.reply()
    house.clock.advance(hours=1)
    house.tick()
    [asked] = house.offered()
    for number in range(50):
        token = KEYS.sign(Purpose.ANSWER, (asked.id, house.bob), issued=house.clock())
        house.reply(f"I am out of the office and will be back on {8 + number % 9} December 2026.", to=f"answer+{token}")
        house.clock.advance(hours=2)
        house.tick()
    assert len(house.offered()) == 1
    with house.database.reading() as tx:
        sent = select(func.count()).select_from(delivery_rows).where(delivery_rows.c.person_id == house.bob)
        assert tx.scalar(sent) == 1


def test_further_answers_meanwhile_do_not_put_it_off(house: House) -> None:
    for _ in range(7):
        house.reply()
        house.clock.advance(minutes=10)
    house.tick()
    assert len(house.offered()) == 1


def test_the_same_absence_is_asked_about_once_and_another_one_again(house: House) -> None:
    house.reply()
    house.clock.advance(hours=1)
    house.tick()
    house.clock.advance(days=8)
    house.reply()
    house.clock.advance(hours=1)
    house.tick()
    assert len(house.offered()) == 1
    house.reply("I am out of the office and will be back on 4 January 2027.")
    house.clock.advance(hours=1)
    house.tick()
    assert len(house.offered()) == 2


@pytest.mark.parametrize("text", ["I am out of the office and will be back on 24 November 2026.", "I am away."])
def test_none_for_a_day_or_for_no_day(house: House, text: str) -> None:
    house.reply(text)
    house.clock.advance(hours=2)
    house.tick()
    assert house.offered() == []


def test_none_where_anybody_may_have_sent_it(house: House) -> None:
    house.reply(proven=False)
    house.clock.advance(hours=2)
    house.tick()
    with house.database.reading() as tx:
        assert list(tx.scalars(select(arrivals.c.returns))) == [None]
    assert house.offered() == []


def test_what_comes_to_the_signed_reverse_path_is_believed_of_its_reader_alone(house: House) -> None:
    house.office.post(mail(), "projets")
    house.office.network.fan_out()
    with house.database.transaction() as tx:
        [copy] = [one.delivery for one in deliveries.claim(tx, house.clock(), 10, PEACE) if one.delivery.post_id]
    assert copy.person_id == house.bob
    path = "bounce+" + KEYS.sign(Purpose.BOUNCE, (copy.id,), issued=house.clock())
    house.reply(proven=False, to=path)
    house.clock.advance(hours=2)
    house.tick()
    assert len(house.offered()) == 1
    with house.database.transaction() as tx:
        tx.execute(update(delivery_rows).where(delivery_rows.c.id == copy.id).values(person_id=house.ann))
    house.reply(proven=False, to=path)
    with house.database.reading() as tx:
        assert list(tx.scalars(select(arrivals.c.returns).order_by(arrivals.c.id)))[1:] == [date(2026, 12, 7), None]


@pytest.mark.parametrize(("pace", "count"), [(Pace.DAILY, 1), (Pace.IMPORTANT, 1), (Pace.WEEKLY, 0), (Pace.OFF, 0)])
def test_only_who_hears_singly_or_daily(house: House, pace: Pace, count: int) -> None:
    cleo = house.office.network.person("cleo")
    house.office.network.join(house.projets, cleo, pace=pace)
    house.bob = cleo
    raw = mail("cleo", subject="Automatic reply: News", text=AWAY, headers="Auto-Submitted: auto-replied\r\n")
    house.office.post(raw, "projets", reverse_path="")
    house.clock.advance(hours=2)
    house.tick()
    assert len(house.offered()) == count


def test_it_waits_for_the_end_of_quiet_hours_and_days_off(house: House) -> None:
    nights = replace(PEACE.network, quiet=(time(19), time(8)))
    # From here on it is Friday night in Paris, then Saturday, then Monday.
    house.clock.now = datetime(2026, 11, 27, 17, 30, tzinfo=UTC)
    house.reply()
    for later in (datetime(2026, 11, 27, 20, tzinfo=UTC), datetime(2026, 11, 28, 10, tzinfo=UTC)):
        house.clock.now = later
        house.tick(nights)
        assert house.offered() == []
    house.clock.now = datetime(2026, 11, 30, 9, tzinfo=UTC)
    house.tick(nights)
    assert len(house.offered()) == 1


def test_none_to_who_is_paused_already(house: House) -> None:
    house.reply()
    with house.database.transaction() as tx:
        tx.execute(update(person_rows).where(person_rows.c.id == house.bob).values(paused=True))
    house.clock.advance(hours=2)
    house.tick()
    assert house.offered() == []


def test_yes_pauses_until_that_day_and_no_ends_it(house: House) -> None:
    with house.database.transaction() as tx:
        people.change(tx, house.bob, Traits(timezone="Europe/Paris"))
    house.reply()
    house.clock.advance(hours=1)
    house.tick()
    assert house.answer("Oui") == (True, datetime(2026, 12, 6, 23, tzinfo=UTC))
    assert house.answer("NO") == (False, None)
    assert house.answer("PAUSE") == (True, datetime(2026, 12, 6, 23, tzinfo=UTC))


def test_a_yes_after_the_return_pauses_nothing(house: House) -> None:
    house.reply()
    house.clock.advance(hours=1)
    house.tick()
    house.clock.now = datetime(2026, 12, 7, 9, tzinfo=UTC)
    assert house.answer("YES") == (False, None)


def test_nothing_is_sent_of_what_is_posted_in_the_pause(house: House) -> None:
    house.reply()
    house.clock.advance(hours=1)
    house.tick()
    house.answer("YES")
    house.office.post(mail(), "projets")
    house.office.network.fan_out()
    with house.database.reading() as tx:
        copies = select(delivery_rows.c.person_id).where(delivery_rows.c.post_id.is_not(None))
        assert list(tx.scalars(copies)) == []
        assert tx.scalar(select(func.count()).select_from(posts)) == 1
