"""relais charter: published from files, listed with who accepted it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.clock import utc_now
from store import charters
from store.database import Database
from tests.gateway.console import Console


def test_it_is_published_and_accepted(either_relais: Console, database: Database, tmp_path: Path) -> None:
    relais, words = either_relais, tmp_path / "charte.txt"
    words.write_text("Restez courtois.\n", encoding="utf-8")
    relais.done("person", "add", "ann@people.example")
    told = relais.done("charter", "publish", "--fr", str(words))
    assert told == "published version 1: 0 of the people here are asked before they post\n"
    second = relais.json("charter", "publish", "--fr", str(words), "--everybody")
    assert second == {"version": 2, "owing": 1}
    with database.transaction() as tx:
        charters.accept(tx, 1, utc_now())
    listed = relais.json("charter", "list")
    found = [(one["version"], one["everybody"], one["accepted"]) for one in listed["charters"]]
    assert (found, listed["owing"]) == ([(1, False, 0), (2, True, 1)], 0)
    [who] = relais.json("charter", "who")["acceptances"]
    assert (who["address"], who["version"]) == ("ann@people.example", 2)
    assert relais.done("charter", "show") == "Restez courtois.\n"
    assert [act["act"] for act in relais.json("audit", "list")["acts"]].count("charter_published") == 2


@pytest.mark.parametrize(
    ("content", "mistake"), [(b"", "is empty"), (b"\xff\xfe", "not UTF-8"), (b"x" * 70000, "65536 octets")]
)
def test_what_is_no_charter_is_refused(relais: Console, tmp_path: Path, content: bytes, mistake: str) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(content)
    assert mistake in relais.refused("charter", "publish", "--en", str(path))


def test_the_folder_of_the_settings_is_read(relais: Console, tmp_path: Path) -> None:
    (tmp_path / "fr.txt").write_text("Restez courtois.", encoding="utf-8")
    with relais.config.open("a", encoding="utf-8") as settings:
        settings.write(f'[people]\ncharter = "{tmp_path}"\n')
    relais.done("charter", "publish")
    assert relais.done("charter", "show", "--locale", "en") == "Restez courtois.\n"


def test_words_must_be_given(relais: Console, tmp_path: Path) -> None:
    assert "--fr FILE" in relais.refused("charter", "publish")
    assert "No such file" in relais.refused("charter", "publish", "--en", str(tmp_path / "none"))
    assert "there is no charter" in relais.refused("charter", "show")
