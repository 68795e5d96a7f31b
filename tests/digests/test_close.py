"""A digest is closed once, tells each post once, and is due when its reader wants it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from digests.candidate import Budget
from digests.rounds import Rounds
from digests.schedule import FURTHEST
from gateway.core.community import Choice, Pace
from gateway.core.digest import Cadence, Section, Why
from store import digests, paces
from store import people as store_people
from store.database import Database
from store.packing import pack, unpack
from store.people import Traits
from store.schema import deliveries, digest_clocks, people, thanks, topic_choices
from store.wakeups import Wakeups
from tests.digests.newspaper import PLAN, Newspaper
from tests.network import Network, SetClock

MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
"""07:30 in Paris."""
FROM_TWO = replace(PLAN, budget=Budget(min_items=2))


@pytest.fixture
def paper(database: Database, network: Network) -> Newspaper:
    return Newspaper(database, network)


@pytest.fixture
def place(network: Network) -> tuple[int, int, int]:
    """(community at a daily pace, author, reader)"""
    community = network.community("projets", pace=Pace.DAILY)
    author, reader = network.person("ann"), network.person("bob")
    network.join(community, author, reader)
    return community, author, reader


def test_clocks_are_wound_before_anything_is_due(
    paper: Newspaper, clock: SetClock, place: tuple[int, int, int]
) -> None:
    """Friday 10:00 in Paris: the next working morning is Monday's."""
    _, _, reader = place
    assert paper.round() == 0
    assert paper.next_due(reader, Cadence.DAILY) == MONDAY
    assert paper.next_due(reader, Cadence.WEEKLY) == MONDAY
    assert paper.of(reader) == []


