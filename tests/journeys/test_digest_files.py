"""Files that answer a digest go where one answer goes, once, also where a part waits for somebody's agreement."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.core.community import Pace, PostPolicy
from gateway.core.digest import PartState
from store.database import Database
from store.schema import arrivals as arrival_rows
from store.schema import attachments, posts
from tests.inbound.post_office import PROVEN
from tests.journeys.correspondence import Correspondence, quoted, under
from tests.network import SetClock


class Filing(Correspondence):
    """Answers that carry a plan."""

    def file(self, answers: dict[int, str]) -> None:
        """bob answers his digest with a file."""
        digest = self.digest_of("bob")
        text = under(digest, answers).replace("\n", "\r\n")
        head = (
            f"{PROVEN}From: bob@people.example\r\nTo: {digest['Reply-To']}\r\nSubject: Re: x\r\nMIME-Version: 1.0\r\n"
        )
        head += 'Message-ID: <bob@people.example>\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        body = f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--b\r\n"
        plan = (
            'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="plan.pdf"\r\n\r\n%PDF\r\n--b--'
        )
        path = str(digest["Reply-To"]).strip("<>").split("@")[0]
        self.accept(f"{head}{body}{plan}\r\n".encode(), path, reverse_path="bob@people.example")
        self.work()

    def approve(self) -> None:
        """Somebody agrees to all that is held."""
        with self.database.reading() as tx:
            waiting = tx.scalars(select(arrival_rows.c.id).where(arrival_rows.c.state == "held")).all()
        for held in waiting:
            self.publish(held)

    def filed(self) -> list[int]:
        """The topics in which the plan stands."""
        query = select(posts.c.topic_id).join(attachments, attachments.c.content_id == posts.c.content_id)
        with self.database.reading() as tx:
            return list(tx.scalars(query.order_by(posts.c.id)))


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Filing:
    """Topic 1 is in a moderated community, topic 2 in an open one."""
    office = Filing(database, clock, tmp_path / "blobs")
    network = office.network
    places = (network.community("conseil", pace=Pace.DAILY, post=PostPolicy.MODERATED), network.community("cantine"))
    ann, bob = network.person("ann", locale="fr"), network.person("bob", locale="fr")
    for place in places:
        network.join(place, ann, bob, pace=Pace.DAILY)
    office.paper.round()
    for place in places:
        network.write(ann, place)
    office.morning()
    return office


def test_a_held_answer_keeps_its_file(office: Filing) -> None:
    office.file({1: "Voici le plan de la salle."})
    assert ([part.state for part in office.parts()], office.filed()) == ([PartState.HELD], [])
    office.approve()
    assert ([part.state for part in office.parts()], office.filed()) == ([PartState.POSTED], [1])


def test_a_file_among_a_held_answer_and_another_is_asked_about_and_goes_once(office: Filing) -> None:
    office.file({1: "Voici le plan de la salle.", 2: "Non, plutôt lundi matin."})
    before = [(part.number, part.state) for part in office.parts()]
    assert before == [(1, PartState.HELD), (2, PartState.POSTED), (3, PartState.ASKED)]
    office.approve()
    assert office.filed() == []
    [receipt, *_] = office.mails()["bob@people.example"]
    office.answer("bob", receipt, "2", number=2)
    assert office.filed() == [2]


def test_a_file_that_waits_goes_to_a_moderated_topic_once_somebody_agrees(office: Filing) -> None:
    office.file({1: "Voici le plan de la salle.", 2: "Non, plutôt lundi matin."})
    office.approve()
    [receipt, *_] = office.mails()["bob@people.example"]
    office.answer("bob", receipt, "1", number=2)
    assert office.words()[-1] == ("obey", "command")
    assert (3, PartState.HELD, 1) in [(part.number, part.state, part.topic_id) for part in office.parts()]
    assert office.filed() == []
    [told] = [mail for mail in office.mails()["bob@people.example"] if "responsable" in mail["Subject"]]
    assert told["X-Relais-Kind"] == "receipt"
    office.approve()
    assert sorted((part.number, part.state, part.topic_id) for part in office.parts()) == [
        (1, PartState.POSTED, 1),
        (2, PartState.POSTED, 2),
        (3, PartState.POSTED, 1),
    ]
    assert office.filed() == [1]
    assert "held" not in {result.state for result in office.results()}


def test_words_that_wait_go_to_a_moderated_topic_and_may_still_go_elsewhere(office: Filing) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, "Bonne idée, je suis partant.\n\n" + "\n".join(quoted(digest)))
    [receipt] = office.mails()["bob@people.example"]
    office.answer("bob", receipt, "1", number=2)
    assert [(part.state, part.topic_id) for part in office.parts()] == [(PartState.HELD, 1)]
    office.answer("bob", receipt, "DÉPLACER 1 #2", number=3)
    assert [(part.state, part.topic_id) for part in office.parts()] == [(PartState.POSTED, 2)]
    before = len(office.posted())
    office.approve()
    assert (len(office.posted()), [part.state for part in office.parts()]) == (before, [PartState.POSTED])


def test_a_held_answer_beside_thanks_keeps_its_file(office: Filing) -> None:
    office.file({1: "Voici le plan de la salle.", 2: "Merci !"})
    office.approve()
    assert office.filed() == [1]
