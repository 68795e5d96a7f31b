"""The sender's hands: how much it takes at once, and what it gives back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from gateway.core.delivery import Delivery, Outgoing
from gateway.core.notice import Author, NoticeKind, NoticeMail
from outbound import worker
from outbound.compose import Composer
from outbound.composing import MOST_ATTEMPTS
from outbound.contents import Contents, Limits
from outbound.courier import Report
from outbound.worker import Sender, SenderSetup
from store import deliveries, notices, queues
from store.database import Database
from store.wakeups import Wakeups
from tests.network import KEYS, Network, SetClock
from tests.outbound.mails import RENDERER, SITE
from tests.store.test_notices import arrive, new

MANY = 25


class Nobody:
    """A courier who is never called."""

    resting_s = 0.0

    async def send(self, batch: Sequence[Outgoing], report: Report) -> None:
        raise AssertionError(batch, report)

    async def close(self) -> None:
        pass


@pytest.fixture
def sender(database: Database, clock: SetClock) -> Sender:
    composer = Composer(SITE, KEYS, {}.__getitem__, RENDERER)
    setup = SenderSetup(composer, Contents(Limits(1000, 5000, None)), Nobody(), None, 200, lambda outcome: None)
    return Sender(setup, database, Wakeups(database), clock)


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
    while (mails := sender._claim_and_compose()) is not None:
        sizes.append(sum(len(mail.data) for mail in mails))
        taken += mails
        assert len(sender._in_hand) == len(taken)
    # Nothing twice, nothing forgotten, and never more than the bound and one mail.
    assert len({mail.delivery_id for mail in taken}) == len(taken) == MANY
    assert len(sizes) > 3 and max(sizes) < 50_000 + max(len(mail.data) for mail in taken)


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
    mails = sender._claim_and_compose()
    assert mails is not None and len(mails) == MANY - 1
    states = []
    for _ in range(MOST_ATTEMPTS):
        with database.reading() as tx:
            [entry] = [queues.get_delivery(tx, number) for number in spoiled]
        assert entry is not None
        states.append((entry.state, entry.answer))
        sender._in_hand.clear()
        clock.advance(hours=5)
        sender._claim_and_compose()
    assert states[0] == states[-2] == ("deferred", f"not composed: {trouble.__name__}")
    with database.reading() as tx:
        entry = queues.get_delivery(tx, *spoiled)
    assert entry is not None and (entry.state, entry.attempts) == ("failed", MOST_ATTEMPTS)


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
    mails = sender._claim_and_compose()
    assert mails is not None and len(mails) == MANY - 1


def test_an_ordinary_batch_is_taken_whole(
    network: Network, database: Database, clock: SetClock, sender: Sender
) -> None:
    write_notices(network, database, clock)
    mails = sender._claim_and_compose()
    assert mails is not None and len(mails) == MANY
    with database.transaction() as tx:
        assert deliveries.claim(tx, clock(), 100) == []
