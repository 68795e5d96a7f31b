"""The ticks of the house: nothing is forgotten by a clock that jumped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from digests import housekeeping
from digests.housekeeping import Retention
from digests.reach import Bounds, Reach
from digests.rounds import Rounds
from digests.waiting import Origin
from digests.worker import Scheduler
from gateway.core.clock import ClockWatch
from gateway.core.community import Pace
from gateway.core.errors import StoreError
from store import digests, times, unreachable
from store.blobs import Blobs
from store.database import Database
from store.failures import Endurance
from store.schema import failures
from store.wakeups import Wakeups
from tests.digests.newspaper import PLAN
from tests.network import START, Network, SetClock
from tests.store.test_blobs import blobs as blobs
from tests.store.test_blobs import s3 as s3
from tests.store.test_blobs import s3_server as s3_server
from tests.store.test_deliveries import claim, publish

ORIGIN = Origin("talk.example.com", 1)


def rounds_of(database: Database) -> Rounds:
    return Rounds(database, PLAN, Wakeups(database))


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr(housekeeping, "tidy", lambda *_: seen.append("tidy"))
    monkeypatch.setattr(housekeeping, "sweep", lambda *_: seen.append("sweep"))
    return seen


def test_a_clock_that_jumped_forgets_nothing(
    database: Database, blobs: Blobs, clock: SetClock, done: list[str]
) -> None:
    scheduler = Scheduler(database, blobs, Retention(30, 30, 180), ORIGIN, rounds_of(database), clock)
    scheduler._tidy()
    scheduler._sweep()
    assert done == ["tidy", "sweep"]
    clock.advance(days=7)
    with capture_logs() as logs:
        for tick in (scheduler._watch_the_clock, scheduler._tidy, scheduler._sweep):
            tick()
    assert done == ["tidy", "sweep"]
    assert [line["event"] for line in logs] == ["clock_jumped"]
    clock.advance(days=-7)
    scheduler._tidy()
    assert done == ["tidy", "sweep", "tidy"]


def test_a_tick_that_fails_is_told_and_made_up(
    database: Database, blobs: Blobs, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise RuntimeError("never thought of")

    monkeypatch.setattr(housekeeping, "tidy", stumble)
    with capture_logs() as logs:
        Scheduler(database, blobs, Retention(30, 30, 180), ORIGIN, rounds_of(database), clock)._tidy()
    assert [line["event"] for line in logs] == ["tidying_failed"]


def test_what_a_clock_ahead_left_is_set_right_once_nobody_can_hold_it(
    database: Database, blobs: Blobs, clock: SetClock, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness: list[datetime | None] = [None]
    monkeypatch.setattr(times, "server_time", lambda _: witness[0])
    ran = [0.0]
    clock.advance(days=3650)
    publish(network)
    scheduler = Scheduler(database, blobs, Retention(30, 30, 180), ORIGIN, rounds_of(database), clock)
    scheduler._watch = ClockWatch(clock, lambda: ran[0])

    def minutes_pass(number: int) -> list[str]:
        for _ in range(number):
            clock.advance(minutes=1)
            ran[0] += 60
            with capture_logs() as logs:
                scheduler._watch_the_clock()
        return [line["event"] for line in logs]

    assert minutes_pass(5) == []
    clock.now = START
    assert minutes_pass(1) == ["clock_jumped"]
    assert minutes_pass(1) == []
    # Another node's clock, or the database's, may be the right one.
    witness[0] = clock() + timedelta(days=3650)
    assert minutes_pass(1) == ["clock_disagrees"]
    witness[0] = clock() + timedelta(minutes=1)
    assert minutes_pass(1) == ["times_set_right"]
    assert minutes_pass(1) == []
    assert len(claim(database, clock)) == 1


def test_digests_are_closed_on_the_minute(
    database: Database, blobs: Blobs, clock: SetClock, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = rounds_of(database)
    scheduler = Scheduler(database, blobs, Retention(30, 30, 180), ORIGIN, rounds, clock)
    community = network.community("projets", pace=Pace.DAILY)
    network.join(community, author := network.person("ann"), network.person("bob"))
    scheduler._close_digests()
    network.write(author, community)
    clock.now = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    scheduler._close_digests()
    with database.reading() as tx:
        assert digests.count(tx) == 1

    def away(*_: object) -> int:
        raise StoreError("away", temporary=True)

    monkeypatch.setattr(Rounds, "run", away)
    with capture_logs() as logs:
        scheduler._close_digests()
    assert [line["event"] for line in logs] == ["digest_trouble"]


def test_who_cannot_be_reached_is_looked_for_and_nobody_by_a_clock_that_jumped(
    database: Database, blobs: Blobs, clock: SetClock
) -> None:
    network = Network(database, clock)
    ann = network.person("ann")
    with database.transaction() as tx:
        tx.execute(
            failures.insert(),
            [
                {
                    "person_id": ann,
                    "day": (START - timedelta(days=n)).date(),
                    "kind": "hard",
                    "delivery_id": n,
                    "cause": "x",
                }
                for n in range(5)
            ],
        )
    reach = Reach(database, Bounds(Endurance(5, 30), timedelta(days=7), timedelta(days=3), 0), ORIGIN, "Europe/Paris")
    scheduler = Scheduler(database, blobs, Retention(30, 30, 180), ORIGIN, rounds_of(database), clock, reach=reach)

    def lost() -> int:
        with database.reading() as tx:
            return unreachable.count(tx)

    scheduler._watch_the_clock()
    clock.advance(days=-7)
    scheduler._look_for_the_lost(reach)
    assert lost() == 0
    clock.advance(days=7)
    scheduler._look_for_the_lost(reach)
    assert lost() == 1
