"""The outbox: claimed before the dialing, recorded after it, never to who must not hear any more."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from gateway.core.community import Pace, PersonState
from gateway.core.delivery import DeliveryKind, DeliveryState, Outcome
from gateway.core.reply import Reply
from store import audience, deliveries, memberships, objections, paces, people, posts
from store.database import Database
from store.deliveries import LEASE, Claimed
from store.schema import communities, fan_outs
from store.schema import deliveries as rows
from store.schema import people as person_rows
from tests.network import PEACE, Network, SetClock


def publish(network: Network, readers: int = 1) -> tuple[int, int, list[int]]:
    """A post to `readers` people; returns (community, post, people)."""
    projets, author = network.community("projets"), network.person("author")
    people = network.persons(*(f"p{n:03}" for n in range(readers)))
    network.join(projets, author, *people)
    [post_id] = network.write(author, projets)
    network.fan_out()
    return projets, post_id, people


def claim(database: Database, clock: SetClock, most: int = 1000) -> list[Claimed]:
    with database.transaction() as tx:
        return deliveries.claim(tx, clock(), most, PEACE)


def record(
    database: Database, clock: SetClock, claimed: Claimed, state: DeliveryState, again: datetime | None = None
) -> int:
    reply = Reply(250, "2.0.0", "queued as 7") if state is DeliveryState.DELIVERED else Reply(450, "4.2.1", "later")
    outcome = Outcome(claimed.delivery.id, claimed.delivery.attempts, state, reply)
    with database.transaction() as tx:
        return deliveries.record(tx, [(outcome, again)], clock())


def states(database: Database) -> dict[str, int]:
    with database.reading() as tx:
        return {state: number for state, number in deliveries.counts(tx).items() if number}


def test_a_claim_tells_all_that_is_needed(network: Network, database: Database, clock: SetClock) -> None:
    projets, post_id, [person] = publish(network)
    [item] = claim(database, clock)
    own = item.delivery
    assert (own.kind, own.post_id, own.community_id, own.person_id) == (DeliveryKind.POST, post_id, projets, person)
    assert (own.address, own.locale, own.attempts, own.key_id) == ("p000@people.example", "en", 1, 1)
    assert (own.lease.until, own.created_at, item.objection) == (clock() + LEASE, clock(), "")
    assert claim(database, clock) == []


def test_claims_are_bounded(network: Network, database: Database, clock: SetClock) -> None:
    publish(network, 5)
    assert [len(claim(database, clock, 2)) for _ in range(4)] == [2, 2, 1, 0]


def test_a_very_large_post_keeps_nobody_waiting_and_is_not_kept(
    network: Network, database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "CHUNK", 20)
    projets, *_ = publish(network, 50)
    large = [item.delivery.community_id for item in claim(database, clock, 8)]
    assert large == [projets] * 8
    clock.advance(minutes=1)
    author, *readers = network.persons("writer", *(f"q{n}" for n in range(15)))
    small = network.community("small")
    network.join(small, author, *readers)
    network.write(author, small)
    network.fan_out()
    shares = []
    for _ in range(3):
        taken = [item.delivery.community_id for item in claim(database, clock, 8)]
        shares.append((taken.count(small), taken.count(projets)))
    assert shares == [(6, 2), (6, 2), (3, 5)]
    # Where one kind is all there is, it has all the room.
    assert len(claim(database, clock, 100)) == 50 - 8 - 9
    network.write(author, small)
    network.fan_out()
    assert len(claim(database, clock, 12)) == 12


def test_a_lease_runs_out_unless_it_is_renewed(network: Network, database: Database, clock: SetClock) -> None:
    publish(network, 2)
    first, second = claim(database, clock)
    clock.advance(minutes=1)
    with database.transaction() as tx:
        assert deliveries.renew(tx, [first.delivery], clock()) == {first.delivery.id}
    clock.advance(minutes=1)
    assert [item.delivery.id for item in claim(database, clock)] == [second.delivery.id]
    with database.transaction() as tx:
        # Who lost the lease cannot renew it.
        assert deliveries.renew(tx, [first.delivery, second.delivery], clock()) == {first.delivery.id}
    clock.advance(minutes=2)
    assert len(claim(database, clock)) == 2


@pytest.mark.parametrize("state", [DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.DROPPED])
def test_a_final_outcome_ends_it(network: Network, database: Database, clock: SetClock, state: DeliveryState) -> None:
    publish(network)
    [item] = claim(database, clock)
    assert record(database, clock, item, state) == 1
    clock.advance(days=10)
    assert claim(database, clock) == []
    assert states(database) == {state.value: 1}
    # A second word is not heard.
    assert record(database, clock, item, DeliveryState.FAILED) == 0


def test_a_failure_may_be_taken_back(network: Network, database: Database, clock: SetClock) -> None:
    publish(network, 4)
    failed, delivered, retried, again = claim(database, clock)
    for item in (failed, retried, again):
        record(database, clock, item, DeliveryState.FAILED)
    record(database, clock, delivered, DeliveryState.DELIVERED)
    with database.transaction() as tx:
        deliveries.retry(tx, retried.delivery.id, clock())
        deliveries.retry(tx, again.delivery.id, clock())
    [first, second] = claim(database, clock)
    record(database, clock, second, DeliveryState.FAILED)
    due = clock() + timedelta(minutes=1)
    second_words = [
        (Outcome(item.delivery.id, 1, DeliveryState.DEFERRED, None, "taken back"), due)
        for item in (failed, delivered, retried, again)
    ]
    with database.transaction() as tx:
        # Another attempt than the one that failed has its own word.
        assert deliveries.take_back(tx, second_words, clock()) == 1
        assert deliveries.take_back(tx, [], clock()) == 0
    assert states(database) == {"deferred": 1, "delivered": 1, "failed": 1, "pending": 1}
    clock.advance(minutes=1)
    assert [(item.delivery.id, item.delivery.attempts) for item in claim(database, clock)] == [(failed.delivery.id, 2)]
    assert record(database, clock, first, DeliveryState.DELIVERED) == 1


def test_a_deferred_one_comes_back_in_time(network: Network, database: Database, clock: SetClock) -> None:
    publish(network)
    [item] = claim(database, clock)
    record(database, clock, item, DeliveryState.DEFERRED, clock() + timedelta(minutes=15))
    assert states(database) == {"deferred": 1}
    clock.advance(minutes=14)
    assert claim(database, clock) == []
    clock.advance(minutes=1)
    [again] = claim(database, clock)
    assert again.delivery.attempts == 2
    assert again.delivery.created_at == item.delivery.created_at
    with database.reading() as tx:
        assert tx.scalar(select(rows.c.answer)) == "450 4.2.1 later"


def test_the_fence_hears_only_the_last_claim(network: Network, database: Database, clock: SetClock) -> None:
    publish(network)
    [old] = claim(database, clock)
    clock.now += LEASE
    [new] = claim(database, clock)
    assert record(database, clock, old, DeliveryState.FAILED) == 0
    assert record(database, clock, new, DeliveryState.DELIVERED) == 1


def test_many_outcomes_of_every_sort_at_once(network: Network, database: Database, clock: SetClock) -> None:
    publish(network, 40)
    claimed = claim(database, clock)
    wanted = [DeliveryState.DELIVERED, DeliveryState.DEFERRED, DeliveryState.FAILED, DeliveryState.DROPPED]
    outcomes = [
        (Outcome(c.delivery.id, 1, wanted[n % 4], None, f"word {n % 3}"), clock() + timedelta(minutes=n))
        for n, c in enumerate(claimed)
    ]
    with database.transaction() as tx:
        assert deliveries.record(tx, outcomes, clock()) == 40
        assert deliveries.record(tx, [], clock()) == 0
    assert states(database) == {"delivered": 10, "deferred": 10, "failed": 10, "dropped": 10}


def test_who_left_was_suspended_or_hears_of_the_withdrawn_is_objected_to(
    network: Network, database: Database, clock: SetClock
) -> None:
    """I11: rights are asked for when a mail is sent, not only when its delivery is born."""
    projets, post_id, [stays, left, suspended] = publish(network, 3)
    with database.transaction() as tx:
        memberships.remove(tx, projets, left)
    network.suspend(suspended)
    [first, second, third] = claim(database, clock)
    assert [first.objection, second.objection, third.objection] == ["", "no longer a member", "suspended"]
    assert first.delivery.person_id == stays
    clock.now += LEASE
    with database.transaction() as tx:
        posts.withdraw(tx, post_id, clock())
    assert {item.objection for item in claim(database, clock)} == {"withdrawn", "suspended"}


def test_nobody_is_sent_what_they_asked_not_to_hear_of(network: Network, database: Database, clock: SetClock) -> None:
    projets, _, [stays, off, _] = publish(network, 3)
    for item in claim(database, clock):
        record(database, clock, item, DeliveryState.DEFERRED, clock())
    with database.transaction() as tx:
        paces.choose(tx, projets, off, Pace.OFF, clock())
    assert {item.delivery.person_id: item.objection for item in claim(database, clock)}[off] == "unsubscribed"
    clock.now += LEASE
    with database.transaction() as tx:
        # Who follows the community's own pace is silenced with it, who chose theirs is not.
        paces.choose(tx, projets, stays, Pace.DAILY, clock())
        tx.execute(communities.update().values(pace=Pace.OFF.value))
    assert [item.objection for item in claim(database, clock)] == ["", "unsubscribed", "unsubscribed"]


def test_a_cross_post_is_heard_from_wherever_it_still_may(
    network: Network, database: Database, clock: SetClock
) -> None:
    one, two, three = (network.community(name) for name in ("one", "two", "three"))
    author, *people = network.persons("author", "ann", "bob", "col", "dan")
    ann, bob, col, dan = people
    network.join(one, author, *people)
    network.join(two, ann, bob, col)
    network.join(three, ann, bob, dan, pace=Pace.DAILY)
    first, second, _ = network.write(author, one, two, three)
    network.fan_out()
    with database.transaction() as tx:
        memberships.remove(tx, one, ann)
        paces.choose(tx, one, bob, Pace.OFF, clock())
        memberships.remove(tx, one, dan)
    network.suspend(col)
    found = {item.delivery.person_id: item for item in claim(database, clock)}
    for moved in (ann, bob):
        item = found[moved]
        assert (item.objection, item.delivery.post_id, item.delivery.community_id) == ("", second, two)
    assert (found[col].objection, found[col].delivery.post_id) == ("suspended", first)
    # It waits for them elsewhere, at the pace they chose there.
    assert (found[dan].objection, found[dan].delivery.post_id) == ("no longer a member", first)
    clock.now += LEASE
    with database.transaction() as tx:
        posts.withdraw(tx, second, clock())
    objections = {item.delivery.person_id: item.objection for item in claim(database, clock)}
    assert objections[ann] == objections[bob] == "withdrawn"


def test_what_must_not_be_sent_any_more_is_not_held_any_longer(
    network: Network, database: Database, clock: SetClock
) -> None:
    projets, _, [_, off] = publish(network, 2)
    claimed = claim(database, clock)
    with database.transaction() as tx:
        paces.choose(tx, projets, off, Pace.OFF, clock())
        ours = deliveries.renew(tx, [item.delivery for item in claimed], clock())
    assert ours == {item.delivery.id for item in claimed if item.delivery.person_id != off}


def test_what_nobody_wants_any_more_is_known_at_once(network: Network, database: Database, clock: SetClock) -> None:
    """P7: without a claim or a lock, however it came that it must not be sent."""
    projets, post_id, [stays, off, left, suspended, erased] = publish(network, 5)
    held = [item.delivery for item in claim(database, clock)]
    with database.transaction() as tx:
        assert objections.wanted(tx, held) == {delivery.id for delivery in held}
        paces.choose(tx, projets, off, Pace.OFF, clock())
        memberships.remove(tx, projets, left)
        people.set_state(tx, suspended, PersonState.SUSPENDED)
        tx.execute(person_rows.delete().where(person_rows.c.id == erased))
    with database.reading() as tx:
        assert objections.wanted(tx, held) == {delivery.id for delivery in held if delivery.person_id == stays}
        assert objections.wanted(tx, []) == set()
    with database.transaction() as tx:
        posts.withdraw(tx, post_id, clock())
        assert objections.wanted(tx, held) == set()


def test_what_was_deferred_is_not_held(network: Network, database: Database, clock: SetClock) -> None:
    publish(network)
    [item] = claim(database, clock)
    record(database, clock, item, DeliveryState.DEFERRED, clock() + timedelta(hours=4))
    with database.transaction() as tx:
        assert deliveries.renew(tx, [item.delivery], clock()) == set()
        deliveries.give_back(tx, [item.delivery], clock())
    clock.advance(hours=3)
    assert claim(database, clock) == []


def test_a_restart_frees_what_was_claimed_and_not_what_waits(
    network: Network, database: Database, clock: SetClock
) -> None:
    publish(network, 3)
    first, second, _third = claim(database, clock)
    record(database, clock, first, DeliveryState.DELIVERED)
    record(database, clock, second, DeliveryState.DEFERRED, clock() + timedelta(minutes=1))
    clock.advance(seconds=1)
    with database.transaction() as tx:
        assert deliveries.release_all(tx, clock()) == 1
    assert [item.delivery.attempts for item in claim(database, clock)] == [2]


def test_retry_is_heard_and_keeps_the_fence(network: Network, database: Database, clock: SetClock) -> None:
    publish(network, 2)
    first, second = claim(database, clock)
    record(database, clock, first, DeliveryState.FAILED)
    with database.transaction() as tx:
        assert deliveries.retry(tx, first.delivery.id, clock())
        # A sender holds it at this moment: due now, it would be sent twice.
        assert not deliveries.retry(tx, second.delivery.id, clock())
    clock.now += LEASE
    with database.transaction() as tx:
        assert deliveries.retry(tx, second.delivery.id, clock())
        assert not deliveries.retry(tx, 999, clock())
    again = claim(database, clock)
    assert len(again) == 2
    # The claim from before the retry has nothing to say about the one after it.
    assert record(database, clock, second, DeliveryState.FAILED) == 0
    for item in again:
        assert record(database, clock, item, DeliveryState.DELIVERED) == 1
    with database.transaction() as tx:
        assert not deliveries.retry(tx, first.delivery.id, clock())


def test_drop_gives_up_what_waits(network: Network, database: Database, clock: SetClock) -> None:
    publish(network)
    [item] = claim(database, clock)
    record(database, clock, item, DeliveryState.DEFERRED, clock() + timedelta(minutes=1))
    with database.transaction() as tx:
        assert deliveries.drop(tx, item.delivery.id, clock())
        assert not deliveries.drop(tx, item.delivery.id, clock())
        assert deliveries.waiting(tx) == 0
    assert states(database) == {"dropped": 1}


def test_what_is_under_way_is_not_dropped(network: Network, database: Database, clock: SetClock) -> None:
    """It may arrive after "dropped" was said."""
    publish(network, 2)
    first, second = claim(database, clock)
    clock.advance(seconds=90)
    with database.transaction() as tx:
        assert not deliveries.drop(tx, first.delivery.id, clock())
        assert deliveries.held_until(tx, first.delivery.id, clock()) == clock() + timedelta(seconds=30)
    assert record(database, clock, first, DeliveryState.DELIVERED) == 1
    clock.advance(seconds=30)
    with database.transaction() as tx:
        assert deliveries.held_until(tx, first.delivery.id, clock()) is None
        # Its sender died.
        assert deliveries.held_until(tx, second.delivery.id, clock()) is None
        assert deliveries.drop(tx, second.delivery.id, clock())
    assert record(database, clock, second, DeliveryState.DELIVERED) == 0
    assert states(database) == {"delivered": 1, "dropped": 1}


def test_what_waits_is_told(network: Network, database: Database, clock: SetClock) -> None:
    with database.reading() as tx:
        assert (deliveries.waiting(tx), deliveries.oldest(tx)) == (0, None)
    born = clock()
    publish(network, 2)
    clock.advance(minutes=1)
    [first, _] = claim(database, clock)
    record(database, clock, first, DeliveryState.DELIVERED)
    with database.reading() as tx:
        assert (deliveries.waiting(tx), deliveries.oldest(tx)) == (1, born)


def test_one_content_goes_to_a_person_once(network: Network, database: Database, clock: SetClock) -> None:
    publish(network)
    with database.reading() as tx:
        row = dict(tx.execute(select(rows)).one()._mapping)
    with pytest.raises(IntegrityError), database.transaction() as tx:
        tx.execute(rows.insert().values(row | {"id": row["id"] + 1}))


def test_only_what_is_finished_and_fanned_out_is_forgotten(
    network: Network, database: Database, clock: SetClock
) -> None:
    publish(network, 3)
    first, second, _ = claim(database, clock)
    record(database, clock, first, DeliveryState.DELIVERED)
    record(database, clock, second, DeliveryState.FAILED)

    def purge(before: datetime) -> int:
        with database.transaction() as tx:
            return deliveries.purge(tx, before, 10)

    assert purge(clock()) == 0
    before = clock.advance(days=1)
    with database.transaction() as tx:
        tx.execute(fan_outs.update().values(closed_at=None))
    # An open fan-out would send them again.
    assert purge(before) == 0
    with database.transaction() as tx:
        tx.execute(fan_outs.update().values(closed_at=clock()))
    assert purge(before) == 2
    assert states(database) == {"pending": 1}


def test_two_nodes_claim_nothing_twice(postgresql_url: str, clock: SetClock) -> None:
    one, two = Database(postgresql_url), Database(postgresql_url)
    publish(Network(one, clock), 300)
    claimed: list[int] = []
    together = threading.Barrier(2)

    def work(database: Database) -> None:
        together.wait()
        while batch := claim(database, clock, 7):
            claimed.extend(item.delivery.id for item in batch)

    threads = [threading.Thread(target=work, args=(database,)) for database in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 300
    one.close()
    two.close()


def test_who_claims_does_not_wait_for_another_claim(postgresql_url: str, clock: SetClock) -> None:
    one, two = Database(postgresql_url), Database(postgresql_url)
    publish(Network(one, clock), 4)
    with one.transaction() as tx:
        first = deliveries.claim(tx, clock(), 2, PEACE)
        with two.transaction() as other:
            second = deliveries.claim(other, clock(), 4, PEACE)
    assert len(first) == len(second) == 2
    assert not {item.delivery.id for item in first} & {item.delivery.id for item in second}
    assert replace(first[0].delivery, id=0, person_id=0, address="").attempts == 1
    one.close()
    two.close()


def test_an_answer_of_any_characters_can_be_recorded(network: Network, database: Database, clock: SetClock) -> None:
    publish(network)
    [item] = claim(database, clock)
    outcome = Outcome(item.delivery.id, 1, DeliveryState.FAILED, Reply(550, "5.0.0", "no \0 and \udcff"))
    with database.transaction() as tx:
        assert deliveries.record(tx, [(outcome, None)], clock()) == 1
