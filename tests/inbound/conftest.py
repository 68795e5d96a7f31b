"""What the tests of the pipeline and of the bridge from mailboxes share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from store.database import Database
from tests.dovecot import Dovecot
from tests.inbound.bridge import Bridge
from tests.inbound.post_office import PostOffice
from tests.network import SetClock
from tests.wire_proxy import WireProxy

_users = count(1)


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> PostOffice:
    """A post office on either kind of database."""
    return PostOffice(database, clock, tmp_path / "blobs")


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A server for mailboxes; skips where there is none."""
    server = Dovecot()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def either_bridge(database: Database, clock: SetClock, dovecot: Dovecot, tmp_path: Path) -> Iterator[Bridge]:
    """A bridge from a mailbox of its own, on either kind of database."""
    made = Bridge(database, clock, dovecot, tmp_path, f"box{next(_users)}@example.com")
    yield made
    made.stop()


@pytest.fixture
def bridge(sqlite_url: str, clock: SetClock, dovecot: Dovecot, tmp_path: Path) -> Iterator[Bridge]:
    """The same on SQLite alone, where the database makes no difference."""
    database = Database(sqlite_url)
    made = Bridge(database, clock, dovecot, tmp_path, f"box{next(_users)}@example.com")
    yield made
    made.stop()
    database.close()


@pytest.fixture
def wire(bridge: Bridge, dovecot: Dovecot) -> Iterator[WireProxy]:
    """What lies between that bridge and its server."""
    proxy = WireProxy(dovecot.port)
    bridge.through(proxy.port)
    yield proxy
    proxy.stop()
