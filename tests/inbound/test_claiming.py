"""A second address: answered at both, and by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core import address
from gateway.core.notice import NoticeMail
from gateway.core.question import Asks
from inbound.actions import claiming
from store import people
from store.database import Database
from tests.inbound.test_joining import Doorstep
from tests.network import SetClock

HOME = "bob@home.example"
PROOF = "Authentication-Results: mx.people.example; dmarc=pass header.from=home.example\r\n"


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Doorstep:
    """ann has posted, and bob has her post."""
    office = Doorstep(database, clock, tmp_path / "blobs")
    place, (ann, bob) = office.network.community("projets"), office.network.persons("ann", "bob")
    office.network.join(place, ann, bob)
    office.network.write(ann, place)
    return office


def answer_from(office: Doorstep, who: str, number: int, *, proof: str = PROOF) -> None:
    """An answer to ann's post with the token of bob."""
    to = office.reply_address(1, 2)
    raw = (
        f"{proof}From: {who}\r\nTo: {to}@relais.example\r\nSubject: Re: x\r\nMessage-ID: <h{number}@home.example>\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nI come, number {number}.\r\n"
    ).encode()
    office.accept(raw, to, reverse_path=who)
    office.work()


def asked(office: Doorstep) -> NoticeMail:
    [question] = office.told_to(2)
    assert question.question and question.question.asks is Asks.ADDRESS and question.question.address == HOME
    assert (question.text, question.subject) == ("", "")
    return question


def test_an_answer_from_a_second_address_goes_out_once_it_is_claimed(office: Doorstep) -> None:
    answer_from(office, HOME, 1)
    question = asked(office)
    assert len(office.posted()) == 1
    office.answer("bob", question, 2, "OUI")
    assert [text for text, _, _ in office.posted()] == ["Words 1", "I come, number 1."]
    with office.database.reading() as tx:
        found = people.find(tx, address.parse(HOME))
    assert found and found.id == 2
    answer_from(office, HOME, 2)
    assert len(office.posted()) == 3


def test_no_leaves_it_where_it_is(office: Doorstep) -> None:
    answer_from(office, HOME, 1)
    office.answer("bob", asked(office), 2, "non")
    with office.database.reading() as tx:
        assert people.find(tx, address.parse(HOME)) is None
    assert len(office.posted()) == 1


def test_whoever_wrote_it_cannot_say_so_themself(office: Doorstep) -> None:
    answer_from(office, HOME, 1)
    office.answer(HOME, asked(office), 2, "YES")
    with office.database.reading() as tx:
        assert people.find(tx, address.parse(HOME)) is None


def test_an_unproven_address_is_not_asked_about(office: Doorstep) -> None:
    answer_from(office, HOME, 1, proof="")
    assert office.told_to(2) == []


def test_the_questions_are_few(office: Doorstep) -> None:
    for number in range(8):
        answer_from(office, f"eve{number % 5}@home.example", number)
    assert len(office.told_to(2)) == claiming.MOST_AN_HOUR
