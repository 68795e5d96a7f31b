"""The audit log tells who did what to what, the newest first, and forgets in time."""

from __future__ import annotations

from datetime import timedelta

from gateway.core.audit import Act, Entry, Hand
from store import audit, erasure, people
from store.audit import Filter
from store.database import Database
from store.erasure import Marks
from tests.network import START, Network


def test_acts_are_told_by_place_by_person_and_by_time(database: Database, network: Network) -> None:
    projets, achats = network.community("projets"), network.community("achats")
    ann, bob = network.persons("ann", "bob")
    with database.transaction() as tx:
        audit.record(tx, Entry(Act.MAIL_DROPPED, ann, projets, bob, arrival_id=48, detail="too long"), START)
        audit.record(tx, Entry(Act.COMMUNITY_CHANGED, Hand.CLI, achats), START + timedelta(days=1))
    with database.reading() as tx:
        first, second = reversed(audit.listing(tx, Filter(), 10))
        assert (first.act, first.actor, first.community, first.person) == (
            "mail_dropped",
            people.get_all(tx, [ann])[ann].address,
            "projets",
            people.get_all(tx, [bob])[bob].address,
        )
        assert (first.at, first.arrival_id, first.detail) == (START, 48, "too long")
        assert (second.actor, second.community, second.person, second.detail) == ("cli", "achats", None, "")
        assert audit.listing(tx, Filter(community_id=achats), 10) == [second]
        assert audit.listing(tx, Filter(person_id=ann), 10) == [first] == audit.listing(tx, Filter(person_id=bob), 10)
        assert audit.listing(tx, Filter(since=START + timedelta(hours=1)), 10) == [second]
        assert audit.listing(tx, Filter(), 1) == [second]


def test_the_words_go_with_the_person_and_the_act_stays(database: Database, network: Network) -> None:
    [ann] = network.persons("ann")
    marks = Marks("Former member", "[Text erased]")
    with database.transaction() as tx:
        audit.record(tx, Entry(Act.MAIL_DROPPED, Hand.CLI, person_id=ann, detail="Ann was rude"), START)
        erasure.erase(tx, erasure.shut_out(tx, ann, marks), marks, START)
        [told] = audit.listing(tx, Filter(), 10)
    assert (told.act, told.person, told.detail) == ("mail_dropped", f"erased-{ann}@erased.invalid", "")


def test_old_acts_are_forgotten_some_at_a_time(database: Database) -> None:
    with database.transaction() as tx:
        for day in range(3):
            audit.record(tx, Entry(Act.MAIL_RETRIED, Hand.RELAIS), START + timedelta(days=day))
        assert audit.purge(tx, START + timedelta(days=2), 1) == 1
        assert audit.purge(tx, START + timedelta(days=2), 9) == 1
        assert [told.at for told in audit.listing(tx, Filter(), 9)] == [START + timedelta(days=2)]
