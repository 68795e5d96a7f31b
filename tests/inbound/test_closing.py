"""Who runs a community closes its topics by mail; nobody else does, and nobody learns of topics they may not read."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from gateway.core.community import NetworkRole, Role
from store import audit, topics
from store.audit import Filter
from store.schema import notices, people
from tests.inbound.post_office import PostOffice, mail


@pytest.fixture
def topic(office: PostOffice) -> int:
    """A topic of ann's in projets: bob runs it, cleo is its champion, dan of none, root an administrator."""
    place = office.network.community("projets")
    ann, bob, cleo, _, root = office.network.persons("ann", "bob", "cleo", "dan", "root")
    office.network.join(place, ann)
    office.network.join(place, bob, role=Role.MANAGER)
    office.network.join(place, cleo, role=Role.CHAMPION)
    with office.database.transaction() as tx:
        tx.execute(update(people).where(people.c.id == root).values(role=NetworkRole.ADMIN.value))
    office.post(mail("ann"), "projets")
    return 1


def say(office: PostOffice, who: str, word: str, number: int) -> dict[str, object]:
    """What the answer to this word at relais@ tells."""
    raw = mail(who, subject="", text=word, message_id=f"<w{number}@people.example>")
    result = office.post(raw, "relais", reverse_path=f"{who}@people.example")
    assert (result.verdict, result.reason) == ("obey", "command")
    with office.database.reading() as tx:
        told = tx.scalars(select(notices.c.details).order_by(notices.c.id.desc()).limit(1)).one()
    assert isinstance(told, dict)
    return told


def is_closed(office: PostOffice, topic: int) -> bool:
    with office.database.reading() as tx:
        found = topics.get(tx, topic)
    assert found
    return found.closed


def acts(office: PostOffice) -> list[tuple[str, str, int | None]]:
    with office.database.reading() as tx:
        return [(a.act, a.actor, a.topic_id) for a in reversed(audit.listing(tx, Filter(), 50))]


@pytest.mark.parametrize("who", ["bob", "root"])
def test_who_runs_it_closes_and_reopens(office: PostOffice, topic: int, who: str) -> None:
    assert say(office, who, f"FERMER #{topic}", 1)["result"] == "done"
    assert is_closed(office, topic)
    answer = mail(
        "ann", text="And the bikes?", message_id="<m2@people.example>", headers="References: <m1@people.example>\r\n"
    )
    assert office.post(answer, "projets").reason == "topic_closed"
    say(office, who, f"close #{topic}", 2)
    say(office, who, f"REOPEN #{topic}", 3)
    assert not is_closed(office, topic)
    address = f"{who}@people.example"
    assert acts(office) == [("topic_closed", address, topic), ("topic_reopened", address, topic)]


@pytest.mark.parametrize("who", ["ann", "cleo"])
def test_who_may_read_is_told_that_managers_may(office: PostOffice, topic: int, who: str) -> None:
    told = say(office, who, f"CLOSE #{topic}", 1)
    assert (told["result"], told["topic_title"]) == ("not_allowed", "A visit")
    assert not is_closed(office, topic) and acts(office) == []


@pytest.mark.parametrize(("who", "number"), [("dan", 1), ("bob", 99)])
def test_a_topic_one_may_not_read_is_told_as_none(office: PostOffice, topic: int, who: str, number: int) -> None:
    told = say(office, who, f"CLOSE #{number}", 1)
    assert (told["topic_title"], told["result"], told["communities"]) == ("", "done", [])
    assert not is_closed(office, topic)