def test_what_is_new_is_told_once(
    paper: Newspaper, network: Network, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    paper.round()
    [first] = network.write(author, community)
    [second] = network.write(author, community)
    [answer] = network.write(author, community, answering=first)
    clock.now = MONDAY
    assert paper.round() == 1
    [digest] = paper.of(reader)
    assert (digest.cadence, digest.period, digest.locale) == (Cadence.DAILY, "2026-11-23", "en")
    assert {(item.first, item.last, item.news) for item in digest.items} == {(first, answer, 2), (second, second, 1)}
    assert paper.queued() == [(reader, "digest")]
    assert paper.round() == 0
    assert paper.next_due(reader, Cadence.DAILY) == MONDAY + timedelta(days=1)
    clock.now += timedelta(days=1)
    assert paper.round() == 0


def test_days_of_outage_make_one_digest(
    paper: Newspaper, network: Network, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    paper.round()
    for _ in range(3):
        network.write(author, community)
        clock.advance(days=1)
    clock.now = MONDAY + timedelta(days=3, hours=5)
    assert paper.round() == 1
    [digest] = paper.of(reader)
    assert digest.period == "2026-11-26"
    assert len(digest.items) == 3
    assert paper.next_due(reader, Cadence.DAILY) == MONDAY + timedelta(days=4)


def test_one_digest_over_all_communities(paper: Newspaper, network: Network, clock: SetClock) -> None:
    places = [network.community(name, pace=Pace.DAILY) for name in ("one", "two", "three")]
    author, reader = network.person("ann"), network.person("bob")
    for community in places:
        network.join(community, author, reader)
    network.join(weekly := network.community("four", pace=Pace.WEEKLY), author)
    paper.round()
    for community in (*places, weekly):
        network.write(author, community)
    clock.now = MONDAY
    assert paper.round() == 1
    [digest] = paper.of(reader)
    assert sorted(item.community_id for item in digest.items) == places


def test_daily_and_weekly_are_two_mails(paper: Newspaper, network: Network, clock: SetClock) -> None:
    daily, weekly = network.community("one", pace=Pace.DAILY), network.community("two", pace=Pace.WEEKLY)
    author, reader = network.person("ann"), network.person("bob")
    for community in (daily, weekly):
        network.join(community, author, reader)
    paper.round()
    network.write(author, daily)
    network.write(author, weekly)
    clock.now = MONDAY
    assert paper.round() == 2
    assert {(d.cadence, d.items[0].community_id) for d in paper.of(reader)} == {
        (Cadence.DAILY, daily),
        (Cadence.WEEKLY, weekly),
    }


def test_a_cross_posted_mail_is_told_once(paper: Newspaper, network: Network, clock: SetClock) -> None:
    one, two = network.community("one", pace=Pace.DAILY), network.community("two", pace=Pace.DAILY)
    author, both, second = network.persons("ann", "bob", "eve")
    network.join(one, author, both)
    network.join(two, author, both, second)
    paper.round()
    first, again = network.write(author, one, two)
    clock.now = MONDAY
    assert paper.round() == 2
    assert paper.posts_told(both) == [(first, first)]
    assert paper.posts_told(second) == [(again, again)]


def test_what_came_singly_from_another_place_is_not_told_again(
    paper: Newspaper, network: Network, clock: SetClock
) -> None:
    one, two = network.community("one", pace=Pace.DAILY), network.community("two", pace=Pace.EACH)
    author, both = network.persons("ann", "bob")
    network.join(one, author, both)
    network.join(two, author, both)
    paper.round()
    network.write(author, one, two)
    clock.now = MONDAY
    assert paper.round() == 0
    network.fan_out()
    assert paper.queued() == [(both, "post")]


def test_own_words_and_muted_topics_are_no_news(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    paper.round()
    network.write(reader, community)
    [loud] = network.write(author, community)
    with database.transaction() as tx:
        tx.execute(topic_choices.insert().values(person_id=reader, topic_id=2, choice=Choice.MUTED.value))
    clock.now = MONDAY
    assert paper.round() == 1, "the author has the reader's post to read"
    assert paper.of(reader) == []
    assert paper.posts_told(author) == [(loud - 1, loud - 1)]


def test_an_answer_to_me_comes_first_and_says_so(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    [mine] = network.write(reader, community)
    paper.round()
    for _ in range(3):
        network.write(author, community)
    [answer] = network.write(author, community, answering=mine)
    clock.now = MONDAY
    paper.round()
    [digest] = paper.of(reader)
    assert (digest.items[0].section, digest.items[0].first) == (Section.WAITING, answer)
    with database.reading() as tx:
        from digests.close import Closer

        offered = Closer(PLAN, clock(), clock()).offer(tx, [digests.Following(reader, community, 0, 5)])
    assert offered[reader].items[0].why[0] is Why.ANSWERS_YOU


def test_one_that_everyone_missed_is_brought_back_once(
    paper: Newspaper, network: Network, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    paper.round()
    [missed] = network.write(author, community)
    clock.now = MONDAY
    paper.round()
    told = []
    for day in range(7, 16):
        clock.now = MONDAY + timedelta(days=day, hours=-1)
        network.write(author, community, answering=network.write(author, community)[0])
        clock.now = MONDAY + timedelta(days=day)
        paper.round()
        told += [item for item in paper.of(reader)[-1].items if item.section is Section.MISSED]
    assert [(item.first, item.last) for item in told] == [(missed, missed)]


def test_what_was_thanked_was_not_missed(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    paper.round()
    [liked] = network.write(author, community)
    with database.transaction() as tx:
        tx.execute(thanks.insert().values(post_id=liked, person_id=reader, created_at=clock()))
    clock.now = MONDAY
    paper.round()
    clock.now = MONDAY + timedelta(days=10, hours=-1)
    network.write(author, community)
    clock.now = MONDAY + timedelta(days=10)
    paper.round()
    assert [item.section for item in paper.of(reader)[-1].items] == [Section.NEW]


def test_an_owed_rest_leaves_as_one_catch_up(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    paper.round()
    [first] = network.write(author, community)
    network.fan_out()
    with database.transaction() as tx:
        paces.choose(tx, community, reader, Pace.EACH, clock())
    [after] = network.write(author, community)
    assert paper.round() == 1
    assert paper.round() == 0
    [digest] = paper.of(reader)
    assert digest.cadence is Cadence.CATCH_UP
    assert paper.posts_told(reader) == [(first, first)]
    network.fan_out()
    assert paper.queued() == [(reader, "digest"), (reader, "post")]
    assert after


def test_a_pause_ends_by_itself_with_a_catch_up(
    paper: Newspaper, network: Network, database: Database, clock: SetClock
) -> None:
    community, [author, reader] = network.community("one"), network.persons("ann", "bob")
    network.join(community, author, reader)
    with database.transaction() as tx:
        paces.pause(tx, reader, clock() + timedelta(days=2), clock())
    [waited] = network.write(author, community)
    network.fan_out()
    assert paper.round() == 0
    clock.advance(days=2)
    assert paper.round() == 1
    assert paper.posts_told(reader) == [(waited, waited)]


def test_who_is_paused_or_suspended_gets_none_and_loses_nothing(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    paper.round()
    network.write(author, community)
    with database.transaction() as tx:
        paces.pause(tx, reader, None, clock())
    clock.now = MONDAY
    assert paper.round() == 0
    with database.transaction() as tx:
        paces.resume(tx, reader)
    clock.advance(days=1)
    assert paper.round() == 1
    assert len(paper.of(reader)[0].items) == 1


def test_a_clock_that_ran_ahead_strands_nobody(
    paper: Newspaper, network: Network, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    clock.now = MONDAY + timedelta(days=3650)
    paper.round()
    clock.now = MONDAY - timedelta(hours=1)
    paper.round()
    assert paper.next_due(reader, Cadence.DAILY) == MONDAY
    network.write(author, community)
    clock.now = MONDAY
    assert paper.round() == 1
    assert timedelta(days=3650) > FURTHEST


def test_another_zone_on_the_same_day_makes_no_second_one(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    paper.round()
    network.write(author, community)
    clock.now = MONDAY
    assert paper.round() == 1
    with database.transaction() as tx:
        tx.execute(people.update().where(people.c.id == reader).values(timezone="America/New_York"))
        digests.wind(tx, Cadence.DAILY, {reader: MONDAY + timedelta(hours=6)})
    network.write(author, community)
    clock.now = MONDAY + timedelta(hours=6)
    assert paper.round() == 0
    clock.advance(days=1)
    assert paper.round() == 1
    assert [digest.period for digest in paper.of(reader)] == ["2026-11-23", "2026-11-24"]


def test_withdrawn_posts_are_not_told(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    from store import posts

    community, author, reader = place
    paper.round()
    [gone] = network.write(author, community)
    with database.transaction() as tx:
        posts.withdraw(tx, gone, clock())
    clock.now = MONDAY
    assert paper.round() == 0
    assert paper.of(reader) == []


def test_items_survive_their_packing(
    paper: Newspaper, network: Network, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    paper.round()
    for _ in range(40):
        network.write(author, community)
    clock.now = MONDAY
    paper.round()
    [digest] = paper.of(reader)
    assert unpack(pack(digest.items)) == digest.items
    assert len({item.topic_id for item in digest.items}) == len(digest.items)
    assert len(pack(digest.items)) < 16 * len(digest.items)


def test_what_an_outage_made_late_waits_for_a_working_day(
    paper: Newspaper, network: Network, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    clock.now = MONDAY + timedelta(days=4, hours=-1)
    paper.round()
    network.write(author, community)
    # Friday's digest was missed; it is Saturday when the gateway is back.
    clock.now = MONDAY + timedelta(days=5)
    assert paper.round() == 0
    assert paper.next_due(reader, Cadence.DAILY) == MONDAY + timedelta(days=7)
    clock.now = MONDAY + timedelta(days=7)
    assert paper.round() == 1
    assert [digest.period for digest in paper.of(reader)] == ["2026-11-30"]


def test_what_stands_in_two_places_is_not_brought_back(paper: Newspaper, network: Network, clock: SetClock) -> None:
    one, two = network.community("one", pace=Pace.DAILY), network.community("two", pace=Pace.DAILY)
    author, reader = network.persons("ann", "bob")
    network.join(one, author, reader)
    network.join(two, author, reader)
    paper.round()
    network.write(author, one, two)
    clock.now = MONDAY
    paper.round()
    clock.now = MONDAY + timedelta(days=10, hours=-1)
    network.write(author, two)
    clock.now = MONDAY + timedelta(days=10)
    paper.round()
    assert [item.section for item in paper.of(reader)[-1].items] == [Section.NEW]


def test_a_small_digest_waits_and_loses_nothing(database: Database, network: Network, clock: SetClock) -> None:
    paper = Newspaper(database, network, FROM_TWO)
    community = network.community("projets", pace=Pace.DAILY)
    author, reader, joins = network.persons("ann", "bob", "eve")
    network.join(community, author, reader)
    paper.round()
    [first] = network.write(author, community)
    network.write(author, community, answering=first)
    clock.now = MONDAY
    # Two posts, but one topic.
    assert paper.round() == 0
    assert paper.next_due(reader, Cadence.DAILY) == MONDAY + timedelta(days=1)
    network.join(community, joins)
    [second] = network.write(author, community)
    clock.advance(days=1)
    assert paper.round() == 1
    assert {first for first, _ in paper.posts_told(reader)} == {first, second}
    # To whom it is the first, it is one topic.
    assert paper.of(joins) == []


def test_nobody_waits_for_longer_than_a_week(database: Database, network: Network, clock: SetClock) -> None:
    """Posted on Friday at 10:00 in Paris; next Friday's 07:30 is within a week of it, Monday's is not."""
    paper = Newspaper(database, network, FROM_TWO)
    community = network.community("projets", pace=Pace.DAILY)
    author, reader = network.persons("ann", "bob")
    network.join(community, author, reader)
    paper.round()
    [post] = network.write(author, community)
    for _ in range(4):
        clock.now = max(clock.now + timedelta(days=1), MONDAY)
        assert paper.round() == 0
    clock.advance(days=1)
    assert paper.round() == 1
    [digest] = paper.of(reader)
    assert (digest.period, digest.items[0].first) == ("2026-11-27", post)


def test_words_to_somebody_do_not_wait(database: Database, network: Network, clock: SetClock) -> None:
    paper = Newspaper(database, network, FROM_TWO)
    community = network.community("projets", pace=Pace.DAILY)
    author, asked, other = network.persons("ann", "bob", "eve")
    network.join(community, author, asked, other)
    [question] = network.write(asked, community)
    clock.now = MONDAY
    paper.round()
    network.write(author, community, answering=question)
    clock.advance(days=1)
    assert paper.round() == 1
    assert [digest.items[0].section for digest in paper.of(asked)] == [Section.WAITING]
    assert paper.of(other) == []


def test_a_weekly_digest_does_not_wait(database: Database, network: Network, clock: SetClock) -> None:
    paper = Newspaper(database, network, FROM_TWO)
    community = network.community("projets", pace=Pace.WEEKLY)
    author, reader = network.persons("ann", "bob")
    network.join(community, author, reader)
    paper.round()
    network.write(author, community)
    clock.now = MONDAY
    assert paper.round() == 1
    assert len(paper.of(reader)) == 1


def test_digests_are_spread_and_catch_ups_are_not(database: Database, network: Network, clock: SetClock) -> None:
    paper = Newspaper(database, network, replace(PLAN, spread=timedelta(minutes=10)))
    community = network.community("projets", pace=Pace.DAILY)
    author, leaves, *readers = network.persons("ann", "bob", *(f"r{n}" for n in range(20)))
    network.join(community, author, leaves, *readers)
    paper.round()
    network.write(author, community)
    network.fan_out()
    with database.transaction() as tx:
        paces.choose(tx, community, leaves, Pace.EACH, clock())
    clock.now = MONDAY
    assert paper.round() == 21
    with database.reading() as tx:
        rows = tx.execute(select(deliveries)).all()
    times = {row.person_id: (row.state, row.next_attempt_at - MONDAY) for row in rows}
    assert times.pop(leaves) == ("pending", timedelta(0))
    assert {state for state, _ in times.values()} == {"deferred"}
    assert len({at for _, at in times.values()}) == 20
    assert all(timedelta(0) < at < timedelta(minutes=10) for _, at in times.values())


def test_what_a_budget_put_off_is_spread_too(database: Database, network: Network, clock: SetClock) -> None:
    paper = Newspaper(database, network, replace(PLAN, spread=timedelta(minutes=10)))
    community = network.community("projets")
    author, *readers = network.persons("ann", *(f"r{n}" for n in range(20)))
    network.join(community, author, *readers)
    paper.round()
    for _ in range(2):
        network.write(author, community)
    network.fan_out(1)
    clock.now = MONDAY
    assert paper.round() == 20
    with database.reading() as tx:
        query = select(deliveries.c.next_attempt_at).where(deliveries.c.digest_id.is_not(None))
        times = [at - MONDAY for at in tx.scalars(query)]
    assert len(set(times)) == 20
    assert all(timedelta(0) < at < timedelta(minutes=10) for at in times)


def test_what_is_closed_by_hand_leaves_at_once(database: Database, network: Network, clock: SetClock) -> None:
    paper = Newspaper(database, network, replace(PLAN, spread=timedelta(minutes=10)))
    community = network.community("projets", pace=Pace.DAILY)
    author, reader = network.persons("ann", "bob")
    network.join(community, author, reader)
    network.write(author, community)
    clock.now = MONDAY
    assert paper.rounds.run_by_hand(MONDAY, MONDAY) == 1
    with database.reading() as tx:
        assert [(row.state, row.next_attempt_at) for row in tx.execute(select(deliveries))] == [("pending", MONDAY)]


def test_a_catch_up_waits_for_the_end_of_quiet_hours(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    community, author, reader = place
    quiet = replace(PLAN, network=replace(PLAN.network, quiet=(time(19), time(8))))
    rounds = Rounds(database, quiet, Wakeups(database))
    rounds.run(clock(), clock())
    network.write(author, community)
    network.fan_out()
    with database.transaction() as tx:
        paces.choose(tx, community, reader, Pace.EACH, clock())
    # Friday night, and Saturday noon: where there are quiet hours, days off are quiet as a whole.
    for waits in (datetime(2026, 11, 20, 22, tzinfo=UTC), datetime(2026, 11, 21, 11, tzinfo=UTC)):
        clock.now = waits
        assert rounds.run(clock(), clock()) == 0
    clock.now = datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert rounds.run(clock(), clock()) == 1
    assert paper.of(reader)[0].cadence is Cadence.CATCH_UP


def test_another_hour_of_ones_own_counts_from_the_next_round(
    paper: Newspaper, network: Network, database: Database, clock: SetClock, place: tuple[int, int, int]
) -> None:
    _, author, reader = place
    paper.round()
    with database.transaction() as tx:
        store_people.change(tx, reader, Traits(digest_at="18:00", digest_on="4"))
    paper.round()
    assert paper.next_due(reader, Cadence.DAILY) == datetime(2026, 11, 20, 17, tzinfo=UTC)
    assert paper.next_due(reader, Cadence.WEEKLY) == datetime(2026, 11, 20, 17, tzinfo=UTC)
    assert paper.next_due(author, Cadence.DAILY) == MONDAY


def test_clocks_are_wound_once_and_again_after_another_hour(
    paper: Newspaper, network: Network, database: Database, place: tuple[int, int, int]
) -> None:
    _, author, reader = place
    gone = network.person("gone")
    with database.transaction() as tx:
        tx.execute(people.update().where(people.c.id == gone).values(state="erased"))
        assert {found.person_id for found in digests.without_clocks(tx, 10)} == {author, reader}
    paper.round()
    with database.transaction() as tx:
        assert digests.without_clocks(tx, 10) == []
        wound = set(tx.scalars(select(digest_clocks.c.cadence).where(digest_clocks.c.person_id == reader)))
        assert wound == {"daily", "weekly"}
        store_people.change(tx, reader, Traits(digest_at="09:00"))
        assert [found.person_id for found in digests.without_clocks(tx, 10)] == [reader]
    paper.round()
    assert paper.next_due(reader, Cadence.DAILY) == MONDAY + timedelta(hours=1, minutes=30)
