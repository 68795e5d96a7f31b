"""A switch is off until it is turned on, and on since the first time."""

from __future__ import annotations

from datetime import timedelta

from store import switches
from store.database import Database
from store.switches import Switch
from tests.network import START

PAUSED = Switch.DIGESTS_PAUSED


def test_a_switch_is_on_since_it_was_turned_on(database: Database) -> None:
    with database.transaction() as tx:
        assert switches.since(tx, PAUSED) is None
        assert not switches.turn_off(tx, PAUSED)
        assert switches.turn_on(tx, PAUSED, START)
        assert not switches.turn_on(tx, PAUSED, START + timedelta(days=1))
        assert switches.since(tx, PAUSED) == START
    with database.transaction() as tx:
        assert switches.turn_off(tx, PAUSED)
        assert switches.since(tx, PAUSED) is None
