"""The spool: accepted, claimed, closed or set aside, and forgotten in the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.core.message import Mail
from store import arrivals, past_mails
from store.arrivals import LEASE, Accepted, AfterFailure, Closing, LostLeaseError
from store.database import Database
from store.schema import arrivals as arrival_rows
from store.schema import attachments, contents, raw_mails, spool
from tests.network import Network, SetClock, envelope

RAW = b"Subject: x\r\n\r\nwords\r\n"


def accept(database: Database, *paths: str, clock: SetClock, blob: str = "") -> None:
    sent = replace(envelope(*paths), received_at=clock())
    with database.transaction() as tx:
        arrivals.add(tx, [Accepted(sent, len(RAW), None if blob else RAW, blob)])


def claim(database: Database, clock: SetClock, most: int = 10) -> list[Mail]:
    with database.transaction() as tx:
        return arrivals.claim(tx, clock(), most)


def closing(mail: Mail, state: str = "closed") -> list[Closing]:
    verdict = "hold" if state == "held" else "discard"
    return [Closing(a.id, state, verdict, "duplicate", "", None, None, None) for a in mail.arrivals]


def close(database: Database, mail: Mail, clock: SetClock, state: str = "closed") -> None:
    with database.transaction() as tx:
        arrivals.close(tx, [mail], closing(mail, state), clock())


def counts(database: Database, clock: SetClock) -> dict[str, int]:
    with database.reading() as tx:
        return {state: number for state, number in arrivals.counts(tx, clock()).items() if number}


def set_aside(database: Database, clock: SetClock) -> Mail:
    for _ in range(3):
        [mail] = claim(database, clock)
        with database.transaction() as tx:
            after = arrivals.fail(tx, mail, "ValueError: boom", clock())
        clock.advance(minutes=5)
    assert after is AfterFailure.ASIDE
    return mail


def test_a_mail_comes_back_as_it_was(database: Database, clock: SetClock) -> None:
    accept(database, "projets", "achats", "projets", clock=clock)
    [mail] = claim(database, clock)
    assert mail.envelope == envelope("projets", "achats")
    assert [a.forward_path for a in mail.arrivals] == ["projets@relais.example", "achats@relais.example"]
    assert (mail.raw, mail.blob, mail.size, mail.attempts, mail.failures) == (RAW, "", len(RAW), 1, 0)


def test_a_large_mail_is_known_by_its_blob(database: Database, clock: SetClock) -> None:
    accept(database, "projets", clock=clock, blob="b" * 64)
    [mail] = claim(database, clock)
    assert (mail.raw, mail.blob) == (None, "b" * 64)


def test_mails_of_a_batch_keep_their_bytes_and_paths(database: Database, clock: SetClock) -> None:
    batch = [Accepted(envelope(f"c{n}"), n, b"mail %d" % n, "") for n in range(50)]
    with database.transaction() as tx:
        arrivals.add(tx, batch)
    for n, mail in enumerate(claim(database, clock, 50)):
        assert (mail.raw, mail.size, mail.envelope.forward_paths) == (b"mail %d" % n, n, (f"c{n}@relais.example",))


def test_claims_are_oldest_first_and_bounded(database: Database, clock: SetClock) -> None:
    for name in ("one", "two", "three"):
        accept(database, name, clock=clock)
    first = claim(database, clock, 2)
    assert [mail.arrivals[0].forward_path.partition("@")[0] for mail in first] == ["one", "two"]
    assert counts(database, clock) == {"claimed": 2, "spooled": 1}
    assert len(claim(database, clock)) == 1


def test_a_lease_runs_out(database: Database, clock: SetClock) -> None:
    accept(database, "projets", clock=clock)
    claim(database, clock)
    clock.now += LEASE - timedelta(seconds=1)
    assert claim(database, clock) == []
    clock.advance(seconds=1)
    [again] = claim(database, clock)
    # A restart is not a failure.
    assert (again.attempts, again.failures) == (2, 0)


def test_the_fence_stops_who_lost_the_lease(database: Database, clock: SetClock) -> None:
    accept(database, "projets", clock=clock)
    [old] = claim(database, clock)
    clock.now += LEASE
    [new] = claim(database, clock)
    with pytest.raises(LostLeaseError):
        close(database, old, clock)
    with database.transaction() as tx:
        assert arrivals.fail(tx, old, "late", clock()) is AfterFailure.LOST
        arrivals.release(tx, [old])
    assert claim(database, clock) == []
    close(database, new, clock)
    assert counts(database, clock) == {}
    with pytest.raises(LostLeaseError):
        close(database, new, clock)


def test_a_lost_lease_rolls_everything_back(database: Database, clock: SetClock) -> None:
    accept(database, "one", clock=clock)
    accept(database, "two", clock=clock)
    one, two = claim(database, clock)
    stale = replace(two, attempts=7)
    with pytest.raises(LostLeaseError), database.transaction() as tx:
        arrivals.close(tx, [one, stale], closing(one) + closing(stale), clock())
    assert counts(database, clock) == {"claimed": 2}


def test_an_outcome_is_written_once_for_each_arrival(database: Database, network: Network, clock: SetClock) -> None:
    projets, ann = network.community("projets"), network.person("ann")
    [post_id] = network.write(ann, projets)
    accept(database, "projets", "achats", clock=clock)
    [mail] = claim(database, clock)
    first, second = mail.arrivals
    with database.transaction() as tx:
        outcomes = [
            Closing(first.id, "closed", "publish", "member_post", "message_id_reused", ann, projets, post_id),
            Closing(second.id, "held", "hold", "sender_unknown", "", None, None, None),
        ]
        arrivals.close(tx, [mail], outcomes, clock())
        rows = tx.execute(select(arrival_rows).order_by(arrival_rows.c.id)).all()
    published, held = rows
    assert (published.verdict, published.reason, published.flag) == ("publish", "member_post", "message_id_reused")
    assert (published.person_id, published.community_id, published.post_id) == (ann, projets, post_id)
    assert (published.closed_at, held.state, held.reason) == (clock(), "held", "sender_unknown")
    assert counts(database, clock) == {"held": 1}


def test_three_failures_set_a_mail_aside_whole(database: Database, clock: SetClock) -> None:
    accept(database, "projets", clock=clock)
    waits = []
    for _ in range(3):
        [mail] = claim(database, clock)
        with database.transaction() as tx:
            after = arrivals.fail(tx, mail, "ValueError: boom", clock())
        waits.append(0)
        while after is AfterFailure.AGAIN and not claim(database, clock):
            clock.advance(seconds=5)
            waits[-1] += 5
        clock.now += LEASE
    assert after is AfterFailure.ASIDE
    assert waits == [5, 60, 0]
    assert counts(database, clock) == {"set_aside": 1}
    with database.reading() as tx:
        row = tx.execute(select(spool.c.state, spool.c.trouble).join(raw_mails)).one()
    assert tuple(row) == ("set_aside", "ValueError: boom")


@pytest.mark.parametrize("trouble", ["a \0 in it", "a \udcff in it", "x" * 100_000])
def test_trouble_of_any_kind_can_be_told(database: Database, clock: SetClock, trouble: str) -> None:
    accept(database, "projets", clock=clock)
    [mail] = claim(database, clock)
    with database.transaction() as tx:
        arrivals.fail(tx, mail, trouble, clock())
        told = tx.scalar(select(spool.c.trouble))
    assert told and len(told) <= 2000 and "\0" not in told


def test_released_mail_is_free_at_once(database: Database, clock: SetClock) -> None:
    accept(database, "projets", clock=clock)
    mails = claim(database, clock)
    with database.transaction() as tx:
        arrivals.release(tx, mails)
    assert [mail.attempts for mail in claim(database, clock)] == [2]


def test_a_restart_frees_claims_but_not_what_failed(database: Database, clock: SetClock) -> None:
    accept(database, "one", clock=clock)
    accept(database, "two", clock=clock)
    one, _two = claim(database, clock)
    with database.transaction() as tx:
        arrivals.fail(tx, one, "boom", clock())
        assert arrivals.release_all(tx, clock()) == 1
    assert [mail.arrivals[0].forward_path for mail in claim(database, clock)] == ["two@relais.example"]


def test_retry_puts_back_what_was_held_or_set_aside(database: Database, clock: SetClock) -> None:
    accept(database, "held", clock=clock)
    [mail] = claim(database, clock)
    close(database, mail, clock, "held")
    accept(database, "aside", clock=clock)
    aside = set_aside(database, clock)
    with database.transaction() as tx:
        assert arrivals.retry(tx, mail.arrivals[0].id)
        assert arrivals.retry(tx, aside.arrivals[0].id)
        assert not arrivals.retry(tx, aside.arrivals[0].id)
        assert not arrivals.retry(tx, 999)
    again = claim(database, clock)
    assert [(m.arrivals[0].forward_path, m.failures) for m in again] == [
        ("held@relais.example", 0),
        ("aside@relais.example", 0),
    ]


def test_retry_of_one_arrival_leaves_its_sisters(database: Database, clock: SetClock) -> None:
    accept(database, "one", "two", clock=clock)
    [mail] = claim(database, clock)
    close(database, mail, clock, "held")
    with database.transaction() as tx:
        arrivals.retry(tx, mail.arrivals[1].id)
    [again] = claim(database, clock)
    assert [a.forward_path for a in again.arrivals] == ["two@relais.example"]
    close(database, again, clock)
    assert counts(database, clock) == {"held": 1}


def test_drop_ends_a_held_or_set_aside_arrival(database: Database, clock: SetClock) -> None:
    accept(database, "projets", clock=clock)
    aside = set_aside(database, clock)
    with database.transaction() as tx:
        assert arrivals.drop(tx, aside.arrivals[0].id, clock())
        assert not arrivals.drop(tx, aside.arrivals[0].id, clock())
        assert not arrivals.retry(tx, aside.arrivals[0].id)
    assert counts(database, clock) == {}


def test_oldest_is_the_oldest_undecided(database: Database, clock: SetClock) -> None:
    accept(database, "one", clock=clock)
    [mail] = claim(database, clock)
    close(database, mail, clock)
    with database.reading() as tx:
        assert arrivals.oldest(tx) is None
    since = clock.advance(hours=1)
    accept(database, "two", clock=clock)
    with database.reading() as tx:
        assert arrivals.oldest(tx) == since


def purged(database: Database, clock: SetClock) -> tuple[int, list[str], int]:
    with database.transaction() as tx:
        raw, blobs = past_mails.forget_bytes(tx, clock(), 10)
        return raw, blobs, past_mails.forget(tx, clock(), 10)


def test_only_what_is_closed_is_forgotten(database: Database, clock: SetClock) -> None:
    for state in ("closed", "held"):
        accept(database, state, clock=clock)
        [mail] = claim(database, clock)
        close(database, mail, clock, state)
    accept(database, "aside", clock=clock)
    set_aside(database, clock)
    accept(database, "spooled", clock=clock)
    assert purged(database, clock) == (1, [], 1)
    clock.advance(days=365)
    assert purged(database, clock) == (0, [], 0)
    assert counts(database, clock) == {"held": 1, "set_aside": 1, "spooled": 1}


def test_what_came_in_later_is_kept(database: Database, clock: SetClock) -> None:
    before = clock()
    accept(database, "projets", clock=clock)
    [mail] = claim(database, clock)
    close(database, mail, clock)
    with database.transaction() as tx:
        assert past_mails.forget_bytes(tx, before, 10) == (0, [])


def test_what_was_dropped_is_forgotten_too(database: Database, clock: SetClock) -> None:
    accept(database, "one", "two", clock=clock)
    aside = set_aside(database, clock)
    with database.transaction() as tx:
        arrivals.drop(tx, aside.arrivals[0].id, clock())
    assert purged(database, clock) == (0, [], 0)
    with database.transaction() as tx:
        arrivals.drop(tx, aside.arrivals[1].id, clock())
    assert purged(database, clock) == (1, [], 1)


def test_a_blob_is_freed_with_its_last_name(database: Database, network: Network, clock: SetClock) -> None:
    shared, attached, lone = "a" * 64, "b" * 64, "c" * 64
    network.write(network.person("ann"), network.community("projets"))
    with database.transaction() as tx:
        row = {"content_type": "x/y", "size": 1, "sha256": attached, "inline": False, "name": "f"}
        tx.execute(attachments.insert().values(content_id=tx.scalar(select(contents.c.id)), **row))
    for blob in (shared, attached, lone):
        accept(database, "old", clock=clock, blob=blob)
    for mail in claim(database, clock):
        close(database, mail, clock)
    accept(database, "spooled", clock=clock, blob=shared)
    clock.advance(days=1)
    assert purged(database, clock) == (3, [lone], 3)
