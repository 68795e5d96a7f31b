"""Rounds by hand, where no scheduler has looked at anybody yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from digests.preview import Preview, Silence, preview
from gateway.core.community import Pace
from gateway.core.digest import Cadence
from store import paces, switches
from store.database import Database
from store.switches import Switch
from tests.digests.newspaper import PLAN, Newspaper
from tests.network import Network, SetClock

MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@pytest.fixture
def paper(database: Database, network: Network) -> Newspaper:
    return Newspaper(database, network)


def by_hand(paper: Newspaper, now: datetime) -> int:
    return paper.rounds.run_by_hand(now, now)


def test_the_first_round_by_hand_closes_what_fell_due_that_day(paper: Newspaper, network: Network) -> None:
    author, reader, weekly = network.persons("ann", "bob", "eve")
    garden = network.community("garden", pace=Pace.DAILY)
    network.join(garden, author, reader)
    network.join(garden, weekly, pace=Pace.WEEKLY)
    network.write(author, garden)
    assert by_hand(paper, MONDAY - timedelta(hours=1)) == 0
    assert by_hand(paper, MONDAY) == 2
    assert by_hand(paper, MONDAY) == 0
    assert [digest.period for digest in (*paper.of(reader), *paper.of(weekly))] == ["2026-11-23", "2026-11-23"]


def test_somebody_new_is_closed_for_the_last_day_only(paper: Newspaper, network: Network) -> None:
    author, reader = network.persons("ann", "bob")
    garden = network.community("garden", pace=Pace.WEEKLY)
    network.join(garden, author, reader)
    network.write(author, garden)
    assert by_hand(paper, MONDAY + timedelta(days=1, hours=1)) == 0
    assert by_hand(paper, MONDAY + timedelta(days=7)) == 1


def test_the_clock_of_who_was_looked_at_stands(paper: Newspaper, network: Network, clock: SetClock) -> None:
    author, reader = network.persons("ann", "bob")
    garden = network.community("garden", pace=Pace.DAILY)
    network.join(garden, author, reader)
    clock.now = MONDAY + timedelta(minutes=5)
    paper.round()
    network.write(author, garden)
    assert by_hand(paper, clock.now) == 0
    assert paper.next_due(reader, Cadence.DAILY) == MONDAY + timedelta(days=1)


def test_a_pause_of_all_keeps_the_clocks_and_ends_in_one_digest_each(
    paper: Newspaper, network: Network, database: Database, clock: SetClock
) -> None:
    author, reader = network.persons("ann", "bob")
    garden = network.community("garden", pace=Pace.DAILY)
    network.join(garden, author, reader)
    paper.round()
    with database.transaction() as tx:
        switches.turn_on(tx, Switch.DIGESTS_PAUSED, clock())
    for day in range(3):
        network.write(author, garden)
        clock.now = MONDAY + timedelta(days=day)
        assert paper.round() == 0
        assert by_hand(paper, clock.now) == 0
    assert paper.next_due(reader, Cadence.DAILY) == MONDAY
    with database.transaction() as tx:
        switches.turn_off(tx, Switch.DIGESTS_PAUSED)
    clock.advance(hours=1)
    assert paper.round() == 1
    [digest] = paper.of(reader)
    assert (digest.period, len(digest.items)) == ("2026-11-25", 3)
    assert paper.next_due(reader, Cadence.DAILY) == MONDAY + timedelta(days=3)
    assert paper.round() == 0


def test_a_pause_of_all_owes_its_catch_ups(paper: Newspaper, network: Network, database: Database) -> None:
    author, reader = network.persons("ann", "bob")
    garden = network.community("garden", pace=Pace.DAILY)
    network.join(garden, author, reader)
    network.write(author, garden)
    network.fan_out()
    with database.transaction() as tx:
        paces.choose(tx, garden, reader, Pace.EACH, network.clock())
        switches.turn_on(tx, Switch.DIGESTS_PAUSED, network.clock())
    assert paper.round() == 0
    with database.transaction() as tx:
        switches.turn_off(tx, Switch.DIGESTS_PAUSED)
    assert paper.round() == 1
    assert [digest.cadence for digest in paper.of(reader)] == [Cadence.CATCH_UP]


def test_a_preview_says_what_a_round_then_does(paper: Newspaper, network: Network, database: Database) -> None:
    author, reader = network.persons("ann", "bob")
    garden = network.community("garden", pace=Pace.DAILY)
    network.join(garden, author, reader)
    network.write(author, garden)
    for now in (MONDAY - timedelta(days=2), MONDAY, MONDAY + timedelta(hours=5), MONDAY + timedelta(days=5)):
        with database.reading() as tx:
            seen = preview(tx, PLAN, reader, Cadence.DAILY, now)
            assert preview(tx, PLAN, author, Cadence.DAILY, now) is Silence.NOTHING_NEW
        assert isinstance(seen, Preview)
        assert seen.digest.created_at >= now
        if now == MONDAY:
            assert by_hand(paper, now) == 1
            [closed] = paper.of(reader)
            assert (closed.items, closed.period) == (seen.digest.items, seen.digest.period)
            network.write(author, garden)
    # Saturday's waits for the next working day.
    assert seen.digest.created_at == MONDAY + timedelta(days=7)
