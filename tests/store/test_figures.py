"""The figures of `relais status`."""

from __future__ import annotations

from store import figures
from store.database import Database
from store.figures import Figures
from tests.network import Network


def test_everything_is_counted_once(database: Database, network: Network) -> None:
    ann, bob = network.persons("ann", "bob")
    garden, kitchen = network.community("garden"), network.community("kitchen")
    network.join(garden, ann, bob)
    with database.reading() as tx:
        assert figures.count(tx) == Figures(0, 0, 2, 2, 0)
    first, _ = network.write(ann, garden, kitchen)
    network.write(bob, garden, answering=first)
    network.fan_out()
    with database.reading() as tx:
        assert figures.count(tx) == Figures(posts=3, topics=2, people=2, communities=2, digests=0)
