"""A post is due to a member once, singly or in a digest, whatever they choose meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import select

from gateway.core.community import Pace
from store import digests, paces
from store.communities import change as change_community
from store.communities import get_all as get_communities
from store.communities import set_last_number
from store.database import Database
from store.digests import Following
from store.memberships import get_all as get_memberships
from store.schema import communities, deliveries, memberships, people
from tests.locks import wait_for_lock
from tests.network import Network, SetClock


def choose(database: Database, clock: SetClock, community: int, person: int, pace: Pace) -> None:
    with database.transaction() as tx:
        assert paces.choose(tx, community, person, pace, clock())


def marks(database: Database, person: int) -> tuple[int, int | None]:
    with database.reading() as tx:
        query = select(memberships.c.digest_through, memberships.c.catch_up_from)
        row = tx.execute(query.where(memberships.c.person_id == person)).one()
    return row.digest_through, row.catch_up_from


def singles(database: Database, person: int) -> list[int]:
    with database.reading() as tx:
        query = select(deliveries.c.post_id).where(deliveries.c.person_id == person).order_by(deliveries.c.post_id)
        return list(tx.scalars(query))


@pytest.fixture
def place(network: Network) -> tuple[int, int, int]:
    """(community, author, reader)"""
    community, author, reader = network.community("projets"), network.person("ann"), network.person("bob")
    network.join(community, author, reader)
    return community, author, reader


def test_who_joins_hears_from_then_on(network: Network, database: Database) -> None:
    community, author = network.community("projets"), network.person("ann")
    network.join(community, author)
    network.write(author, community)
    late = network.person("bob")
    network.join(community, late)
    network.fan_out()
    assert singles(database, late) == []
    [second] = network.write(author, community)
    network.fan_out()
    assert singles(database, late) == [second]


def test_from_each_to_daily_what_was_due_singly_stays_so(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    [before] = network.write(author, community)
    choose(database, clock, community, reader, Pace.DAILY)
    network.write(author, community)
    network.fan_out()
    assert singles(database, reader) == [before]
    assert marks(database, reader) == (1, None)


def test_from_daily_to_each_the_rest_is_owed_once(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    choose(database, clock, community, reader, Pace.DAILY)
    network.write(author, community)
    network.write(author, community)
    choose(database, clock, community, reader, Pace.EACH)
    [after] = network.write(author, community)
    network.fan_out()
    assert singles(database, reader) == [after]
    assert marks(database, reader) == (2, 0)
    with database.transaction() as tx:
        [owed] = digests.owed(tx, clock(), 10)
        assert (owed.person_id, owed.after, owed.through) == (reader, 0, 2)
        digests.settle(tx, [owed])
        assert digests.owed(tx, clock(), 10) == []


def test_back_to_a_digest_what_was_owed_stays_owed(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    choose(database, clock, community, reader, Pace.WEEKLY)
    network.write(author, community)
    choose(database, clock, community, reader, Pace.EACH)
    choose(database, clock, community, reader, Pace.DAILY)
    assert marks(database, reader) == (1, 0)


def test_of_what_waited_for_a_digest_what_concerns_them_is_owed(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    choose(database, clock, community, reader, Pace.DAILY)
    network.write(author, community)
    choose(database, clock, community, reader, Pace.IMPORTANT)
    assert marks(database, reader) == (1, 0)


def test_who_hears_no_more_is_owed_nothing(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    choose(database, clock, community, reader, Pace.DAILY)
    network.write(author, community)
    choose(database, clock, community, reader, Pace.OFF)
    assert marks(database, reader) == (1, None)


def test_off_takes_back_what_was_not_sent(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    network.write(author, community)
    choose(database, clock, community, reader, Pace.OFF)
    network.fan_out()
    assert singles(database, reader) == []


def test_another_default_reaches_all_who_never_chose(network: Network, database: Database, clock: SetClock) -> None:
    community, author = network.community("projets"), network.person("ann")
    follows, chose = network.person("bob"), network.person("eve")
    network.join(community, author, follows)
    network.join(community, chose, pace=Pace.EACH)
    [before] = network.write(author, community)
    with database.transaction() as tx:
        paces.change_default(tx, community, Pace.WEEKLY, clock())
    [after] = network.write(author, community)
    network.fan_out()
    assert singles(database, follows) == [before]
    assert singles(database, chose) == [before, after]
    with database.transaction() as tx:
        paces.change_default(tx, community, Pace.EACH, clock())
        assert tx.scalar(select(communities.c.pace)) == Pace.EACH.value
    assert marks(database, follows) == (2, 1)
    assert marks(database, chose) == (0, None)


def test_a_pause_keeps_what_comes_for_its_end(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    [before] = network.write(author, community)
    with database.transaction() as tx:
        paces.pause(tx, reader, clock.now, clock())
    network.write(author, community)
    network.fan_out()
    assert singles(database, reader) == [before]
    with database.transaction() as tx:
        assert digests.owed(tx, clock(), 10) == []
        assert paces.ended_pauses(tx, clock(), 10) == [reader]
        assert paces.resume(tx, reader)
        assert not paces.resume(tx, reader)
        assert paces.ended_pauses(tx, clock(), 10) == []
        [owed] = digests.owed(tx, clock(), 10)
        assert (owed.after, owed.through) == (1, 2)
        assert not tx.scalar(select(people.c.paused).where(people.c.id == reader))
    [after] = network.write(author, community)
    network.fan_out()
    assert singles(database, reader) == [before, after]


def test_a_pause_without_news_owes_nothing(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    _, _, reader = place
    with database.transaction() as tx:
        paces.pause(tx, reader, None, clock())
        paces.resume(tx, reader)
    assert marks(database, reader) == (0, None)


def test_everywhere_at_once(network: Network, database: Database, clock: SetClock) -> None:
    places = [network.community(name) for name in ("one", "two", "three")]
    reader = network.person("bob")
    for place, pace in zip(places, (Pace.EACH, Pace.OFF, Pace.DAILY), strict=True):
        network.join(place, reader, pace=pace)
    with database.transaction() as tx:
        assert paces.choose_everywhere(tx, reader, Pace.WEEKLY, clock()) == [places[0], places[2]]
        assert paces.choose_everywhere(tx, reader, Pace.DAILY, clock(), only=Pace.WEEKLY) == [places[0], places[2]]
        by_place = {row[0]: row[1] for row in tx.execute(select(memberships.c.community_id, memberships.c.pace))}
    assert [by_place[place] for place in places] == ["daily", "off", "daily"]


def test_a_stranger_has_no_pace(network: Network, database: Database, clock: SetClock) -> None:
    community, stranger = network.community("projets"), network.person("eve")
    with database.transaction() as tx:
        assert not paces.choose(tx, community, stranger, Pace.OFF, clock())


def test_a_pace_that_a_community_withholds_is_refused_and_kept_by_who_has_it(
    network: Network, database: Database, clock: SetClock
) -> None:
    reader, other = network.persons("ann", "bob")
    open_place, quiet = network.community("plaza"), network.community("garden", pace=Pace.DAILY)
    for community in (open_place, quiet):
        network.join(community, other)
    network.join(open_place, reader, pace=Pace.DAILY)
    network.join(quiet, reader, pace=Pace.EACH)
    with database.transaction() as tx:
        garden = get_communities(tx, [quiet])[quiet]
        change_community(tx, replace(garden, allowed_paces=(Pace.DAILY, Pace.WEEKLY)))
    with database.transaction() as tx:
        assert get_memberships(tx, [(quiet, reader)])[quiet, reader].pace is Pace.EACH
        assert not paces.choose(tx, quiet, other, Pace.EACH, clock())
        assert get_memberships(tx, [(quiet, other)])[quiet, other].pace is None
        assert paces.choose_everywhere(tx, other, Pace.WEEKLY, clock()) == [open_place, quiet]
        assert paces.choose_everywhere(tx, other, Pace.EACH, clock()) == [open_place]
        # Nobody is kept from hearing less.
        assert paces.choose_everywhere(tx, other, Pace.OFF, clock()) == [open_place, quiet]
        assert paces.choose_everywhere(tx, reader, Pace.DAILY, clock()) == [quiet]
        assert not paces.choose(tx, quiet, reader, Pace.EACH, clock())


def test_who_comes_to_each_during_a_pause_is_owed_what_was_posted_since(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    choose(database, clock, community, reader, Pace.OFF)
    network.write(author, community)
    with database.transaction() as tx:
        paces.pause(tx, reader, None, clock())
    choose(database, clock, community, reader, Pace.EACH)
    network.write(author, community)
    network.fan_out()
    with database.transaction() as tx:
        paces.resume(tx, reader)
        [owed] = digests.owed(tx, clock(), 10)
    assert (owed.after, owed.through) == (1, 2)


def test_from_daily_to_weekly_nothing_moves(network: Network, database: Database, clock: SetClock) -> None:
    community, author = network.community("projets", pace=Pace.DAILY), network.person("ann")
    network.join(community, author, reader := network.person("bob"))
    network.write(author, community)
    with database.transaction() as tx:
        paces.change_default(tx, community, Pace.WEEKLY, clock())
        paces.change_default(tx, community, Pace.WEEKLY, clock())
    assert marks(database, reader) == (0, None)


def test_a_pause_that_waits_for_a_change_of_pace_sees_it(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    network.write(author, community)

    def pause() -> None:
        with database.transaction() as tx:
            paces.pause(tx, reader, None, clock())

    thread = Thread(target=pause)
    with database.transaction() as tx:
        assert paces.choose(tx, community, reader, Pace.DAILY, clock())
        set_last_number(tx, community, 2)
        thread.start()
        wait_for_lock(database, thread)
    thread.join()
    # The second post is the digest's: a debt that began behind it would lose it with the next change of pace.
    assert marks(database, reader) == (1, None)


def test_the_end_of_a_pause_that_waits_for_a_change_of_pace_sees_it(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    choose(database, clock, community, reader, Pace.DAILY)
    network.write(author, community)
    with database.transaction() as tx:
        paces.pause(tx, reader, None, clock())
        digests.move_watermarks(tx, [Following(reader, community, 0, 1)])

    def resume() -> None:
        with database.transaction() as tx:
            assert paces.resume(tx, reader)

    thread = Thread(target=resume)
    with database.transaction() as tx:
        assert paces.choose(tx, community, reader, Pace.EACH, clock())
        set_last_number(tx, community, 2)
        thread.start()
        wait_for_lock(database, thread)
    thread.join()
    # Nothing was sent singly during the pause: what was posted since is owed.
    assert marks(database, reader) == (2, 1)


def test_who_said_stop_meanwhile_is_not_slowed_down_instead(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, _, reader = place
    changed = []

    def slow_down() -> None:
        with database.transaction() as tx:
            changed.extend(paces.choose_everywhere(tx, reader, Pace.DAILY, clock(), only=Pace.EACH))

    thread = Thread(target=slow_down)
    with database.transaction() as tx:
        assert paces.choose(tx, community, reader, Pace.OFF, clock())
        thread.start()
        wait_for_lock(database, thread)
    thread.join()
    assert changed == []
    with database.reading() as tx:
        assert get_memberships(tx, [(community, reader)])[community, reader].pace is Pace.OFF


def test_who_pauses_anew_at_the_end_of_a_pause_stays_paused(
    network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    _, _, reader = place
    monday, friday = clock() + timedelta(days=3), clock() + timedelta(days=7)
    with database.transaction() as tx:
        paces.pause(tx, reader, monday, clock())
        assert paces.ended_pauses(tx, monday, 1) == [reader]
        # The round that found it waits for the communities, and this one has them.
        paces.pause(tx, reader, friday, monday)
        assert not paces.resume(tx, reader, by=monday)
        assert paces.resume(tx, reader, by=friday)
