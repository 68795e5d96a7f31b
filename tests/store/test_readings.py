"""Readings: a topic by mail, for whoever may read it."""

from __future__ import annotations

from sqlalchemy import delete

from gateway.core.notice import Choice
from store import posts, readings
from store.database import Database
from store.posts import NewFile
from store.readings import MOST_POSTS, TopicRead
from store.schema import memberships
from tests.network import Network, SetClock


def topic(network: Network, answers: int) -> tuple[int, int]:
    """(author, topic) of a topic with so many answers."""
    place, author = network.community("projets"), network.person("ann")
    network.join(place, author)
    [first] = network.write(author, place)
    for _ in range(answers):
        network.write(author, place, answering=first)
    return author, 1


def read(database: Database, topic_id: int, person_id: int) -> TopicRead:
    with database.reading() as tx:
        return readings.read(tx, topic_id, person_id)


def test_a_topic_is_read_oldest_first_and_its_latest_post_is_answered(network: Network, database: Database) -> None:
    ann, topic_id = topic(network, answers=2)
    found = read(database, topic_id, ann)
    assert found.topic == Choice(topic_id, "Subject 1")
    assert [post.text for post in found.posts] == [f"Words {n}" for n in (1, 2, 3)]
    assert (found.post_id, found.left_out) == (3, 0)


def test_of_a_longer_topic_the_middle_is_left_out_and_counted(network: Network, database: Database) -> None:
    ann, topic_id = topic(network, answers=MOST_POSTS - 1)
    assert (len(read(database, topic_id, ann).posts), read(database, topic_id, ann).left_out) == (MOST_POSTS, 0)
    network.write(ann, 1, answering=1)
    network.write(ann, 1, answering=1)
    found = read(database, topic_id, ann)
    assert [post.text for post in found.posts[:2]] == ["Words 1", "Words 4"]
    assert (len(found.posts), found.left_out, found.post_id) == (MOST_POSTS, 2, MOST_POSTS + 2)


def test_the_files_of_its_posts_are_told(network: Network, database: Database) -> None:
    ann, topic_id = topic(network, answers=1)
    network.write(
        ann, 1, answering=1, files=[NewFile("plan.pdf", "application/pdf", 9, "a" * 64, inline=False, content_id="")]
    )
    assert [[file.name for file in post.files] for post in read(database, topic_id, ann).posts] == [
        [],
        [],
        ["plan.pdf"],
    ]


def test_who_may_not_read_it_reads_nothing(network: Network, database: Database) -> None:
    ann, topic_id = topic(network, answers=0)
    assert read(database, topic_id, network.person("bob")) == TopicRead()
    with database.transaction() as tx:
        tx.execute(delete(memberships).where(memberships.c.person_id == ann))
    assert read(database, topic_id, ann) == TopicRead()


def test_what_was_withdrawn_is_not_read(network: Network, database: Database, clock: SetClock) -> None:
    ann, topic_id = topic(network, answers=1)
    with database.transaction() as tx:
        posts.withdraw(tx, 1, clock())
    assert [post.text for post in read(database, topic_id, ann).posts] == ["Words 2"]
