"""Fragments: what an item tells of, with the files that came with its posts."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.core.digest import Item, Section, Shape
from store import fragments
from store.database import Database
from store.posts import NewFile
from store.schema import contents
from tests.network import Network
from tests.store.test_choices import beside


def file(name: str, content_id: str = "") -> NewFile:
    return NewFile(name, "image/png", 1_800, "a" * 64, inline=bool(content_id), content_id=content_id)


def item(first: int, last: int) -> Item:
    return Item(1, 1, Section.NEW, Shape.FULL, first, last, last - first + 1)


def test_posts_are_told_with_their_files(network: Network, database: Database) -> None:
    ann, place = network.person("ann"), network.community("projets")
    network.join(place, ann)
    [first] = network.write(ann, place, files=[file("plan.png"), file("list.ods")])
    [second] = network.write(ann, place, answering=first)
    [third] = network.write(ann, place, answering=first, files=[file("sum.ods")])
    with database.reading() as tx:
        told = fragments.told(tx, [item(first, third), item(second, second)])
    whole, part = told[item(first, third)], told[item(second, second)]
    assert [[(one.name, one.size) for one in post.files] for post in whole.posts] == [
        [("plan.png", 1_800), ("list.ods", 1_800)],
        [],
        [("sum.ods", 1_800)],
    ]
    assert [post.files for post in part.posts] == [()]
    assert len({one.id for post in whole.posts for one in post.files}) == 3


def test_an_image_that_the_words_show_is_no_file_of_its_own(network: Network, database: Database) -> None:
    ann, place = network.person("ann"), network.community("projets")
    network.join(place, ann)
    network.write(ann, place, files=[file("shown.png", "a&b@x"), file("unseen.png", "c@x"), file("plan.png")])
    with database.transaction() as tx:
        tx.execute(contents.update().values(html='<p>Look:</p><img src="cid:a&amp;b%40x" alt="">'))
    with database.reading() as tx:
        names = [one.name for one in fragments.files_of(tx, [1, 999])[1]]
    assert names == ["unseen.png", "plan.png"]


def test_two_nodes_that_store_the_same_words_keep_those_of_the_first(network: Network, database: Database) -> None:
    ann, place = network.person("ann"), network.community("projets")
    network.join(place, ann)
    network.write(ann, place)

    words = iter(["first", "second"])

    def store(tx: Connection) -> None:
        word = next(words)
        rows = dict.fromkeys(("shared", word), (1, f"<p>{word}</p>", word))
        fragments.add(tx, rows, network.clock())

    beside(database, store)
    with database.reading() as tx:
        kept = fragments.get(tx, ["first", "second", "shared"])
    assert {key: text for key, (_, text) in kept.items()} == {"first": "first", "second": "second", "shared": "first"}
