"""Everybody changes everything while posts are written, fanned out and summed up by two schedulers: each post once.

What a change of pace or a pause moves is decided under locks; this is where a question asked before its lock shows.
RELAIS_CRASH_S makes it longer.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from gateway.core.community import Pace
from gateway.core.digest import Section
from store import paces
from store.database import Database
from store.schema import deliveries, posts
from tests.digests.newspaper import Newspaper
from tests.network import Network, SetClock

LONG_S = float(os.environ.get("RELAIS_CRASH_S", "8"))
READERS = 12
PACES = (Pace.EACH, Pace.DAILY, Pace.WEEKLY)


class Crowd:
    """Threads that do something over and over until they are told to end."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.trouble: list[Exception] = []

    def does(self, act: Callable[[], object], pause_s: float) -> None:
        """Starts one more."""

        def run() -> None:
            while not self._ended.wait(pause_s):
                try:
                    act()
                except Exception as error:
                    self.trouble.append(error)
                    return

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def end(self) -> None:
        """Waits for all of them."""
        self._ended.set()
        for thread in self._threads:
            thread.join()


def test_each_post_is_told_once_whoever_changes_what_meanwhile(database: Database, clock: SetClock) -> None:
    network = Network(database, clock)
    places = [network.community(f"place-{i}", pace=Pace.DAILY) for i in range(3)]
    author, readers = network.person("ann"), [network.person(f"reader-{i}") for i in range(READERS)]
    for place in places:
        network.join(place, author, *readers)
    paper, dice = Newspaper(database, network), random.Random(4)
    paper.round()
    crowd = Crowd()

    def tick() -> None:
        clock.now += timedelta(hours=2)
        paper.round()

    def choose() -> None:
        with database.transaction() as tx:
            paces.choose(tx, dice.choice(places), dice.choice(readers), dice.choice(PACES), clock())

    def choose_everywhere() -> None:
        with database.transaction() as tx:
            paces.choose_everywhere(tx, dice.choice(readers), dice.choice(PACES), clock())

    def pause_and_resume() -> None:
        reader = dice.choice(readers)
        with database.transaction() as tx:
            paces.pause(tx, reader, None, clock())
        with database.transaction() as tx:
            paces.resume(tx, reader)

    def change_default() -> None:
        with database.transaction() as tx:
            paces.change_default(tx, dice.choice(places), dice.choice(PACES), clock())

    crowd.does(tick, 0.02)
    crowd.does(paper.round, 0.01)
    crowd.does(lambda: network.write(author, dice.choice(places)), 0.02)
    crowd.does(network.fan_out, 0.02)
    crowd.does(choose, 0)
    crowd.does(choose_everywhere, 0)
    crowd.does(pause_and_resume, 0)
    crowd.does(change_default, 0.03)
    time.sleep(LONG_S)
    crowd.end()
    assert not crowd.trouble
    for reader in readers:
        with database.transaction() as tx:
            paces.resume(tx, reader)
            paces.choose_everywhere(tx, reader, Pace.EACH, clock())
    for _ in range(3):
        network.fan_out()
        clock.now += timedelta(days=3)
        paper.round()
    written = _written(database)
    assert len(written) > READERS
    assert {reader: _miscounted(reader, written, database, paper) for reader in readers} == dict.fromkeys(readers, 0)


def _written(database: Database) -> dict[int, tuple[int, int]]:
    """By post, its topic and its content."""
    with database.reading() as tx:
        query = select(posts.c.id, posts.c.topic_id, posts.c.content_id)
        return {row.id: (row.topic_id, row.content_id) for row in tx.execute(query)}


def _miscounted(reader: int, written: dict[int, tuple[int, int]], database: Database, paper: Newspaper) -> int:
    """How many posts this reader was not told of once, but for those that a digest counts as left out."""
    with database.reading() as tx:
        query = select(deliveries.c.content_id).where(
            deliveries.c.person_id == reader, deliveries.c.content_id.is_not(None)
        )
        singly = Counter(tx.scalars(query))
    told: Counter[int] = Counter()
    left_out = 0
    for digest in paper.of(reader):
        left_out += digest.left_out
        # Every post here opens a topic, so an item tells of one.
        told.update(item.topic_id for item in digest.items if item.section is not Section.MISSED)
    counts = [told[topic] + singly[content] for topic, content in written.values()]
    return abs(counts.count(0) - left_out) + sum(count > 1 for count in counts)
