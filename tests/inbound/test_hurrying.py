"""Urgent posts: who may mark them and how, when a mark counts, how many a week allows, and what the author is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from gateway.core.audit import Act
from gateway.core.community import Role
from gateway.core.notice import Receipts
from gateway.core.question import Question
from gateway.core.quiet import Peace
from gateway.core.urgency import Urgency
from inbound.parse import parse
from inbound.urgency import is_marked
from store import audit, notices, people
from store.audit import Filter
from store.people import Traits
from store.schema import deliveries, posts
from store.schema import notices as notice_rows
from tests.inbound.post_office import RULES, PostOffice, Result, mail
from tests.network import PEACE

NIGHTS = Peace(replace(PEACE.network, quiet=(time(19), time(8))), PEACE.works)
BY_NIGHT = datetime(2026, 11, 19, 21, tzinfo=UTC)
BY_DAY = datetime(2026, 11, 19, 10, tzinfo=UTC)


class Place:
    """Projets by night: ann runs it, bob lets urgent posts through, cleo does not."""

    def __init__(self, office: PostOffice) -> None:
        self.office = office
        office.network.peace = NIGHTS
        office.clock.now = BY_NIGHT
        self.projets = office.network.community("projets")
        self.ann, self.bob, self.cleo = office.network.persons("ann", "bob", "cleo")
        office.network.join(self.projets, self.ann, role=Role.MANAGER)
        office.network.join(self.projets, self.bob, self.cleo)
        office.rules = replace(RULES, peace=NIGHTS, urgent_per_week=2)
        with office.database.transaction() as tx:
            people.change(tx, self.bob, Traits(urgent_allowed=True))

    def write(self, number: int = 1, *paths: str, subject: str = "[URGENT] Water", **more: object) -> Result:
        raw = mail(subject=subject, message_id=f"<u{number}@people.example>", **more)  # type: ignore[arg-type]
        return self.office.post(raw, *(paths or ("projets",)))

    def urgent(self) -> list[bool]:
        with self.office.database.reading() as tx:
            return list(tx.scalars(select(posts.c.urgent).order_by(posts.c.id)))

    def reached(self) -> list[int]:
        """Who gets a copy at once."""
        self.office.network.fan_out()
        with self.office.database.reading() as tx:
            query = select(deliveries.c.person_id).where(deliveries.c.post_id.is_not(None))
            return list(tx.scalars(query.order_by(deliveries.c.id)))

    def receipts(self) -> list[Question]:
        """What ann was told of her posts."""
        with self.office.database.reading() as tx:
            ids = list(tx.scalars(select(notice_rows.c.id).where(notice_rows.c.person_id == self.ann)))
            found = notices.get_all(tx, ids, limit_bytes=5000)
        return [question for i in sorted(ids) if (question := found[i].question)]


@pytest.fixture
def place(office: PostOffice) -> Place:
    return Place(office)


@pytest.mark.parametrize(
    "head",
    [
        "Subject: [URGENT] Water",
        "Subject: Re: [Projets] [ urgent ] Water",
        "Subject: Water\nImportance: High",
        "Subject: Water\nX-Priority: 1 (Highest)",
        "Subject: Water\nX-Priority: 2",
        "Subject: Water\nPriority: urgent",
    ],
)
def test_how_a_mail_is_marked(head: str) -> None:
    assert is_marked(parse(f"{head}\n\nWords.\n".encode()), ("Projets",))


@pytest.mark.parametrize(
    "head",
    [
        "Subject: Urgent: water",
        "Subject: Water [URGENT]",
        "Subject: Water\nImportance: normal",
        "Subject: Water\nX-Priority: 3",
        "Subject: Water\nX-Priority: 10",
        "Subject: Water\nPriority: normal",
    ],
)
def test_what_is_no_mark(head: str) -> None:
    assert not is_marked(parse(f"{head}\n\nWords.\n".encode()), ("Projets",))


def test_it_reaches_those_who_allow_it_and_its_author_is_told_who_waits(place: Place) -> None:
    place.write()
    assert place.urgent() == [True] and place.reached() == [place.bob]
    assert place.office.posted()[0][2] == "[URGENT] Water"
    [receipt] = place.receipts()
    assert (receipt.urgency, receipt.urgent_count, receipt.urgent_limit) == (Urgency.GRANTED, 1, 2)
    assert (receipt.at_once, receipt.later) == (2, 1)
    assert receipt.later_from == datetime(2026, 11, 20, 7, tzinfo=UTC)
    with place.office.database.reading() as tx:
        [entry] = audit.listing(tx, Filter(), 10)
    assert (entry.act, entry.actor, entry.post_id) == (Act.POST_HURRIED, "ann@people.example", 1)


def test_what_is_above_the_week_goes_as_any_other(place: Place) -> None:
    for number in range(3):
        place.write(number)
        place.office.clock.advance(minutes=1)
    assert place.urgent() == [True, True, False] and place.reached() == [place.bob, place.bob]
    assert [asked.urgency for asked in place.receipts()] == [Urgency.GRANTED, Urgency.GRANTED, Urgency.SPENT]
    place.office.clock.advance(days=7)
    place.write(4)
    assert place.urgent()[-1]


def test_those_of_one_batch_are_counted_too(place: Place) -> None:
    for number in range(3):
        raw = mail(subject="[URGENT] Water", text=f"Words {number}", message_id=f"<b{number}@people.example>")
        place.office.accept(raw, "projets")
    place.office.work()
    assert place.urgent() == [True, True, False]


def test_a_mail_to_two_places_counts_once(place: Place) -> None:
    achats = place.office.network.community("achats")
    place.office.network.join(achats, place.ann, role=Role.MANAGER)
    place.write(1, "projets", "achats")
    [receipt] = place.receipts()
    assert place.urgent() == [True, True] and receipt.urgent_count == 1


def test_by_day_a_mark_changes_nothing_and_costs_nothing(place: Place) -> None:
    place.office.clock.now = BY_DAY
    place.write()
    assert place.urgent() == [False] and place.receipts() == []


def test_a_mark_of_shortly_before_the_night_counts(place: Place) -> None:
    place.office.clock.now = datetime(2026, 11, 19, 17, 50, tzinfo=UTC)
    place.write()
    assert place.urgent() == [True]


def test_what_leaves_by_night_after_its_hold_counts(place: Place) -> None:
    place.office.rules = replace(place.office.rules, hold=timedelta(hours=2))
    place.office.clock.now = datetime(2026, 11, 19, 17, tzinfo=UTC)
    place.write()
    assert place.urgent() == [True]


def test_no_member_may_mark(place: Place) -> None:
    with place.office.database.transaction() as tx:
        people.change(tx, place.cleo, Traits(urgent_allowed=True))
    raw = mail("bob", subject="[URGENT] Water", message_id="<b1@people.example>")
    place.office.post(raw, "projets", reverse_path="bob@people.example")
    assert place.urgent() == [False] and place.reached() == []


def test_an_answer_is_never_urgent(place: Place) -> None:
    place.write()
    to = place.office.reply_address(1, place.ann)
    raw = mail(subject="Re: Water", headers="Importance: high\r\n", message_id="<r1@people.example>")
    place.office.post(raw, to)
    assert place.urgent() == [True, False]


def test_none_are_allowed_where_the_setting_says_so(place: Place) -> None:
    place.office.rules = replace(place.office.rules, urgent_per_week=0)
    place.write()
    assert place.urgent() == [False] and place.receipts() == []


def test_the_first_receipt_says_who_waits(place: Place) -> None:
    place.office.rules = replace(place.office.rules, receipts=Receipts.FIRST)
    place.write(subject="Water")
    [receipt] = place.receipts()
    assert (receipt.at_once, receipt.later, receipt.urgency) == (2, 2, Urgency.NONE)
    assert receipt.later_from == datetime(2026, 11, 20, 7, tzinfo=UTC)
