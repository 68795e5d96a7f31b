"""What erasing takes out of the tables; that nothing is left is told by tests/journeys/test_erasure.py."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from gateway.core.community import PersonState
from store import arrivals, erasure, people
from store.arrivals import Accepted
from store.database import Database
from store.erasure import Erased, Marks
from store.posts import NewFile
from store.schema import arrivals as arrival_rows
from store.schema import attachments, deliveries, fan_outs, notices, raw_mails, spool, topics
from tests.network import Network, envelope

MARKS = Marks("Former member", "[Text erased]")
SHA = "ab" * 32


def erase(network: Network, person_id: int) -> Erased:
    with network.database.transaction() as tx:
        return erasure.erase(tx, erasure.shut_out(tx, person_id, MARKS), MARKS, network.clock())


@pytest.fixture
def pair(network: Network) -> tuple[int, int, int]:
    """A community with ann and bob."""
    projets = network.community("projets")
    ann, bob = network.persons("ann", "bob")
    network.join(projets, ann, bob)
    return projets, ann, bob


def test_what_waits_to_be_sent_is_not(database: Database, network: Network, pair: tuple[int, int, int]) -> None:
    projets, ann, bob = pair
    [first] = network.write(ann, projets)
    network.write(bob, projets, answering=first)
    network.fan_out()
    network.write(ann, projets)
    erase(network, ann)
    with database.reading() as tx:
        sent = tx.execute(select(deliveries.c.person_id, deliveries.c.state)).all()
        unsent = tx.scalar(select(fan_outs.c.id).where(fan_outs.c.closed_at.is_(None)))
    assert [tuple(row) for row in sent] == [(bob, "dropped")]
    assert unsent is None


def test_the_title_goes_with_who_opened_the_topic(
    database: Database, network: Network, pair: tuple[int, int, int]
) -> None:
    projets, ann, bob = pair
    [first] = network.write(ann, projets)
    network.write(bob, projets, answering=first)
    [second] = network.write(bob, projets)
    network.write(ann, projets, answering=second)
    erase(network, ann)
    with database.reading() as tx:
        assert tx.scalars(select(topics.c.title).order_by(topics.c.id)).all() == ["[Text erased]", "Subject 3"]


def test_a_file_that_somebody_else_sent_too_stays(
    database: Database, network: Network, pair: tuple[int, int, int]
) -> None:
    projets, ann, bob = pair
    shared = NewFile("plan.pdf", "application/pdf", 5, SHA, inline=False, content_id="")
    alone = NewFile("own.pdf", "application/pdf", 5, "cd" * 32, inline=False, content_id="")
    network.write(ann, projets, files=[shared, alone])
    network.write(bob, projets, files=[shared])
    assert erase(network, ann).blobs == (alone.sha256,)
    with database.reading() as tx:
        assert tx.scalars(select(attachments.c.sha256)).all() == [SHA]


def test_only_reports_that_are_done_are_forgotten(
    database: Database, network: Network, pair: tuple[int, int, int]
) -> None:
    _, ann, _ = pair
    bodies = (b"\x00 RCPT ann@people.example failed", b"of somebody else", b"still waits: ann@people.example")
    with database.transaction() as tx:
        for body in bodies:
            arrivals.add(tx, [Accepted(envelope("projets", reverse_path="mx@mx.example"), len(body), body, "")])
        tx.execute(spool.update().where(spool.c.id < 3).values(state="closed"))
        tx.execute(arrival_rows.update().where(arrival_rows.c.spool_id < 3).values(state="closed"))
    erase(network, ann)
    with database.reading() as tx:
        left = tx.execute(select(raw_mails.c.data).order_by(raw_mails.c.spool_id)).scalars().all()
        assert tx.execute(select(notices.c.id)).all() == []
    assert [bytes(data) for data in left] == list(bodies[1:])


def test_the_row_stays_as_nobody(database: Database, network: Network, pair: tuple[int, int, int]) -> None:
    _, ann, bob = pair
    erase(network, ann)
    with database.reading() as tx:
        found = people.get_all(tx, [ann, bob])
    assert (found[ann].shown_name, found[ann].state) == ("Former member", PersonState.ERASED)
    assert found[ann].address.endswith(".invalid")
    assert found[bob].state is PersonState.ACTIVE
