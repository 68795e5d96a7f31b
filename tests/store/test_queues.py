"""The queues as an administrator sees them, and what may be done to them by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, select

from gateway.core.delivery import DeliveryState, Outcome
from store import arrivals, deliveries, past_mails, queues
from store.arrivals import Accepted, Closing
from store.database import Database
from store.schema import spool
from tests.network import PEACE, Network, SetClock, envelope


def put(tx: Connection, *paths: str) -> None:
    arrivals.add(tx, [Accepted(envelope(*paths), 5, b"Words", "")])


def put_aside(tx: Connection, clock: SetClock) -> None:
    for _ in range(arrivals.MAX_FAILURES):
        clock.advance(minutes=10)
        [mail] = arrivals.claim(tx, clock(), 1)
        arrivals.fail(tx, mail, "ValueError: bad", clock())


def test_arrivals_are_listed_newest_first_and_closed_ones_only_on_demand(
    database: Database, network: Network, clock: SetClock
) -> None:
    person = network.person("ann")
    community = network.community("garden")
    with database.transaction() as tx:
        put(tx, "garden", "relais")
        put(tx, "garden")
        first, _ = arrivals.claim(tx, clock(), 10)
        closed, held = (arrival.id for arrival in first.arrivals)
        arrivals.close(
            tx,
            [first],
            [
                Closing(closed, "closed", "publish", "member_post", "", person, community, None, date(2026, 8, 24)),
                Closing(held, "held", "forward", "for_the_admins", "odd", None, None, None),
            ],
            clock(),
        )
        open_ones = queues.list_arrivals(tx, None, 10)
        assert [entry.state for entry in open_ones] == ["spooled", "held"]
        assert [entry.id for entry in queues.list_arrivals(tx, None, 1)] == [open_ones[0].id]
        assert [entry.id for entry in queues.list_arrivals(tx, "held", 10)] == [held]
        [entry] = queues.list_arrivals(tx, "closed", 10)
        assert (entry.id, entry.community, entry.person) == (closed, "garden", "ann@people.example")
        assert entry == queues.get_arrival(tx, closed)
        assert (entry.verdict, entry.reason, entry.closed_at) == ("publish", "member_post", clock())
        assert entry.returns == date(2026, 8, 24)
        assert queues.get_arrival(tx, 10**6) is None
        assert queues.newest_arrival(tx) == entry.received_at


def test_a_message_set_aside_is_over_with_its_last_dropped_arrival(database: Database, clock: SetClock) -> None:
    with database.transaction() as tx:
        put(tx, "garden", "kitchen")
        put_aside(tx, clock)
        first, second = (entry.id for entry in queues.list_arrivals(tx, "set_aside", 10))
        assert queues.list_arrivals(tx, None, 1)[0].trouble == "ValueError: bad"
        assert arrivals.drop(tx, first, clock())
        assert tx.scalar(select(spool.c.state)) == "set_aside"
        assert arrivals.drop(tx, second, clock())
        assert tx.scalar(select(spool.c.state)) == "closed"
        assert not arrivals.drop(tx, second, clock())
        # Only what is closed lets go of its bytes.
        assert past_mails.forget_bytes(tx, clock.advance(days=40), 10) == (1, [])


def test_a_dropped_arrival_stops_nobody_else_in_the_spool(database: Database, clock: SetClock) -> None:
    with database.transaction() as tx:
        put(tx, "garden", "kitchen")
        put_aside(tx, clock)
        first, second = (entry.id for entry in queues.list_arrivals(tx, "set_aside", 10))
        assert arrivals.retry(tx, first)
        assert arrivals.drop(tx, second, clock())
        [mail] = arrivals.claim(tx, clock(), 10)
        assert [arrival.id for arrival in mail.arrivals] == [first]


def test_idle_is_when_nothing_is_left_to_do_now(database: Database, network: Network, clock: SetClock) -> None:
    ann, bob = network.persons("ann", "bob")
    community = network.community("garden")
    network.join(community, ann, bob)

    def idle() -> bool:
        with database.reading() as tx:
            return queues.is_idle(tx, clock())

    assert idle()
    network.write(ann, community)
    assert not idle(), "a fan-out is open"
    network.fan_out()
    assert not idle(), "a delivery is due"
    with database.transaction() as tx:
        [claimed] = deliveries.claim(tx, clock(), 10, PEACE)
    assert not idle(), "a sender has it in hand"
    defer(database, claimed.delivery.id, claimed.delivery.attempts, clock, timedelta(minutes=1))
    assert idle(), "nothing to be done for a minute"
    clock.advance(minutes=2)
    assert not idle(), "it is due again"
    with database.transaction() as tx:
        [again] = deliveries.claim(tx, clock(), 10, PEACE)
    assert not idle(), "a second attempt is under way"
    with database.transaction() as tx:
        outcome = Outcome(again.delivery.id, again.delivery.attempts, DeliveryState.DELIVERED)
        deliveries.record(tx, [(outcome, None)], clock())
    assert idle()
    with database.transaction() as tx:
        put(tx, "garden")
    assert not idle(), "a mail waits to be decided"


def defer(database: Database, delivery: int, attempts: int, clock: SetClock, wait: timedelta) -> None:
    outcome = Outcome(delivery, attempts, DeliveryState.DEFERRED, detail="connection refused")
    with database.transaction() as tx:
        assert deliveries.record(tx, [(outcome, clock() + wait)], clock()) == 1


def test_a_second_attempt_that_died_is_due_at_the_next_start(
    database: Database, network: Network, clock: SetClock
) -> None:
    ann, bob = network.persons("ann", "bob")
    community = network.community("garden")
    network.join(community, ann, bob)
    network.write(ann, community)
    network.fan_out()
    with database.transaction() as tx:
        [claimed] = deliveries.claim(tx, clock(), 10, PEACE)
    defer(database, claimed.delivery.id, 1, clock, timedelta(minutes=1))
    clock.advance(minutes=2)
    with database.transaction() as tx:
        assert len(deliveries.claim(tx, clock(), 10, PEACE)) == 1
        assert deliveries.release_all(tx, clock()) == 1
        assert len(deliveries.claim(tx, clock(), 10, PEACE)) == 1


@pytest.mark.parametrize("state", list(DeliveryState))
def test_deliveries_are_listed_by_state(
    database: Database, network: Network, clock: SetClock, state: DeliveryState
) -> None:
    ann, bob = network.persons("ann", "bob")
    community = network.community("garden")
    network.join(community, ann, bob)
    [post] = network.write(ann, community)
    network.fan_out()
    with database.transaction() as tx:
        if state is not DeliveryState.PENDING:
            [claimed] = deliveries.claim(tx, clock(), 10, PEACE)
            outcome = Outcome(claimed.delivery.id, 1, state, detail="said so")
            deliveries.record(tx, [(outcome, None)], clock())
        [entry] = queues.list_deliveries(tx, state, 10)
        assert (entry.state, entry.address, entry.community) == (state.value, "bob@people.example", "garden")
        assert entry.post_id == post
        assert queues.get_delivery(tx, entry.id) == entry
        assert queues.get_delivery(tx, entry.id + 1) is None
        assert len(queues.list_deliveries(tx, None, 10)) == (state is not DeliveryState.DELIVERED)
        assert all(not queues.list_deliveries(tx, other, 10) for other in DeliveryState if other is not state)
