"""What the tests of the pipeline share."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.database import Database
from tests.inbound.post_office import PostOffice
from tests.network import SetClock


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> PostOffice:
    """A post office on either kind of database."""
    return PostOffice(database, clock, tmp_path / "blobs")
