"""relais import: many rows at once, and every wrong one named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.console import Console


def imported(relais: Console, what: str, content: str | bytes) -> tuple[int, Any]:
    """Imports a file; returns the exit code and the report."""
    path = relais.folder / f"{what}.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = relais.run("import", what, str(path), "--json")
    return result.exit_code, json.loads(result.stdout)


def test_two_thousand_and_some_rows_of_each_kind(either_relais: Console) -> None:
    relais = either_relais
    count = 2500
    people = "".join(f"person.{i}@people.example,Person {i},en,\n" for i in range(count))
    places = "".join(f"place.{i},Place {i},project,daily,open,members,\n" for i in range(count))
    members = "".join(f"person.{i}@people.example,place.{i % 10},member,\n" for i in range(count))
    files = {
        "people": "email,name,locale,timezone\n" + people,
        "communities": "address,name,kind,pace,join,post,description\n" + places,
        "members": "email,community,role,pace\n" + members,
    }
    for what, content in files.items():
        assert imported(relais, what, content) == (0, {"added": count, "known": 0, "wrong": []})
    for what, content in files.items():
        assert imported(relais, what, content) == (0, {"added": 0, "known": count, "wrong": []})
    status = relais.json("status")
    assert (status["people"], status["communities"]) == (count, count)
    assert relais.json("community", "show", "place.3")["members"] == count // 10


def test_wrong_people_are_named_by_line_and_leave_the_others_in(either_relais: Console) -> None:
    content = (
        b"email,name,locale,timezone\r\n"  # 1
        b"ann@people.example,Ann,en,Europe/Paris\r\n"  # 2
        b"nobody,Nobody,,\r\n"  # 3
        b"\r\n"  # 4
        b"bob@people.example,Bob,de,\r\n"  # 5
        b"cid@people.example,Cid,,Middle/Earth\r\n"  # 6
        b"dan@people.example,Dan\r\n"  # 7
        b"eve@people.example,\xe9ve,,\r\n"  # 8
        b'fay@people.example,"Fay,,\r\n'  # 9
        b"ANN@people.example,Ann again,,\r\n"  # 10
        b'gil@people.example,"Gil ""the"" Great",FR,\r\n'  # 11
    )
    code, report = imported(either_relais, "people", content)
    assert code == 1
    assert [wrong["line"] for wrong in report["wrong"]] == [3, 5, 6, 7, 8, 9]
    assert (report["added"], report["known"]) == (2, 1)
    assert either_relais.json("person", "show", "gil@people.example")["name"] == 'Gil "the" Great'
    human = either_relais.run("import", "people", str(either_relais.folder / "people.csv"))
    assert human.exit_code == 1
    assert human.stdout == "0 added, 3 already there, 6 wrong\n"
    assert "line 3: nobody: not a mail address" in human.stderr


def test_wrong_communities_and_members_are_named(either_relais: Console) -> None:
    relais = either_relais
    code, report = imported(
        relais,
        "communities",
        "address,name,kind,pace,join,post,description\n"
        'garden,Garden,practice,each,open,members,"Two\nlines, one community"\n'
        "reply,Reply,,,,,\n"
        "attic,,,,,,\n"
        "cellar,Cellar,cave,,,,\n"
        "porch,Porch,,off,,,\n"
        "GARDEN,Again,,,,,\n",
    )
    assert (code, report["added"], report["known"]) == (1, 1, 1)
    assert [wrong["line"] for wrong in report["wrong"]] == [4, 5, 6, 7]
    assert relais.json("community", "show", "garden")["description"] == "Two lines, one community"
    relais.done("person", "add", "ann@people.example")
    code, report = imported(
        relais,
        "members",
        "email,community,role,pace\n"
        "ann@people.example,garden,manager,weekly\n"
        "bob@people.example,garden,,\n"
        "ann@people.example,attic,,\n"
        "ann@people.example,garden,king,\n"
        "ann@people.example,garden,,\n",
    )
    assert (code, report["added"], report["known"]) == (1, 1, 1)
    assert [wrong["line"] for wrong in report["wrong"]] == [3, 4, 5]
    assert [m["role"] for m in relais.json("member", "list", "garden")["members"]] == ["manager"]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_what_spreadsheets_save_is_read(relais: Console, mark: str, separator: str) -> None:
    rows = [["name", "Email", "locale", "timezone"], ["Élise", "elise@people.example", "fr", ""]]
    content = mark + "".join(separator.join(row) + "\r\n" for row in rows)
    assert imported(relais, "people", content) == (0, {"added": 1, "known": 0, "wrong": []})
    assert relais.json("person", "show", "elise@people.example")["name"] == "Élise"


@pytest.mark.parametrize("head", ["", "mail,name\n", "email,name,shoe\n", "email,email\n", "name,locale\n"])
def test_another_header_row_is_refused_whole(relais: Console, head: str) -> None:
    path = relais.folder / "people.csv"
    path.write_text(head + "ann@people.example,Ann\n")
    assert "line 1" in relais.refused("import", "people", str(path))
    assert relais.json("status")["people"] == 0
    assert relais.run("import", "people", str(relais.folder / "absent.csv")).exit_code == 2
