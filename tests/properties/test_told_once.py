"""Every post reaches every reader once, singly or in a digest, in any order of posts, ticks and changes of mind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from digests.candidate import Budget
from gateway.core.community import Choice, Pace
from gateway.core.delivery import DeliveryState, Outcome
from store import audience, choices, mentions, paces, people, switches, unreachable
from store import deliveries as deliveries_in_store
from store import posts as posts_in_store
from store.database import Database
from store.packing import unpack
from store.people import Traits
from store.schema import deliveries, digests, metadata, posts
from store.schema import people as people_rows
from store.storms import Bounds
from store.switches import Switch
from tests.digests.newspaper import PLAN, Newspaper
from tests.network import PEACE, Network, SetClock

FRIDAY = datetime(2026, 11, 20, 9, tzinfo=UTC)
HEARD = (Pace.EACH, Pace.DAILY, Pace.WEEKLY)
PEOPLE, PLACES = 4, 2
HOURS = st.sampled_from(("", "none", "12:00-10:00", "19:00-08:00"))


class DeathError(Exception):
    """The process dies before it commits."""


class Told(RuleBasedStateMachine):
    """Four people in two communities. `owed`: must be told in the end; `may`: might be, for somebody asks for less."""

    database: Database

    @initialize(
        min_items=st.integers(1, 3),
        budget=st.integers(0, 2),
        first=st.sampled_from((*HEARD, Pace.IMPORTANT)),
        hours=st.lists(HOURS, min_size=PEOPLE, max_size=PEOPLE),
        answers=st.integers(0, 2),
    )
    def found(self, min_items: int, budget: int, first: Pace, hours: list[str], answers: int) -> None:
        for table in reversed(metadata.sorted_tables):
            with self.database.transaction() as tx:
                tx.execute(table.delete())
        self.clock = SetClock(FRIDAY)
        self.network = Network(self.database, self.clock)
        self.min_items, self.budget = min_items, budget
        self.bounds = Bounds(answers, timedelta(minutes=5))
        self.latest_post_at = FRIDAY
        self.paper = Newspaper(self.database, self.network, replace(PLAN, budget=Budget(min_items=min_items)))
        self.people = self.network.persons(*(f"p{n}" for n in range(PEOPLE)))
        self.places = [self.network.community(f"c{n}", pace=first) for n in range(PLACES)]
        for place in self.places:
            self.network.join(place, *self.people)
        self.default = dict.fromkeys(self.places, first)
        self.chosen: dict[tuple[int, int], Pace] = {}
        self.owed: set[tuple[int, int]] = set()
        self.may: set[tuple[int, int]] = set()
        self.latest: dict[int, list[int]] = {place: [] for place in self.places}
        self.home: dict[int, int] = {}
        self.author: dict[int, int] = {}
        self.topic: dict[int, int] = {}
        self.chose: dict[tuple[int, int], Choice] = {}
        for person, own in enumerate(hours):
            self.be_left_in_peace(person, own)
        self.paper.round()

    def pace(self, place: int, person: int) -> Pace:
        return self.chosen.get((place, person), self.default[place])

    @rule(
        place=st.integers(0, PLACES - 1),
        author=st.integers(0, PEOPLE - 1),
        answers=st.booleans(),
        names=st.none() | st.integers(0, PEOPLE - 1),
    )
    def post(self, place: int, author: int, answers: bool, names: int | None) -> None:
        there, writer = self.places[place], self.people[author]
        above = self.latest[there][-1] if answers and self.latest[there] else None
        [post] = self.network.write(writer, there, answering=above)
        named = {self.people[names]} - {writer} if names is not None else set()
        with self.database.transaction() as tx:
            mentions.add(tx, [(post, person) for person in named])
            self.topic[post] = posts_in_store.places(tx, [post])[post].topic.id
        wrote = {self.author[p] for p in self.author if self.topic[p] == self.topic[post]}
        self.latest[there].append(post)
        self.latest_post_at = max(self.latest_post_at, self.clock())
        self.home[post], self.author[post] = there, writer
        for person in self.people:
            self._promise(person, post, concerned=person in named | wrote)

    def _promise(self, person: int, post: int, *, concerned: bool) -> None:
        """What this post means to somebody as things are now."""
        pace, chose = self.pace(self.home[post], person), self.chose.get((person, self.topic[post]))
        if person == self.author[post] or chose is Choice.MUTED or pace is Pace.OFF:
            return
        if pace is Pace.IMPORTANT and not concerned and chose is not Choice.FOLLOWED:
            # What they follow before they are told of it concerns them all the same.
            self.may.add((person, post))
        else:
            self.owed.add((person, post))

    @rule(
        person=st.integers(0, PEOPLE - 1),
        nth=st.integers(0, 5),
        choice=st.sampled_from((Choice.MUTED, Choice.FOLLOWED)),
    )
    def choose_topic(self, person: int, nth: int, choice: Choice) -> None:
        """MUTE, or FOLLOW, one of the latest topics."""
        topics = sorted(set(self.topic.values()))[-3:]
        if not topics:
            return
        who, topic = self.people[person], topics[nth % len(topics)]
        with self.database.transaction() as tx:
            choices.choose(tx, who, topic, choice)
        self.chose[who, topic] = choice
        if choice is Choice.MUTED:
            self._give_up({pair for pair in self.owed if pair[0] == who and self.topic[pair[1]] == topic})

    def _give_up(self, pairs: set[tuple[int, int]]) -> None:
        self.owed -= pairs
        self.may |= pairs

    @rule(person=st.integers(0, PEOPLE - 1), hours=HOURS)
    def be_left_in_peace(self, person: int, hours: str) -> None:
        """Other quiet hours of one's own, also such as begin or end now."""
        with self.database.transaction() as tx:
            people.change(tx, self.people[person], Traits(quiet_hours=hours))

    def _changed(self, place: int, people: list[int], before: dict[int, Pace], after: Pace) -> None:
        for person in people:
            if before[person] is not after and after not in HEARD:
                self._give_up({pair for pair in self.owed if pair[0] == person and self.home[pair[1]] == place})

    @rule(place=st.integers(0, PLACES - 1), person=st.integers(0, PEOPLE - 1), pace=st.sampled_from(Pace))
    def choose(self, place: int, person: int, pace: Pace) -> None:
        there, who = self.places[place], self.people[person]
        self._changed(there, [who], {who: self.pace(there, who)}, pace)
        self.chosen[there, who] = pace
        with self.database.transaction() as tx:
            assert paces.choose(tx, there, who, pace, self.clock())

    @rule(place=st.integers(0, PLACES - 1), pace=st.sampled_from(Pace))
    def change_default(self, place: int, pace: Pace) -> None:
        there = self.places[place]
        followers = [p for p in self.people if (there, p) not in self.chosen]
        self._changed(there, followers, {p: self.pace(there, p) for p in followers}, pace)
        self.default[there] = pace
        with self.database.transaction() as tx:
            paces.change_default(tx, there, pace, self.clock())

    @rule(person=st.integers(0, PEOPLE - 1), days=st.none() | st.integers(0, 5))
    def pause(self, person: int, days: int | None) -> None:
        until = None if days is None else self.clock() + timedelta(days=days)
        with self.database.transaction() as tx:
            paces.pause(tx, self.people[person], until, self.clock())

    @rule(person=st.integers(0, PEOPLE - 1))
    def resume(self, person: int) -> None:
        with self.database.transaction() as tx:
            paces.resume(tx, self.people[person])

    @rule(person=st.integers(0, PEOPLE - 1))
    def become_unreachable(self, person: int) -> None:
        with self.database.transaction() as tx:
            unreachable.cut_off(tx, self.people[person], self.clock() + timedelta(days=7), self.clock())

    @rule(person=st.integers(0, PEOPLE - 1))
    def be_reached_again(self, person: int) -> None:
        """A pause of their own goes on; `resume` is their own word, which ends both."""
        with self.database.transaction() as tx:
            unreachable.let_in(tx, self.people[person], self.clock())

    @rule(on=st.booleans())
    def pause_all(self, on: bool) -> None:
        with self.database.transaction() as tx:
            if on:
                switches.turn_on(tx, Switch.DIGESTS_PAUSED, self.clock())
            else:
                switches.turn_off(tx, Switch.DIGESTS_PAUSED)

    @rule()
    def fan_out(self) -> None:
        with self.database.transaction() as tx:
            audience.expand(tx, self.clock(), PEACE, self.budget, self.bounds)

    @rule()
    def send(self) -> None:
        """What a sender takes now leaves: nothing in the quiet hours of its reader but what may pass them."""
        now = self.clock()
        with self.database.transaction() as tx:
            taken = [item.delivery for item in deliveries_in_store.claim(tx, now, 100, PEACE)]
            hours = dict(tx.execute(select(people_rows.c.id, people_rows.c.quiet_hours)).all())
            passing = set(tx.scalars(select(deliveries.c.id).where(deliveries.c.passes_quiet.is_(True))))
            for one in taken:
                if one.post_id is not None and one.id not in passing:
                    assert not PEACE.is_quiet("Europe/Paris", hours[one.person_id], now)
            done = [(Outcome(one.id, one.attempts, DeliveryState.DELIVERED), None) for one in taken]
            deliveries_in_store.record(tx, done, now)

    @rule(hours=st.sampled_from([0, 1, 7, 24, 72, 24 * 8, -5, -30]))
    def tick(self, hours: int) -> None:
        self.clock.advance(hours=hours)
        self.paper.round()

    @rule(hours=st.sampled_from([0, 24, 72]), fan_out=st.booleans())
    def die(self, hours: int, fan_out: bool) -> None:
        """What was done within the transaction is undone."""
        self.clock.advance(hours=hours)
        with pytest.raises(DeathError), self._dying():
            if fan_out:
                self.network.fan_out(self.budget, self.bounds)
            else:
                self.paper.round()
            raise DeathError

    @contextmanager
    def _dying(self) -> Iterator[None]:
        real = self.database.transaction

        @contextmanager
        def doomed() -> Iterator[Any]:
            with real() as tx:
                yield tx
                raise DeathError

        self.database.transaction = doomed  # type: ignore[method-assign]
        try:
            yield
        finally:
            del self.database.transaction  # type: ignore[method-assign]

    def told(self) -> Counter[tuple[int, int]]:
        """How often each (person, post) was told."""
        with self.database.reading() as tx:
            told = Counter(
                (row.person_id, row.post_id)
                for row in tx.execute(select(deliveries.c.person_id, deliveries.c.post_id))
                if row.post_id
            )
            singly = set(told)
            topics = {row.id: row.topic_id for row in tx.execute(select(posts.c.id, posts.c.topic_id))}
            for row in tx.execute(select(digests.c.person_id, digests.c["items"])):
                for item in unpack(row.items):
                    within = [
                        p for p, topic in topics.items() if topic == item.topic_id and item.first <= p <= item.last
                    ]
                    news = [p for p in within if self.author[p] != row.person_id and (row.person_id, p) not in singly]
                    if not item.why or item.why[0].value != "everyone_missed":
                        assert len(news) == item.news
                        told.update((row.person_id, post) for post in news)
        return told

    @invariant()
    def nothing_is_told_twice_or_to_who_did_not_ask(self) -> None:
        if hasattr(self, "people"):
            told = self.told()
            assert not {pair: n for pair, n in told.items() if n > 1}
            assert told.keys() <= self.owed | self.may

    def teardown(self) -> None:
        if not hasattr(self, "people"):
            return
        for person in range(PEOPLE):
            self.resume(person)
            self.be_left_in_peace(person, "none")
        self.pause_all(on=False)
        if self.min_items > 1:
            # What a clock that was set back takes for young may wait for longer by that.
            self.clock.now = max(self.clock.now, self.latest_post_at)
        for _ in range(10):
            self.network.fan_out(self.budget, self.bounds)
            self.clock.now = max(self.clock.now, FRIDAY) + timedelta(days=1)
            self.paper.round()
        told = self.told()
        assert self.owed <= told.keys(), self.owed - told.keys()
        self.nothing_is_told_twice_or_to_who_did_not_ask()


def run(database: Database, examples: int) -> None:
    machine = type("Machine", (Told,), {"database": database})
    chosen = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(machine, settings=chosen)


def test_on_sqlite(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    run(database, 60)
    database.close()


def test_on_postgresql(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    run(database, 12)
    database.close()
