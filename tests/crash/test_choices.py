"""Everybody changes everything while posts are written, fanned out and summed up by two schedulers: each post once.

What a change of pace or a pause moves is decided under locks; this is where a question asked before its lock shows.
RELAIS_CRASH_S makes it longer.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select

from gateway.core.community import Choice, Membership, Pace, Role
from gateway.core.digest import Section
from store import choices, communities, memberships, paces, people
from store.database import Database
from store.people import Traits
from store.schema import deliveries, posts
from tests.digests.newspaper import Newspaper
from tests.network import Network, SetClock

LONG_S = float(os.environ.get("RELAIS_CRASH_S", "8"))
READERS = 12
PACES = (Pace.EACH, Pace.DAILY, Pace.WEEKLY)
COMERS = 3
"""Of the readers so many come and go: whatever they miss, they are told nothing twice."""
BUDGET = 2
"""Single mails of one person and day: little enough that most days go beyond it."""
QUIET = ("none", "22:00-07:00", "06:00-20:00")


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
    stayers, comers = readers[COMERS:], readers[:COMERS]
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

    def follow() -> None:
        with database.transaction() as tx:
            # Of one place: the copy in a topic that is followed elsewhere may come singly after a digest told of it.
            copies = select(posts.c.content_id).group_by(posts.c.content_id).having(func.count() == 1)
            latest = tx.scalar(select(func.max(posts.c.topic_id)).where(posts.c.content_id.in_(copies)))
            if latest:
                choices.choose(tx, dice.choice(readers), latest, Choice.FOLLOWED)

    def be_left_in_peace() -> None:
        with database.transaction() as tx:
            people.change(tx, dice.choice(stayers), Traits(quiet_hours=dice.choice(QUIET)))

    def leave_and_come_back() -> None:
        place, comer = dice.choice(places), dice.choice(comers)
        with database.transaction() as tx:
            [held] = communities.lock(tx, ids=[place])
            memberships.end(tx, held, comer)
        with database.transaction() as tx:
            communities.lock(tx, ids=[place])
            memberships.add(tx, [Membership(place, comer, Role.MEMBER, None)], clock())

    crowd.does(tick, 0.02)
    crowd.does(paper.round, 0.01)
    crowd.does(lambda: network.write(author, dice.choice(places)), 0.02)
    crowd.does(lambda: network.write(author, *dice.sample(places, 2)), 0.05)
    crowd.does(lambda: network.fan_out(BUDGET), 0.02)
    crowd.does(lambda: network.fan_out(BUDGET), 0.01)
    crowd.does(choose, 0)
    crowd.does(choose_everywhere, 0)
    crowd.does(pause_and_resume, 0)
    crowd.does(change_default, 0.03)
    crowd.does(follow, 0.01)
    crowd.does(be_left_in_peace, 0.02)
    crowd.does(leave_and_come_back, 0.01)
    time.sleep(LONG_S)
    crowd.end()
    assert not crowd.trouble
    for reader in readers:
        with database.transaction() as tx:
            paces.resume(tx, reader)
            paces.choose_everywhere(tx, reader, Pace.EACH, clock())
            people.change(tx, reader, Traits(quiet_hours="none"))
    for _ in range(3):
        network.fan_out()
        clock.now += timedelta(days=3)
        paper.round()
    written = _written(database)
    assert len(written) > READERS
    counted = {reader: _told(reader, written, database, paper) for reader in readers}
    twice = {reader: [post for post, times in told.items() if times > 1] for reader, (told, _) in counted.items()}
    assert twice == {reader: [] for reader in readers}
    missed = {i: [post for post, times in counted[i][0].items() if not times] for i in stayers}
    # What one place's digest had no room for another place may tell, or have no room for either.
    assert all(len(posts) <= counted[i][1] for i, posts in missed.items()), missed


def _written(database: Database) -> dict[int, set[int]]:
    """By content, the topics that it opened."""
    with database.reading() as tx:
        found: dict[int, set[int]] = defaultdict(set)
        for content_id, topic_id in tx.execute(select(posts.c.content_id, posts.c.topic_id)):
            found[content_id].add(topic_id)
    return found


def _told(
    reader: int, written: dict[int, set[int]], database: Database, paper: Newspaper
) -> tuple[dict[int, int], int]:
    """By content, how often this reader was told of it; and how much their digests count as left out."""
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
    return {
        content: singly[content] + sum(told[topic] for topic in topics) for content, topics in written.items()
    }, left_out
