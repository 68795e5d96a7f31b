"""When an address has failed enough, whom that is told, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from digests.reach import Reach
from gateway.core import address
from gateway.core.audit import Act
from gateway.core.community import NetworkRole, Role
from gateway.core.delivery import DeliveryKind, DeliveryState
from gateway.core.notice import LostPerson, NoticeKind
from gateway.core.question import Asks
from store import audit, mailboxes, paces, unreachable
from store.audit import Filter
from store.database import Database
from store.schema import deliveries, failures, people
from tests.inbound.reports import BOUNDS, House, report
from tests.network import SetClock


@pytest.fixture
def house(database: Database, clock: SetClock, tmp_path: Path) -> House:
    return House(database, clock, tmp_path / "blobs")


def look(house: House) -> int:
    """One look of the scheduler, twice: the second finds nothing that the first left."""
    changed = house.reach.run(house.clock())
    assert house.reach.run(house.clock()) == 0
    return changed


def paused(house: House) -> tuple[bool, object]:
    with house.database.reading() as tx:
        row = tx.execute(select(people.c.paused, people.c.paused_until).where(people.c.id == house.bob)).one()
    return row.paused, row.paused_until


def acts(house: House) -> list[str]:
    with house.database.reading() as tx:
        return [act.act for act in audit.listing(tx, Filter(), 10)][::-1]


def test_four_days_are_not_enough_and_five_are(house: House) -> None:
    house.fail(4)
    assert look(house) == 0 and house.is_reached()
    house.clock.advance(days=1)
    house.come_back(house.send_one())
    look(house)
    assert not house.is_reached() and acts(house) == [Act.PERSON_UNREACHABLE]


def test_five_days_further_apart_than_thirty_are_not_enough(house: House) -> None:
    house.fail(4)
    house.clock.advance(days=27)
    house.come_back(house.send_one())
    assert look(house) == 0 and house.is_reached()


@pytest.mark.parametrize("status", ["5.2.2", "4.4.1", "5.7.1"])
def test_no_number_of_other_failures_is_enough(house: House, status: str) -> None:
    for _ in range(8):
        house.come_back(house.send_one(), report(status))
        house.clock.advance(days=1)
    look(house)
    assert house.is_reached() and len(house.counted()) == 8


def test_nothing_more_is_sent_and_writing_goes_on(house: House) -> None:
    house.fail(5)
    look(house)
    house.post()
    assert house.send() == []
    house.write("bob", "projets", "Does anybody read me?", subject="A question")
    assert house.words()[-1] == ("publish", "member_post")


def test_probes_leave_after_7_14_and_28_days_while_each_comes_back(house: House) -> None:
    house.fail(5)
    look(house)
    began, left = house.clock(), []
    for _ in range(70):
        house.clock.advance(days=1)
        look(house)
        for sent in house.send():
            left.append((house.clock() - began).days)
            house.come_back(sent)
    assert left == [7, 14, 28, 56] and not house.is_reached()


@pytest.mark.parametrize("status", ["5.1.1", "5.2.2", "5.7.1"])
def test_whatever_a_probe_comes_back_for_it_came_back(house: House, status: str) -> None:
    house.fail(5)
    look(house)
    house.clock.advance(days=7)
    look(house)
    house.come_back(house.send()[0], report(status))
    house.clock.advance(days=4)
    look(house)
    assert not house.is_reached()


def test_a_delay_and_an_old_failure_take_nothing_from_a_probe(house: House) -> None:
    house.fail(4)
    house.clock.advance(days=1)
    sent = house.send_one()
    house.come_back(sent)
    look(house)
    house.clock.advance(days=7)
    look(house)
    [probe] = house.send()
    house.come_back(probe, report("4.4.1", "delayed"))
    house.come_back(sent)
    house.clock.advance(days=3)
    look(house)
    assert house.is_reached() and acts(house) == [Act.PERSON_UNREACHABLE, Act.PERSON_REACHABLE]


def test_a_probe_that_the_relay_did_not_take_proves_nothing(house: House) -> None:
    house.fail(5)
    look(house)
    house.clock.advance(days=7)
    look(house)
    house.clock.advance(days=5)
    with house.database.transaction() as tx:
        waiting = select(deliveries.c.id).where(deliveries.c.state == DeliveryState.PENDING.value)
        assert len(tx.scalars(waiting).all()) == 1
    look(house)
    assert not house.is_reached()


def test_whoever_is_reached_again_begins_anew(house: House) -> None:
    house.fail(5)
    look(house)
    house.clock.advance(days=7)
    look(house)
    house.send()
    house.clock.advance(days=3)
    look(house)
    assert house.is_reached() and paused(house) == (False, None) and house.counted() == []
    house.fail(4)
    look(house)
    assert house.is_reached()


@pytest.mark.parametrize("days", [None, 30, 3])
def test_a_pause_of_their_own_goes_on_where_it_is_not_over(house: House, days: int | None) -> None:
    house.fail(5)
    until = house.clock() + timedelta(days=days) if days else None
    with house.database.transaction() as tx:
        paces.pause(tx, house.bob, until, house.clock())
    look(house)
    house.clock.advance(days=7)
    house.paper.round()
    look(house)
    house.send()
    house.clock.advance(days=3)
    look(house)
    assert house.is_reached() and paused(house) == ((False, None) if days == 3 else (True, until))


def test_a_pause_asked_for_meanwhile_is_kept_and_does_not_end_it(house: House) -> None:
    house.fail(5)
    look(house)
    with house.database.transaction() as tx:
        paces.pause(tx, house.bob, house.clock() + timedelta(days=1), house.clock())
    house.clock.advance(days=2)
    house.paper.round()
    assert not house.is_reached()


def test_managers_hear_of_it_once_a_day_and_by_day(house: House) -> None:
    mia, zoe = house.network.persons("mia", "zoe")
    other = house.network.community("achats")
    house.network.join(house.place, mia, role=Role.MANAGER)
    house.network.join(other, house.bob, zoe)
    house.fail(5)
    house.clock.now = house.clock().replace(hour=4)
    look(house)
    assert not house.is_reached() and house.told_to(mia) == []
    house.clock.advance(hours=5)
    look(house)
    [told] = house.told_to(mia)
    assert told.kind is NoticeKind.LOST and told.lost == (LostPerson("Bob", ("Projets",)),)
    # Another of the same day is told of the next morning.
    with house.database.transaction() as tx:
        unreachable.cut_off(tx, house.ann, house.clock() + timedelta(days=7), house.clock())
    look(house)
    assert len(house.told_to(mia)) == 1
    house.clock.advance(days=1)
    look(house)
    assert [one.name for one in house.told_to(mia)[-1].lost] == ["Ann"] and len(house.told_to(mia)) == 2
    house.clock.advance(days=1)
    look(house)
    assert len(house.told_to(mia)) == 2


def test_where_nobody_runs_the_place_the_administrators_hear_of_it(house: House) -> None:
    adam = house.network.person("adam", role=NetworkRole.ADMIN)
    # Who cannot be reached either is no help, though they run it.
    other = house.network.person("lou")
    house.network.join(house.place, other, role=Role.MANAGER)
    with house.database.transaction() as tx:
        unreachable.cut_off(tx, other, house.clock() + timedelta(days=99), house.clock())
        unreachable.note_told(tx, [other], house.clock())
    house.fail(5)
    look(house)
    [told] = house.told_to(adam)
    assert told.lost == (LostPerson("Bob", ("Projets",)),)
    assert house.told_to(house.bob) == []


def test_refusals_of_what_we_are_go_to_the_administrators_once_a_day(house: House) -> None:
    adam = house.network.person("adam", role=NetworkRole.ADMIN)
    more = house.network.persons("eva", "noe", "max")
    house.network.join(house.place, *more)
    house.post()
    house.network.fan_out()
    house.send()
    with house.database.reading() as tx:
        ids = list(tx.scalars(select(deliveries.c.id).where(deliveries.c.kind == DeliveryKind.POST.value)))
    for delivery_id in ids[:2]:
        house.come_back(delivery_id, report("5.7.1"))
    assert look(house) == 0
    for delivery_id in ids[2:]:
        house.come_back(delivery_id, report("5.7.1"))
    look(house)
    [told] = house.told_to(adam)
    assert (told.kind, told.waiting) == (NoticeKind.UNWELCOME, len(ids))
    house.clock.advance(hours=1)
    assert look(house) == 0
    quiet = Reach(house.database, replace(BOUNDS, refusals=0), house.reach.origin, "Europe/Paris")
    with house.database.transaction() as tx:
        tx.execute(failures.update().values(day=house.clock().date() + timedelta(days=1)))
    house.clock.advance(days=1)
    assert quiet.run(house.clock()) == 0


def test_two_nodes_send_one_probe(house: House) -> None:
    house.fail(5)
    look(house)
    house.clock.advance(days=7)
    second = Reach(house.database, BOUNDS, house.reach.origin, "Europe/Paris")
    house.reach.run(house.clock())
    second.run(house.clock())
    [told] = house.told_to(house.bob)
    assert told.question is not None and told.question.asks is Asks.PROBE


def test_another_address_is_tried_at_once(house: House) -> None:
    house.fail(5)
    look(house)
    new = address.parse("bob@elsewhere.example")
    with house.database.transaction() as tx:
        assert mailboxes.add(tx, house.bob, new, house.clock()) and mailboxes.make_primary(tx, house.bob, new)
    look(house)
    assert len(house.send()) == 1 and house.counted() == []
    house.clock.advance(days=3)
    look(house)
    assert house.is_reached()
