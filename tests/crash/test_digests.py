"""No digest twice and none missing: two schedulers by a clock that runs through DST, killed and stopped all the time.

RELAIS_CRASH_S=120 makes it two minutes; one node where the database is SQLite, which has one process.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from digests.schedule import next_due
from gateway.core.community import Pace
from gateway.core.digest import Cadence
from store.database import Database
from store.packing import unpack
from store.schema import communities, deliveries, digests, posts
from store.schema import memberships as membership_rows
from tests.crash.rounds import fast_clock
from tests.digests.newspaper import RHYTHM, Newspaper
from tests.network import Network, SetClock

LONG_S = float(os.environ.get("RELAIS_CRASH_S", "8"))
START = datetime(2026, 10, 20, 6, tzinfo=UTC)
"""Clocks go back on 25 October 2026 and forward on 28 March 2027."""
READERS = 40


class Nodes:
    """Schedulers in processes of their own."""

    def __init__(self, url: str, count: int, speed: float) -> None:
        self.epoch = time.time()
        self.words = [sys.executable, "-m", "tests.crash.rounds", url, START.isoformat(), str(self.epoch), str(speed)]
        self.running = [self._start() for _ in range(count)]

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.words, stdout=subprocess.DEVNULL)

    def kill(self, one: int) -> None:
        """-9, and another one comes up."""
        self.end(one)
        self.running[one] = self._start()

    def end(self, one: int) -> None:
        """-9."""
        self.running[one].send_signal(signal.SIGCONT)
        self.running[one].kill()
        self.running[one].wait()

    def freeze(self, one: int, *, thaw: bool = False) -> None:
        """It stands still, with whatever it holds."""
        self.running[one].send_signal(signal.SIGCONT if thaw else signal.SIGSTOP)


def run(database: Database, nodes: int) -> None:
    speed = 86400 * 160 / LONG_S
    clock = SetClock(START)
    network = Network(database, clock)
    daily, weekly = network.community("daily", pace=Pace.DAILY), network.community("weekly", pace=Pace.WEEKLY)
    author, *readers = network.persons("author", *(f"r{n}" for n in range(READERS)))
    network.join(daily, author, *readers)
    network.join(weekly, author, *readers)
    Newspaper(database, network).round()
    chance = random.Random(5)
    crew = Nodes(str(database.url.render_as_string(hide_password=False)), nodes, speed)
    kills, frozen, written = 0, -1, []
    try:
        until = time.monotonic() + LONG_S
        while time.monotonic() < until:
            clock.now = fast_clock(START, crew.epoch, speed)
            written += network.write(author, chance.choice((daily, weekly)))
            time.sleep(chance.uniform(0.01, 0.06))
            if chance.random() < 0.12:
                crew.kill(victim := chance.randrange(nodes))
                frozen = -1 if frozen == victim else frozen
                kills += 1
            elif nodes > 1 and chance.random() < 0.08:
                if frozen >= 0:
                    crew.freeze(frozen, thaw=True)
                frozen = chance.randrange(nodes)
                crew.freeze(frozen)
        clock.now = fast_clock(START, crew.epoch, speed)
    finally:
        for one in range(nodes):
            crew.end(one)
    # What was on its way when the last one died is closed by the next round, at a time when all is due.
    paper = Newspaper(database, network)
    for _ in range(10):
        clock.now = next_due(Cadence.DAILY, RHYTHM, clock.now).at
        paper.round()
    assert kills > 5
    check(database, written, READERS)


def check(database: Database, written: list[int], readers: int) -> None:
    with database.reading() as tx:
        rows = tx.execute(select(digests.c.person_id, digests.c.cadence, digests.c.period, digests.c["items"])).all()
        topics = {row.id: row.topic_id for row in tx.execute(select(posts.c.id, posts.c.topic_id))}
        queued = Counter(tx.scalars(select(deliveries.c.digest_id)))
        behind = tx.scalar(
            select(membership_rows.c.person_id)
            .join(communities, communities.c.id == membership_rows.c.community_id)
            .where(membership_rows.c.digest_through < communities.c.last_number)
        )
    assert behind is None
    assert max(Counter((row.person_id, row.cadence, row.period) for row in rows).values()) == 1
    assert set(queued.values()) == {1} and len(queued) == len(rows)
    shown = Counter(
        (row.person_id, item.topic_id) for row in rows for item in unpack(row.items) if item.section.value != "missed"
    )
    assert set(shown.values()) == {1}
    left = Counter(person for person, _ in shown)
    # Every post opens a topic of its own: each reader was told of all, but for what found no room in a large digest.
    assert len(left) == readers and max(left.values()) <= len(written) == len(topics)


def test_two_nodes(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    run(database, 2)
    database.close()


def test_one_node_on_sqlite(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    run(database, 1)
    database.close()


def test_it_can_fail(database: Database) -> None:
    network = Network(database, SetClock(START))
    community, [ann, bob] = network.community("one", pace=Pace.DAILY), network.persons("ann", "bob")
    network.join(community, ann, bob)
    network.write(ann, community)
    with pytest.raises(AssertionError):
        check(database, [1], 1)
