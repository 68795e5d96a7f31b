"""What all tests share: a database on SQLite and on PostgreSQL, a clock that is set by hand, a little network."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from store import migrations
from store.database import Database
from tests.network import Network, SetClock
from tests.postgresql import PostgreSQL, find_binaries
from tests.programs import pytest_unconfigure as pytest_unconfigure

# `make fuzz`: the same properties, with very many examples.
settings.register_profile("fuzz", max_examples=5_000, deadline=None)


# A traceback with all its locals takes a second to draw, and many tests provoke one.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ],
    # As in production: stdout is for what a command answers. Which stderr that is, a test may change.
    logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server of our own; skips where there are no binaries."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL binaries: apt-get install postgresql, or uv sync")
    server = PostgreSQL(binaries)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "relais.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _postgresql_template(postgresql: PostgreSQL) -> str:
    name = postgresql.create()
    _migrate(postgresql.url(name))
    return name


def _migrate(url: str) -> None:
    database = Database(url)
    migrations.upgrade(database)
    database.close()


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a fresh SQLite database with the present schema."""
    path = tmp_path / "relais.db"
    shutil.copyfile(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, postgresql: PostgreSQL) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database with the present schema."""
    name = postgresql.create(request.getfixturevalue("_postgresql_template"))
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database of either kind: whoever asks for it runs twice."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database of either kind."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands still until it is told."""
    return SetClock()


@pytest.fixture
def network(database: Database, clock: SetClock) -> Network:
    """Adds people, communities and members to `database`."""
    return Network(database, clock)
