"""A topic in a storm: further answers are owed, once, until it is calm; whom they name gets them at once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from gateway.core.community import Choice, Pace
from gateway.core.digest import Cadence
from store import audience, choices, deliveries, mentions, paces, people, storms
from store import posts as posts_in_store
from store.database import Database
from store.people import Traits
from store.schema import deliveries as delivery_rows
from store.schema import memberships, posts
from store.schema import storms as storm_rows
from store.storms import CALM, LONGEST, Bounds
from tests.digests.newspaper import Newspaper
from tests.network import PEACE, Network, SetClock

BOUNDS = Bounds(3, timedelta(minutes=5))


class Place:
    """A community heard at once by four people; Ann opens topics, and the others answer."""

    def __init__(self, database: Database, network: Network, clock: SetClock) -> None:
        self.database, self.network, self.clock = database, network, clock
        self.paper = Newspaper(database, network)
        self.id = network.community("projets")
        self.ann, self.bob, self.cem, self.dan = network.persons("ann", "bob", "cem", "dan")
        network.join(self.id, self.ann, self.bob, self.cem, self.dan)
        self.paper.round()
        [self.opening] = network.write(self.ann, self.id)

    def answers(self, number: int, *, by: int | None = None, every: float = 1.0) -> list[int]:
        """So many answers to the opening, by Bob unless said, one every so many seconds, fanned out at the end."""
        made = []
        for _ in range(number):
            self.clock.advance(seconds=every)
            made += self.network.write(by or self.bob, self.id, answering=self.opening)
        self.fan_out()
        return made

    def fan_out(self) -> None:
        """All that is open."""
        self.network.fan_out(0, BOUNDS)

    def singles(self, person: int) -> list[int]:
        """The posts that this person is sent singly."""
        query = select(delivery_rows.c.post_id).where(
            delivery_rows.c.person_id == person, delivery_rows.c.post_id.is_not(None)
        )
        with self.database.reading() as tx:
            return sorted(tx.scalars(query))

    def send(self) -> None:
        """Whatever is due is handed to the relay."""
        with self.database.transaction() as tx:
            deliveries.claim(tx, self.clock(), 1000, PEACE)

    def caught_up(self, person: int) -> list[list[tuple[int, int]]]:
        """The spans of posts in each catch-up of this person."""
        found = [digest for digest in self.paper.of(person) if digest.cadence is Cadence.CATCH_UP]
        return [[(item.first, item.last) for item in digest.items] for digest in found]

    def due(self, person: int) -> datetime | None:
        """When what is owed to this person leaves."""
        with self.database.reading() as tx:
            return tx.scalar(select(memberships.c.catch_up_after).where(memberships.c.person_id == person))


@pytest.fixture
def place(database: Database, network: Network, clock: SetClock) -> Place:
    return Place(database, network, clock)


def test_as_many_as_are_allowed_come_singly(place: Place) -> None:
    first = place.answers(3)
    assert place.singles(place.cem) == [place.opening, *first]
    place.clock.advance(minutes=5)
    later = place.answers(3)
    assert place.singles(place.cem) == [place.opening, *first, *later]


def test_what_has_not_left_waits_with_the_rest_and_all_of_it_comes_once(place: Place) -> None:
    first = place.answers(3)
    rest = place.answers(4)
    assert place.singles(place.cem) == [place.opening]
    assert place.due(place.cem) == place.clock() + CALM
    place.clock.advance(minutes=29)
    assert place.paper.round() == 0
    place.clock.advance(minutes=1)
    assert place.paper.round() == 3
    assert place.caught_up(place.cem) == [[(first[0], rest[-1])]]
    assert place.caught_up(place.bob) == [], "their own words"
    place.clock.advance(hours=9)
    assert place.paper.round() == 0


def test_what_has_left_is_not_told_again(place: Place) -> None:
    first = place.answers(2)
    place.send()
    second = place.answers(1)
    rest = place.answers(2)
    assert place.singles(place.cem) == [place.opening, *first]
    place.clock.advance(minutes=30)
    place.paper.round()
    assert place.caught_up(place.cem) == [[(second[0], rest[-1])]]


def test_an_answer_puts_it_off_but_not_for_ever(place: Place) -> None:
    place.answers(4)
    began = place.clock()
    while place.clock() < began + LONGEST + CALM:
        place.clock.advance(minutes=20)
        place.paper.round()
        place.answers(1)
    assert len(place.caught_up(place.cem)) == 1
    place.clock.advance(minutes=31)
    place.paper.round()
    assert len(place.caught_up(place.cem)) == 2


def test_after_it_answers_come_singly_again(place: Place) -> None:
    place.answers(4)
    place.clock.advance(minutes=31)
    later = place.answers(1)
    assert place.singles(place.cem) == [place.opening, *later]


def test_other_topics_and_new_ones_are_not_in_it(place: Place) -> None:
    place.answers(4)
    [other] = place.network.write(place.bob, place.id)
    place.fan_out()
    [to_other] = place.network.write(place.dan, place.id, answering=other)
    place.fan_out()
    assert place.singles(place.cem) == [place.opening, other, to_other]


def test_whom_it_names_gets_it_at_once_and_whom_it_answers_does_not(place: Place) -> None:
    place.answers(4)
    [by_cem] = place.network.write(place.cem, place.id, answering=place.opening)
    place.fan_out()
    [to_cem] = place.network.write(place.dan, place.id, answering=by_cem)
    with place.database.transaction() as tx:
        mentions.add(tx, [(to_cem, place.bob)])
    place.fan_out()
    assert place.singles(place.bob) == [place.opening, to_cem]
    assert place.singles(place.cem) == [place.opening]
    assert place.singles(place.ann) == []


def test_who_hears_what_matters_waits_too(place: Place, database: Database) -> None:
    with database.transaction() as tx:
        assert paces.choose(tx, place.id, place.cem, Pace.IMPORTANT, place.clock())
        topic = posts_in_store.places(tx, [place.opening])[place.opening].topic.id
        choices.choose(tx, place.cem, topic, Choice.FOLLOWED)
    made = place.answers(5)
    place.clock.advance(minutes=30)
    place.paper.round()
    assert place.caught_up(place.cem) == [[(made[0], made[-1])]]


def test_at_night_it_ends_with_the_night(place: Place, database: Database) -> None:
    with database.transaction() as tx:
        people.change(tx, place.cem, Traits(quiet_hours="09:00-18:00"))
    made = place.answers(5)
    assert place.singles(place.cem) == []
    assert place.due(place.cem) is None
    place.clock.advance(hours=10)
    place.paper.round()
    assert place.caught_up(place.cem) == [[(place.opening, made[-1])]]


def test_switched_off_every_answer_comes(place: Place) -> None:
    for _ in range(30):
        place.network.write(place.bob, place.id, answering=place.opening)
    place.network.fan_out()
    assert len(place.singles(place.cem)) == 31


def test_each_storm_is_told_once_and_forgotten(place: Place, database: Database) -> None:
    place.answers(4)
    with database.transaction() as tx:
        [told] = storms.untold(tx)
        storms.note_told(tx, [told])
        assert (told.community_id, told.title, told.paused) == (place.id, "Subject 1", False)
    place.answers(3)
    with database.transaction() as tx:
        assert storms.untold(tx) == []
        assert storms.counts(tx, place.clock()) == {"storm": 1, "paused": 0}
        assert storms.counts(tx, place.clock() + CALM) == {"storm": 0, "paused": 0}
    place.clock.advance(hours=1)
    place.answers(4)
    with database.transaction() as tx:
        assert len(storms.untold(tx)) == 1
        assert storms.forget(tx, place.clock()) == 0
        assert storms.forget(tx, place.clock() + timedelta(days=2)) == 1


def test_a_large_community_a_chunk_at_a_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "CHUNK", 10)
    crowd = place.network.persons(*(f"p{n}" for n in range(40)))
    place.network.join(place.id, *crowd)
    made = place.answers(3)
    place.answers(4)
    with place.database.reading() as tx:
        counts = Counter(tx.scalars(select(delivery_rows.c.post_id)))
        # Who joined later than the opening is sent nothing of that either.
        assert counts == {place.opening: 3}
        owed = select(func.count()).where(memberships.c.catch_up_from == made[0] - 1)
        assert tx.scalar(owed) == len(crowd) + 3
        assert tx.scalar(select(func.count()).select_from(storm_rows)) == 1
        assert tx.scalar(select(func.count()).select_from(posts)) == 8
