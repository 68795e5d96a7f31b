"""The day's budget: above it a post is owed, once, for the person's next daily digest; nothing that is theirs waits."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from gateway.core.community import Choice, Pace
from store import audience, choices, mentions, paces, people
from store import posts as store_posts
from store.database import Database
from store.people import Traits
from store.schema import deliveries, fan_outs, memberships
from tests.digests.newspaper import Newspaper
from tests.network import PEACE, Network, SetClock

MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
"""07:30 in Paris, the first digest after the Friday on which these tests begin."""


@pytest.fixture
def paper(database: Database, network: Network) -> Newspaper:
    return Newspaper(database, network)


@pytest.fixture
def place(network: Network, paper: Newspaper) -> tuple[int, int, int]:
    """(community heard at once, author, reader), their clocks wound"""
    community = network.community("projets")
    ann, bob = network.persons("ann", "bob")
    network.join(community, ann, bob)
    paper.round()
    return community, ann, bob


def singles(database: Database) -> Counter[int]:
    """How many single mails each person has."""
    with database.reading() as tx:
        return Counter(tx.scalars(select(deliveries.c.person_id).where(deliveries.c.kind == "post")))


def posts(network: Network, author: int, community: int, number: int) -> list[int]:
    return [network.write(author, community)[0] for _ in range(number)]


def test_above_the_budget_it_comes_in_one_mail_at_the_next_digest(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, ann, bob = place
    written = posts(network, ann, community, 5)
    network.fan_out(2)
    assert singles(database) == {bob: 2}
    clock.now = MONDAY - timedelta(minutes=1)
    assert paper.round() == 0
    clock.now = MONDAY
    assert paper.round() == 1
    assert sorted(first for first, _ in paper.posts_told(bob)) == written[2:]
    clock.advance(days=3)
    assert paper.round() == 0


def test_a_day_later_singles_come_again_and_are_not_repeated(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, ann, bob = place
    first = posts(network, ann, community, 2)
    network.fan_out(1)
    # Midnight in Paris has passed, in UTC it has not.
    clock.now = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    second = posts(network, ann, community, 2)
    network.fan_out(1)
    assert singles(database) == {bob: 2}
    clock.now = MONDAY
    paper.round()
    assert sorted(told for told, _ in paper.posts_told(bob)) == [first[1], second[1]]


def test_the_day_is_that_of_each_persons_zone(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, ann, bob = place
    [far] = network.persons("far")
    network.join(community, far)
    with database.transaction() as tx:
        people.change(tx, far, Traits(timezone="Asia/Tokyo"))
    posts(network, ann, community, 1)
    network.fan_out(1)
    # 01:00 of the next day in Tokyo, 17:00 of the same one in Paris.
    clock.now = datetime(2026, 11, 20, 16, tzinfo=UTC)
    posts(network, ann, community, 1)
    network.fan_out(1)
    assert singles(database) == {bob: 1, far: 2}


def test_what_is_theirs_never_waits_and_counts_nothing(
    network: Network, database: Database, place: tuple[int, int, int]
) -> None:
    community, ann, bob = place
    [mine] = network.write(bob, community)
    network.write(ann, community, answering=mine)
    [named] = network.write(ann, community)
    with database.transaction() as tx:
        mentions.add(tx, [(named, bob)])
    network.fan_out(1)
    assert singles(database)[bob] == 2
    posts(network, ann, community, 2)
    network.write(ann, community, answering=mine)
    network.fan_out(1)
    # The two above, one of the budget, and the answer; the other post is owed.
    assert singles(database)[bob] == 4


def test_two_communities_share_the_budget_and_the_mail(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, ann, bob = place
    other = network.community("achats")
    network.join(other, ann, bob)
    [first] = network.write(ann, community)
    [second] = network.write(ann, other)
    [both, _] = network.write(ann, other, community)
    network.fan_out(1)
    assert singles(database) == {bob: 1}
    clock.now = MONDAY
    assert paper.round() == 1
    assert sorted(told for told, _ in paper.posts_told(bob)) == [second, both]
    assert first not in dict(paper.posts_told(bob))


def test_another_pace_sends_what_is_owed_at_once(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, ann, bob = place
    written = posts(network, ann, community, 2)
    network.fan_out(1)
    with database.transaction() as tx:
        paces.choose(tx, community, bob, Pace.DAILY, clock())
    written += posts(network, ann, community, 1)
    assert paper.round() == 1
    assert paper.posts_told(bob) == [(written[1], written[1])]
    clock.now = MONDAY
    paper.round()
    assert paper.posts_told(bob) == [(post, post) for post in written[1:]]


def test_a_muted_topic_is_not_owed(network: Network, database: Database, place: tuple[int, int, int]) -> None:
    community, ann, bob = place
    [first] = network.write(ann, community)
    with database.transaction() as tx:
        choices.choose(tx, bob, store_posts.places(tx, [first])[first].topic.id, Choice.MUTED)
    network.write(ann, community, answering=first)
    network.fan_out(1)
    with database.reading() as tx:
        assert list(tx.scalars(select(memberships.c.catch_up_from).where(memberships.c.person_id == bob))) == [None]


def test_an_earlier_post_that_is_expanded_later_is_owed_with_it(
    paper: Newspaper,
    network: Network,
    database: Database,
    clock: SetClock,
    place: tuple[int, int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two senders: the second takes the second post while the first still holds the first one."""
    community, ann, bob = place
    posts(network, ann, community, 1)
    network.fan_out(1)
    written = posts(network, ann, community, 2)
    # The second sender sees both as open, and takes the one that nobody holds.
    with database.transaction() as tx:
        monkeypatch.setattr(audience, "_open", audience._open.where(fan_outs.c.post_id == written[1]))
        audience.expand(tx, clock(), PEACE, 1)
    monkeypatch.undo()
    clock.now = MONDAY
    assert paper.round() == 0
    network.fan_out(1)
    assert paper.round() == 1
    assert singles(database) == {bob: 1}
    assert sorted(told for told, _ in paper.posts_told(bob)) == written


def test_large_communities_are_held_back_in_chunks(
    network: Network, database: Database, monkeypatch: pytest.MonkeyPatch, paper: Newspaper, clock: SetClock
) -> None:
    monkeypatch.setattr(audience, "CHUNK", 3)
    community = network.community("large")
    everybody = network.persons("author", *(f"p{n}" for n in range(7)))
    network.join(community, *everybody)
    paper.round()
    posts(network, everybody[0], community, 3)
    network.fan_out(2)
    assert singles(database) == dict.fromkeys(everybody[1:], 2)
    clock.now = MONDAY
    assert paper.round() == 7


def test_who_has_no_clock_yet_waits_for_a_day(
    network: Network, database: Database, clock: SetClock, paper: Newspaper
) -> None:
    community = network.community("projets")
    ann, bob = network.persons("ann", "bob")
    network.join(community, ann, bob)
    posts(network, ann, community, 2)
    network.fan_out(1)
    assert paper.round() == 0
    clock.advance(days=1)
    assert paper.round() == 1
