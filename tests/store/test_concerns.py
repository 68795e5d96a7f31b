"""Pace `important`: what concerns somebody comes at once, the rest does not; FOLLOW and MUTE at every pace."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from gateway.core.community import Choice, Pace, Role
from store import choices, communities, mentions, paces, posts
from store.concerns import concerning
from store.database import Database
from store.schema import communities as community_rows
from store.schema import deliveries
from tests.network import PEACE, Network, SetClock


def heard(database: Database, person: int) -> list[int]:
    """The posts that somebody got singly."""
    with database.reading() as tx:
        query = select(deliveries.c.post_id).where(deliveries.c.person_id == person).order_by(deliveries.c.post_id)
        return list(tx.scalars(query))


def choose(database: Database, person: int, post: int, choice: Choice) -> None:
    with database.transaction() as tx:
        choices.choose(tx, person, posts.places(tx, [post])[post].topic.id, choice)


@pytest.fixture
def place(network: Network) -> tuple[int, int, int]:
    """(community, author, a reader of what concerns them)"""
    community, author, reader = network.community("projets"), network.person("ann"), network.person("bob")
    network.join(community, author)
    network.join(community, reader, pace=Pace.IMPORTANT)
    return community, author, reader


def test_what_names_them_comes_at_once_and_the_rest_never(
    network: Network, database: Database, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    network.write(author, community)
    [naming] = network.write(author, community)
    with database.transaction() as tx:
        mentions.add(tx, [(naming, reader)])
    network.fan_out()
    assert heard(database, reader) == [naming]


def test_answers_in_topics_they_write_in_come_at_once(
    network: Network, database: Database, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    [asked] = network.write(reader, community)
    [answer] = network.write(author, community, answering=asked)
    # Not an answer to theirs, and in their topic all the same.
    [further] = network.write(author, community, answering=answer)
    [other] = network.write(author, community)
    network.write(author, community, answering=other)
    network.fan_out()
    assert heard(database, reader) == [answer, further]


def test_a_topic_that_they_join_later_concerns_them_from_then_on(
    network: Network, database: Database, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    [first] = network.write(author, community)
    network.write(reader, community, answering=first)
    [later] = network.write(author, community, answering=first)
    network.fan_out()
    assert heard(database, reader) == [later]


def test_topics_that_a_manager_opens_are_announcements(
    network: Network, database: Database, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    boss = network.person("boss")
    network.join(community, boss, role=Role.MANAGER)
    [announced] = network.write(boss, community)
    [question] = network.write(author, community)
    network.write(boss, community, answering=question)
    network.fan_out()
    assert heard(database, reader) == [announced]


def test_all_that_is_posted_in_a_mandatory_community_is_announced(
    network: Network, database: Database, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    with database.transaction() as tx:
        tx.execute(community_rows.update().values(mandatory=True))
        assert communities.get_all(tx, [community])[community].mandatory
    [first] = network.write(author, community)
    network.fan_out()
    assert heard(database, reader) == [first]


@pytest.mark.parametrize("pace", [Pace.IMPORTANT, Pace.DAILY, Pace.WEEKLY])
def test_a_followed_topic_comes_singly(network: Network, database: Database, clock: SetClock, pace: Pace) -> None:
    community, author, reader = network.community("projets"), network.person("ann"), network.person("bob")
    network.join(community, author)
    network.join(community, reader, pace=pace)
    [first] = network.write(author, community)
    network.fan_out()
    choose(database, reader, first, Choice.FOLLOWED)
    [second] = network.write(author, community, answering=first)
    network.write(author, community)
    network.fan_out()
    assert heard(database, reader) == [second]
    choose(database, reader, first, Choice.MUTED)
    network.write(author, community, answering=first)
    network.fan_out()
    assert heard(database, reader) == [second]


def test_what_was_muted_since_does_not_leave_any_more(network: Network, database: Database, clock: SetClock) -> None:
    from store import deliveries as outbox

    community, author, reader = network.community("projets"), network.person("ann"), network.person("bob")
    network.join(community, author, reader)
    [first] = network.write(author, community)
    network.fan_out()
    choose(database, reader, first, Choice.MUTED)
    with database.transaction() as tx:
        [item] = outbox.claim(tx, clock(), 10, PEACE)
        assert item.objection == "muted"
        assert outbox.renew(tx, [item.delivery], clock()) == set()


def test_who_paused_is_owed_what_concerns_them_alone(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    with database.transaction() as tx:
        paces.pause(tx, reader, None, clock())
    network.write(author, community)
    [naming] = network.write(author, community)
    with database.transaction() as tx:
        mentions.add(tx, [(naming, reader)])
    network.fan_out()
    with database.transaction() as tx:
        assert paces.resume(tx, reader)
        assert concerning(tx, {(community, 0, 2)}, [reader]) == {reader: {naming}}
    assert heard(database, reader) == []


def test_a_change_lets_what_concerns_them_go_singly_first(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    [asked] = network.write(reader, community)
    [answer] = network.write(author, community, answering=asked)
    network.write(author, community)
    with database.transaction() as tx:
        assert paces.choose(tx, community, reader, Pace.DAILY, clock())
    network.fan_out()
    assert heard(database, reader) == [answer]
