"""The administrators hear that mail waits for too long, once a day, and not of one mailbox that takes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from digests import lateness
from gateway.core.community import NetworkRole
from gateway.core.delivery import DeliveryState, Outcome
from store import arrivals, deliveries
from store.arrivals import Accepted
from store.schema import notices as notice_rows
from tests.digests.test_waiting import ORIGIN
from tests.network import PEACE, Network, SetClock, envelope

WATCHED = replace(ORIGIN, late=timedelta(hours=1))


@pytest.fixture
def place(network: Network) -> tuple[int, int]:
    """(community, author): Root, who runs the network, and two readers of each post of the author's"""
    root = network.person("root", role=NetworkRole.ADMIN)
    community, (ann, bob, cem) = network.community("projets"), network.persons("ann", "bob", "cem")
    network.join(community, ann, bob, cem)
    assert root == 1
    return community, ann


def tell(network: Network) -> int:
    with network.database.transaction() as tx:
        return lateness.tell(tx, WATCHED, network.clock())


def told(network: Network) -> list[tuple[int, str, int]]:
    """(person, kind, how many)"""
    columns = (notice_rows.c.person_id, notice_rows.c.kind, notice_rows.c.waiting)
    with network.database.reading() as tx:
        return [(row[0], row[1], row[2]) for row in tx.execute(select(*columns).order_by(notice_rows.c.id))]


def record(network: Network, *states: DeliveryState) -> None:
    """What is due is tried, and comes out like this, in order."""
    with network.database.transaction() as tx:
        taken = [item.delivery for item in deliveries.claim(tx, network.clock(), len(states), PEACE)]
        again = network.clock() + timedelta(hours=1)
        outcomes = [
            (Outcome(one.id, one.attempts, state), again if state is DeliveryState.DEFERRED else None)
            for one, state in zip(taken, states, strict=True)
        ]
        deliveries.record(tx, outcomes, network.clock())


def test_what_came_in_and_is_not_decided(network: Network, clock: SetClock, place: tuple[int, int]) -> None:
    with network.database.transaction() as tx:
        arrivals.add(tx, [Accepted(envelope("projets", at=clock()), 1, b"x", "")] * 3)
    clock.advance(minutes=60)
    assert tell(network) == 0
    clock.advance(minutes=1)
    assert (tell(network), tell(network)) == (1, 0)
    assert told(network) == [(1, "late_in", 3)]
    record(network, DeliveryState.DELIVERED)
    clock.advance(hours=23)
    assert tell(network) == 0
    clock.advance(hours=1)
    assert tell(network) == 1


def test_what_nobody_sends(network: Network, clock: SetClock, place: tuple[int, int]) -> None:
    network.write(place[1], place[0])
    network.fan_out()
    clock.advance(minutes=61)
    assert tell(network) == 1
    assert told(network) == [(1, "late_out", 2)]


def test_what_is_tried_in_vain(network: Network, clock: SetClock, place: tuple[int, int]) -> None:
    network.write(place[1], place[0])
    network.fan_out()
    clock.advance(minutes=30)
    record(network, DeliveryState.DEFERRED, DeliveryState.DEFERRED)
    assert tell(network) == 0
    clock.advance(minutes=31)
    assert tell(network) == 1


def test_one_mailbox_that_takes_nothing_is_no_trouble_of_ours(
    network: Network, clock: SetClock, place: tuple[int, int]
) -> None:
    network.write(place[1], place[0])
    network.fan_out()
    clock.advance(minutes=30)
    record(network, DeliveryState.DEFERRED, DeliveryState.DELIVERED)
    clock.advance(minutes=31)
    assert tell(network) == 0
    clock.advance(minutes=60)
    assert tell(network) == 1


def test_what_is_to_leave_later_is_not_late(network: Network, clock: SetClock, place: tuple[int, int]) -> None:
    network.write(place[1], place[0])
    network.fan_out()
    with network.database.transaction() as tx:
        rows = notice_rows.metadata.tables["deliveries"]
        tx.execute(rows.update().values(next_attempt_at=clock() + timedelta(days=2)))
    clock.advance(hours=20)
    assert tell(network) == 0


def test_where_it_is_switched_off(network: Network, clock: SetClock, place: tuple[int, int]) -> None:
    network.write(place[1], place[0])
    network.fan_out()
    clock.advance(days=1)
    with network.database.transaction() as tx:
        assert lateness.tell(tx, ORIGIN, clock()) == 0
