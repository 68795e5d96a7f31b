"""How somebody comes into a community by mail: asked first, once, and never by another's word."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.core.community import JoinPolicy
from gateway.core.notice import NoticeKind, NoticeMail, Result
from gateway.core.question import Asks
from gateway.core.token import Purpose
from store import memberships, notices
from store.database import Database
from store.schema import notices as notice_rows
from tests.inbound.post_office import PostOffice, mail
from tests.network import DOMAIN, KEYS, SetClock


class Doorstep(PostOffice):
    """A post office whose people ask to come in and answer what they are asked."""

    number = 0

    def write(self, author: str, to: str, text: str = "", *, subject: str = "", proven: bool = True) -> None:
        """A mail of this person to one of our addresses."""
        self.number += 1
        raw = mail(
            author,
            subject=subject,
            text=text,
            message_id=f"<w{self.number}@people.example>",
            headers=f"To: {to}@{DOMAIN}\r\n",
            proven=proven,
        )
        self.accept(raw, to, reverse_path=f"{author}@people.example")
        self.work()

    def told_to(self, person_id: int) -> list[NoticeMail]:
        """What this person was told, oldest first."""
        with self.database.reading() as tx:
            ids = list(tx.scalars(select(notice_rows.c.id).where(notice_rows.c.person_id == person_id)))
            found = notices.get_all(tx, ids, limit_bytes=5000)
        return [found[i] for i in sorted(found)]

    def answer(self, author: str, notice: NoticeMail, owner: int, text: str, *, proven: bool = True) -> None:
        """An answer to a notice, with the token of its reader `owner`."""
        token = KEYS.sign(Purpose.ANSWER, (notice.id, owner), issued=self.clock())
        self.write(author, f"answer+{token}", text, subject="Re: x", proven=proven)

    def belongs(self, place: int, person: int) -> bool:
        """Whether this person is a member there."""
        with self.database.reading() as tx:
            return bool(memberships.get_all(tx, [(place, person)]))


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Doorstep:
    return Doorstep(database, clock, tmp_path / "blobs")


@pytest.mark.parametrize(
    ("to", "text"),
    [
        ("projets+rejoindre", ""),
        ("projets+join", "Hello, may I?"),
        ("relais", "JOIN projets"),
        ("relais", "Abonner Projets"),
    ],
)
def test_whoever_asks_is_asked_and_yes_makes_a_member(office: Doorstep, to: str, text: str) -> None:
    place, bob = office.network.community("projets"), office.network.person("bob")
    office.write("bob", to, text)
    [asked] = office.told_to(bob)
    assert asked.kind is NoticeKind.QUESTION
    assert asked.question is not None and asked.question.asks is Asks.JOIN
    assert not office.belongs(place, bob)
    office.answer("bob", asked, bob, "Oui\n")
    assert office.belongs(place, bob)


def test_no_is_taken_for_no(office: Doorstep) -> None:
    place, bob = office.network.community("projets"), office.network.person("bob")
    office.write("bob", "projets+join")
    office.answer("bob", office.told_to(bob)[0], bob, "No")
    office.answer("bob", office.told_to(bob)[0], bob, "Yes")
    assert not office.belongs(place, bob)
    results = [told.obeyed.result for told in office.told_to(bob)[1:] if told.obeyed]
    assert results == [Result.DECLINED, Result.OVER]


def test_the_token_alone_proves_the_mailbox_for_its_question(office: Doorstep) -> None:
    place, bob = office.network.community("projets"), office.network.person("bob")
    office.write("bob", "projets+join")
    office.answer("bob", office.told_to(bob)[0], bob, "YES", proven=False)
    assert office.belongs(place, bob)


def test_a_stolen_token_lets_nobody_in(office: Doorstep) -> None:
    place = office.network.community("projets")
    bob, eve = office.network.person("bob"), office.network.person("eve")
    office.write("bob", "projets+join")
    office.answer("eve", office.told_to(bob)[0], bob, "YES")
    assert not office.belongs(place, bob) and not office.belongs(place, eve)
    assert office.words()[-1] == ("hold", "token_of_another")


def test_an_answer_that_comes_too_late_is_told_so(office: Doorstep, clock: SetClock) -> None:
    place, bob = office.network.community("projets"), office.network.person("bob")
    office.write("bob", "projets+join")
    clock.now += timedelta(days=7)
    office.answer("bob", office.told_to(bob)[0], bob, "YES")
    assert not office.belongs(place, bob)
    late = office.told_to(bob)[-1]
    assert late.obeyed is not None and late.obeyed.result is Result.OVER and late.obeyed.communities == ("Projets",)


def test_who_cannot_come_in_like_this_is_told_why(office: Doorstep) -> None:
    closed, place = office.network.community("cercle", join=JoinPolicy.INVITE), office.network.community("projets")
    bob = office.network.person("bob")
    office.network.join(place, bob)
    for to in ("cercle+join", "projets+join"):
        office.write("bob", to)
    office.write("bob", "relais", "JOIN nowhere")
    results = [told.obeyed.result for told in office.told_to(bob) if told.obeyed]
    assert results == [Result.CLOSED, Result.IS_MEMBER, Result.NO_PLACE]
    assert not office.belongs(closed, bob)


def test_a_signed_mail_that_somebody_passes_on_asks_for_nothing(office: Doorstep) -> None:
    office.network.community("projets")
    bob = office.network.person("bob")
    raw = mail("bob", subject="Lunch", text="Today?", headers="To: carol@elsewhere.example\r\n")
    office.accept(raw, "projets+join", reverse_path="bob@people.example")
    office.work()
    assert office.words() == [("hold", "not_addressed")] and office.told_to(bob) == []


def test_what_answers_no_question_goes_to_people(office: Doorstep) -> None:
    office.network.community("projets")
    bob = office.network.person("bob")
    office.write("bob", "projets+join")
    office.answer("bob", office.told_to(bob)[0], bob, "What would I get?")
    assert office.words()[-1] == ("forward", "for_the_admins")
