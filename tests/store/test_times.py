"""What a clock that was far ahead left behind is brought back; what may be so stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.core.clock import JUMP
from gateway.core.delivery import DeliveryState
from store import arrivals, deliveries, notices, queues, times
from store.database import Database
from store.schema import deliveries as delivery_rows
from store.times import FURTHEST
from tests.network import START, Network, SetClock
from tests.store.test_arrivals import accept, close
from tests.store.test_arrivals import claim as claim_mails
from tests.store.test_deliveries import claim, publish, record
from tests.store.test_notices import arrive, new


def set_right(database: Database, clock: SetClock) -> int:
    with database.transaction() as tx:
        return times.set_right(tx, clock())


@pytest.fixture
def ahead(clock: SetClock) -> SetClock:
    """Ten years ahead, until it is set."""
    clock.advance(days=3650)
    return clock


def test_deliveries_come_back(network: Network, database: Database, ahead: SetClock) -> None:
    publish(network, 3)
    born = ahead()
    deferred, held = claim(database, ahead, 2)
    record(database, ahead, deferred, DeliveryState.DEFERRED, ahead() + timedelta(hours=4))
    ahead.now = START
    assert claim(database, ahead) == []
    assert set_right(database, ahead) == 3
    found = {item.delivery.id: item.delivery for item in claim(database, ahead)}
    assert len(found) == 3
    # What may have left keeps its identity, what never did is as young as it seems.
    assert found.pop(deferred.delivery.id).created_at == found.pop(held.delivery.id).created_at == born
    [fresh] = found.values()
    assert (fresh.created_at, fresh.attempts) == (START, 1)


def test_a_wave_of_digests_comes_back_as_a_whole(network: Network, database: Database, ahead: SetClock) -> None:
    publish(network, 2)
    early, late = [item.delivery.id for item in claim(database, ahead)]
    with database.transaction() as tx:
        for number, minutes in ((early, 0), (late, 90)):
            row = delivery_rows.update().where(delivery_rows.c.id == number)
            due = {"attempts": 0, "created_at": ahead(), "next_attempt_at": ahead() + timedelta(minutes=minutes)}
            tx.execute(row.values(state=DeliveryState.DEFERRED.value, **due))
    # By a clock that is right they only wait their turn.
    assert set_right(database, ahead) == 0
    ahead.now = START
    assert set_right(database, ahead) == 2
    assert {item.delivery.created_at for item in claim(database, ahead)} == {START}


def test_arrivals_come_back(database: Database, ahead: SetClock) -> None:
    for name in ("held", "claimed", "failed"):
        accept(database, name, clock=ahead)
    held, claimed, failed = claim_mails(database, ahead)
    close(database, held, ahead, "held")
    with database.transaction() as tx:
        arrivals.fail(tx, failed, "boom", ahead())
    ahead.now = START
    assert claim_mails(database, ahead) == []
    assert set_right(database, ahead) == 3
    assert [mail.id for mail in claim_mails(database, ahead)] == [claimed.id, failed.id]
    with database.reading() as tx:
        [place] = queues.waiting(tx)
    assert place.latest == START


def test_who_was_told_in_the_future_is_told_again(network: Network, database: Database, ahead: SetClock) -> None:
    one = new(network.person("ann"), arrive(database), None, ahead)
    with database.transaction() as tx:
        notices.add(tx, [one], 1, ahead())
    ahead.now = START
    with database.transaction() as tx:
        assert notices.recent(tx, [one.person_id], ahead())
        assert times.set_right(tx, ahead()) == 2
        assert not notices.recent(tx, [one.person_id], ahead() + notices.HUSH)


def test_what_may_be_so_stays(network: Network, database: Database, clock: SetClock) -> None:
    publish(network, 3)
    deferred, _held = claim(database, clock, 2)
    record(database, clock, deferred, DeliveryState.DEFERRED, clock() + FURTHEST)
    accept(database, "claimed", clock=clock)
    claim_mails(database, clock)
    accept(database, "held", clock=clock)
    close(database, claim_mails(database, clock)[0], clock, "held")
    told = new(network.person("ann"), arrive(database), None, clock)
    with database.transaction() as tx:
        notices.add(tx, [told], 1, clock())
    assert set_right(database, clock) == 0
    # A clock a little behind those of other nodes knows that it may be.
    clock.now -= JUMP - timedelta(seconds=1)
    with database.transaction() as tx:
        tx.execute(
            delivery_rows.update().where(delivery_rows.c.id == deferred.delivery.id).values(next_attempt_at=START)
        )
    assert set_right(database, clock) == 0


def test_a_restart_frees_claims_however_far_ahead(network: Network, database: Database, ahead: SetClock) -> None:
    publish(network)
    [item] = claim(database, ahead)
    ahead.now = START
    with database.transaction() as tx:
        assert deliveries.release_all(tx, ahead()) == 1
    assert [again.delivery.id for again in claim(database, ahead)] == [item.delivery.id]


def test_only_a_server_has_a_time_of_its_own(database: Database) -> None:
    with database.reading() as tx:
        told = times.server_time(tx)
        assert (told is None) == database.is_sqlite
        assert told is None or told.tzinfo is not None
