"""A console on a fresh SQLite database, and on one of either kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import keys
from tests.gateway.console import Console


@pytest.fixture
def _logs_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command run in this process must not set the logs of the other tests up; a program run by one does."""
    monkeypatch.setattr("gateway.observe.set_up_logs", lambda: None)


@pytest.fixture
def relais(_logs_as_they_are: None, tmp_path: Path, sqlite_url: str) -> Console:
    """`relais` after init, on SQLite."""
    return _ready(tmp_path, sqlite_url)


@pytest.fixture
def either_relais(_logs_as_they_are: None, tmp_path: Path, database_url: str) -> Console:
    """`relais` after init, on SQLite and on PostgreSQL."""
    return _ready(tmp_path, database_url)


def _ready(folder: Path, url: str) -> Console:
    console = Console(folder, url)
    keys.make(folder / "secret")
    return console
