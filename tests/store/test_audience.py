"""Who hears of a post at once: the fan-out, whole or in chunks, once per person (I3, I4)."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from gateway.core.community import Pace
from store import audience, memberships
from store.database import Database
from store.schema import deliveries, fan_outs
from tests.network import PEACE, Network, SetClock


def heard(database: Database) -> list[tuple[int, int]]:
    """(person, community it is sent from), in the order of the deliveries."""
    with database.reading() as tx:
        rows = tx.execute(select(deliveries.c.person_id, deliveries.c.community_id).order_by(deliveries.c.id))
        return [(row.person_id, row.community_id) for row in rows]


def open_fan_outs(database: Database) -> int:
    with database.reading() as tx:
        query = select(func.count()).select_from(fan_outs).where(fan_outs.c.closed_at.is_(None))
        return tx.scalar(query) or 0


def test_those_who_hear_at_once_and_nobody_else(network: Network, database: Database) -> None:
    projets, quiet = network.community("projets"), network.community("quiet", pace=Pace.WEEKLY)
    ann, bob, carol, dan, eve, fay = network.persons("ann", "bob", "carol", "dan", "eve", "fay")
    network.join(projets, ann, bob, dan)
    network.join(projets, carol, pace=Pace.DAILY)
    network.join(projets, fay, pace=Pace.OFF)
    network.join(quiet, bob)
    network.join(quiet, eve, pace=Pace.EACH)
    network.suspend(dan)
    network.write(ann, projets)
    network.write(ann, quiet)
    assert network.fan_out() == 1
    # Not the author, not the suspended, not those of another pace; a choice of one's own wins over the default.
    assert heard(database) == [(bob, projets), (eve, quiet)]
    assert open_fan_outs(database) == 0


def test_a_cross_post_is_one_mail_from_the_community_named_first(network: Network, database: Database) -> None:
    projets, achats = network.community("projets"), network.community("achats")
    ann, bob, carol = network.persons("ann", "bob", "carol")
    network.join(projets, bob)
    network.join(achats, bob, carol)
    network.write(ann, projets, achats)
    network.write(ann, achats, projets)
    network.fan_out()
    assert heard(database) == [(bob, projets), (bob, achats), (carol, achats), (carol, achats)]


def test_a_large_community_is_expanded_in_chunks(
    network: Network, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "CHUNK", 3)
    large, small = network.community("large"), network.community("small")
    people = network.persons("author", *(f"p{n}" for n in range(10)))
    network.join(large, *people)
    network.join(small, *people[:3])
    network.write(people[0], small)
    network.write(people[0], large)
    network.write(people[0], small)
    steps = network.fan_out()
    assert steps == 1 + 4 + 1
    assert sorted(heard(database)) == sorted([(p, large) for p in people[1:]] + [(p, small) for p in people[1:3]] * 2)


def test_chunks_go_on_where_a_crash_left_off(
    network: Network, database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "CHUNK", 4)
    large = network.community("large")
    people = network.persons("author", *(f"p{n}" for n in range(11)))
    network.join(large, *people)
    network.write(people[0], large)
    with database.transaction() as tx:
        audience.expand(tx, clock(), PEACE)
    with pytest.raises(KeyError), database.transaction() as tx:
        audience.expand(tx, clock(), PEACE)
        raise KeyError
    # Who joins meanwhile hears from then on, who leaves no more.
    late = network.person("late")
    network.join(large, late)
    with database.transaction() as tx:
        memberships.remove(tx, large, people[-1])
    network.fan_out()
    assert [person for person, _ in heard(database)] == people[1:-1]


def test_expanding_again_changes_nothing(network: Network, database: Database) -> None:
    projets, [ann, bob] = network.community("projets"), network.persons("ann", "bob")
    network.join(projets, ann, bob)
    network.write(ann, projets)
    network.fan_out()
    with database.transaction() as tx:
        tx.execute(fan_outs.update().values(closed_at=None))
    network.fan_out()
    assert heard(database) == [(bob, projets)]


def test_many_posts_are_one_transaction(network: Network, database: Database) -> None:
    projets, [ann, bob] = network.community("projets"), network.persons("ann", "bob")
    network.join(projets, ann, bob)
    for _ in range(20):
        network.write(ann, projets)
    assert network.fan_out() == 1
    assert len(heard(database)) == 20


def test_two_nodes_expand_at_once_without_a_copy(
    postgresql_url: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "CHUNK", 2)
    one, two = Database(postgresql_url), Database(postgresql_url)
    network = Network(one, clock)
    projets, achats = network.community("projets"), network.community("achats")
    people = network.persons("author", *(f"p{n}" for n in range(9)))
    network.join(projets, *people)
    network.join(achats, *people)
    for _ in range(10):
        network.write(people[0], projets, achats)
    troubles: list[Exception] = []

    def expand(node: Network) -> None:
        try:
            while open_fan_outs(node.database):
                node.fan_out()
        except Exception as error:
            troubles.append(error)

    threads = [threading.Thread(target=expand, args=(Network(node, clock),)) for node in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
    assert sorted(heard(one)) == sorted((person, projets) for person in people[1:] for _ in range(10))
    one.close()
    two.close()
