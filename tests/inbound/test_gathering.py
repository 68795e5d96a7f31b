"""Facts for a batch: the order in which arrivals are decided, and a price that does not grow with the batch."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from inbound import pipeline
from inbound.case import ReadMail
from inbound.gathering import Gathered, gather
from inbound.route import ToCommunity, ToManagers, ToPost
from tests.inbound.post_office import HOUSE, RULES, PostOffice, mail


@pytest.fixture
def projets(office: PostOffice) -> int:
    added = office.network.community("projets")
    office.network.join(added, *office.network.persons("ann", "bob"))
    return added


def read_all(office: PostOffice) -> list[ReadMail]:
    return [office.read(claimed) for claimed in office.claim()]


def gathered(office: PostOffice, batch: list[ReadMail]) -> Gathered:
    with office.database.transaction() as tx:
        return gather(tx, batch, HOUSE, RULES, office.clock())


def test_tokens_come_first_then_the_order_of_the_mail(office: PostOffice, projets: int) -> None:
    office.network.community("achats")
    first = office.post(mail(), "projets").post_id
    assert first
    raw = mail(message_id="<m2@people.example>", headers="To: ACHATS@relais.example, projets@relais.example\r\n")
    office.accept(raw, "postmaster", "projets", "achats", office.reply_address(first, 1))
    cases = gathered(office, read_all(office)).cases
    assert [case.facts.destination for case in cases] == [
        ToPost(first, 1),
        ToCommunity("achats"),
        ToCommunity("projets"),
        ToManagers(None),
    ]


def test_facts_are_those_of_each_arrival(office: PostOffice, projets: int) -> None:
    achats = office.network.community("achats")
    office.accept(mail(), "projets", "achats", "nowhere")
    first, second, third = gathered(office, read_all(office)).cases
    assert first.facts.person and first.facts.person.address == "ann@people.example"
    assert first.facts.membership and first.facts.community and first.facts.community.id == projets
    assert second.facts.community and second.facts.community.id == achats
    assert second.facts.membership is None
    assert (third.facts.community, third.facts.membership) == (None, None)


def test_the_communities_of_the_batch_are_held(office: PostOffice, projets: int) -> None:
    for name in ("achats", "other"):
        office.network.community(name)
    office.accept(mail(), "projets", "achats")
    assert {c.community.address for c in gathered(office, read_all(office)).locked.values()} == {"projets", "achats"}


def test_a_batch_costs_as_many_queries_as_one_mail(office: PostOffice, projets: int) -> None:
    first = office.post(mail(), "projets").post_id
    assert first
    said: list[str] = []
    event.listen(office.database.engine, "before_cursor_execute", lambda _c, _k, statement, *_: said.append(statement))
    counted = []
    for size in (1, 25):
        for n in range(size):
            answer = mail(
                "bob", message_id=f"<{size}.{n}@people.example>", headers="References: <m1@people.example>\r\n"
            )
            office.accept(answer, "projets", office.reply_address(first, 2))
        batch = read_all(office)
        said.clear()
        gathered(office, batch)
        counted.append(len(said))
    assert counted[0] == counted[1]


@pytest.mark.parametrize(
    ("second", "count"),
    [
        ({"message_id": "<m2@people.example>"}, 2),
        ({"message_id": "<m1@people.example>", "text": "same name, other words"}, 1),
        ({"message_id": "<m2@people.example>", "headers": "In-Reply-To: <m1@people.example>\r\n"}, 1),
        ({"message_id": "<m2@people.example>", "headers": "References: <x@y> <m1@people.example>\r\n"}, 1),
        ({}, 1),
    ],
    ids=["two mails", "a reused Message-ID", "an answer", "a later answer", "a copy"],
)
def test_what_may_be_decided_together(office: PostOffice, projets: int, second: dict[str, str], count: int) -> None:
    office.accept(mail(), "projets")
    office.accept(mail(**second), "projets")  # type: ignore[arg-type]
    assert pipeline.independent(read_all(office)) == count
