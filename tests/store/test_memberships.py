"""Memberships: who is in which community, in which role, at which pace."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from gateway.core.community import Membership, Pace, Role
from store import communities, digests, memberships, paces
from store.database import Database
from tests.network import Network, SetClock


def test_adding_leaves_what_exists(network: Network, database: Database, clock: SetClock) -> None:
    projets, [ann, bob] = network.community("projets"), network.persons("ann", "bob")
    network.join(projets, ann, role=Role.MANAGER, pace=Pace.WEEKLY)
    again = Membership(projets, ann, Role.MEMBER, None)
    fresh = Membership(projets, bob, Role.CHAMPION, None)
    with database.transaction() as tx:
        assert memberships.add(tx, [again, fresh, fresh], clock()) == 1
        assert memberships.add(tx, [], clock()) == 0
        found = memberships.get_all(tx, [(projets, ann), (projets, bob), (projets, 999)])
    assert found == {
        (projets, ann): Membership(projets, ann, Role.MANAGER, Pace.WEEKLY),
        (projets, bob): fresh,
    }


def test_remove_and_choose_say_whether_there_was_one(network: Network, database: Database, clock: SetClock) -> None:
    projets, [ann, bob] = network.community("projets"), network.persons("ann", "bob")
    network.join(projets, ann)
    with database.transaction() as tx:
        assert paces.choose(tx, projets, ann, Pace.OFF, clock())
        assert not paces.choose(tx, projets, bob, Pace.OFF, clock())
        assert memberships.get_all(tx, [(projets, ann)])[projets, ann].pace is Pace.OFF
        assert memberships.remove(tx, projets, ann)
        assert not memberships.remove(tx, projets, ann)


def test_members_are_listed_by_address(network: Network, database: Database) -> None:
    projets, [zoe, ann] = network.community("projets"), network.persons("zoe", "ann")
    network.join(projets, zoe, role=Role.SPONSOR)
    network.join(projets, ann)
    with database.reading() as tx:
        listed = [(person.id, membership.role) for person, membership in memberships.members(tx, projets)]
    assert listed == [(ann, Role.MEMBER), (zoe, Role.SPONSOR)]


def test_readers_are_the_active_who_hear_at_any_pace(network: Network, database: Database) -> None:
    projets, achats = network.community("projets"), network.community("achats", pace=Pace.OFF)
    ann, bob, carol, dan = network.persons("ann", "bob", "carol", "dan")
    network.join(projets, ann, dan)
    network.join(projets, bob, pace=Pace.WEEKLY)
    network.join(projets, carol, pace=Pace.OFF)
    network.join(achats, ann)
    network.join(achats, bob, pace=Pace.EACH)
    network.suspend(dan)
    with database.reading() as tx:
        assert memberships.readers(tx, [projets, achats, 999]) == {projets: 2, achats: 1}


def test_managers_are_active_and_theirs(network: Network, database: Database) -> None:
    projets, achats, empty = (network.community(name) for name in ("projets", "achats", "empty"))
    ann, tom, eve, joe = network.persons("ann", "tom", "eve", "joe")
    network.join(projets, ann, tom, eve, role=Role.MANAGER)
    network.join(projets, joe, role=Role.SPONSOR)
    network.join(achats, tom, role=Role.MANAGER)
    network.join(empty, ann, joe)
    network.suspend(eve)
    with database.reading() as tx:
        found = memberships.managers(tx, [projets, empty])
    assert {community_id: [person.id for person in those] for community_id, those in found.items()} == {
        projets: [ann, tom]
    }


@pytest.mark.parametrize("lock", ["publish", "pace"])
def test_who_holds_a_community_does_not_stop_what_names_it(postgresql_url: str, clock: SetClock, lock: str) -> None:
    """A fan-out inserts rows that name the community while somebody posts there or chooses a pace."""
    database = Database(postgresql_url)
    network = Network(database, clock)
    projets, ann = network.community("projets"), network.person("ann")
    network.join(projets, ann)
    with database.transaction() as holding:
        if lock == "publish":
            communities.lock(holding, ids=[projets])
        else:
            paces.choose(holding, projets, ann, Pace.OFF, clock())
        with database.transaction() as tx:
            tx.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            tx.execute(text("SELECT 1 FROM communities WHERE id = :id FOR KEY SHARE"), {"id": projets})
    database.close()


def test_who_comes_back_is_owed_what_came_meanwhile_and_nothing_else(
    network: Network, database: Database, clock: SetClock
) -> None:
    community, ann, bob = network.community("projets"), *network.persons("ann", "bob")
    network.join(community, ann, bob)
    network.write(ann, community)
    network.fan_out()
    with database.transaction() as tx:
        [held] = communities.lock(tx, ids=[community])
        ended = memberships.end(tx, held, bob)
    assert ended is not None
    network.write(ann, community)
    network.fan_out()
    with database.transaction() as tx:
        # They heard of the first one singly, whatever the default has become.
        paces.change_default(tx, community, Pace.DAILY, clock())
        [held] = communities.lock(tx, ids=[community])
        assert memberships.restore(tx, held, bob, ended, clock())
        assert not memberships.restore(tx, held, bob, ended, clock())
        [owed] = digests.owed(tx, clock(), 10)
    assert (owed.person_id, owed.after, owed.through) == (bob, 1, 2)
