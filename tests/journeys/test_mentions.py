"""Who is called by name in a topic finds it first in their digest, and is told why."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from digests.preview import Preview, preview
from gateway.core.community import Pace
from gateway.core.digest import Cadence, Section, Why
from store.database import Database
from tests.digests.newspaper import PLAN
from tests.inbound.post_office import mail
from tests.journeys.correspondence import MONDAY, Correspondence, under
from tests.network import SetClock

BOB, CLEO = 2, 3


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Correspondence:
    """ann, bob and cleo read a daily community, in which nothing was said yet."""
    office = Correspondence(database, clock, tmp_path / "blobs")
    network = office.network
    place = network.community("projets", pace=Pace.DAILY)
    network.join(place, network.person("ann"), network.person("bob"), network.person("cleo"))
    office.paper.round()
    return office


def chosen(office: Correspondence, person_id: int) -> list[tuple[int, Section, bool]]:
    """(topic, section, whether a mention is why) of the next digest."""
    with office.database.reading() as tx:
        found = preview(tx, PLAN, person_id, Cadence.DAILY, MONDAY)
    assert isinstance(found, Preview), found
    return [(one.topic_id, Section(one.section), Why.MENTIONS_YOU in one.why) for one in found.explained]


def words(digest: EmailMessage) -> str:
    body = digest.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).casefold()


def test_a_mention_waits_for_its_person(office: Correspondence) -> None:
    for number in range(2):
        office.post(
            mail(subject=f"Talk {number}", text="Nothing much.", message_id=f"<t{number}@x.example>"), "projets"
        )
    office.post(mail(subject="A visit", text="@Bob, who comes along?", message_id="<v@x.example>"), "projets")
    assert chosen(office, BOB)[0] == (3, Section.WAITING, True)
    assert not any(section is Section.WAITING or named for _, section, named in chosen(office, CLEO))
    office.morning()
    digests = office.mails()
    [bobs], [cleos] = digests["bob@people.example"], digests["cleo@people.example"]
    assert "“a visit” is waiting for you" in words(bobs)
    assert "“a visit” is waiting for you" not in words(cleos)


def test_a_part_of_an_answer_to_a_digest_mentions_too(office: Correspondence) -> None:
    for number in range(2):
        office.post(
            mail(subject=f"Talk {number}", text="Nothing much.", message_id=f"<t{number}@x.example>"), "projets"
        )
    office.morning()
    digest = office.digest_of("bob")
    office.answer("bob", digest, under(digest, {1: "I would not know.", 2: "That is for @cleo."}))
    with office.database.reading() as tx:
        found = preview(tx, PLAN, CLEO, Cadence.DAILY, office.clock())
    assert isinstance(found, Preview), found
    named = {one.topic_id: Why.MENTIONS_YOU in one.why for one in found.explained}
    assert named == {1: False, 2: True}
