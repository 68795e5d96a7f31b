"""The first post is confirmed, its author takes it back while it waits, and nobody gets it then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.core.community import Pace, PostPolicy, Role
from gateway.core.notice import NoticeMail, Receipts
from gateway.core.question import Asks
from gateway.core.ruling import Ruling
from gateway.core.token import Purpose
from store import audit, deliveries, notices, rulings
from store.audit import Filter
from store.schema import notices as notice_rows
from store.schema import posts
from tests.inbound.post_office import RULES, PostOffice, Result, mail
from tests.network import KEYS, PEACE

HOLD = timedelta(minutes=5)


class Place:
    """Projets with ann, who writes, bob at once, cleo and dan daily, and eve, who hears nothing."""

    def __init__(self, office: PostOffice) -> None:
        self.office = office
        network = office.network
        self.projets = network.community("projets")
        self.ann, self.bob, self.cleo, self.dan, self.eve = network.persons("ann", "bob", "cleo", "dan", "eve")
        network.join(self.projets, self.ann, self.bob)
        network.join(self.projets, self.cleo, self.dan, pace=Pace.DAILY)
        network.join(self.projets, self.eve, pace=Pace.OFF)
        office.rules = replace(RULES, hold=HOLD, receipts=Receipts.FIRST)

    def write(self, number: int = 1, who: str = "ann", **more: str) -> Result:
        raw = mail(who, message_id=f"<m{number}@people.example>", **more)
        return self.office.post(raw, "projets", reverse_path=f"{who}@people.example")

    def told(self, person_id: int) -> list[NoticeMail]:
        with self.office.database.reading() as tx:
            query = select(notice_rows.c.id).where(notice_rows.c.person_id == person_id).order_by(notice_rows.c.id)
            ids = list(tx.scalars(query))
            found = notices.get_all(tx, ids, limit_bytes=5000)
        return [found[i] for i in ids]

    def answer(self, word: str, receipt: NoticeMail, who: str = "ann") -> str:
        """What came of a word in answer to a receipt of ann's."""
        token = KEYS.sign(Purpose.ANSWER, (receipt.id, self.ann), issued=self.office.clock())
        raw = mail(who, text=word, message_id=f"<a{len(self.office.results())}@people.example>")
        self.office.post(raw, f"answer+{token}", reverse_path=f"{who}@people.example")
        done = self.told(self.ann)[-1].obeyed
        return done.result.value if done else ""

    def sent(self) -> list[int]:
        """Who is sent a copy now."""
        self.office.network.fan_out()
        with self.office.database.transaction() as tx:
            claimed = deliveries.claim(tx, self.office.clock(), 100, PEACE)
            return [i.delivery.person_id for i in claimed if not i.objection and i.delivery.post_id]

    def withdrawn(self) -> list[bool]:
        with self.office.database.reading() as tx:
            return [at is not None for at in tx.scalars(select(posts.c.withdrawn_at).order_by(posts.c.id))]


@pytest.fixture
def place(office: PostOffice) -> Place:
    return Place(office)


def test_the_first_post_is_confirmed_with_whom_it_reaches(place: Place) -> None:
    place.write()
    [receipt] = place.told(place.ann)
    asked = receipt.question
    assert asked and (asked.at_once, asked.in_digests, asked.post_id) == (1, 2, 1)
    assert asked.before == place.office.clock() + HOLD
    place.write(2)
    assert len(place.told(place.ann)) == 1


@pytest.mark.parametrize(("receipts", "count"), [(Receipts.ALWAYS, 2), (Receipts.NEVER, 0)])
def test_all_or_none_are_confirmed_where_the_setting_says(place: Place, receipts: Receipts, count: int) -> None:
    place.office.rules = replace(place.office.rules, receipts=receipts)
    place.write(1)
    place.write(2)
    assert len(place.told(place.ann)) == count


def test_no_machine_is_confirmed_anything(place: Place) -> None:
    place.write(headers="Precedence: bulk\r\n")
    assert place.office.words() == [("publish", "member_post")] and place.told(place.ann) == []


