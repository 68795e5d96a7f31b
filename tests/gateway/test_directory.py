"""relais import people --sync, person address, and robots: people come, change and go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.console import Console

_FIRST = (
    "id,email,name,locale,timezone,also\n"
    "1,ann@people.example,Ann Lee,en,Europe/Paris,\n"
    "2,bob@people.example,Bob Ray,en,Europe/Paris,bobby@people.example\n"
    "3,cid@people.example,Cid Sol,en,Europe/Paris,\n"
)


def sync(relais: Console, content: str, *words: str, code: int = 0) -> Any:
    path = relais.folder / "people.csv"
    path.write_text(content)
    result = relais.run("import", "people", str(path), "--sync", *words, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def person(relais: Console, email: str) -> Any:
    return relais.json("person", "show", email)


def counts(report: Any) -> tuple[int, ...]:
    return tuple(report[name] for name in ("added", "changed", "back", "suspended", "same"))


@pytest.fixture
def either(either_relais: Console) -> Console:
    """With three people of the directory, one added by hand, and a community."""
    assert counts(sync(either_relais, _FIRST)) == (3, 0, 0, 0, 0)
    either_relais.done("person", "add", "hand@people.example", "--name", "By Hand")
    either_relais.done("community", "add", "garden", "--name", "Garden")
    return either_relais


def test_people_are_added_changed_suspended_and_brought_back(either: Console) -> None:
    assert counts(sync(either, _FIRST)) == (0, 0, 0, 0, 3)
    report = sync(
        either,
        "id,email,name,locale,timezone,also\n"
        "1,ann.lee@people.example,Ann Lee-Ray,fr,,\n"
        "2,bob@people.example,,,,bobby@people.example b.ray@people.example\n"
        "4,dan@people.example,Dan Fox,en,,\n",
        "--most",
        "40",
    )
    assert counts(report) == (1, 2, 0, 1, 0)
    assert report["gone"] == ["cid@people.example"]
    ann = person(either, "ann.lee@people.example")
    assert (ann["id"], ann["name"], ann["locale"], ann["timezone"]) == (1, "Ann Lee-Ray", "fr", "Europe/Paris")
    # The mailbox she left is nobody's any more.
    assert [one["address"] for one in ann["addresses"]] == ["ann.lee@people.example"]
    assert person(either, "b.ray@people.example")["name"] == "Bob Ray"
    assert person(either, "cid@people.example")["state"] == "suspended"
    assert person(either, "hand@people.example")["state"] == "active"
    report = sync(either, _FIRST.replace("ann@", "ann.lee@"), "--most", "100")
    assert (report["back"], person(either, "cid@people.example")["state"]) == (1, "active")


def test_a_suspended_member_posts_nothing_and_gets_nothing(either: Console) -> None:
    for who in ("ann", "cid"):
        either.done("member", "add", f"{who}@people.example", "garden")
    sync(either, _FIRST.replace("3,cid@people.example,Cid Sol,en,Europe/Paris,\n", ""), "--yes")
    for who in ("ann", "cid"):
        path = either.folder / f"{who}.eml"
        path.write_text(f"From: {who}@people.example\nTo: garden@talk.example.com\nSubject: {who}\n\nWords of {who}\n")
        either.done("accept", str(path), "--to", "garden@talk.example.com")
    either.done("drain", "--timeout", "30")
    status = either.json("status")
    assert (status["posts"], status["arrivals"]["held"]) == (1, 1)
    assert not list((either.folder / "outbox").glob("new/*"))


def test_who_was_suspended_by_hand_is_not_brought_back_by_a_file(either: Console) -> None:
    either.done("person", "suspend", "ann@people.example")
    assert "is suspended" in either.refused("person", "suspend", "ann@people.example")
    assert counts(sync(either, _FIRST)) == (0, 0, 0, 0, 3)
    assert person(either, "ann@people.example")["state"] == "suspended"
    either.done("person", "restore", "ann@people.example")
    assert person(either, "ann@people.example")["state"] == "active"
    acts = [entry["act"] for entry in either.json("audit", "list", "--person", "ann@people.example")["acts"]]
    assert acts == ["person_restored", "person_suspended"]


def test_too_many_are_suspended_only_by_word(either: Console) -> None:
    few = _FIRST.replace("2,bob@people.example,Bob Ray,en,Europe/Paris,bobby@people.example\n", "").replace(
        "Ann Lee", "Ann Other"
    )
    report = sync(either, few, code=1)
    assert (report["done"], report["too_many"], report["suspended"]) == (False, True, 1)
    # Nothing at all was done: the file is suspect.
    assert person(either, "ann@people.example")["name"] == "Ann Lee"
    assert sync(either, "email\n", code=1)["too_many"]
    looked = sync(either, few, "--dry-run")
    assert (looked["done"], looked["changes"]) == (False, [{"email": "ann@people.example", "what": ["name Ann Other"]}])
    assert person(either, "bob@people.example")["state"] == "active"
    assert sync(either, few, "--yes")["done"]
    assert person(either, "bob@people.example")["state"] == "suspended"
    assert person(either, "ann@people.example")["name"] == "Ann Other"


def test_wrong_rows_are_named_and_suspend_nobody(either: Console) -> None:
    report = sync(
        either,
        "id,email,name,also\n"
        "1,ann@people.example,Ann Lee,\n"
        "7,bobby@people.example,Newcomer,\n"
        "8,new@people.example,New,hand@people.example cid@people.example\n"
        "9,nowhere,No,\n"
        "1,ann@people.example,Ann twice,\n",
        code=1,
    )
    assert [wrong["line"] for wrong in report["wrong"]] == [3, 4, 5, 6]
    assert (report["suspended"], report["spared"]) == (0, 2)
    assert person(either, "cid@people.example")["state"] == "active"


def test_without_ids_any_address_is_the_person(either: Console) -> None:
    rest = "ann@people.example,\ncid@people.example,\n"
    report = sync(either, "email,also\nbobby@people.example,bob@people.example\n" + rest)
    assert counts(report) == (0, 1, 0, 0, 2)
    bob = person(either, "bob@people.example")
    assert (bob["address"], len(bob["addresses"])) == ("bobby@people.example", 2)


def test_the_only_administrator_is_never_suspended(either: Console) -> None:
    path = either.folder / "boss.csv"
    path.write_text("email\nboss@people.example\n")
    either.done("import", "people", str(path))
    either.done("person", "erase", "hand@people.example", "--yes")
    either.done("init", "--admin", "boss@people.example")
    report = sync(either, _FIRST)
    assert (report["suspended"], report["gone"]) == (0, ["boss@people.example"])
    assert person(either, "boss@people.example")["state"] == "active"


def test_dry_run_and_yes_go_with_sync_only(either: Console, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email\neve@people.example\n")
    assert either.run("import", "people", str(path), "--dry-run").exit_code == 2
    assert "nobody has" in either.refused("person", "show", "eve@people.example")


def test_addresses_of_a_person_are_added_chosen_and_removed(either: Console) -> None:
    ann, other = "ann@people.example", "Ann.Lee@home.example"
    assert "not an address of theirs" in either.refused("person", "address", "primary", ann, other)
    either.done("person", "address", "add", ann, other)
    assert "gets the mail" in either.refused("person", "address", "remove", ann, ann)
    assert either.done("person", "address", "primary", ann, other).startswith(f"{other} gets the mail")
    assert "somebody has" in either.refused("person", "address", "add", "bob@people.example", ann)
    either.done("person", "address", "remove", other, ann)
    assert "nobody has" in either.refused("person", "show", ann)
    assert person(either, other)["id"] == 1


def test_an_address_of_an_author_brings_the_posts(either: Console) -> None:
    path = either.folder / "old.eml"
    path.write_text("From: old@gone.example\nMessage-ID: <1@x>\nSubject: one\n\nWords\n")
    either.done("import", "posts", str(path), "--community", "garden")
    either.done("person", "address", "add", "ann@people.example", "old@gone.example")
    either.done("member", "add", "ann@people.example", "garden")
    exported = json.loads(either.done("person", "export", "ann@people.example"))
    assert len(exported["posts"]) == 1


def test_a_robot_posts_its_automatic_mail_in_its_community_and_is_never_answered(either: Console) -> None:
    either.done("person", "add", "scanner@people.example", "--robot")
    either.done("community", "add", "attic", "--name", "Attic", "--post", "everyone")
    either.done("member", "add", "scanner@people.example", "garden")
    either.done("member", "add", "ann@people.example", "garden")
    assert person(either, "scanner@people.example")["state"] == "robot"
    for place in ("garden", "attic"):
        path = either.folder / f"{place}.eml"
        path.write_text(
            f"From: scanner@people.example\nTo: {place}@talk.example.com\nAuto-Submitted: auto-generated\n"
            f"Message-ID: <{place}@people.example>\nSubject: Scan\n\nScanned for {place}\n"
        )
        either.done("accept", str(path), "--to", f"{place}@talk.example.com")
    either.done("drain", "--timeout", "30")
    assert either.json("status")["posts"] == 1
    mails = [path.read_text() for path in (either.folder / "outbox").glob("new/*")]
    assert len(mails) == 1 and "To: ann@people.example" in mails[0] and "Scanned for garden" in mails[0]
    assert "cannot be an administrator" in either.refused(
        "person", "add", "x@people.example", "--robot", "--role", "admin"
    )
