"""Communities: their rows, and the lock under which post numbers grow."""

from __future__ import annotations

import threading
from dataclasses import replace

from gateway.core.community import PostPolicy
from store import communities
from store.communities import NewCommunity
from store.database import Database
from tests.network import Network, SetClock


def test_an_address_is_given_once(database: Database, clock: SetClock) -> None:
    with database.transaction() as tx:
        assert communities.add(tx, NewCommunity("projets", "Projets"), clock())
        assert communities.add(tx, NewCommunity("projets", "Other"), clock()) is None
        found = communities.find(tx, "projets")
    assert found and found.name == "Projets"


def test_change_writes_everything_but_the_address(network: Network, database: Database) -> None:
    community_id = network.community("projets")
    with database.transaction() as tx:
        before = communities.get_all(tx, [community_id])[community_id]
        after = replace(
            before,
            address="other",
            name="P",
            post=PostPolicy.MODERATED,
            description="D",
            archived=True,
        )
        communities.change(tx, after)
        assert communities.get_all(tx, [community_id])[community_id] == replace(after, address="projets")


def test_listing_counts_members(network: Network, database: Database) -> None:
    projets, achats = network.community("projets"), network.community("achats")
    network.join(projets, *network.persons("ann", "bob"))
    with database.reading() as tx:
        assert [(c.id, members) for c, members in communities.listing(tx)] == [(achats, 0), (projets, 2)]


def test_lock_takes_ids_and_names_in_one_order(network: Network, database: Database) -> None:
    one, two, three = (network.community(name) for name in ("zebra", "yak", "ant"))
    with database.transaction() as tx:
        held = communities.lock(tx, ids=[three, one], names=["yak", "zebra", "nobody"])
        communities.set_last_number(tx, two, 7)
    assert [locked.community.id for locked in held] == [one, two, three]
    with database.transaction() as tx:
        assert communities.lock(tx, ids=[two])[0].last_number == 7


def test_nobody_allocates_numbers_beside_the_lock(network: Network, database: Database) -> None:
    community_id = network.community("projets")
    entered = threading.Event()
    seen: list[int] = []

    def allocate() -> None:
        entered.set()
        with database.transaction() as tx:
            seen.append(communities.lock(tx, names=["projets"])[0].last_number)

    other = threading.Thread(target=allocate)
    with database.transaction() as tx:
        communities.lock(tx, ids=[community_id])
        other.start()
        entered.wait()
        other.join(0.1)
        assert not seen
        communities.set_last_number(tx, community_id, 1)
    other.join()
    assert seen == [1]
