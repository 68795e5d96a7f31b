"""A person is erased: no table and no blob tells of them any more, and what others wrote still stands."""

from __future__ import annotations

import os
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.core.community import NetworkRole, Pace, PersonState
from store import choices, erasure, mentions, people
from store.database import Database
from store.erasure import Erased, Marks
from store.schema import contents, metadata, posts, topics
from store.schema import fragments as fragment_rows
from store.schema import people as person_rows
from tests.inbound.post_office import PROVEN, mail
from tests.journeys.correspondence import Correspondence, under
from tests.network import SetClock

MARKS = Marks("Former member", "[Text erased]")
ANN, ZENOBIE = 1, 2
TRACES = ("zenobie", "quagga")
FILE = b"quagga quagga quagga\n" * 200


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Correspondence:
    """zenobie has written, answered, thanked, been refused, held, bounced, and read a digest, as ann has."""
    office = Correspondence(database, clock, tmp_path / "blobs")
    network = office.network
    place, closed = network.community("projets", pace=Pace.DAILY), network.community("fermee")
    network.person("ann", role=NetworkRole.ADMIN)
    network.person("zenobie")
    network.join(place, ANN, ZENOBIE)
    network.join(closed, ANN)
    office.paper.round()
    hers = {"reverse_path": "zenobie@people.example"}
    office.post(mail(text="First words of ann.", message_id="<a@x.example>"), "projets")
    office.post(with_file(), "projets", **hers)
    answer = mail(
        text="That is so.\n\nOn Friday Zenobie wrote:\n> a quagga", message_id="<b@x.example>", subject="Re: The quagga"
    )
    office.post(answer, office.reply_address(2, ANN))
    office.post(mail("zenobie", text="Let a quagga in.", message_id="<c@zenobie.example>"), "fermee", **hers)
    office.post(mail("zenobie", text="Help, a quagga!", message_id="<d@zenobie.example>"), "postmaster", **hers)
    office.post(
        mail("zenobie", text="A forged quagga", message_id="<e@zenobie.example>", proven=False), "projets", **hers
    )
    report = mail("mailer-daemon@mx.example", subject="Failure", text="zenobie@people.example: unknown user")
    office.post(report, "projets", reverse_path="")
    office.morning()
    digests = office.mails()
    [digest] = [one for one in digests["zenobie@people.example"] if str(one["Reply-To"]).startswith("digest+")]
    office.answer("zenobie", digest, under(digest, {1: "No quagga comes on Friday."}))
    office.answer("zenobie", digest, "A quagga without a place", number=2)
    with database.transaction() as tx:
        choices.thank(tx, 1, ZENOBIE, clock())
        mentions.add(tx, [(1, ZENOBIE)])
    for path in (tmp_path / "blobs").rglob("*"):
        os.utime(path, (0, 0))
    return office


def with_file() -> bytes:
    written = EmailMessage()
    written["From"], written["To"] = "Zenobie Quill <zenobie@people.example>", "projets@relais.example"
    written["Subject"], written["Message-ID"] = "The quagga", "<q@zenobie.example>"
    written["Date"] = "Fri, 20 Nov 2026 09:00:00 +0100"
    written.set_content("A quagga is a kind of zebra.\n\n-- \nZenobie\n")
    written.add_attachment(FILE, maintype="text", subtype="plain", filename="quagga.txt")
    return PROVEN.encode() + bytes(written).replace(b"\n", b"\r\n")


def erase(office: Correspondence, person_id: int) -> Erased:
    with office.database.transaction() as tx:
        subject = erasure.shut_out(tx, person_id, MARKS)
        erased = erasure.erase(tx, subject, MARKS, office.clock())
    for blob in erased.blobs:
        office.blobs.delete(blob)
    return erased


def traces(office: Correspondence, words: tuple[str, ...] = TRACES) -> set[str]:
    """Every table, column and blob in which one of these words stands."""
    found = set()
    with office.database.reading() as tx:
        for table in metadata.sorted_tables:
            for row in tx.execute(select(table)):
                for column, value in row._asdict().items():
                    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    if any(word in text.casefold() for word in words):
                        found.add(f"{table.name}.{column}")
    for path in (Path(office.setup.blobs)).rglob("*"):
        if path.is_file() and any(word.encode() in path.read_bytes().lower() for word in words):
            found.add("blobs")
    return found


def test_nothing_tells_of_who_was_erased(office: Correspondence) -> None:
    before = traces(office)
    assert {
        *("people.address", "names.key", "addresses.key", "contents.text", "contents.quoted", "topics.title"),
        *("raw_mails.data", "notices.text", "answer_parts.text", "fragments.text", "attachments.name", "blobs"),
        "spool.reverse_path",
    } <= before
    erased = erase(office, ZENOBIE)
    # What ann answered is in the bytes of her own mail, until those are forgotten.
    assert traces(office) == {"raw_mails.data"}
    assert (erased.posts, erased.files) == (2, 1)
    assert erased.mails >= 5
    assert len(erased.blobs) >= 1


def test_what_others_wrote_stands(office: Correspondence, database: Database) -> None:
    erase(office, ZENOBIE)
    with database.reading() as tx:
        told = tx.execute(
            select(posts.c.author_id, contents.c.text, topics.c.title)
            .join(contents, contents.c.id == posts.c.content_id)
            .join(topics, topics.c.id == posts.c.topic_id)
            .order_by(posts.c.id)
        ).all()
        [zenobie] = people.get_all(tx, [ZENOBIE]).values()
        kept = tx.scalars(select(fragment_rows.c.topic_id)).all()
    assert [tuple(row) for row in told] == [
        (ANN, "First words of ann.", "A visit"),
        (ZENOBIE, "[Text erased]", "[Text erased]"),
        (ANN, "That is so.", "[Text erased]"),
        (ZENOBIE, "[Text erased]", "A visit"),
    ]
    assert (zenobie.shown_name, zenobie.state) == ("Former member", PersonState.ERASED)
    assert kept == []


def test_twice_is_as_good_as_once(office: Correspondence, database: Database) -> None:
    erase(office, ZENOBIE)
    first = everything(database)
    again = erase(office, ZENOBIE)
    assert (again.mails, again.files, again.blobs) == (0, 0, ())
    assert everything(database) == first


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.reading() as tx:
        return {t.name: sorted((tuple(row) for row in tx.execute(select(t))), key=repr) for t in metadata.sorted_tables}


def test_a_mail_of_theirs_is_a_strangers(office: Correspondence) -> None:
    erase(office, ZENOBIE)
    count = len(office.posted())
    office.post(
        mail("zenobie", text="I am back.", message_id="<z@x.example>"), "projets", reverse_path="zenobie@people.example"
    )
    assert len(office.posted()) == count


def test_others_keep_everything(office: Correspondence, database: Database) -> None:
    with database.reading() as tx:
        before = tx.execute(select(person_rows).where(person_rows.c.id == ANN)).one()
        words = tx.scalar(select(func.count()).select_from(contents).where(contents.c.author_id == ANN))
    erase(office, ZENOBIE)
    with database.reading() as tx:
        assert tx.execute(select(person_rows).where(person_rows.c.id == ANN)).one() == before
        assert tx.scalar(select(func.count()).select_from(contents).where(contents.c.author_id == ANN)) == words
        assert people.admins(tx)[0].id == ANN
