"""relais person erase."""

from __future__ import annotations

from tests.gateway.console import Console


def test_a_person_is_erased_when_it_is_confirmed(either_relais: Console) -> None:
    relais = either_relais
    relais.done("person", "add", "root@people.example", "--role", "admin")
    relais.done("person", "add", "ann@people.example", "--name", "Ann Quill")
    relais.done("community", "add", "garden", "--name", "Garden")
    relais.done("member", "add", "ann@people.example", "garden")
    asked = relais.run("person", "erase", "ann@people.example", stdin=b"n\n")
    assert asked.exit_code == 1 and "Erase ann@people.example (Ann Quill) for ever?" in asked.stderr
    # Nobody there to ask is no consent.
    assert relais.run("person", "erase", "ann@people.example").exit_code == 1
    assert relais.json("person", "show", "ann@people.example")["state"] == "active"
    assert relais.json("person", "erase", "Ann@people.example", "--yes") == {
        "email": "Ann@people.example",
        "posts": 0,
        "mails": 0,
        "files": 0,
    }
    assert relais.json("member", "list", "garden")["members"] == []
    states = {person["name"]: person["state"] for person in relais.json("person", "list")["people"]}
    assert states["Ancien membre"] == "erased"
    assert "nobody has this address" in relais.refused("person", "erase", "ann@people.example", "--yes")


def test_an_address_that_was_erased_may_come_back_as_somebody_new(relais: Console) -> None:
    first = relais.json("person", "add", "ann@people.example")
    relais.done("person", "erase", "ann@people.example", "--yes")
    assert relais.json("person", "add", "ann@people.example")["id"] != first["id"]


def test_the_only_administrator_is_not_erased(relais: Console) -> None:
    relais.done("person", "add", "root@people.example", "--role", "admin")
    assert "only administrator" in relais.refused("person", "erase", "root@people.example", "--yes")
    relais.done("person", "add", "other@people.example", "--role", "admin")
    assert "erased root@people.example" in relais.done("person", "erase", "root@people.example", "--yes")


def test_what_is_no_address_is_refused(relais: Console) -> None:
    assert "not a mail address" in relais.refused("person", "erase", "ann", "--yes")
