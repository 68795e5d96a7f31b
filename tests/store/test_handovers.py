"""Handovers: when the relay took a mail for somebody, and what nobody can tell."""

from __future__ import annotations

from gateway.core.delivery import DeliveryState, Outcome
from gateway.core.reply import Reply
from store import deliveries
from store.database import Database
from store.handovers import handed_over
from tests.network import PEACE, Network, SetClock


def ask(database: Database, *pairs: tuple[int, int]) -> dict[tuple[int, int], object]:
    with database.reading() as tx:
        return dict(handed_over(tx, pairs))


def publish(network: Network) -> tuple[int, int]:
    projets, author, reader = network.community("projets"), network.person("author"), network.person("reader")
    network.join(projets, author, reader)
    network.write(author, projets)
    network.fan_out()
    return 1, reader


def settle(database: Database, clock: SetClock, state: DeliveryState) -> None:
    with database.transaction() as tx:
        [item] = deliveries.claim(tx, clock(), 9, PEACE)
    clock.advance(seconds=1)
    outcome = Outcome(item.delivery.id, item.delivery.attempts, state, Reply(250, "2.0.0", "Ok"))
    with database.transaction() as tx:
        deliveries.record(tx, [(outcome, clock())], clock())


def test_what_the_relay_took_tells_when(database: Database, network: Network, clock: SetClock) -> None:
    pair = publish(network)
    assert ask(database, pair) == {}
    settle(database, clock, DeliveryState.DELIVERED)
    assert ask(database, pair, (99, 99)) == {pair: clock()}
    clock.advance(minutes=5)
    assert ask(database) == {}


def test_a_first_try_under_way_tells_when_it_began_and_a_second_nothing(
    database: Database, network: Network, clock: SetClock
) -> None:
    pair = publish(network)
    began = clock()
    with database.transaction() as tx:
        [item] = deliveries.claim(tx, clock(), 9, PEACE)
    assert ask(database, pair) == {pair: began}
    with database.transaction() as tx:
        deliveries.give_back(tx, [item.delivery], clock())
        deliveries.claim(tx, clock(), 9, PEACE)
    assert ask(database, pair) == {}


def test_what_failed_tells_nothing(database: Database, network: Network, clock: SetClock) -> None:
    pair = publish(network)
    settle(database, clock, DeliveryState.FAILED)
    assert ask(database, pair) == {}
