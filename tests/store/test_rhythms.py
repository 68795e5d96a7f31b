"""Who hears of which community how and when, and who posted."""

from __future__ import annotations

from datetime import timedelta

from gateway.core.community import Pace, PersonState
from gateway.core.digest import Cadence
from store import digests, paces, posts, rhythms
from store.database import Database
from store.rhythms import Listener, Posted, Standing
from store.schema import people
from tests.network import START, Network, SetClock


def test_listeners_come_with_all_their_communities(network: Network, database: Database) -> None:
    ann, bob, eve, zoe = network.persons("ann", "bob", "eve", "zoe")
    garden, plaza = network.community("garden", pace=Pace.DAILY), network.community("plaza")
    network.join(garden, ann, bob, zoe)
    network.join(plaza, bob, pace=Pace.WEEKLY)
    network.join(plaza, eve)
    network.suspend(zoe)
    with database.transaction() as tx:
        tx.execute(people.update().where(people.c.id == bob).values(digest_at="18:00", digest_on=4))
        paces.pause(tx, eve, START + timedelta(days=1), START)
    expected = [
        Listener(ann, "Europe/Paris", None, None, False, {garden: None}),
        Listener(bob, "Europe/Paris", "18:00", 4, False, {garden: None, plaza: Pace.WEEKLY}),
        Listener(eve, "Europe/Paris", None, None, True, {plaza: None}),
    ]
    with database.reading() as tx:
        assert rhythms.listeners(tx) == expected
        assert rhythms.listeners(tx, [garden]) == expected[:2]
        assert rhythms.listeners(tx, []) == []
        assert rhythms.standing_of(tx, eve) == Standing(PersonState.ACTIVE, True, START + timedelta(days=1))
        assert rhythms.standing_of(tx, zoe) == Standing(PersonState.SUSPENDED, False, None)


def test_posts_of_a_span_by_community(network: Network, database: Database, clock: SetClock) -> None:
    ann = network.person("ann")
    garden, plaza = network.community("garden"), network.community("plaza")
    network.join(garden, ann)
    network.write(ann, garden)
    first = clock.advance(hours=1)
    network.write(ann, garden, plaza)
    [gone] = network.write(ann, plaza)
    last = clock.advance(hours=1)
    network.write(ann, plaza)
    clock.advance(hours=1)
    network.write(ann, plaza)
    with database.transaction() as tx:
        posts.withdraw(tx, gone, clock())
    with database.reading() as tx:
        found = rhythms.posted(tx, START, last)
    assert found == {garden: [Posted(first, ann)], plaza: [Posted(first, ann), Posted(last, ann)]}


def test_the_clock_of_a_cadence(network: Network, database: Database) -> None:
    ann = network.person("ann")
    with database.transaction() as tx:
        digests.wind(tx, Cadence.WEEKLY, {ann: START})
    with database.reading() as tx:
        assert rhythms.clock_of(tx, ann, Cadence.WEEKLY) == START
        assert rhythms.clock_of(tx, ann, Cadence.DAILY) is None
