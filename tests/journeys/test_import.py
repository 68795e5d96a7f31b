"""A community moves in: its archive is imported, by a program that is killed, and read by somebody who joins later."""

from __future__ import annotations

import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway import keys
from store.database import Database
from store.schema import contents, posts, topics
from tests import old_list
from tests.gateway.console import Console

MAILS = 2000
PATIENCE_S = 60.0


@pytest.fixture
def relais(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> Console:
    """`relais` with an empty community, on either database."""
    monkeypatch.setattr("gateway.observe.set_up_logs", lambda: None)
    console = Console(tmp_path, database_url)
    keys.make(tmp_path / "secret")
    console.done("community", "add", "garden", "--name", "Garden")
    return console


def test_an_import_that_is_killed_goes_on_and_a_late_joiner_reads_what_was_said(
    relais: Console, database_url: str
) -> None:
    path = relais.folder / "list.mbox"
    old_list.mbox(path, MAILS)
    database = Database(database_url)
    words = ("import", "posts", str(path), "--community", "garden")
    killed_at = []
    for beyond in (0, MAILS // 2):
        program = relais.start(*words)
        killed_at.append(wait_for_posts(database, beyond))
        program.kill()
        program.communicate()
    assert 0 < killed_at[0] < MAILS
    report = relais.json(*words)
    assert report["imported"] + report["known"] == MAILS
    with database.reading() as tx:
        ids = list(tx.scalars(select(contents.c.author_message_id).order_by(contents.c.id)))
        opened = tx.scalar(select(func.count()).where(posts.c.parent_id.is_(None)))
        topic_id = tx.scalar(select(topics.c.id).where(topics.c.title == "What to do about matter 321"))
    database.close()
    assert ids == [old_list.message_id(number) for number in range(MAILS)]
    assert opened == MAILS // old_list.THREAD

    relais.done("person", "add", "late@people.example", "--locale", "en")
    relais.done("person", "add", "stranger@people.example", "--locale", "en")
    relais.done("member", "add", "late@people.example", "garden")
    for who in ("late", "stranger"):
        ask(relais, who, f"GET #{topic_id}")
    relais.done("drain", "--timeout", "30")
    mails = {str(mail["To"]): mail for mail in received(relais)}
    reading = mails["late@people.example"]
    assert reading["Subject"] == f"[#{topic_id}] What to do about matter 321"
    text = str(reading.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    for number in range(321 * old_list.THREAD, 322 * old_list.THREAD):
        assert f"Person {number * 7 % old_list.PEOPLE}" in text
    assert str(old_list.written_at(321 * old_list.THREAD).year) in text
    # Who is no member reads nothing of it, and nobody else got anything.
    assert len(mails) == 2
    assert "matter" not in mails["stranger@people.example"].as_string()


def wait_for_posts(database: Database, beyond: int) -> int:
    """Waits until there are more posts than that; returns how many."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with database.reading() as tx:
            count = tx.scalar(select(func.count()).select_from(posts)) or 0
        if count > beyond:
            return count
        time.sleep(0.01)
    raise AssertionError(f"no more than {beyond} posts after {PATIENCE_S} s")


def ask(relais: Console, who: str, words: str) -> None:
    """Mails a word of command."""
    path = relais.folder / f"{who}.eml"
    path.write_text(
        f"From: {who}@people.example\nTo: relais@talk.example.com\nMessage-ID: <{who}@people.example>\n\n{words}\n"
    )
    relais.done("accept", str(path), "--to", "relais@talk.example.com")


def received(relais: Console) -> list[EmailMessage]:
    """All mails that left."""
    files = [path for path in (relais.folder / "outbox" / "new").iterdir() if path.is_file()]
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]
