"""A post that calls somebody by name is noted with them; only such posts ask the store."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event, select

from store.database import Database
from store.schema import mentions
from tests.inbound.post_office import PostOffice, mail
from tests.network import SetClock


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> PostOffice:
    """ann, bob and cleo in projets, dan elsewhere."""
    office = PostOffice(database, clock, tmp_path / "blobs")
    network = office.network
    projets, jardin = network.community("projets"), network.community("jardin")
    ann, bob, cleo, dan = network.persons("ann", "bob", "cleo", "dan")
    network.join(projets, ann, bob, cleo)
    network.join(jardin, ann, dan)
    return office


def noted(office: PostOffice) -> list[tuple[int, int]]:
    with office.database.reading() as tx:
        query = select(mentions.c.post_id, mentions.c.person_id).order_by(mentions.c.post_id, mentions.c.person_id)
        return [(row[0], row[1]) for row in tx.execute(query)]


def test_members_who_are_called_are_noted(office: PostOffice) -> None:
    office.post(mail(text="@Bob, and @cleo: can you come? So can @dan and I, @ann."), "projets")
    assert noted(office) == [(1, 2), (1, 3)]


def test_each_community_has_its_own(office: PostOffice) -> None:
    office.post(mail(text="@bob and @dan, look."), "projets", "jardin")
    assert noted(office) == [(1, 2), (2, 4)]


def test_what_is_quoted_or_signed_calls_nobody(office: PostOffice) -> None:
    office.post(mail(text="I agree with that.\n\nOn Friday Cleo wrote:\n> @bob, come\n\n-- \nAnn\n@cleo"), "projets")
    assert office.words()[-1][0] == "publish"
    assert noted(office) == []


def test_a_batch_asks_once_and_a_mail_without_a_call_never(office: PostOffice) -> None:
    asked: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(office.database.engine, "before_cursor_execute", listen)
    for number in range(3):
        office.accept(mail(message_id=f"<n{number}@people.example>", text=f"@bob, number {number}"), "projets")
    office.work()
    assert sum("FROM names" in one for one in asked) == 1
    asked.clear()
    office.post(mail(message_id="<plain@people.example>", text="Nobody at all."), "projets")
    assert not any("names" in one.split() for one in asked)
    assert [person for _, person in noted(office)] == [2, 2, 2]
