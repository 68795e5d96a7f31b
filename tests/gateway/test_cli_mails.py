"""relais explain and accept, and what an administrator does with arrivals and deliveries."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gateway.core.clock import utc_now
from store import arrivals, audience, deliveries, memberships
from store.database import Database
from tests.gateway.console import Console, run_program
from tests.network import PEACE, Network, SetClock

HELLO = (
    b"Return-Path: <ann@people.example>\nFrom: Ann <ann@people.example>\nTo: Garden <garden@talk.example.com>\n"
    b"Subject: Hello\nMessage-ID: <one@people.example>\n\nThe new words.\n"
)
STORE_FREE = {
    *("kind", "author", "subject", "message_id", "language", "text", "html", "quoted", "signature"),
    *("attachments", "bounce", "returns", "parts", "command", "defects"),
}


@pytest.fixture
def garden(either_relais: Console) -> Console:
    """A community with a writer and a reader, and somebody outside."""
    either_relais.done("community", "add", "garden", "--name", "Garden")
    for name in ("ann", "bob", "eve"):
        either_relais.done("person", "add", f"{name}@people.example")
    for name in ("ann", "bob"):
        either_relais.done("member", "add", f"{name}@people.example", "garden")
    return either_relais


def filed(relais: Console, content: bytes, name: str = "mail.eml") -> str:
    path = relais.folder / name
    path.write_bytes(content)
    return str(path)


def test_explain_needs_no_store(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(HELLO)
    ended = run_program("explain", "mail.eml", "--json", folder=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    told = json.loads(ended.stdout)
    assert set(told) == STORE_FREE
    assert (told["kind"], told["author"], told["text"]) == ("ordinary", "ann@people.example", "The new words.")
    missing = run_program("explain", "mail.eml", "--config", "absent.toml", folder=tmp_path)
    assert missing.returncode == 78


def test_explain_tells_the_verdict_and_does_nothing(garden: Console) -> None:
    before = garden.json("status")
    told = garden.json("explain", filed(garden, HELLO))
    assert set(told) == STORE_FREE | {"destination", "decision", "reason"}
    assert (told["destination"], told["decision"], told["reason"]) == ("community garden", "publish", "member_post")
    assert garden.json("status") == before
    assert garden.json("arrivals", "list", "--state", "closed") == {"arrivals": []}
    human = garden.done("explain", filed(garden, HELLO))
    assert "decision    publish\n" in human and "The new words." in human


@pytest.mark.parametrize(
    ("author", "options", "verdict"),
    [
        (b"eve", (), ["reject", "not_a_member"]),
        (b"mia", (), ["hold", "sender_unknown"]),
        (b"ann", ("--to", "attic@talk.example.com"), ["reject", "no_place"]),
        (b"ann", ("--to", "postmaster@talk.example.com"), ["forward", "for_the_admins"]),
        (b"ann", ("--to", "x@elsewhere.example"), ["reject", "no_place"]),
    ],
)
def test_explain_tells_why_not(garden: Console, author: bytes, options: tuple[str, ...], verdict: list[str]) -> None:
    told = garden.json("explain", filed(garden, HELLO.replace(b"ann@", author + b"@")), *options)
    assert [told["decision"], told["reason"]] == verdict


def test_explain_takes_the_reverse_path_it_is_given(garden: Console) -> None:
    report = HELLO.replace(b"Return-Path: <ann@people.example>\n", b"").replace(
        b"Subject: Hello", b"Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied"
    )
    told = garden.json("explain", filed(garden, report), "--from", "<>")
    assert told["decision"] == "discard"
    elsewhere = garden.json("explain", filed(garden, HELLO.replace(b"talk.example.com", b"other.example")))
    assert (elsewhere["destination"], elsewhere["decision"], elsewhere["reason"]) == (None, None, None)


def test_explain_reads_stdin_and_shows_no_escapes(relais: Console) -> None:
    result = relais.run("explain", "-", stdin=HELLO.replace(b"new words", b"new\x1b[2J words"))
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout and "words." in result.stdout
    assert relais.run("explain", str(relais.folder / "absent.eml")).exit_code == 1


def test_accept_takes_single_mails_and_mailboxes_in_order(garden: Console) -> None:
    single = filed(garden, HELLO)
    second = HELLO.replace(b"one@", b"two@").replace(b"new words", b"words\n\n>From here on")
    box = filed(
        garden,
        b"From bob@people.example Mon Nov  2 10:00:00 2026\n"
        + HELLO.partition(b"\n")[2].replace(b"one@", b"three@")
        + b"\nFrom - Mon Nov  2 10:00:00 2026\r\n"
        + second,
        "box",
    )
    assert garden.done("accept", single, box, "--to", "garden@talk.example.com") == "3 accepted\n"
    taken = list(reversed(garden.json("arrivals", "list", "--state", "spooled")["arrivals"]))
    assert [arrival["reverse_path"] for arrival in taken] == [
        "ann@people.example",
        "bob@people.example",
        "ann@people.example",
    ]
    assert {arrival["forward_path"] for arrival in taken} == {"garden@talk.example.com"}
    assert [arrival["size"] for arrival in taken] == [
        len(HELLO),
        len(HELLO.partition(b"\n")[2]) + 2,
        len(second) - 1,
    ]


def test_accept_refuses_in_words(garden: Console) -> None:
    mail = filed(garden, HELLO)
    assert "attic@talk.example.com: No such address here" in garden.refused(
        "accept", mail, "--to", "attic@talk.example.com"
    )
    assert "We do not relay" in garden.refused("accept", mail, "--to", "garden@elsewhere.example")
    assert "not a mail address" in garden.refused("accept", mail, "--to", "garden")
    assert "no such file" in garden.refused("accept", mail, "absent.eml", "--to", "garden@talk.example.com")
    assert "is empty" in garden.refused("accept", filed(garden, b"", "empty"), "--to", "garden@talk.example.com")
    garden.config.write_text(garden.config.read_text().replace("[smtp]", "[smtp]\nmax_message_bytes = 65536"))
    large = filed(garden, HELLO + b"x" * 65536, "large")
    assert "larger than" in garden.refused("accept", large, "--to", "garden@talk.example.com")
    assert garden.run("accept", mail).exit_code == 2
    assert garden.json("arrivals", "list") == {"arrivals": []}


def test_a_large_mail_becomes_a_blob(garden: Console) -> None:
    large = filed(garden, HELLO + b"More words.\n" * 10_000, "large.eml")
    garden.done("accept", large, "--to", "garden@talk.example.com", "--from", "<>")
    [arrival] = garden.json("arrivals", "list")["arrivals"]
    assert arrival["reverse_path"] == ""
    assert any(path.stat().st_size == arrival["size"] for path in garden.folder.glob("blobs/??/??/*"))


def test_arrivals_are_retried_and_dropped_by_hand(garden: Console, database_url: str, clock: SetClock) -> None:
    garden.done("accept", filed(garden, HELLO), "--to", "garden@talk.example.com")
    [spooled] = garden.json("arrivals", "list")["arrivals"]
    number = str(spooled["id"])
    database = Database(database_url)
    with database.transaction() as tx:
        for _ in range(arrivals.MAX_FAILURES):
            clock.advance(days=400)
            [mail] = arrivals.claim(tx, clock(), 1)
            arrivals.fail(tx, mail, "ValueError: of \x1b[2J", clock())
    database.close()
    assert garden.json("arrivals", "show", number)["state"] == "set_aside"
    shown = garden.done("arrivals", "show", number)
    assert "trouble       ValueError: of  [2J\n" in shown
    assert garden.json("status")["arrivals"]["set_aside"] == 1
    assert garden.json("arrivals", "retry", number) == {"id": spooled["id"], "state": "spooled"}
    assert "no held or set-aside" in garden.refused("arrivals", "drop", number)
    assert "no held or set-aside" in garden.refused("arrivals", "retry", "999")
    assert "no arrival 999" in garden.refused("arrivals", "show", "999")
    assert garden.run("arrivals", "list", "--state", "lost").exit_code == 2


def test_what_was_cut_from_a_mail_can_be_shown(garden: Console) -> None:
    answer = HELLO.replace(
        b"words.\n", b"words.\n\n-- \nAnn\n\nLe 2/3/2026 \xc3\xa0 9:00, Bob a \xc3\xa9crit :\n> Old words\n"
    )
    garden.done("accept", filed(garden, answer), "--to", "garden@talk.example.com")
    waiting = garden.json("arrivals", "show", "1", "--quoted")
    assert (waiting["state"], waiting["text"], waiting["signature"]) == ("spooled", "The new words.", "--\nAnn")
    garden.done("drain")
    published = garden.json("arrivals", "show", "1", "--quoted")
    assert (published["verdict"], published["text"]) == ("publish", "The new words.")
    assert published["quoted"].endswith("> Old words")
    assert "quoted" not in garden.json("arrivals", "show", "1")
    assert "\n--- quoted\nLe 2/3/2026" in garden.done("arrivals", "show", "1", "--quoted")


def test_the_day_of_return_is_kept(garden: Console) -> None:
    away = HELLO.replace(
        b"Subject: Hello", b"Subject: Absence\nAuto-Submitted: auto-replied\nDate: Mon, 20 Jul 2026 09:00:00 +0000"
    )
    path = filed(garden, away.replace(b"The new words.", b"I am away until 24 August."))
    assert garden.json("explain", path)["returns"] == "2026-08-24"
    assert "returns     2026-08-24\n" in garden.done("explain", path)
    garden.done("accept", path, "--to", "garden@talk.example.com")
    garden.done("drain")
    told = garden.json("arrivals", "show", "1")
    assert (told["reason"], told["returns"]) == ("auto_reply", "2026-08-24")


def test_deliveries_are_shown_retried_and_dropped_by_hand(garden: Console, database_url: str, clock: SetClock) -> None:
    database = Database(database_url)
    network = Network(database, clock)
    with database.reading() as tx:
        [(writer, _), _] = memberships.members(tx, 1)
    network.write(writer.id, 1)
    with database.transaction() as tx:
        assert audience.expand(tx, clock(), PEACE) and deliveries.waiting(tx) == 1
    database.close()
    [pending] = garden.json("deliveries", "list")["deliveries"]
    number = str(pending["id"])
    assert (pending["state"], pending["address"]) == ("pending", "bob@people.example")
    assert garden.json("deliveries", "drop", number)["state"] == "dropped"
    assert "no waiting delivery" in garden.refused("deliveries", "drop", number)
    assert garden.json("deliveries", "show", number)["answer"] == "dropped by hand"
    assert garden.json("deliveries", "list", "--state", "pending") == {"deliveries": []}
    assert garden.done("deliveries", "retry", number) == f"{number} pending\n"
    with database.transaction() as tx:
        assert deliveries.claim(tx, utc_now(), 1, PEACE)
    for what in ("retry", "drop"):
        assert re.search(
            r"is under way and may arrive: try again in 1[12]\d s", garden.refused("deliveries", what, number)
        )
    with database.transaction() as tx:
        deliveries.release_all(tx, utc_now())
    database.close()
    assert "no undelivered delivery" in garden.refused("deliveries", "retry", "999")
    assert "no delivery 999" in garden.refused("deliveries", "show", "999")
    assert garden.done("deliveries", "list").splitlines()[1].split("\t")[:4] == [
        number,
        "post",
        "pending",
        "bob@people.example",
    ]
