"""Topics, contents and posts."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from store import figures, memberships, posts
from store.database import Database
from store.posts import NewFile, NewPost
from store.schema import fan_outs
from tests.network import KEYS, Network, SetClock, new_content

PLAN = NewFile("plan.pdf", "application/pdf", 12, "a" * 64, inline=False, content_id="")


def test_a_post_opens_a_topic_and_a_fan_out(network: Network, database: Database) -> None:
    projets, ann = network.community("projets"), network.person("ann")
    [first] = network.write(ann, projets)
    [answer] = network.write(ann, projets, answering=first)
    with database.reading() as tx:
        places = posts.places(tx, [first, answer, 999])
        assert set(tx.scalars(select(fan_outs.c.post_id))) == {first, answer}
        found = figures.count(tx)
        assert (found.posts, found.topics) == (2, 1)
    assert places[answer].topic == places[first].topic
    assert (places[first].post.number, places[answer].post.number) == (1, 2)
    assert (places[first].post.parent_id, places[answer].post.parent_id) == (None, first)


def test_topics_and_posts_of_a_batch_keep_their_order(network: Network, database: Database, clock: SetClock) -> None:
    projets, ann = network.community("projets"), network.person("ann")
    [old] = network.write(ann, projets)
    with database.transaction() as tx:
        topic = posts.places(tx, [old])[old].topic.id
        content_ids = posts.add_contents(tx, [new_content(100 + n, ann) for n in range(40)], clock())
        rows = [
            NewPost(projets, c, ann, 10 + n, f"key {n}", f"Title {n}", None if n % 2 else topic, old)
            for n, c in enumerate(content_ids)
        ]
        ids = posts.add_posts(tx, rows, KEYS.current, clock())
        places = posts.places(tx, ids)
        words = posts.get_contents(tx, content_ids)
    for n, post_id in enumerate(ids):
        assert places[post_id].post.content_id == content_ids[n]
        assert words[content_ids[n]].subject == f"Subject {100 + n}"
        assert (places[post_id].topic.id == topic) == (n % 2 == 0)
        assert n % 2 == 0 or places[post_id].topic.title == f"Title {n}"


@pytest.mark.parametrize("twice", ["number", "dedup_key", "content"])
def test_a_community_has_a_mail_once(network: Network, database: Database, clock: SetClock, twice: str) -> None:
    projets, ann = network.community("projets"), network.person("ann")
    with database.transaction() as tx:
        one, two = posts.add_contents(tx, [new_content(1, ann), new_content(2, ann)], clock())
    rows = [
        NewPost(projets, one, ann, 1, "key 1", "T", None, None),
        NewPost(
            projets,
            one if twice == "content" else two,
            ann,
            1 if twice == "number" else 2,
            "key 1" if twice == "dedup_key" else "key 2",
            "T",
            None,
            None,
        ),
    ]
    with pytest.raises(IntegrityError), database.transaction() as tx:
        posts.add_posts(tx, rows, KEYS.current, clock())


def test_a_post_is_found_under_both_its_names(network: Network, database: Database) -> None:
    projets, achats, ann = network.community("projets"), network.community("achats"), network.person("ann")
    both = network.write(ann, projets, achats)
    with database.reading() as tx:
        found = posts.places_by_message_id(tx, ["<ours-1@relais.example>", "<own-1@people.example>", "<no@where>"])
        assert posts.places_by_message_id(tx, []) == {}
    assert {name: [place.post.id for place in places] for name, places in found.items()} == {
        "<ours-1@relais.example>": both,
        "<own-1@people.example>": both,
    }


def test_what_was_seen_before(network: Network, database: Database) -> None:
    projets, achats, ann = network.community("projets"), network.community("achats"), network.person("ann")
    [first] = network.write(ann, projets)
    key = f"{1:064}"
    with database.reading() as tx:
        assert posts.duplicates(tx, [(projets, key), (achats, key), (projets, "x")]) == {(projets, key): first}
        assert posts.keys_of_message_ids(tx, ["<own-1@people.example>", "<own-2@people.example>", ""]) == {
            "<own-1@people.example>": {key}
        }
        assert posts.keys_of_message_ids(tx, [""]) == {}


def test_ancestry_is_ten_deep_and_oldest_first(network: Network, database: Database) -> None:
    projets, ann = network.community("projets"), network.person("ann")
    [above] = network.write(ann, projets)
    for _ in range(13):
        [above] = network.write(ann, projets, answering=above)
    with database.reading() as tx:
        line = posts.ancestry(tx, above)
    assert [ours for ours, _ in line] == [f"<ours-{n}@relais.example>" for n in range(5, 15)]
    assert line[-1] == ("<ours-14@relais.example>", "<own-14@people.example>")


def test_names_of_a_cross_post_leave_out_what_was_withdrawn(
    network: Network, database: Database, clock: SetClock
) -> None:
    projets, achats, ann = network.community("projets"), network.community("achats"), network.person("ann")
    first, second = network.write(ann, projets, achats)
    with database.transaction() as tx:
        content = posts.places(tx, [first])[first].post.content_id
        assert posts.community_names(tx, [content]) == {content: [(projets, "Projets"), (achats, "Achats")]}
        assert posts.withdraw(tx, second, clock())
        assert not posts.withdraw(tx, second, clock())
        assert posts.community_names(tx, [content]) == {content: [(projets, "Projets")]}
        assert posts.places(tx, [second])[second].post.withdrawn


def test_a_file_is_for_those_who_may_read_it_now(network: Network, database: Database, clock: SetClock) -> None:
    projets = network.community("projets")
    ann, bob, carol, eve = network.persons("ann", "bob", "carol", "eve")
    network.join(projets, ann, bob, carol)
    [post_id] = network.write(ann, projets, files=[PLAN])
    network.suspend(carol)

    def readers() -> list[int]:
        with database.reading() as tx:
            content = posts.places(tx, [post_id])[post_id].post.content_id
            [file] = posts.get_contents(tx, [content])[content].files
            assert (file.name, file.sha256) == ("plan.pdf", "a" * 64)
            return [person for person in (ann, bob, carol, eve) if posts.file_for(tx, file.id, person)]

    assert readers() == [ann, bob]
    with database.transaction() as tx:
        memberships.remove(tx, projets, bob)
    assert readers() == [ann]
    with database.transaction() as tx:
        posts.withdraw(tx, post_id, clock())
    assert readers() == []
