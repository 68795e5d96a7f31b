"""What we answer to an answer can itself be answered as it says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.community import Pace
from gateway.core.digest import PartState
from store import communities, memberships
from store.database import Database
from tests.journeys.correspondence import Correspondence, PartRow, quoted, under
from tests.network import SetClock


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Correspondence:
    """ann has written two topics to a daily community, bob is about to read of them."""
    office = Correspondence(database, clock, tmp_path / "blobs")
    place = office.network.community("projets", pace=Pace.DAILY)
    ann, bob = office.network.person("ann"), office.network.person("bob")
    office.network.join(place, ann, bob)
    office.paper.round()
    for _ in range(2):
        office.network.write(ann, place)
    office.morning()
    return office


def test_a_receipt_offers_a_move_that_is_carried_out(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, under(digest, {1: "I come on Friday."}))
    [receipt] = office.mails()["bob@people.example"]
    assert receipt["Subject"] == "Reply posted: Subject 1"
    offer = re.search(r"MOVE 1 #2", str(receipt.get_body(("plain",)).get_content()))  # type: ignore[union-attr]
    assert offer
    office.answer("bob", receipt, f"{offer[0]}\n\n" + "\n".join(quoted(receipt)), number=2)
    assert office.parts() == [PartRow(1, PartState.POSTED, 2, "I come on Friday.")]
    [again] = office.mails()["bob@people.example"]
    assert again["Subject"] == "Reply posted: Subject 2"


def test_a_topic_that_is_read_by_mail_takes_an_answer(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, "GET #2")
    [reading] = office.mails()["bob@people.example"]
    assert reading["Subject"] == "[#2] Subject 2"
    before = len(office.posted())
    office.answer("bob", reading, "Agreed, on Friday then.\n\n" + "\n".join(quoted(reading)), number=2)
    assert office.posted()[before:] == [("Agreed, on Friday then.", 1, "Subject 2")]


def test_a_pause_is_ended_by_an_answer(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, "PAUSE")
    [paused] = office.mails()["bob@people.example"]
    assert paused["Subject"] == "Done: your messages are paused"
    office.answer("bob", paused, "RESUME\n\n" + "\n".join(quoted(paused)), number=2)
    [resumed] = office.mails()["bob@people.example"]
    assert resumed["Subject"] == "Done: messages come again"


def test_stop_under_a_topic_leaves_its_community_unless_everybody_belongs_to_it(office: Correspondence) -> None:
    with office.database.transaction() as tx:
        found = communities.find(tx, "projets")
        assert found
        communities.change(tx, replace(found, mandatory=True))
    digest = office.digest_of("bob")
    office.answer("bob", digest, under(digest, {1: "STOP"}))
    [kept] = office.mails()["bob@people.example"]
    assert "everybody belongs to “Projets”" in str(kept.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    with office.database.transaction() as tx:
        communities.change(tx, replace(found, mandatory=False))
    office.answer("bob", digest, under(digest, {2: "STOP"}), number=2)
    [left] = office.mails()["bob@people.example"]
    assert "you have left “Projets”" in str(left.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    with office.database.reading() as tx:
        assert memberships.get_all(tx, [(1, 1), (1, 2)]).keys() == {(1, 1)}
