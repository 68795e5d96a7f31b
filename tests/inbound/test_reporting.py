"""What reports of failed deliveries change, and what they cannot change."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.core.community import Pace
from gateway.core.failure import Failure, FailureKind, failure
from store import digests, failures, memberships
from store.database import Database
from store.schema import deliveries
from tests.inbound.post_office import HOUSE
from tests.inbound.reports import CORPUS, House, complaint, report
from tests.network import START, SetClock

TODAY = START.date()
COUNTED_AS = {
    "appliance-html-only": "refused",
    "exchange-onprem-en": "hard",
    "exim-delayed": "",
    "exim-user-unknown": "hard",
    "gmail-delayed": "",
    "gmail-en": "hard",
    "gmail-fr": "soft",
    "microsoft365-en": "hard",
    "microsoft365-spam-refused": "refused",
    "notes-en": "hard",
    "orange-fr": "hard",
    "postfix-delayed": "",
    "postfix-mailbox-full": "soft",
    "postfix-no-such-domain": "hard",
    "postfix-spam-refused": "refused",
    "postfix-two-recipients": "hard",
    "postfix-user-unknown": "hard",
    "qmail": "hard",
    "sendmail-delayed": "",
    "wanadoo-mailbox-full": "soft",
    "yahoo-text": "hard",
}


@pytest.fixture
def house(database: Database, clock: SetClock, tmp_path: Path) -> House:
    return House(database, clock, tmp_path / "blobs")


@pytest.mark.parametrize("name", COUNTED_AS)
def test_what_real_shapes_count_as(house: House, name: str) -> None:
    before = house.outgoing()
    house.come_back(house.send_one(), (CORPUS / f"bounce-{name}.eml").read_bytes())
    assert [kind for _, kind, _ in house.counted()] == [kind for kind in [COUNTED_AS[name]] if kind]
    assert house.words()[-1] == ("discard", "bounce")
    # Nobody is answered: there is Bob's copy, and no other mail.
    assert house.outgoing() == before + 1


@pytest.mark.parametrize("name", ["auto-outlook-oof-fr", "auto-sieve-vacation-fr", "auto-gmail-vacation-en"])
def test_an_absence_told_to_the_reverse_path_is_no_failure(house: House, name: str) -> None:
    house.come_back(house.send_one(), (CORPUS / f"{name}.eml").read_bytes())
    assert house.counted() == []


def test_one_a_day_however_many(house: House) -> None:
    for _ in range(5):
        house.come_back(house.send_one())
        house.clock.advance(minutes=12)
    assert house.counted() == [(TODAY, "hard", "no_such_address")]


def test_one_delivery_counts_on_the_day_it_left_whenever_it_is_told(house: House) -> None:
    sent = house.send_one()
    for _ in range(4):
        house.come_back(sent)
        house.clock.advance(days=1)
    assert house.counted() == [(TODAY, "hard", "no_such_address")]


def test_what_is_told_weeks_later_is_not_believed(house: House) -> None:
    sent = house.send_one()
    house.clock.advance(days=15)
    house.come_back(sent)
    assert house.counted() == []


def test_a_thousand_forged_reports_change_nothing(house: House) -> None:
    token = house.bounce_path(house.send_one())
    wrong = [f"{token[:-3]}{n:03}".translate(str.maketrans("0189", "abcd")) for n in range(490)]
    # Badly signed, unsigned, and to the bare names; what the report says of Bob is no matter.
    wrong += [f"bounce+{n}" for n in range(490)]
    before = house.outgoing()
    assert token not in wrong
    # One mail to a hundred addresses is a hundred arrivals, and quicker to read.
    for start in range(0, 980, 98):
        house.accept(report(), *wrong[start : start + 98], "bounce", "postmaster", reverse_path="")
    house.work()
    assert len(house.words()) == 1000 and {verdict for verdict, _ in house.words()} == {"discard"}
    assert house.counted() == [] and house.outgoing() == before


def test_a_signed_report_of_what_never_left_is_forged(house: House) -> None:
    house.post()
    house.network.fan_out()
    for delivery_id in range(1, 9):
        house.come_back(delivery_id)
    assert house.counted() == []


def test_a_thousand_delays_change_nothing(house: House, database: Database) -> None:
    house.network.join(house.place, *house.network.persons(*(f"p{n}" for n in range(99))))
    house.send_one()
    with database.reading() as tx:
        ids = list(tx.scalars(select(deliveries.c.id)))
    assert len(ids) == 100
    for _ in range(10):
        house.accept(report("4.4.1", "delayed"), *(house.bounce_path(one) for one in ids), reverse_path="")
    house.work()
    assert len(house.words()) == 1000
    with database.reading() as tx:
        assert failures.count_on(tx, TODAY, FailureKind.SOFT) == failures.count_on(tx, TODAY, FailureKind.HARD) == 0


@pytest.mark.parametrize("kind", ["abuse", "opt-out", "fraud", "not-spam", "virus"])
@pytest.mark.parametrize("to", ["abuse", "postmaster", "bounce", "its own"])
def test_a_complaint_ends_what_it_is_about(house: House, kind: str, to: str) -> None:
    other = house.network.community("achats")
    house.network.join(other, house.bob)
    sent = house.send_one()
    path = f"{house.bounce_path(sent)}@{HOUSE.domain}"
    before = house.outgoing()
    if to == "its own":
        house.accept(complaint(kind), path, reverse_path="")
    else:
        raw = complaint(kind, mail_from=path) if kind == "abuse" else complaint(kind, return_path=path)
        house.accept(raw, to, reverse_path="feedback@provider.example")
    house.work()
    with house.database.reading() as tx:
        found = memberships.get_all(tx, [(house.place, house.bob), (other, house.bob)])
    ends = kind in ("abuse", "opt-out")
    assert found[house.place, house.bob].pace is (Pace.OFF if ends else None)
    assert found[other, house.bob].pace is None
    assert house.counted() == ([(TODAY, "complaint", kind)] if ends else [])
    assert house.outgoing() == before


def test_a_complaint_about_a_digest_ends_the_digests(house: House) -> None:
    other = house.network.community("achats", pace=Pace.DAILY)
    weekly = house.network.community("veille", pace=Pace.WEEKLY)
    house.network.join(other, house.bob, house.ann)
    house.network.join(weekly, house.bob)
    house.paper.round()
    house.network.write(house.ann, other)
    house.clock.advance(days=3)
    house.paper.round()
    with house.database.reading() as tx:
        assert digests.count(tx) == 1
    [sent] = house.send()
    house.accept(complaint("abuse", f"{house.bounce_path(sent)}@{HOUSE.domain}"), "abuse", reverse_path="")
    house.work()
    with house.database.reading() as tx:
        found = memberships.get_all(tx, [(place, house.bob) for place in (house.place, other, weekly)])
    assert [found[place, house.bob].pace for place in (house.place, other, weekly)] == [None, Pace.OFF, None]


def test_a_forged_complaint_ends_nothing(house: House) -> None:
    house.send_one()
    house.accept(complaint("abuse", "bounce+forged@relais.example"), "abuse", reverse_path="")
    house.accept(complaint("opt-out", "bob@people.example", "bounce@relais.example"), "bounce", reverse_path="")
    house.work()
    with house.database.reading() as tx:
        assert memberships.get_all(tx, [(house.place, house.bob)])[house.place, house.bob].pace is None
    assert house.counted() == []


def test_words_of_people_to_the_bare_bounce_address_reach_people(house: House) -> None:
    house.write("bob", "bounce", "Did you get my message?", subject="Hello")
    assert house.words() == [("forward", "for_the_admins")]


@pytest.mark.parametrize(
    ("status", "permanent", "kind"),
    [
        ("5.1.1", True, FailureKind.HARD),
        ("5.2.1", True, FailureKind.HARD),
        ("5.1.2", True, FailureKind.HARD),
        ("5.0.0", True, FailureKind.HARD),
        ("4.1.1", False, FailureKind.SOFT),
        ("5.2.2", True, FailureKind.SOFT),
        ("4.4.1", False, FailureKind.SOFT),
        ("5.3.4", True, FailureKind.SOFT),
        ("5.6.1", True, FailureKind.SOFT),
        ("", True, FailureKind.SOFT),
        ("5.7.1", True, FailureKind.REFUSED),
        ("5.7.26", True, FailureKind.REFUSED),
        # The sender's address is blamed, which is ours.
        ("5.1.8", True, FailureKind.REFUSED),
    ],
)
def test_what_a_code_counts_as(status: str, permanent: bool, kind: FailureKind) -> None:
    assert failure(1, status, permanent=permanent).kind is kind


def test_what_was_our_fault_is_taken_back_and_what_is_old_forgotten(house: House) -> None:
    first = house.send_one()
    with house.database.transaction() as tx:
        assert failures.note(tx, [Failure(first, FailureKind.HARD, "5.1.1", "no_such_address")], house.clock())
        failures.take_back(tx, [first])
    assert house.counted() == []
    house.come_back(first)
    with house.database.transaction() as tx:
        assert failures.purge(tx, house.clock(), 10) == 0
        assert failures.purge(tx, house.clock() + timedelta(days=1), 10) == 1
    assert house.counted() == []
