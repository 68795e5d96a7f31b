"""Pick-ups: one node a mailbox, one spooled mail for each that was found, by place and, under new numbers, by bytes."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from store import pickups, times
from store.database import Database
from store.pickups import Pickup
from store.schema import mailboxes
from store.schema import pickups as rows
from store.times import LEASE
from tests.network import SetClock

ACCOUNT, FOLDER = "relais@example.com@imap.example.com", "INBOX"


def lease(database: Database, node: str, clock: SetClock) -> int | None:
    with database.transaction() as tx:
        return pickups.lease(tx, ACCOUNT, FOLDER, node, clock())


def take(database: Database, clock: SetClock, *found: Pickup) -> set[Pickup]:
    with database.transaction() as tx:
        return pickups.take(tx, found, clock())


@pytest.fixture
def mailbox(database: Database, clock: SetClock) -> int:
    held = lease(database, "first", clock)
    assert held is not None
    return held


def test_one_node_has_it_until_it_ends_or_lets_go(database: Database, clock: SetClock, mailbox: int) -> None:
    assert lease(database, "second", clock) is None
    clock.now += LEASE - timedelta(seconds=1)
    assert lease(database, "first", clock) == mailbox
    clock.now += LEASE - timedelta(seconds=1)
    assert lease(database, "second", clock) is None
    clock.now += timedelta(seconds=1)
    assert lease(database, "second", clock) == mailbox
    with database.transaction() as tx:
        # A node that was late lets go of nothing.
        pickups.release(tx, mailbox, "first")
    assert lease(database, "first", clock) is None
    with database.transaction() as tx:
        pickups.release(tx, mailbox, "second")
    assert lease(database, "first", clock) == mailbox
    with database.transaction() as tx:
        assert pickups.release_all(tx) == 1
    assert lease(database, "second", clock) == mailbox


def test_of_many_nodes_that_come_at_once_one_has_it(database: Database, clock: SetClock) -> None:
    found: list[int | None] = []
    threads = [
        threading.Thread(target=lambda node=f"node-{number}": found.append(lease(database, node, clock)))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len([held for held in found if held is not None]) == 1
    with database.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(mailboxes)) == 1


def test_a_mail_is_taken_once(database: Database, clock: SetClock, mailbox: int) -> None:
    first, second = Pickup(mailbox, 7, 1, "a" * 64), Pickup(mailbox, 7, 2, "b" * 64)
    assert take(database, clock, first) == {first}
    assert take(database, clock, first, second) == {second}
    assert take(database, clock, first, second) == set()
    assert take(database, clock) == set()
    with database.reading() as tx:
        assert pickups.known(tx, mailbox, 7, [1, 2, 3]) == {1, 2}
        assert pickups.known(tx, mailbox, 8, [1, 2, 3]) == set()


def test_a_roll_back_takes_nothing(database: Database, clock: SetClock, mailbox: int) -> None:
    found = Pickup(mailbox, 7, 1, "a" * 64)
    with pytest.raises(RuntimeError), database.transaction() as tx:
        assert pickups.take(tx, [found], clock()) == {found}
        raise RuntimeError
    assert take(database, clock, found) == {found}


def test_under_new_numbers_a_mail_is_known_by_its_bytes(database: Database, clock: SetClock, mailbox: int) -> None:
    take(database, clock, Pickup(mailbox, 7, 1, "a" * 64))
    again, other = Pickup(mailbox, 8, 5, "a" * 64), Pickup(mailbox, 8, 6, "b" * 64)
    assert take(database, clock, again, other) == {other}
    with database.reading() as tx:
        assert pickups.known(tx, mailbox, 8, [5, 6]) == {5, 6}
    # Within one numbering two mails of the same bytes are two.
    assert take(database, clock, Pickup(mailbox, 8, 7, "b" * 64)) != set()


def test_of_two_that_take_the_same_mail_one_has_it(database: Database, clock: SetClock, mailbox: int) -> None:
    found = [Pickup(mailbox, 7, uid, f"{uid:064}") for uid in range(50)]
    taken: list[Pickup] = []
    threads = [threading.Thread(target=lambda: taken.extend(take(database, clock, *found))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken, key=lambda item: item.uid) == found


def test_what_is_wrong_is_noted_with_its_beginning(database: Database, clock: SetClock, mailbox: int) -> None:
    def note(trouble: str) -> tuple[str, timedelta]:
        with database.transaction() as tx:
            pickups.note(tx, mailbox, trouble, clock())
        with database.reading() as tx:
            [state] = pickups.states(tx)
        assert (state.account, state.folder, state.node) == (ACCOUNT, FOLDER, "first")
        return state.trouble, clock() - state.since

    clock.advance(hours=1)
    assert note("") == ("", timedelta(hours=1))
    assert note("no\0 route") == ("no\ufffd route", timedelta(0))
    clock.advance(hours=1)
    assert note("refused") == ("refused", timedelta(hours=1))
    clock.advance(hours=1)
    assert note("") == ("", timedelta(0))


def test_what_is_old_is_forgotten_a_little_at_a_time(database: Database, clock: SetClock, mailbox: int) -> None:
    take(database, clock, *(Pickup(mailbox, 7, uid, f"{uid:064}") for uid in range(5)))
    clock.advance(days=30)
    take(database, clock, Pickup(mailbox, 7, 9, "c" * 64))
    for expected in (3, 2, 0):
        with database.transaction() as tx:
            assert pickups.purge(tx, clock() - timedelta(days=1), 3) == expected
    with database.reading() as tx:
        assert tx.scalars(select(rows.c.uid)).all() == [9]


def test_a_lease_from_a_clock_that_was_ahead_is_brought_back(database: Database, clock: SetClock, mailbox: int) -> None:
    clock.advance(days=-2)
    assert lease(database, "second", clock) is None
    with database.transaction() as tx:
        assert times.set_right(tx, clock()) == 1
    assert lease(database, "second", clock) == mailbox