def test_two_places_are_one_receipt(place: Place) -> None:
    achats = place.office.network.community("achats")
    place.office.network.join(achats, place.ann)
    place.office.post(mail(), "projets", "achats")
    assert len(place.office.posted()) == 2 and len(place.told(place.ann)) == 1


def test_copies_leave_when_the_hold_is_over(place: Place) -> None:
    place.write()
    assert place.sent() == []
    place.office.clock.advance(minutes=5)
    assert place.sent() == [place.bob]


def test_cancel_in_time_and_nobody_gets_it(place: Place) -> None:
    place.write()
    [receipt] = place.told(place.ann)
    place.office.network.fan_out()
    place.office.clock.advance(minutes=4)
    assert place.answer("Annuler", receipt) == "done"
    assert place.withdrawn() == [True]
    place.office.clock.advance(minutes=2)
    assert place.sent() == []
    with place.office.database.reading() as tx:
        [act] = audit.listing(tx, Filter(), 9)
    assert (act.act, act.actor, act.post_id) == ("post_withdrawn", "ann@people.example", 1)
    assert place.answer("CANCEL", receipt) == "done"


def test_too_late_is_too_late(place: Place) -> None:
    place.write()
    [receipt] = place.told(place.ann)
    place.office.clock.advance(minutes=5)
    assert place.answer("CANCEL", receipt) == "over"
    assert place.withdrawn() == [False] and place.sent() == [place.bob]


def test_who_took_the_receipt_takes_nothing_back(place: Place) -> None:
    place.write()
    [receipt] = place.told(place.ann)
    place.answer("CANCEL", receipt, who="bob")
    assert place.office.results()[-1].reason == "token_of_another" and place.withdrawn() == [False]


def test_cancel_in_answer_to_ones_own_post(place: Place) -> None:
    place.write()
    place.write(2, text="ANNULER", subject="Re: A visit", headers="In-Reply-To: <m1@people.example>\r\n")
    assert place.office.words()[-1] == ("obey", "command") and place.withdrawn() == [True]


def test_cancel_in_answer_to_somebody_elses_post_is_a_post(place: Place) -> None:
    place.write()
    place.write(2, "bob", text="Cancel", subject="Re: A visit", headers="In-Reply-To: <m1@people.example>\r\n")
    assert place.office.words()[-1] == ("publish", "member_answer") and place.withdrawn() == [False, False]


def test_an_outlook_recall_is_a_cancel(place: Place) -> None:
    place.write()
    text = 'Ann would like to recall the message, "A visit".'
    place.write(2, text=text, subject="Recall: A visit")
    assert place.withdrawn() == [True] and len(place.office.posted()) == 1


@pytest.mark.parametrize("who", ["ann", "bob"])
def test_a_recall_of_what_is_not_theirs_or_long_gone_is_no_post_either(place: Place, who: str) -> None:
    place.write()
    place.office.clock.advance(minutes=6)
    text = 'Somebody would like to recall the message, "A visit".'
    place.write(2, who, text=text, subject="Recall: A visit")
    assert place.withdrawn() == [False] and len(place.office.posted()) == 1
    last = place.told({"ann": place.ann, "bob": place.bob}[who])[-1].obeyed
    assert last and last.result.value == "no_place"


def test_what_waited_is_confirmed_whatever_the_setting(place: Place) -> None:
    place.office.rules = replace(place.office.rules, receipts=Receipts.NEVER)
    calm = place.office.network.community("calm", post=PostPolicy.MODERATED)
    place.office.network.join(calm, place.ann)
    place.office.network.join(calm, place.bob, role=Role.MANAGER)
    place.office.post(mail(), "calm")
    place.office.publish(1)
    assert [told.kind.value for told in place.told(place.ann)] == ["waiting", "question"]


def test_who_is_not_proven_is_confirmed_nothing(place: Place) -> None:
    place.office.post(mail(proven=False), "projets")
    with place.office.database.transaction() as tx:
        held = rulings.waiting(tx, 1)
        assert held and rulings.rule(tx, held, Ruling.PUBLISHED, place.office.clock())
    place.office.work()
    assert place.office.words() == [("publish", "member_post")]
    # She was asked whether it is hers, and that is all.
    assert [told.question.asks for told in place.told(place.ann) if told.question] == [Asks.MINE]
