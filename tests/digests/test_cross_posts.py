"""What was sent to two communities is told once, in the first place that owes it, whatever changed meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.core.community import Pace
from store import paces
from store.database import Database
from tests.digests.newspaper import Newspaper
from tests.network import Network, SetClock

MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
"""07:30 in Paris."""


@pytest.fixture
def paper(database: Database, network: Network) -> Newspaper:
    return Newspaper(database, network)


def two(network: Network, first: Pace, second: Pace) -> tuple[int, int, int, int]:
    """(the place named first, the other, author, reader)"""
    ann, bob = network.persons("ann", "bob")
    places = network.community("first", pace=first), network.community("second", pace=second)
    for place in places:
        network.join(place, ann, bob)
    return *places, ann, bob


def test_all_owes_it_once(paper: Newspaper, network: Network, database: Database, clock: SetClock) -> None:
    first, second, ann, bob = two(network, Pace.DAILY, Pace.DAILY)
    [post, _] = network.write(ann, first, second)
    network.fan_out()
    with database.transaction() as tx:
        paces.choose_everywhere(tx, bob, Pace.EACH, clock())
    assert paper.round() == 1
    assert paper.posts_told(bob) == [(post, post)]


def test_a_pause_owes_it_once(paper: Newspaper, network: Network, database: Database, clock: SetClock) -> None:
    first, second, ann, bob = two(network, Pace.EACH, Pace.EACH)
    with database.transaction() as tx:
        paces.pause(tx, bob, None, clock())
    [post, _] = network.write(ann, first, second)
    network.fan_out()
    with database.transaction() as tx:
        paces.resume(tx, bob)
    paper.round()
    assert paper.posts_told(bob) == [(post, post)]


def test_what_came_singly_is_not_owed_too(
    paper: Newspaper, network: Network, database: Database, clock: SetClock
) -> None:
    first, second, ann, bob = two(network, Pace.DAILY, Pace.EACH)
    network.write(ann, first, second)
    network.fan_out()
    with database.transaction() as tx:
        paces.choose(tx, first, bob, Pace.EACH, clock())
    assert paper.round() == 0
    assert paper.posts_told(bob) == []
    assert paper.queued() == [(bob, "post")]


@pytest.mark.parametrize("paces_of_places", [(Pace.DAILY, Pace.WEEKLY), (Pace.WEEKLY, Pace.DAILY)])
def test_all_where_one_place_was_told_by_its_digest(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, paces_of_places: tuple[Pace, Pace]
) -> None:
    first, second, ann, bob = two(network, *paces_of_places)
    clock.now = MONDAY
    paper.round()
    [post, _] = network.write(ann, first, second)
    network.fan_out()
    clock.advance(days=1)
    paper.round()
    weekly = second if paces_of_places[1] is Pace.WEEKLY else first
    with database.transaction() as tx:
        paces.choose(tx, weekly, bob, Pace.EACH, clock())
    for _ in range(10):
        clock.advance(days=1)
        paper.round()
    assert paper.posts_told(bob) == [(post, post)]


def test_what_one_catch_up_told_another_does_not(
    paper: Newspaper, network: Network, database: Database, clock: SetClock
) -> None:
    first, second, ann, bob = two(network, Pace.WEEKLY, Pace.WEEKLY)
    [_, copy] = network.write(ann, first, second)
    network.fan_out()
    for place in (second, first):
        with database.transaction() as tx:
            paces.choose(tx, place, bob, Pace.EACH, clock())
        paper.round()
    assert paper.posts_told(bob) == [(copy, copy)]


def test_a_place_that_was_off_has_told_nothing(
    paper: Newspaper, network: Network, database: Database, clock: SetClock
) -> None:
    first, second, ann, bob = two(network, Pace.EACH, Pace.DAILY)
    paper.round()
    with database.transaction() as tx:
        paces.choose(tx, first, bob, Pace.OFF, clock())
    [_, copy] = network.write(ann, first, second)
    network.fan_out()
    with database.transaction() as tx:
        paces.choose(tx, first, bob, Pace.EACH, clock())
    clock.now = MONDAY
    assert paper.round() == 1
    assert paper.posts_told(bob) == [(copy, copy)]
