"""Who is told that mails wait, and how often."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from digests import waiting
from digests.waiting import Origin
from gateway.core.community import NetworkRole, Role
from store import arrivals, notices
from store.arrivals import Accepted
from store.database import Database
from store.schema import arrivals as arrival_rows
from store.schema import deliveries as delivery_rows
from store.schema import notices as notice_rows
from store.schema import spool
from tests.network import DOMAIN, Network, SetClock, envelope

ORIGIN = Origin(DOMAIN, 1)


def wait(network: Network, state: str, community_id: int | None = None) -> None:
    """One more arrival that waits since now."""
    with network.database.transaction() as tx:
        arrivals.add(tx, [Accepted(envelope("projets"), 1, b"x", "")])
        spool_id = tx.scalars(select(spool.c.id).order_by(spool.c.id.desc()).limit(1)).one()
        values = {"state": state, "community_id": community_id, "closed_at": network.clock()}
        tx.execute(arrival_rows.update().where(arrival_rows.c.spool_id == spool_id).values(**values))


def tell(network: Network) -> int:
    with network.database.transaction() as tx:
        return waiting.tell(tx, ORIGIN, network.clock())


def told(network: Network) -> list[tuple[int, str, int | None, int]]:
    """(person, kind, community, how many) of all notices, oldest first."""
    columns = (notice_rows.c[name] for name in ("person_id", "kind", "community_id", "waiting"))
    with network.database.reading() as tx:
        return [(row[0], row[1], row[2], row[3]) for row in tx.execute(select(*columns).order_by(notice_rows.c.id))]


def admin(network: Network) -> int:
    added = network.person("root")
    with network.database.transaction() as tx:
        people = notice_rows.metadata.tables["people"]
        tx.execute(people.update().where(people.c.id == added).values(role=NetworkRole.ADMIN.value))
    return added


def test_managers_are_told_of_their_place_and_admins_of_the_rest(network: Network) -> None:
    root, (ann, bob) = admin(network), network.persons("ann", "bob")
    projets, achats = network.community("projets"), network.community("achats")
    network.join(projets, ann, role=Role.MANAGER)
    network.join(projets, bob)
    for community_id in (projets, projets, achats, None):
        wait(network, "held", community_id)
    wait(network, "set_aside")
    assert tell(network) == 4
    assert sorted(told(network), key=str) == sorted(
        [
            (ann, "held", projets, 2),
            (root, "held", achats, 1),
            (root, "held", None, 1),
            (root, "set_aside", None, 1),
        ],
        key=str,
    )
    with network.database.reading() as tx:
        assert len(tx.scalars(select(delivery_rows.c.notice_id)).all()) == 4


def test_once_an_hour_and_only_of_what_came_since(network: Network, clock: SetClock) -> None:
    admin(network)
    projets = network.community("projets")
    wait(network, "held", projets)
    assert (tell(network), tell(network)) == (1, 0)
    clock.advance(minutes=10)
    wait(network, "held", projets)
    assert tell(network) == 0
    clock.advance(minutes=50)
    assert (tell(network), tell(network)) == (1, 0)
    clock.advance(hours=5)
    assert tell(network) == 0
    assert [row[3] for row in told(network)] == [1, 2]


def test_nothing_waits(network: Network) -> None:
    admin(network)
    assert tell(network) == 0


def test_two_nodes_tell_once(network: Network, database: Database) -> None:
    root = admin(network)
    wait(network, "held")
    tell(network)
    with database.reading() as tx:
        row = tx.execute(select(notice_rows)).one()._asdict()
    again = {**row, "id": row["id"] + 1, "message_id": "<other@relais.example>"}
    with pytest.raises(IntegrityError), database.transaction() as tx:
        tx.execute(insert(notice_rows), [again])
    with database.reading() as tx:
        [mail] = notices.get_all(tx, [row["id"]], limit_bytes=1).values()
    assert (mail.waiting, mail.is_answer, mail.reference, row["person_id"]) == (1, False, f"N-{row['id']}", root)
