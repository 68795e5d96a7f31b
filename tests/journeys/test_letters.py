"""A letter: one answers the author of a post alone, they answer back, and nobody sees an address."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from gateway.core.community import Pace, PersonState
from gateway.core.token import Purpose
from inbound.actions import letters
from store.database import Database
from store.schema import arrivals, people, posts
from tests.inbound.post_office import mail
from tests.journeys.correspondence import Correspondence
from tests.network import DOMAIN, KEYS, SetClock

ANN, BOB, CAT = 1, 2, 3


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Correspondence:
    """ann has posted; bob belongs there, cat does not."""
    office = Correspondence(database, clock, tmp_path / "blobs")
    place = office.network.community("projets", pace=Pace.EACH)
    for name in ("ann", "bob", "cat"):
        office.network.person(name)
    office.network.join(place, ANN, BOB)
    office.post(mail("ann", subject="A visit"), "projets")
    return office


def the_mail(office: Correspondence, name: str) -> EmailMessage:
    office.network.fan_out()
    [one] = office.mails()[f"{name}@people.example"]
    return one


def alone(one: EmailMessage) -> str:
    """The address that the mail of a post shows for its author alone."""
    body = one.get_body(("plain",))
    assert body is not None
    [address] = [word for word in str(body.get_content()).split() if word.startswith("author+")]
    return address.partition("@")[0]


def write(office: Correspondence, name: str, to: str, text: str, number: int = 1) -> None:
    raw = mail(name, subject="Re: A visit", text=text, message_id=f"<{name}{number}@own.example>")
    office.post(raw, to, reverse_path=f"{name}@people.example")


def reasons(office: Correspondence) -> list[str]:
    with office.database.reading() as tx:
        return [str(reason) for reason in tx.scalars(select(arrivals.c.reason).order_by(arrivals.c.id))]


def test_it_goes_to_the_author_alone_and_back(office: Correspondence) -> None:
    address = alone(the_mail(office, "bob"))
    write(office, "bob", address, "Between us: I cannot stand trains.")
    letter = the_mail(office, "ann")
    assert str(letter["From"]) == f'"Bob (Relais)" <relais@{DOMAIN}>'
    assert "bob@" not in letter.as_string()
    office.answer("ann", letter, "Then come by car.")
    back = the_mail(office, "bob")
    assert "Then come by car." in back.as_string() and "ann@" not in back.as_string()
    office.answer("bob", back, "STOP", number=2)
    assert "STOP" in the_mail(office, "ann").as_string()
    with office.database.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(posts)) == 1


def test_a_second_copy_is_no_second_letter(office: Correspondence) -> None:
    address = alone(the_mail(office, "bob"))
    write(office, "bob", address, "Once.")
    write(office, "bob", address, "Once.")
    assert "Once." in the_mail(office, "ann").as_string()


def test_who_does_not_belong_there_writes_to_nobody(office: Correspondence) -> None:
    address = alone(the_mail(office, "bob"))
    write(office, "cat", address, "I found this token.")
    assert reasons(office)[-1] == "token_of_another"
    assert set(office.mails()) == {"cat@people.example"}


def test_a_letter_is_answered_by_its_reader_alone(office: Correspondence) -> None:
    write(office, "bob", alone(the_mail(office, "bob")), "Between us.")
    letter = the_mail(office, "ann")
    office.answer("cat", letter, "I saw what you wrote.")
    assert reasons(office)[-1] == "token_of_another"
    assert set(office.mails()) == {"cat@people.example"}


def test_who_is_gone_is_not_written_to(office: Correspondence) -> None:
    address = alone(the_mail(office, "bob"))
    with office.database.transaction() as tx:
        tx.execute(update(people).where(people.c.id == ANN).values(state=PersonState.SUSPENDED.value))
    write(office, "bob", address, "Still there?")
    assert reasons(office)[-1] == "person_gone"
    assert "Still there?" in the_mail(office, "bob").as_string()


def test_a_flood_of_letters_is_kept(office: Correspondence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "MOST_AN_HOUR", 2)
    address = alone(the_mail(office, "bob"))
    for number in range(4):
        write(office, "bob", address, f"Letter {number}", number)
    assert len(office.mails()["ann@people.example"]) == 2
    with office.database.reading() as tx:
        held = tx.execute(select(arrivals.c.flag).where(arrivals.c.state == "held")).all()
    assert [row.flag for row in held] == ["flood", "flood"]


def test_a_token_of_another_kind_is_no_address(office: Correspondence) -> None:
    token = KEYS.sign(Purpose.LEAVE, (1, BOB), issued=office.clock())
    write(office, "bob", f"author+{token}", "Not for that.")
    assert reasons(office)[-1] == "no_place"
