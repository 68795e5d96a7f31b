"""relais community, person and member."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.failure import Failure, FailureKind
from store import deliveries, failures, unreachable
from store.database import Database
from tests.gateway.console import Console
from tests.network import PEACE, Network, SetClock


def test_a_community_is_added_changed_and_shown(either_relais: Console) -> None:
    relais = either_relais
    options = [
        "--kind",
        "sector",
        "--pace",
        "weekly",
        "--join",
        "invite",
        "--post",
        "moderated",
        "--description",
        "Plants",
    ]
    assert relais.done("community", "add", "Garden", "--name", "The  garden", *options) == (
        "added garden@talk.example.com\n"
    )
    relais.done("community", "add", "attic", "--name", "Attic")
    garden = relais.json("community", "show", "garden")
    assert {k: garden[k] for k in ("name", "kind", "pace", "join", "post", "description", "archived")} == {
        "name": "The garden",
        "kind": "sector",
        "pace": "weekly",
        "join": "invite",
        "post": "moderated",
        "description": "Plants",
        "archived": False,
    }
    relais.done("community", "set", "garden", "--pace", "daily", "--archived")
    changed = relais.json("community", "show", "garden")
    assert (changed["pace"], changed["archived"], changed["name"]) == ("daily", True, "The garden")
    listed = relais.json("community", "list")["communities"]
    assert [community["address"] for community in listed] == ["attic", "garden"]
    assert "already" in relais.refused("community", "add", "garden", "--name", "Again")
    for command in ("show", "set"):
        assert "no such community" in relais.refused("community", command, "cellar")


@pytest.mark.parametrize(
    "localpart",
    ["reply", "Digest", "postmaster", "aide", "a+b", "a b", ".a", "a.", "a..b", "jardiné", "x" * 31, "a@b.example", ""],
)
def test_a_name_that_cannot_be_an_address_is_refused(relais: Console, localpart: str) -> None:
    relais.refused("community", "add", localpart, "--name", "Name")
    assert relais.json("community", "list")["communities"] == []


@pytest.mark.parametrize("name", ["", "  ", "a\x1b[31mb", "a\u202eb", "x" * 201])
def test_a_title_fits_a_header(relais: Console, name: str) -> None:
    relais.refused("community", "add", "garden", "--name", name)


def test_a_pace_that_no_community_has_is_wrong_usage(relais: Console) -> None:
    assert relais.run("community", "add", "garden", "--name", "G", "--pace", "off").exit_code == 2


def test_a_person_is_added_listed_and_shown(either_relais: Console) -> None:
    relais = either_relais
    relais.done("person", "add", "Ann@People.Example", "--name", "Ann", "--locale", "en", "--timezone", "Asia/Tokyo")
    relais.done("person", "add", "bob@people.example", "--role", "admin")
    relais.done("community", "add", "garden", "--name", "Garden")
    relais.done("member", "add", "ann@people.example", "garden", "--pace", "off")
    ann = relais.json("person", "show", "ANN@people.example")
    assert ann == {
        "id": ann["id"],
        "address": "Ann@people.example",
        "name": "Ann",
        "locale": "en",
        "timezone": "Asia/Tokyo",
        "role": "member",
        "state": "active",
        "digest_at": None,
        "digest_on": None,
        "quiet_hours": None,
        "urgent_allowed": False,
        "unreachable_since": None,
        "probe_due_at": None,
        "failures": [],
        "addresses": [{"address": "ann@people.example", "verified": True}],
        "memberships": [{"community": "garden", "role": "member", "pace": "off"}],
    }
    people = {person["address"]: person for person in relais.json("person", "list")["people"]}
    assert set(people) == {"Ann@people.example", "bob@people.example"}
    bob = people["bob@people.example"]
    assert (bob["role"], bob["locale"], bob["timezone"]) == ("admin", "fr", "Europe/Paris")
    assert relais.done("person", "list").splitlines()[0].split("\t")[:2] == ["EMAIL", "NAME"]
    assert "garden\tmember\toff" in relais.done("person", "show", "ann@people.example")


def test_quiet_hours_are_set_and_given_back_to_the_network(either_relais: Console) -> None:
    relais = either_relais
    relais.done("person", "add", "ann@people.example")

    def quiet() -> tuple[str | None, bool]:
        ann = relais.json("person", "show", "ann@people.example")
        return ann["quiet_hours"], ann["urgent_allowed"]

    relais.done("person", "set", "ann@people.example", "--quiet", "22:00-07:00", "--urgent")
    assert quiet() == ("22:00-07:00", True)
    relais.done("person", "set", "ann@people.example", "--quiet", "None", "--no-urgent")
    assert quiet() == ("none", False)
    relais.done("person", "set", "ann@people.example", "--quiet", "")
    assert quiet() == (None, False)
    assert "(the network's)" in relais.done("person", "show", "ann@people.example")
    assert "none for no quiet hours" in relais.refused("person", "set", "ann@people.example", "--quiet", "08:00-07:30")


@pytest.mark.parametrize(
    "words",
    [
        ("ann",),
        ("ann@people.example", "--locale", "tlh"),
        ("ann@people.example", "--timezone", "Middle/Earth"),
        ("ann@people.example", "--name", "a\nb\x00"),
        ("reply+x@talk.example.com",),
    ],
)
def test_a_person_who_cannot_be_is_refused(relais: Console, words: tuple[str, ...]) -> None:
    relais.refused("person", "add", *words)
    assert relais.json("person", "list")["people"] == []


def test_nobody_is_added_twice_and_nobody_is_invented(relais: Console) -> None:
    relais.done("person", "add", "ann@people.example")
    assert "already" in relais.refused("person", "add", "ANN@people.example")
    assert "nobody" in relais.refused("person", "show", "bob@people.example")


def test_membership_begins_changes_and_ends(either_relais: Console) -> None:
    relais = either_relais
    relais.done("community", "add", "garden", "--name", "Garden", "--pace", "daily")
    relais.done("person", "add", "ann@people.example", "--name", "Ann")

    def members() -> list[dict[str, str | None]]:
        rows: list[dict[str, str | None]] = relais.json("member", "list", "garden")["members"]
        return rows

    relais.done("member", "add", "ann@people.example", "garden")
    assert members() == [{"email": "ann@people.example", "name": "Ann", "role": "member", "pace": None}]
    relais.done("member", "add", "ann@people.example", "garden", "--role", "manager")
    relais.done("member", "add", "ann@people.example", "garden", "--pace", "each")
    assert [(m["role"], m["pace"]) for m in members()] == [("manager", "each")]
    shown = relais.json("community", "show", "garden")
    assert (shown["members"], shown["managers"], shown["paces"]["each"]) == (1, ["ann@people.example"], 1)
    relais.done("member", "remove", "ann@people.example", "garden")
    assert members() == []
    assert "no member" in relais.refused("member", "remove", "ann@people.example", "garden")
    assert "nobody" in relais.refused("member", "add", "bob@people.example", "garden")
    assert "no such community" in relais.refused("member", "add", "ann@people.example", "attic")
    assert "no such community" in relais.refused("member", "list", "attic")


def test_a_community_allows_some_paces(either_relais: Console, tmp_path: Path) -> None:
    relais = either_relais
    relais.done("community", "add", "garden", "--name", "Garden", "--pace", "each")
    for name in ("ann", "bob", "eve"):
        relais.done("person", "add", f"{name}@people.example")
    relais.done("member", "add", "ann@people.example", "garden", "--pace", "each")
    relais.done("member", "add", "bob@people.example", "garden")
    assert relais.json("community", "show", "garden")["allowed_paces"] == []
    assert "who chose nothing" in relais.refused("community", "set", "garden", "--paces", "weekly,daily")
    assert "monthly" in relais.refused("community", "set", "garden", "--paces", "daily,monthly")
    assert "no pace" in relais.refused("community", "set", "garden", "--paces", ",")
    changed = relais.json("community", "set", "garden", "--paces", "weekly, daily", "--pace", "daily")
    assert (changed["pace"], changed["allowed_paces"]) == ("daily", ["daily", "weekly"])
    assert "allowed paces  daily, weekly\n" in relais.done("community", "show", "garden")
    assert "who chose nothing" in relais.refused("community", "set", "garden", "--pace", "each")
    for name in ("bob", "eve"):
        assert "daily, weekly only" in relais.refused(
            "member", "add", f"{name}@people.example", "garden", "--pace", "each"
        )
    sheet = tmp_path / "members.csv"
    sheet.write_text("email,community,role,pace\neve@people.example,garden,,each\n")
    assert "does not allow" in relais.run("import", "members", str(sheet)).stderr
    relais.done("member", "add", "bob@people.example", "garden", "--pace", "off")
    members = relais.json("member", "list", "garden")["members"]
    assert [(m["email"][:3], m["pace"]) for m in members] == [("ann", "each"), ("bob", "off")]
    assert relais.json("community", "set", "garden", "--paces", "each,weekly,daily")["allowed_paces"] == []


@pytest.mark.parametrize("local", ["garden", "garden+owner", "Postmaster", "nobody"])
def test_nobody_lives_in_the_domain_of_the_communities(relais: Console, local: str) -> None:
    relais.done("community", "add", "garden", "--name", "Garden")
    own = f"{local}@Talk.example.com"
    for command in (("person", "add", own), ("member", "add", own, "garden")):
        refused = relais.run(*command)
        assert refused.exit_code != 0
        assert "an address of the gateway itself" in refused.stderr
    file = relais.folder / "own.csv"
    file.write_text(f"email,name,locale,timezone\n{own},Own,,\n")
    assert "line 2: " in relais.run("import", "people", str(file)).stderr


def test_a_person_is_changed_and_so_is_when_their_digests_go(either_relais: Console) -> None:
    relais = either_relais
    relais.done("person", "add", "ann@people.example", "--name", "Ann")
    options = ["--name", "Ann Martin", "--locale", "fr", "--timezone", "Asia/Tokyo", "--digest-at", "8:30"]
    assert relais.done("person", "set", "ann@people.example", *options, "--digest-on", "Friday") == (
        "changed ann@people.example\n"
    )
    ann = relais.json("person", "show", "ann@people.example")
    assert [ann[k] for k in ("name", "locale", "timezone", "digest_at", "digest_on")] == [
        *("Ann Martin", "fr", "Asia/Tokyo", "08:30", "friday")
    ]
    relais.done("person", "set", "ann@people.example", "--digest-at", "", "--digest-on", "")
    ann = relais.json("person", "show", "ann@people.example")
    assert (ann["name"], ann["digest_at"], ann["digest_on"]) == ("Ann Martin", None, None)
    for wrong in (
        ["--digest-at", "25:00"],
        ["--digest-on", "caturday"],
        ["--timezone", "Nowhere"],
        ["--locale", "tlh"],
    ):
        relais.refused("person", "set", "ann@people.example", *wrong)
    assert "nobody" in relais.refused("person", "set", "eve@people.example", "--name", "Eve")


def test_who_cannot_be_reached_is_shown_and_written_to_again(
    either_relais: Console, database: Database, clock: SetClock
) -> None:
    relais, network = either_relais, Network(database, clock)
    place = network.community("projets")
    ann, bob = network.persons("ann", "bob")
    network.join(place, ann, bob)
    network.write(ann, place)
    network.fan_out()
    with database.transaction() as tx:
        [sent] = [item.delivery.id for item in deliveries.claim(tx, clock(), 10, PEACE)]
        failures.note(tx, [Failure(sent, FailureKind.HARD, "5.1.1", "no_such_address")], clock())
    assert "bob@people.example is not unreachable" in relais.refused("person", "reach", "bob@people.example")
    with database.transaction() as tx:
        unreachable.cut_off(tx, bob, clock() + timedelta(days=7), clock())
    told = relais.json("person", "show", "bob@people.example")
    assert told["failures"] == [
        {"day": "2026-11-20", "kind": "hard", "status": "5.1.1", "cause": "no_such_address"},
    ]
    assert str(told["unreachable_since"]).startswith("2026-11-20T09:00")
    assert str(told["probe_due_at"]).startswith("2026-11-27T09:00")
    assert "no_such_address" in relais.done("person", "show", "bob@people.example")
    assert relais.done("person", "reach", "bob@people.example") == "bob@people.example is written to again\n"
    told = relais.json("person", "show", "bob@people.example")
    assert (told["unreachable_since"], told["failures"]) == (None, [])
    assert "person_reachable" in relais.done("audit", "list")
    assert "nobody has this address" in relais.refused("person", "reach", "zoe@people.example")
