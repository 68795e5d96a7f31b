"""Imported posts: numbers below zero by date, threads, and authors who become people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from gateway.core import address
from gateway.core.community import Pace, PersonState
from store import archives, audience, authors, communities, digests, mailboxes, people
from store.archives import ArchivedPost, Known
from store.authors import NewAuthor, Origin
from store.people import NewPerson
from store.posts import NewContent
from store.schema import deliveries, posts
from tests.network import Network

OLD = datetime(2015, 6, 1, 12, 0, tzinfo=UTC)


def post(author_id: int, name: str, at: datetime, answered: Known | int | None = None) -> ArchivedPost:
    content = NewContent(
        f"<{name}@ours>", f"<{name}@x>", author_id, name, f"Words of {name}", None, "", "", "", "en", (), at
    )
    return ArchivedPost(content, name, name, at, at, answered)


@pytest.fixture
def place(network: Network) -> int:
    return network.community("garden", pace=Pace.DAILY)


def imported(network: Network, place: int, *batch: ArchivedPost) -> list[Known]:
    with network.database.transaction() as tx:
        communities.lock(tx, ids=[place])
        return archives.add(tx, place, batch, network.clock())


def numbers(network: Network) -> dict[str, int]:
    with network.database.reading() as tx:
        return {row.dedup_key: row.number for row in tx.execute(select(posts.c.dedup_key, posts.c.number))}


def test_numbers_follow_the_dates_across_imports_and_stay_below_zero(network: Network, place: int) -> None:
    ann = network.person("ann")
    second = timedelta(seconds=1)
    imported(network, place, post(ann, "b", OLD), post(ann, "c", OLD), post(ann, "e", network.clock() + second))
    imported(network, place, post(ann, "a", OLD - second), post(ann, "d", OLD + second), post(ann, "c2", OLD))
    found = numbers(network)
    assert sorted(found, key=found.__getitem__) == ["a", "b", "c", "c2", "d", "e"]
    assert max(found.values()) < 0


def test_answers_stand_in_the_topic_they_answer_within_a_batch_and_later(network: Network, place: int) -> None:
    ann = network.person("ann")
    first, second, other = imported(
        network, place, post(ann, "one", OLD), post(ann, "two", OLD, 0), post(ann, "other", OLD)
    )
    assert first.topic_id == second.topic_id != other.topic_id
    [third] = imported(network, place, post(ann, "three", OLD, second))
    with network.database.reading() as tx:
        above = {row.id: row.parent_id for row in tx.execute(select(posts.c.id, posts.c.parent_id))}
        titled = archives.find_topics(tx, place, ["one", "two", "none"])
    assert above == {
        first.post_id: None,
        second.post_id: first.post_id,
        other.post_id: None,
        third.post_id: second.post_id,
    }
    assert {title: topic.latest for title, topic in titled.items()} == {"one": third}


def test_nothing_of_it_is_due_to_anybody(network: Network, place: int) -> None:
    ann, bob = network.persons("ann", "bob")
    network.join(place, bob)
    network.join(place, ann, pace=Pace.EACH)
    imported(network, place, post(ann, "old", network.clock() - timedelta(days=5)))
    with network.database.transaction() as tx:
        assert digests.following(tx, digests.Cadence.DAILY, [bob]) == []
        assert audience.expand_for(tx, place, ann, network.clock()) is None
        assert list(tx.scalars(select(deliveries.c.id))) == []


def test_an_author_becomes_the_person_who_is_added_or_given_the_address(network: Network, place: int) -> None:
    keys = ("cid@people.example", "dan@people.example")
    with network.database.transaction() as tx:
        wrote = authors.add(
            tx, [NewAuthor(key, key, key[:3]) for key in keys], Origin("en", "Europe/Paris"), network.clock()
        )
    imported(network, place, *(post(wrote[key], key[:3], OLD) for key in keys))
    cid, dan = (address.parse(key) for key in keys)
    bob = network.person("bob")
    with network.database.transaction() as tx:
        assert people.find_all(tx, keys) == {}
        [added] = people.add(tx, [NewPerson(cid, "Cid Sol", "en", "UTC")], network.clock())
        assert mailboxes.add(tx, bob, dan, network.clock())
    with network.database.reading() as tx:
        assert added == wrote[keys[0]]
        person = people.find(tx, cid)
        assert person and (person.state, person.name) == (PersonState.ACTIVE, "Cid Sol")
        by = {row.dedup_key: row.author_id for row in tx.execute(select(posts.c.dedup_key, posts.c.author_id))}
        assert by == {"cid": added, "dan": bob}
        assert people.get_all(tx, [wrote[keys[1]]]) == {}


def test_a_person_of_a_claimed_address_is_no_author(network: Network) -> None:
    bob, ann = network.persons("bob", "ann")
    with network.database.transaction() as tx:
        assert not mailboxes.add(tx, ann, address.parse("bob@people.example"), network.clock())
        assert authors.find(tx, ["bob@people.example", "none@people.example"]) == {"bob@people.example": bob}
