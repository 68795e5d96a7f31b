"""People and their addresses."""

from __future__ import annotations

from gateway.core import address
from gateway.core.community import NetworkRole, PersonState
from store import people
from store.database import Database
from store.people import NewPerson
from tests.network import Network, SetClock


def new(text: str) -> NewPerson:
    return NewPerson(address.parse(text), "", "fr", "Europe/Paris")


def test_an_address_belongs_to_one_person_however_it_is_spelled(database: Database, clock: SetClock) -> None:
    with database.transaction() as tx:
        first = people.add(
            tx, [new("Ann@people.example"), new("ann@PEOPLE.example"), new("bob@people.example")], clock()
        )
        again = people.add(tx, [new("ANN@people.example")], clock())
    assert first[0] and first[2] and first[1] is None
    assert again == [None]


def test_find_reads_any_spelling_and_no_stranger(database: Database, clock: SetClock) -> None:
    with database.transaction() as tx:
        [ann] = people.add(tx, [new("Ann@people.example")], clock())
        found = people.find(tx, address.parse("aNN@People.example"))
        assert found and found.id == ann and found.address == "Ann@people.example"
        assert people.find(tx, address.parse("ann@people.example.evil.example")) is None
        assert people.find_all(tx, []) == {}


def test_unicode_case_is_not_folded(database: Database, clock: SetClock) -> None:
    with database.transaction() as tx:
        people.add(tx, [new("bib@people.example")], clock())
        assert people.find(tx, address.parse("bıb@people.example")) is None


def test_set_state_and_admins(network: Network, database: Database) -> None:
    ann, bob = network.persons("ann", "bob", role=NetworkRole.ADMIN)
    network.person("carol")
    with database.transaction() as tx:
        assert [person.id for person in people.admins(tx)] == [ann, bob]
        people.set_state(tx, ann, PersonState.SUSPENDED)
        assert [person.id for person in people.admins(tx)] == [bob]
        assert people.get_all(tx, [ann])[ann].state is PersonState.SUSPENDED


def test_listing_is_by_address(network: Network, database: Database) -> None:
    network.persons("zoe", "ann", "max")
    with database.reading() as tx:
        rows = [people.to_person(row).address.partition("@")[0] for row in tx.execute(people.listing())]
    assert rows == ["ann", "max", "zoe"]
