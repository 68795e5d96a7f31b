"""The sender's hands: how much it takes at once, and what it gives back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select
from structlog.testing import capture_logs

from gateway.core.community import Pace
from gateway.core.delivery import Delivery, DeliveryState, Outcome, Outgoing
from gateway.core.errors import CompositionError, StoreError
from gateway.core.notice import Author, NoticeKind, NoticeMail
from gateway.core.post import PostMail
from gateway.core.quiet import Peace
from gateway.core.reply import Reply
from outbound import holding, worker
from outbound.compose import Composer, MailTemplate
from outbound.contents import Contents, Limits
from outbound.courier import CLOSING, TAKEN_BACK, Courier, Report
from outbound.worker import Sender, SenderSetup
from store import deliveries, failures, notices, paces, queues
from store.database import Database
from store.schema import deliveries as rows
from store.schema import people as person_rows
from store.wakeups import Wakeups
from tests.network import KEYS, PEACE, Network, SetClock
from tests.outbound.digests import press_room
from tests.outbound.mails import RENDERER, SITE
from tests.store.test_deliveries import publish
from tests.store.test_notices import arrive, new

MANY = 25


class Nobody:
    """A courier who is never called."""

    resting_s = 0.0

    async def send(self, batch: Sequence[Outgoing], report: Report) -> None:
        raise AssertionError(batch, report)

    async def close(self) -> None:
        pass


class Slow:
    """A courier whose mails land when `landing` is set; once closed, it owes nothing but what it never began."""

    resting_s = 0.0

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []
        self.cancelled = 0
        self.landing = asyncio.Event()
        self.closed = asyncio.Event()

    async def send(self, batch: Sequence[Outgoing], report: Report) -> None:
        self.taken += batch
        waits = [asyncio.create_task(event.wait()) for event in (self.landing, self.closed)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self.cancelled += len(batch)
            raise
        finally:
            for wait in waits:
                wait.cancel()
            landed = self.landing.is_set()
            state, detail = (DeliveryState.DELIVERED, "") if landed else (DeliveryState.DEFERRED, CLOSING)
            report([Outcome(mail.delivery_id, mail.attempts, state, None, detail) for mail in batch])

    async def close(self) -> None:
        self.closed.set()


def make_sender(database: Database, clock: SetClock, courier: Courier) -> Sender:
    composer = Composer(SITE, KEYS, {}.__getitem__, RENDERER)
    setup = SenderSetup(
        composer,
        Contents(Limits(1000, 5000, None)),
        press_room(database, clock),
        courier,
        None,
        200,
        lambda outcome: None,
        PEACE,
    )
    return Sender(setup, database, Wakeups(database), clock)


@pytest.fixture
def sender(database: Database, clock: SetClock) -> Sender:
    return make_sender(database, clock, Nobody())


def states(database: Database) -> dict[str, int]:
    with database.reading() as tx:
        return {state: number for state, number in deliveries.counts(tx).items() if number}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(sender: Sender) -> AsyncIterator[None]:
    task = asyncio.create_task(sender.run())
    try:
        yield
    finally:
        sender.stop()
        async with asyncio.timeout(10):
            await task


def write_notices(network: Network, database: Database, clock: SetClock) -> None:
    one = replace(
        new(network.person("ann"), arrive(database), None, clock),
        kind=NoticeKind.FORWARDED,
        author=Author("Eve", "eve@far.example", proven=False, known=False),
        text="words " * 1000,
    )
    batch = [replace(one, message_id=f"<n{number}@relais.example>") for number in range(MANY)]
    with database.transaction() as tx:
        notices.add(tx, batch, 1, clock())


def test_a_batch_is_held_in_memory_up_to_a_bound(
    network: Network, database: Database, clock: SetClock, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_notices(network, database, clock)
    monkeypatch.setattr(worker, "_COMPOSED_OCTETS", 50_000)
    taken: list[Outgoing] = []
    sizes = []
    while (batch := sender._next_batch()) is not None:
        sizes.append(sum(len(mail.data) for mail in batch.ready))
        taken += batch.ready
        assert len(sender._held.deliveries) == len(taken)
    # Nothing twice, nothing forgotten, and never more than the bound and one mail.
    assert len({mail.delivery_id for mail in taken}) == len(taken) == MANY
    assert len(sizes) > 3 and max(sizes) < 50_000 + max(len(mail.data) for mail in taken)


def test_what_cannot_be_given_back_is_given_back_with_the_next_claim(
    network: Network, database: Database, clock: SetClock, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C6: on a full disk the way back needs the disk, too; a claim must not have to run out for it."""
    write_notices(network, database, clock)
    give_back = deliveries.give_back

    def full(tx: Connection, held: Iterable[Delivery], now: datetime) -> None:
        if list(held):
            raise StoreError("database or disk is full")

    monkeypatch.setattr(worker, "_TROUBLE_PAUSE_S", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(worker, "_COMPOSED_OCTETS", 1)
        patch.setattr(deliveries, "give_back", full)
        first = sender._next_batch()
        assert first is not None and len(first.ready) == 1
        assert sender._next_batch() is None
    assert deliveries.give_back is give_back
    second = sender._next_batch()
    assert second is not None and len(second.ready) == MANY - 1
    assert {mail.attempts for mail in second.ready} == {2}


@pytest.mark.parametrize("trouble", [OverflowError, RecursionError, MemoryError, KeyError])
def test_a_spoiled_mail_keeps_no_other_from_its_turn(
    network: Network,
    database: Database,
    clock: SetClock,
    sender: Sender,
    monkeypatch: pytest.MonkeyPatch,
    trouble: type[Exception],
) -> None:
    write_notices(network, database, clock)
    compose = sender._setup.composer.compose_notice
    spoiled: set[int] = set()

    def fail(notice: NoticeMail, delivery: Delivery) -> Outgoing:
        spoiled.add(delivery.id) if not spoiled else None
        if delivery.id in spoiled:
            raise trouble("no")
        return compose(notice, delivery)

    monkeypatch.setattr(sender._setup.composer, "compose_notice", fail)
    batch = sender._next_batch()
    assert batch is not None and len(batch.ready) == MANY - 1
    sender._store(batch.spoiled)
    [number] = spoiled
    # It is our own trouble, and costs nobody a mail however long it takes to be mended.
    for attempts in range(1, 50):
        with database.reading() as tx:
            entry = queues.get_delivery(tx, number)
        assert entry is not None
        assert (entry.state, entry.answer) == ("deferred", f"not composed: {trouble.__name__}")
        assert entry.attempts == attempts
        sender._held.deliveries.clear()
        clock.advance(hours=5, minutes=1)
        with database.transaction() as tx:
            tx.execute(rows.update().where(rows.c.id != number).values(state="delivered"))
        batch = sender._next_batch()
        assert batch is not None
        sender._store(batch.spoiled)


@pytest.mark.parametrize("trouble", [CompositionError("a field too many"), StoreError("missing", temporary=False)])
def test_what_cannot_be_rendered_waits_for_all_its_readers_and_is_told_once(
    network: Network,
    database: Database,
    clock: SetClock,
    sender: Sender,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Exception,
) -> None:
    publish(network, MANY)
    prepare = sender._setup.composer.prepare
    tries: list[str] = []

    def fail(mail: PostMail, locale: str) -> MailTemplate:
        tries.append(locale)
        raise trouble

    with monkeypatch.context() as patch, capture_logs() as lines:
        patch.setattr(sender._setup.composer, "prepare", fail)
        batch = sender._next_batch()
        assert batch is not None and len(batch.spoiled) == MANY
        sender._store(batch.spoiled)
    assert states(database) == {"deferred": MANY}
    assert tries == ["en"]
    assert [line["event"] for line in lines] == ["compose_failed"]
    # A minute later it is tried again, and mended by then.
    clock.advance(minutes=2)
    ahead = time.monotonic() + 60
    monkeypatch.setattr(sender._mails, "_elapsed", lambda: ahead)
    assert sender._setup.composer.prepare == prepare
    batch = sender._next_batch()
    assert batch is not None and len(batch.ready) == MANY


def test_an_address_that_is_none_fails_its_own_delivery_alone(
    network: Network, database: Database, clock: SetClock, sender: Sender
) -> None:
    _, _, people = publish(network, 3)
    with database.transaction() as tx:
        tx.execute(person_rows.update().where(person_rows.c.id == people[1]).values(address="a b@c\r\nBcc: d@e"))
    batch = sender._next_batch()
    assert batch is not None and len(batch.ready) == 2
    sender._store(batch.spoiled)
    assert states(database) == {"pending": 2, "failed": 1}


def test_what_of_many_readers_cannot_be_read_is_asked_for_once(
    network: Network, database: Database, clock: SetClock, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(network, MANY)
    write_notices(network, database, clock)
    asked = []

    def fail(_tx: Connection, post_ids: Iterable[int]) -> dict[int, PostMail]:
        asked.append(set(post_ids))
        raise OverflowError("no such day")

    monkeypatch.setattr(sender._setup.contents, "posts", fail)
    batch = sender._next_batch()
    assert batch is not None and (len(batch.ready), len(batch.spoiled)) == (MANY, MANY)
    assert len(asked) < MANY / 2


def test_what_cannot_be_read_keeps_no_other_from_its_turn(
    network: Network, database: Database, clock: SetClock, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_notices(network, database, clock)
    read = sender._setup.contents.notices
    spoiled: set[int] = set()

    def fail(tx: Connection, notice_ids: Iterable[int]) -> dict[int, NoticeMail]:
        wanted = set(notice_ids)
        spoiled.add(min(wanted)) if not spoiled else None
        if wanted & spoiled:
            raise OverflowError("no such day")
        return read(tx, wanted)

    monkeypatch.setattr(sender._setup.contents, "notices", fail)
    batch = sender._next_batch()
    assert batch is not None and len(batch.ready) == MANY - 1


def test_an_ordinary_batch_is_taken_whole(
    network: Network, database: Database, clock: SetClock, sender: Sender
) -> None:
    write_notices(network, database, clock)
    batch = sender._next_batch()
    assert batch is not None and len(batch.ready) == MANY
    with database.transaction() as tx:
        assert deliveries.claim(tx, clock(), 100, PEACE) == []


@pytest.mark.parametrize("trouble", [StoreError("gone"), OverflowError("odd")])
async def test_a_failed_claim_leaves_what_flies_alone(
    network: Network, database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    write_notices(network, database, clock)
    courier = Slow()
    claim = deliveries.claim
    claims = 0

    def flaky(tx: Connection, now: datetime, most: int, peace: Peace) -> list[deliveries.Claimed]:
        nonlocal claims
        claims += 1
        if 2 <= claims <= 3:
            raise trouble
        return claim(tx, now, 10, peace)

    monkeypatch.setattr(deliveries, "claim", flaky)
    monkeypatch.setattr(worker, "_TROUBLE_PAUSE_S", 0.01)
    async with running(make_sender(database, clock, courier)):
        await until(lambda: claims >= 2)
        await asyncio.sleep(0.05)
        courier.landing.set()
        await until(lambda: states(database) == {"delivered": MANY})
    assert courier.cancelled == 0
    assert len({mail.delivery_id for mail in courier.taken}) == len(courier.taken) == MANY


async def test_outcomes_wait_for_a_store_that_is_away(
    network: Network, database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_notices(network, database, clock)
    courier = Slow()
    courier.landing.set()
    record = deliveries.record
    troubles = iter([StoreError("gone")] * 4)

    def flaky(tx: Connection, outcomes: Sequence[tuple[Outcome, datetime | None]], now: datetime) -> int:
        if trouble := next(troubles, None):
            raise trouble
        return record(tx, outcomes, now)

    monkeypatch.setattr(deliveries, "record", flaky)
    monkeypatch.setattr(worker, "_TROUBLE_PAUSE_S", 0.01)
    async with running(make_sender(database, clock, courier)):
        await until(lambda: states(database) == {"delivered": MANY})
    assert len(courier.taken) == MANY


async def test_an_outcome_that_cannot_be_written_takes_no_other_with_it(
    network: Network, database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_notices(network, database, clock)
    courier = Slow()
    courier.landing.set()
    record = deliveries.record

    def picky(tx: Connection, outcomes: Sequence[tuple[Outcome, datetime | None]], now: datetime) -> int:
        if any(outcome.delivery_id == 3 for outcome, _ in outcomes):
            raise ValueError("not this one")
        return record(tx, outcomes, now)

    monkeypatch.setattr(deliveries, "record", picky)
    async with running(make_sender(database, clock, courier)):
        await until(lambda: states(database) == {"delivered": MANY - 1, "pending": 1})


async def test_a_renewed_lease_reaches_the_mail(
    network: Network, database: Database, clock: SetClock, sender: Sender
) -> None:
    write_notices(network, database, clock)
    batch = sender._next_batch()
    assert batch is not None
    first, *others = batch.ready
    clock.advance(minutes=1)
    with database.transaction() as tx:
        # Another sender had it in between.
        tx.execute(rows.update().where(rows.c.id == first.delivery_id).values(attempts=2))
    sender._held.renew(list(sender._held.deliveries.values()))
    assert first.lease.until == clock()
    assert {mail.lease.until for mail in others} == {clock() + deliveries.LEASE}


async def test_who_unsubscribes_is_sent_nothing_more_within_seconds(
    network: Network, database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P7, and a relay so slow that the mail was claimed long before."""
    assert holding._ASK_AGAIN_S <= 4
    monkeypatch.setattr(holding, "_ASK_AGAIN_S", 0.01)
    projets, _, [stays, leaves] = publish(network, 2)
    courier = Slow()
    async with running(make_sender(database, clock, courier)):
        await until(lambda: len(courier.taken) == 2)
        with database.transaction() as tx:
            paces.choose(tx, projets, leaves, Pace.OFF, clock())
        by_person = dict(zip((stays, leaves), sorted(courier.taken, key=lambda mail: mail.forward_path), strict=True))
        await until(lambda: by_person[leaves].lease.until <= clock())
        assert by_person[stays].lease.until == clock() + deliveries.LEASE


async def test_a_slow_relay_does_not_outlive_the_stop(network: Network, database: Database, clock: SetClock) -> None:
    write_notices(network, database, clock)
    courier = Slow()
    async with running(make_sender(database, clock, courier)):
        await until(lambda: len(courier.taken) == MANY)
    assert courier.cancelled == 0
    # What was never begun is not made to wait for the next start.
    with database.transaction() as tx:
        assert len(deliveries.claim(tx, clock(), 100, PEACE)) == MANY


def test_a_failure_that_is_taken_back_is_tried_again(
    network: Network, database: Database, clock: SetClock, sender: Sender
) -> None:
    write_notices(network, database, clock)
    batch = sender._next_batch()
    assert batch is not None
    reply = Reply(550, "5.0.0", "no")
    failed = [Outcome(mail.delivery_id, 1, DeliveryState.FAILED, reply) for mail in batch.ready]
    again = [replace(outcome, state=DeliveryState.DEFERRED, detail=TAKEN_BACK) for outcome in failed]
    sender._store(failed[:5])
    # In the group of the failure itself, or later.
    sender._store([*failed[5:], *again])
    assert states(database) == {"deferred": MANY}
    with database.transaction() as tx:
        assert deliveries.claim(tx, clock(), 100, PEACE) == []
        assert len(deliveries.claim(tx, clock() + timedelta(minutes=2), 100, PEACE)) == MANY


def test_what_the_relay_says_of_an_address_counts_and_is_taken_back_with_the_failure(
    network: Network, database: Database, clock: SetClock, sender: Sender
) -> None:
    write_notices(network, database, clock)
    batch = sender._next_batch()
    assert batch is not None
    ids = [mail.delivery_id for mail in batch.ready]

    def refused(place: int, reply: Reply) -> Outcome:
        return Outcome(ids[place], 1, DeliveryState.FAILED, reply)

    def counted() -> list[str]:
        with database.reading() as tx:
            [ann] = tx.scalars(select(person_rows.c.id))
            return [kind.value for _, kind, _, _ in failures.days_of(tx, ann)]

    no_word, bare = Reply(550, "5.0.0", "no"), Reply(550, "", "unknown")
    sender._store(
        [refused(0, no_word), refused(1, bare), Outcome(ids[2], 1, DeliveryState.DELIVERED, Reply(250, "2.0.0", "x"))]
    )
    assert counted() == []
    first = refused(3, Reply(550, "5.1.1", "unknown"))
    sender._store([first, refused(4, Reply(550, "5.1.1", "unknown")), refused(5, Reply(554, "5.7.1", "spam"))])
    assert counted() == ["hard", "refused"]
    sender._store([replace(first, state=DeliveryState.DEFERRED, detail=TAKEN_BACK)])
    assert counted() == ["refused"]


def test_the_log_has_no_words_of_the_relay(
    network: Network, database: Database, clock: SetClock, sender: Sender
) -> None:
    write_notices(network, database, clock)
    batch = sender._next_batch()
    assert batch is not None
    reply = Reply(550, "5.1.1", "<ann@people.example>: unknown, subject Redundancies")
    outcomes = [
        Outcome(mail.delivery_id, mail.attempts, DeliveryState.FAILED, reply if n else None, "" if n else "refused")
        for n, mail in enumerate(batch.ready[:2])
    ]
    with capture_logs() as lines:
        sender._store(outcomes)
    assert [line["reason"] for line in lines] == ["refused", "550 5.1.1"]
    assert "ann" not in str(lines) and "Redundancies" not in str(lines)


def test_a_clock_that_jumps_makes_nothing_fail(
    network: Network, database: Database, clock: SetClock, sender: Sender
) -> None:
    write_notices(network, database, clock)
    batch = sender._next_batch()
    assert batch is not None
    outcomes = [Outcome(mail.delivery_id, mail.attempts, DeliveryState.DEFERRED) for mail in batch.ready]
    clock.advance(days=7)
    sender._store(outcomes)
    assert states(database) == {"deferred": MANY}
    with database.transaction() as tx:
        assert deliveries.claim(tx, clock() + timedelta(minutes=2), 100, PEACE) != []
