"""Quiet hours in the fan-out and at the claim: nothing leaves within them, and what waits is owed as one catch-up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from gateway.core.community import Pace
from gateway.core.quiet import Peace
from store import deliveries, paces, people, quiet
from store.database import Database
from store.people import Traits
from store.schema import deliveries as delivery_rows
from store.schema import memberships, posts
from tests.digests.newspaper import PLAN, Newspaper
from tests.network import PEACE, Network, SetClock

NIGHTS = Peace(replace(PEACE.network, quiet=(time(19), time(8))), PEACE.works)
THURSDAY_NIGHT = datetime(2026, 11, 19, 21, tzinfo=UTC)
FRIDAY_MORNING = datetime(2026, 11, 20, 7, tzinfo=UTC)


def singles(database: Database) -> dict[int, list[int]]:
    """By person, the posts that became deliveries."""
    found: dict[int, list[int]] = {}
    with database.reading() as tx:
        for row in tx.execute(select(delivery_rows).order_by(delivery_rows.c.id)):
            found.setdefault(row.person_id, []).append(row.post_id)
    return found


def marks(database: Database, person: int) -> tuple[int, int | None]:
    with database.reading() as tx:
        query = select(memberships.c.digest_through, memberships.c.catch_up_from)
        row = tx.execute(query.where(memberships.c.person_id == person)).one()
    return row.digest_through, row.catch_up_from


def change(database: Database, person: int, traits: Traits) -> None:
    with database.transaction() as tx:
        people.change(tx, person, traits)


@pytest.fixture
def network(database: Database, clock: SetClock) -> Network:
    clock.now = THURSDAY_NIGHT
    return Network(database, clock, NIGHTS)


@pytest.fixture
def place(network: Network) -> tuple[int, int, int]:
    """(community, author, reader)"""
    community, author, reader = network.community("projets"), network.person("ann"), network.person("bob")
    network.join(community, author, reader)
    return community, author, reader


def test_what_is_posted_by_night_is_owed(network: Network, database: Database, place: tuple[int, int, int]) -> None:
    community, author, reader = place
    network.write(author, community)
    network.fan_out()
    network.write(author, community)
    network.fan_out()
    assert singles(database) == {}
    assert marks(database, reader) == (2, 0)
    # To the writer nothing was due.
    assert marks(database, author) == (0, None)


def test_the_night_ends_with_one_catch_up_and_posts_come_singly_again(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    paper = Newspaper(database, network, replace(PLAN, network=NIGHTS.network))
    [first] = network.write(author, community)
    [second] = network.write(author, community)
    network.fan_out()
    assert paper.round() == 0
    clock.now = FRIDAY_MORNING
    assert paper.round() == 1
    assert sorted(paper.posts_told(reader)) == [(first, first), (second, second)]
    [third] = network.write(author, community)
    network.fan_out()
    assert paper.round() == 0
    assert singles(database) == {reader: [None, third]}


def test_each_zone_has_its_own_night(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    change(database, reader, Traits(timezone="America/New_York"))
    [first] = network.write(author, community)
    network.fan_out()
    assert singles(database) == {reader: [first]}


@pytest.mark.parametrize(
    ("hours", "hour", "sent"),
    [("none", 21, True), ("23:00-07:00", 21, True), ("23:00-07:00", 22, False), ("", 21, False)],
)
def test_hours_of_ones_own_count_before_those_of_the_network(
    network: Network,
    database: Database,
    clock: SetClock,
    place: tuple[int, int, int],
    hours: str,
    hour: int,
    sent: bool,
) -> None:
    community, author, reader = place
    change(database, reader, Traits(quiet_hours=hours))
    clock.now = THURSDAY_NIGHT.replace(hour=hour)
    network.write(author, community)
    network.fan_out()
    assert (reader in singles(database)) is sent


def test_a_network_without_quiet_hours_leaves_who_asks_for_them_in_peace(database: Database, clock: SetClock) -> None:
    clock.now = THURSDAY_NIGHT
    network = Network(database, clock)
    community, [author, bob, carol] = network.community("projets"), network.persons("ann", "bob", "carol")
    network.join(community, author, bob, carol)
    change(database, carol, Traits(quiet_hours="20:00-08:00"))
    [first] = network.write(author, community)
    network.fan_out()
    assert singles(database) == {bob: [first]}
    assert marks(database, carol) == (1, 0)


def test_a_day_off_is_quiet(network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]) -> None:
    community, author, reader = place
    clock.now = datetime(2026, 11, 21, 11, tzinfo=UTC)
    network.write(author, community)
    network.fan_out()
    assert marks(database, reader) == (1, 0)


def test_an_answer_to_what_they_just_posted_comes_at_once(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    other = network.person("carol")
    network.join(community, other)
    [asked] = network.write(reader, community)
    clock.advance(minutes=50)
    [answer] = network.write(author, community, answering=asked)
    network.fan_out()
    assert singles(database) == {reader: [answer]}
    with database.transaction() as tx:
        [item] = deliveries.claim(tx, clock(), 10, NIGHTS)
        assert item.delivery.person_id == reader
    clock.advance(minutes=20)
    network.write(author, community, answering=asked)
    network.fan_out()
    # What came singly is left out of the catch-up, whatever it spans.
    assert singles(database) == {reader: [answer]}
    assert marks(database, reader)[0] == 3
    assert marks(database, other) == (3, 0)


def test_an_urgent_post_passes_for_those_who_allowed_it(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    other = network.person("carol")
    network.join(community, other)
    change(database, other, Traits(urgent_allowed=True))
    [alarm] = network.write(author, community)
    with database.transaction() as tx:
        tx.execute(update(posts).values(urgent=True))
    network.fan_out()
    assert singles(database) == {other: [alarm]}
    assert marks(database, reader) == (1, 0)


def test_at_important_the_night_owes_what_concerns_them(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    from store import mentions

    community, author, _ = place
    picky = network.person("carol")
    network.join(community, picky, pace=Pace.IMPORTANT)
    network.write(author, community)
    network.fan_out()
    assert marks(database, picky) == (0, None)
    [naming] = network.write(author, community)
    with database.transaction() as tx:
        mentions.add(tx, [(naming, picky)])
    network.fan_out()
    assert marks(database, picky) == (2, 1)
    paper = Newspaper(database, network, replace(PLAN, network=NIGHTS.network))
    clock.now = FRIDAY_MORNING
    paper.round()
    assert paper.posts_told(picky) == [(naming, naming)]


def test_a_followed_topic_stays_in_the_digest_by_night(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    from gateway.core.community import Choice
    from store import choices
    from store import posts as store_posts

    community, author, reader = place
    with database.transaction() as tx:
        paces.choose(tx, community, reader, Pace.DAILY, clock())
    [first] = network.write(author, community)
    with database.transaction() as tx:
        choices.choose(tx, reader, store_posts.places(tx, [first])[first].topic.id, Choice.FOLLOWED)
    network.write(author, community, answering=first)
    network.fan_out()
    assert singles(database) == {}
    assert marks(database, reader) == (0, None)


def test_what_was_late_waits_for_the_morning(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    clock.now = datetime(2026, 11, 19, 17, 59, tzinfo=UTC)
    [first] = network.write(author, community)
    network.fan_out()
    assert singles(database) == {reader: [first]}
    clock.advance(minutes=2)
    with database.transaction() as tx:
        assert deliveries.claim(tx, clock(), 10, NIGHTS) == []
        row = tx.execute(select(delivery_rows)).one()
        assert (row.state, row.next_attempt_at) == ("deferred", FRIDAY_MORNING)
        [item] = deliveries.claim(tx, FRIDAY_MORNING, 10, NIGHTS)
        assert item.delivery.post_id == first


def test_who_sleeps_does_not_keep_a_claim_from_who_is_awake(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, _ = place
    early = network.persons("dan", "eve")
    network.join(community, *early)
    change(database, early[1], Traits(quiet_hours="none"))
    clock.now = datetime(2026, 11, 19, 17, 59, tzinfo=UTC)
    network.write(author, community)
    network.fan_out()
    clock.advance(minutes=2)
    with database.transaction() as tx:
        # The first two of the outbox sleep: the claim goes on to the third.
        assert [item.delivery.person_id for item in deliveries.claim(tx, clock(), 1, NIGHTS)] == [early[1]]


def test_a_post_fanned_out_late_is_told_within_what_is_owed(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    clock.now = datetime(2026, 11, 19, 17, tzinfo=UTC)
    network.write(author, community)
    network.fan_out()
    clock.now = THURSDAY_NIGHT
    network.write(author, community)
    network.write(author, community)
    network.fan_out()
    # The first came singly; the debt begins where fan-outs were open.
    assert marks(database, reader) == (3, 1)


def test_a_cross_post_of_the_night_is_told_once(network: Network, database: Database, clock: SetClock) -> None:
    one, two = network.community("one"), network.community("two")
    author, reader, both = network.persons("ann", "bob", "carol")
    network.join(one, author, reader, both)
    network.join(two, author, reader)
    network.join(two, both, pace=Pace.DAILY)
    paper = Newspaper(database, network, replace(PLAN, network=NIGHTS.network))
    paper.round()
    here, _there = network.write(author, one, two)
    network.fan_out()
    clock.now = FRIDAY_MORNING
    paper.round()
    assert paper.posts_told(reader) == [(here, here)]
    assert paper.posts_told(both) == [(here, here)]


def test_a_catch_up_waits_for_what_is_being_fanned_out(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    paper = Newspaper(database, network, replace(PLAN, network=NIGHTS.network))
    network.write(author, community)
    network.fan_out()
    with database.transaction() as tx:
        tx.exec_driver_sql("UPDATE fan_outs SET closed_at = NULL")
    clock.now = FRIDAY_MORNING
    assert paper.round() == 0
    network.fan_out()
    assert paper.round() == 1
    assert singles(database) == {reader: [None]}


def test_who_waits_for_a_post_of_now_and_until_when(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, _ = place
    more = network.persons("carol", "dan", "eve")
    network.join(community, *more)
    change(database, more[0], Traits(timezone="Asia/Tokyo"))
    change(database, more[1], Traits(timezone="America/New_York"))
    with database.reading() as tx:
        found = quiet.waiting(tx, community, author, NIGHTS, clock())
    # It is six in the morning in Tokyo, and four in the afternoon in New York.
    assert (found.readers, found.first_at) == (3, THURSDAY_NIGHT + timedelta(hours=2))
    with database.reading() as tx:
        nobody = quiet.waiting(tx, community, author, PEACE, clock())
    assert (nobody.readers, nobody.first_at) == (0, None)
    change(database, more[0], Traits(urgent_allowed=True))
    with database.reading() as tx:
        urgent = quiet.waiting(tx, community, author, NIGHTS, clock(), is_urgent=True)
    assert (urgent.readers, urgent.first_at) == (2, THURSDAY_NIGHT + timedelta(hours=10))
