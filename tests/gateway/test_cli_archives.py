"""relais import posts: an archive becomes posts that nobody is owed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DataError

from store import archives
from store.database import Database
from store.schema import attachments, communities, contents, deliveries, fan_outs, memberships, people, posts, topics
from tests import old_list
from tests.gateway.console import Console


@pytest.fixture
def either(either_relais: Console) -> Console:
    """With a community, and one of the authors among its members."""
    either_relais.done("person", "add", "person7@people.example", "--name", "Seven")
    either_relais.done("community", "add", "garden", "--name", "Garden")
    either_relais.done("member", "add", "person7@people.example", "garden", "--pace", "daily")
    return either_relais


def rows(relais: Console, query: Any) -> list[Any]:
    database = Database(url(relais))
    with database.reading() as tx:
        found = [tuple(row) for row in tx.execute(query)]
    database.close()
    return found


def url(relais: Console) -> str:
    return relais.config.read_text().partition('url = "')[2].partition('"')[0]


def write(relais: Console, *mails: str) -> str:
    path = relais.folder / "list.mbox"
    path.write_text("".join(f"From - Mon Feb  3 10:00:00 2020\n{mail}\n\n" for mail in mails))
    return str(path)


def imported(relais: Console, path: str | Path, *words: str) -> Any:
    return relais.json("import", "posts", str(path), "--community", "garden", *words)


def test_threads_dates_authors_and_files_are_kept_and_nobody_is_owed_anything(either: Console) -> None:
    path = either.folder / "list.mbox"
    old_list.mbox(path, 60)
    report = imported(either, path)
    assert (report["imported"], report["topics"], report["known"], report["why"]) == (60, 12, 0, {})
    order = select(posts.c.id, posts.c.topic_id, posts.c.parent_id, posts.c.number, posts.c.created_at)
    found = rows(either, order.order_by(posts.c.id))
    assert [row[4] for row in found] == [old_list.written_at(number) for number in range(60)]
    for place, (post_id, topic_id, parent_id, number, _) in enumerate(found):
        opens = place % old_list.THREAD == 0
        assert (parent_id, topic_id) == (None if opens else post_id - 1, found[place - place % 5][1])
        assert number < 0
    assert [row[3] for row in found] == sorted(row[3] for row in found)
    titles = [row[0] for row in rows(either, select(topics.c.title).order_by(topics.c.id))]
    assert titles == [f"What to do about matter {number}" for number in range(12)]
    states = rows(either, select(people.c.state, func.count()).join(posts).group_by(people.c.state))
    assert sorted(states) == [("active", 1), ("author", 59)]
    assert rows(either, select(attachments.c.name).order_by(attachments.c.id)) == [("plan-0.pdf",), ("plan-50.pdf",)]
    assert rows(either, select(fan_outs.c.id)) == rows(either, select(deliveries.c.id)) == []
    assert rows(either, select(communities.c.last_number)) == [(0,)]
    assert either.json("status")["people"] == 1
    texts = rows(either, select(contents.c.text, contents.c.signature, contents.c.quoted).order_by(contents.c.id))
    assert texts[1][0].startswith("Hello,\n\nI have put") and texts[1][1].endswith("Person 7")
    assert "Nothing has changed" in texts[1][2] and "Person 6 wrote" not in texts[1][0]


def test_a_second_time_nothing_comes_twice_and_a_newer_archive_goes_on(either: Console) -> None:
    path = either.folder / "list.mbox"
    old_list.mbox(path, 13)
    imported(either, path)
    assert (imported(either, path)["imported"], imported(either, path)["known"]) == (0, 13)
    old_list.mbox(path, 15)
    report = imported(either, path)
    # The two answer in the topic that is there.
    assert (report["imported"], report["topics"], report["known"]) == (2, 0, 13)
    assert len(rows(either, select(topics.c.id))) == 3


def test_what_was_posted_here_already_is_not_imported_and_what_is_due_stays_due(either: Console) -> None:
    live = old_list.mail(1).replace(b"garden@lists.old.example", b"garden@talk.example.com")
    eml = either.folder / "live.eml"
    eml.write_bytes(live)
    either.done("person", "add", "reader@people.example")
    either.done("member", "add", "reader@people.example", "garden", "--pace", "weekly")
    either.done("accept", str(eml), "--to", "garden@talk.example.com")
    either.done("drain", "--timeout", "30")
    through = select(memberships.c.digest_through, communities.c.last_number).join(communities)
    assert rows(either, through) == [(0, 1), (0, 1)]
    path = either.folder / "list.mbox"
    old_list.mbox(path, 10)
    assert imported(either, path)["known"] == 1
    assert rows(either, through) == [(0, 1), (0, 1)]
    told = either.done("digest", "preview", "reader@people.example", "--cadence", "weekly", "--format", "text")
    assert "matter 0" in told and "matter 1" not in told


def test_authors_are_matched_by_the_map_and_come_alive_when_they_are_added(either: Console) -> None:
    path = write(
        either,
        "From: old.ann at gone.example (Ann)\nMessage-ID: <1@x>\nSubject: one\n\nWords of Ann\n",
        "From: B...@gone.example\nMessage-ID: <2@x>\nSubject: two\n\nWords of B\n",
        "From: Cid <cid@people.example>\nMessage-ID: <3@x>\nSubject: three\n\nWords of Cid\n",
    )
    names = either.folder / "authors.csv"
    names.write_text("author,email\nold.ann@gone.example,person7@people.example\nB,bob@people.example\n")
    looked = imported(either, path, "--authors", str(names), "--dry-run")
    assert (looked["mails"], looked["authors"], looked["authors_known"]) == (3, 3, 1)
    assert rows(either, select(posts.c.id)) == []
    assert imported(either, path, "--authors", str(names))["authors_added"] == 2
    assert "nobody has this address" in either.refused("person", "show", "cid@people.example")
    before = rows(either, select(people.c.id, people.c.address, people.c.state).order_by(people.c.id))
    assert before[1:] == [(2, "bob@people.example", "author"), (3, "cid@people.example", "author")]
    either.done("person", "add", "cid@people.example", "--name", "Cid Sole")
    assert either.json("person", "show", "cid@people.example")["state"] == "active"
    wrote = select(people.c.name, contents.c.text).join(contents, contents.c.author_id == people.c.id)
    assert ("Cid Sole", "Words of Cid") in rows(either, wrote)
    assert len(json.loads(either.done("person", "export", "bob@people.example"))["posts"]) == 1
    either.done("person", "erase", "bob@people.example", "--yes")
    assert ("Former member", "[Text erased]") in rows(either, wrote) or ("Ancien membre", "[Texte effacé]") in rows(
        either, wrote
    )


def test_answers_without_references_find_their_topic_by_its_subject_while_it_is_alive(either: Console) -> None:
    def mail(name: str, day: str, subject: str, more: str = "") -> str:
        head = f"From: {name}@people.example\nMessage-ID: <{name}@x>\nDate: {day} 2020 10:00:00 +0000\n{more}"
        return f"{head}Subject: {subject}\n\nWords of {name}\n"

    path = write(
        either,
        mail("ann", "Mon, 3 Feb", "[Plot] Beans"),
        mail("bob", "Tue, 4 Feb", "Re: [plot] Beans", "In-Reply-To: <elsewhere@x>\n"),
        mail("cid", "Wed, 5 Feb", "Beans"),
        mail("dan", "Thu, 6 Feb", "[Plot] RE: Beans"),
        mail("eve", "Mon, 7 Sep", "Re: Beans"),
    )
    assert imported(either, path, "--tag", "Plot")["topics"] == 3
    found = rows(either, select(posts.c.topic_id, posts.c.parent_id).order_by(posts.c.id))
    assert found == [(1, None), (1, 1), (2, None), (2, 3), (3, None)]
    # The same, where each mail comes with an import of its own.
    late = mail("fay", "Tue, 8 Sep", "Re: Beans")
    assert imported(either, write(either, late))["topics"] == 0
    assert rows(either, select(posts.c.topic_id).order_by(posts.c.id.desc()).limit(1)) == [(3,)]


def test_what_is_skipped_is_named_with_its_reason(either: Console) -> None:
    config = either.config.read_text().replace('[smtp]\nlisten = ""', '[smtp]\nlisten = ""\nmax_message_bytes = 65536')
    either.config.write_text(config)
    path = write(
        either,
        "From: ann@people.example\nMessage-ID: <1@x>\nSubject: one\n\nWords\n",
        "From: ann@people.example\nMessage-ID: <2@x>\nAuto-Submitted: auto-replied\nSubject: Away\n\nUntil Monday\n",
        "From: ann@people.example\nMessage-ID: <3@x>\nSubject: none\n\n",
        "From: ann@people.example\nMessage-ID: <4@x>\nSubject: large\n\n" + "Words and words\n" * 6000,
        "From: ann@people.example\nSubject: no id\n\nThese words have no name\n",
    )
    report = imported(either, path)
    assert (report["mails"], report["imported"]) == (5, 2)
    assert {(one["message_id"], one["why"]) for one in report["skipped"]} == {
        ("<2@x>", "automatic"),
        ("<3@x>", "empty"),
        ("", "too_large"),
    }
    assert imported(either, path)["known"] == 2
    said = either.run("import", "posts", path, "--community", "garden")
    assert said.exit_code == 0 and "1 skipped: without words and files" in said.stderr
    assert "0 of 5 mails imported" in said.stdout


def test_a_mail_that_cannot_be_filed_is_left_out_alone(either: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    add = archives.add

    def refuse(tx: Any, community_id: int, batch: Any, now: Any) -> Any:
        if any("two" in new.title for new in batch):
            raise DataError("", {}, ValueError("too long"))
        return add(tx, community_id, batch, now)

    monkeypatch.setattr(archives, "add", refuse)
    path = write(
        either, *(f"From: a@b.example\nMessage-ID: <{n}@x>\nSubject: {n}\n\nWords\n" for n in ("one", "two", "three"))
    )
    report = imported(either, path)
    assert (report["imported"], report["why"]) == (2, {"unreadable": 1})
    assert [one["message_id"] for one in report["skipped"]] == ["<two@x>"]


def test_an_author_of_a_very_long_name_is_an_author(either: Console) -> None:
    report = imported(either, write(either, f'From: "{"Ann " * 200}" <a@b.example>\nSubject: x\n\nWords\n'))
    assert (report["imported"], report["authors_added"]) == (1, 1)


def test_a_wrong_place_or_map_is_refused(either: Console) -> None:
    path = write(either, "From: a@b.example\nSubject: x\n\nWords\n")
    assert "no such community" in either.refused("import", "posts", path, "--community", "attic")
    names = either.folder / "authors.csv"
    names.write_text("author,email\nAnn,nowhere\n")
    assert "line 2" in either.refused("import", "posts", path, "--community", "garden", "--authors", str(names))
    assert json.loads(either.done("status", "--json"))["posts"] == 0
