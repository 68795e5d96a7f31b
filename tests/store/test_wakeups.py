"""Wake-ups: heard at once in this process, and between nodes that share a PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from store.database import Database
from store.wakeups import Wakeups, Work

PATIENCE_S = 10.0
SOON_S = 0.05


@pytest.fixture
def one(database_url: str) -> Iterator[Wakeups]:
    database = Database(database_url)
    wakeups = Wakeups(database)
    wakeups.start()
    yield wakeups
    wakeups.stop()
    database.close()


@pytest.fixture
def two(postgresql_url: str) -> Iterator[tuple[Wakeups, Wakeups]]:
    databases = Database(postgresql_url), Database(postgresql_url)
    nodes = Wakeups(databases[0]), Wakeups(databases[1])
    for node in nodes:
        node.start()
        hear_nothing(node)
    yield nodes
    for node, database in zip(nodes, databases, strict=True):
        node.stop()
        database.close()


def waited(wakeups: Wakeups, work: Work, timeout_s: float = PATIENCE_S) -> float:
    began = time.monotonic()
    wakeups.wait(work, timeout_s)
    return time.monotonic() - began


def hear_nothing(wakeups: Wakeups) -> None:
    """Until it listens: then everybody is woken once, to look for what was rung before."""
    for work in Work:
        assert waited(wakeups, work) < PATIENCE_S


def test_what_was_rung_is_heard_once(one: Wakeups) -> None:
    for work in Work:
        one.ring(work)
        assert waited(one, work) < PATIENCE_S
    # PostgreSQL echoes each ring in its own time; once the echoes are heard nobody is woken any more.
    for _ in range(20):
        if all(waited(one, work, SOON_S) >= SOON_S for work in Work):
            return
    pytest.fail("somebody is woken again and again")


def test_who_waits_is_woken(one: Wakeups) -> None:
    while waited(one, Work.FAN_OUTS, SOON_S) < SOON_S:
        pass
    took: list[float] = []
    waiter = threading.Thread(target=lambda: took.append(waited(one, Work.FAN_OUTS)))
    waiter.start()
    one.ring(Work.FAN_OUTS)
    waiter.join()
    assert took[0] < PATIENCE_S / 2


def test_stop_wakes_everybody_for_good(database_url: str) -> None:
    database = Database(database_url)
    wakeups = Wakeups(database)
    wakeups.stop()
    for _ in range(2):
        assert waited(wakeups, Work.ARRIVALS) < PATIENCE_S / 2
    database.close()


def test_another_node_hears(two: tuple[Wakeups, Wakeups]) -> None:
    here, there = two
    for work in Work:
        here.ring(work)
        assert waited(there, work) < PATIENCE_S / 2
    assert waited(there, Work.ARRIVALS, SOON_S) >= SOON_S


def test_a_bell_without_a_store_is_only_not_rung(postgresql_url: str) -> None:
    database = Database(postgresql_url.replace("host=", "host=/nowhere"))
    wakeups = Wakeups(database)
    wakeups.ring(Work.ARRIVALS)
    assert waited(wakeups, Work.ARRIVALS) < PATIENCE_S / 2
    database.close()


def test_a_bell_without_a_free_connection_is_only_not_rung(postgresql_url: str) -> None:
    database = Database(postgresql_url, pool=1)
    database.engine.pool._timeout = 0.05  # type: ignore[attr-defined]
    wakeups = Wakeups(database)
    with database.reading() as one, database.reading() as two:
        one.exec_driver_sql("SELECT 1")
        two.exec_driver_sql("SELECT 1")
        wakeups.ring(Work.ARRIVALS)
    assert waited(wakeups, Work.ARRIVALS) < PATIENCE_S / 2
    database.close()
