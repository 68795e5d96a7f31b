"""What waits in an answer to a digest is asked about like any mail, and goes out or back by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.core.community import Pace, PostPolicy, Role
from gateway.core.digest import PartState
from gateway.core.notice import NoticeMail
from gateway.core.token import Purpose
from store import notices
from store.database import Database
from store.schema import notices as notice_rows
from tests.inbound.post_office import mail
from tests.journeys.correspondence import Correspondence, under
from tests.network import KEYS, SetClock


class Office(Correspondence):
    """Topics 1 and 2 are in a moderated community that cleo runs, topic 3 in an open one; bob reads both."""

    def open(self) -> None:
        network = self.network
        conseil = network.community("conseil", pace=Pace.DAILY, post=PostPolicy.MODERATED)
        cantine = network.community("cantine")
        self.ann, self.bob, self.cleo = network.persons("ann", "bob", "cleo")
        for place in (conseil, cantine):
            network.join(place, self.ann, self.bob, pace=Pace.DAILY)
        network.join(conseil, self.cleo, role=Role.MANAGER, pace=Pace.OFF)
        self.paper.round()
        for place in (conseil, conseil, cantine):
            network.write(self.ann, place)
        self.morning()

    def reply(self, answers: dict[int, str]) -> None:
        """bob answers his digest."""
        digest = self.digest_of("bob")
        path = str(digest["Reply-To"]).strip("<>").split("@")[0]
        text = under(digest, answers)
        self.accept(mail("bob", text=text, message_id="<bob@people.example>"), path, reverse_path="bob@people.example")
        self.work()

    def told_to(self, person_id: int) -> list[NoticeMail]:
        with self.database.reading() as tx:
            query = select(notice_rows.c.id).where(notice_rows.c.person_id == person_id).order_by(notice_rows.c.id)
            ids = list(tx.scalars(query))
            found = notices.get_all(tx, ids, limit_bytes=5000)
        return [found[i] for i in ids]

    def say(self, word: str, asked: NoticeMail) -> None:
        """cleo answers what she was asked."""
        token = KEYS.sign(Purpose.ANSWER, (asked.id, self.cleo), issued=self.clock())
        raw = mail("cleo", text=word, message_id="<cleo@people.example>")
        self.accept(raw, f"answer+{token}", reverse_path="cleo@people.example")
        self.work()

    def states(self) -> list[PartState]:
        return [part.state for part in self.parts()]


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Office:
    office = Office(database, clock, tmp_path / "blobs")
    office.open()
    return office


def test_a_manager_is_asked_about_all_that_waits_for_them_at_once(office: Office) -> None:
    office.reply({1: "Oui pour la première salle.", 2: "Plutôt en mars, je crois.", 3: "La soupe était très bonne."})
    assert sorted(office.states()) == [PartState.HELD, PartState.HELD, PartState.POSTED]
    [asked] = office.told_to(office.cleo)
    assert asked.text == "Oui pour la première salle.\n\nPlutôt en mars, je crois."
    assert asked.community and asked.community.address == "conseil" and asked.reason.value == "moderated"
    office.say("APPROVE", asked)
    assert office.states() == [PartState.POSTED] * 3


def test_what_is_refused_goes_back_without_what_was_posted(office: Office) -> None:
    office.reply({1: "Oui pour la première salle.", 3: "La soupe était très bonne."})
    [asked] = office.told_to(office.cleo)
    office.say("REJECT not now", asked)
    back = office.told_to(office.bob)[-1]
    assert (back.kind.value, back.reason.value, back.words) == ("returned", "refused", "not now")
    assert back.text == "Oui pour la première salle."
    assert office.states() == [PartState.RETURNED, PartState.POSTED]
