"""outbound/dispatch.py: outcomes are recorded in groups, and sending never runs far ahead of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.core.delivery import DeliveryState, Outcome, Outgoing
from outbound.courier import TAKEN_BACK, Report
from outbound.dispatch import Dispatch, Pace
from tests.outbound.conftest import MakeMail


class Pigeon:
    """A courier whose mails land when the test says so; `landing` None lets them land at once."""

    resting_s = 0.0

    def __init__(self, landing: asyncio.Event | None = None) -> None:
        self.landing = landing
        self.taken: list[int] = []

    async def send(self, batch: Sequence[Outgoing], report: Report) -> None:
        self.taken += [mail.delivery_id for mail in batch]
        state = DeliveryState.DELIVERED
        try:
            if self.landing is not None:
                await self.landing.wait()
            else:
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            state = DeliveryState.DEFERRED
            raise
        finally:
            report([Outcome(mail.delivery_id, mail.attempts, state) for mail in batch])

    async def close(self) -> None:
        pass


class Ledger:
    """Records groups; says how far sending was ahead at its worst."""

    def __init__(self, pigeon: Pigeon) -> None:
        self.groups: list[list[Outcome]] = []
        self.count = self.worst = 0
        self.pigeon = pigeon

    async def record(self, group: list[Outcome]) -> None:
        await asyncio.sleep(0.001)
        self.worst = max(self.worst, len(self.pigeon.taken) - self.count)
        self.groups.append(group)
        self.count += len(group)


async def test_every_outcome_is_recorded_once_in_groups(make_mail: MakeMail) -> None:
    pigeon = Pigeon()
    ledger = Ledger(pigeon)
    async with Dispatch(pigeon, ledger.record, Pace(limit=40, group=10)) as dispatch:
        await dispatch.feed([make_mail(i) for i in range(90)])
        await dispatch.feed([make_mail(i) for i in range(90, 333)])
    assert sorted(o.delivery_id for group in ledger.groups for o in group) == list(range(333))
    assert max(map(len, ledger.groups)) <= 10
    assert 10 < ledger.worst <= 40


async def test_feed_waits_where_nothing_is_recorded(make_mail: MakeMail) -> None:
    landing = asyncio.Event()
    pigeon = Pigeon(landing)
    ledger = Ledger(pigeon)
    async with Dispatch(pigeon, ledger.record, Pace(limit=40, group=10)) as dispatch:
        feeding = asyncio.create_task(dispatch.feed([make_mail(i) for i in range(100)]))
        done, _ = await asyncio.wait({feeding}, timeout=0.05)
        assert not done
        assert len(pigeon.taken) == 40
        landing.set()
        await feeding
    assert ledger.count == 100


async def test_lonely_outcome_does_not_wait_for_company(make_mail: MakeMail) -> None:
    pigeon = Pigeon()
    ledger = Ledger(pigeon)
    async with Dispatch(pigeon, ledger.record, Pace(wait_s=3600)) as dispatch:
        await dispatch.feed([make_mail(1)])
        async with asyncio.timeout(5):
            while not ledger.groups:
                await asyncio.sleep(0.001)


async def test_outcome_is_recorded_in_time_while_others_fly(make_mail: MakeMail) -> None:
    landing = asyncio.Event()
    pigeon = Pigeon()
    ledger = Ledger(pigeon)
    async with Dispatch(pigeon, ledger.record, Pace(limit=8, group=8, wait_s=0.02)) as dispatch:
        await dispatch.feed([make_mail(1)])
        await asyncio.sleep(0)
        pigeon.landing = landing
        await dispatch.feed([make_mail(2)])
        async with asyncio.timeout(5):
            while not ledger.groups:
                await asyncio.sleep(0.001)
        assert [o.delivery_id for o in ledger.groups[0]] == [1]
        landing.set()


async def test_exception_in_the_block_withdraws_and_records(make_mail: MakeMail) -> None:
    pigeon = Pigeon(asyncio.Event())
    ledger = Ledger(pigeon)
    with pytest.raises(LookupError):
        async with Dispatch(pigeon, ledger.record) as dispatch:
            await dispatch.feed([make_mail(i) for i in range(30)])
            await asyncio.sleep(0)
            raise LookupError
    assert {o.state for group in ledger.groups for o in group} == {DeliveryState.DEFERRED}
    assert ledger.count == 30


async def test_cancelled_dispatch_records_what_landed(make_mail: MakeMail) -> None:
    pigeon = Pigeon(asyncio.Event())
    ledger = Ledger(pigeon)

    async def work() -> None:
        async with Dispatch(pigeon, ledger.record, Pace(limit=20, group=20)) as dispatch:
            await dispatch.feed([make_mail(i) for i in range(100)])

    working = asyncio.create_task(work())
    async with asyncio.timeout(5):
        while len(pigeon.taken) < 20:
            await asyncio.sleep(0.001)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert ledger.count == 20


async def test_trouble_while_recording_comes_out_of_feed(make_mail: MakeMail) -> None:
    async def record(group: list[Outcome]) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        async with Dispatch(Pigeon(), record, Pace(limit=8, group=8)) as dispatch:
            async with asyncio.timeout(5):
                await dispatch.feed([make_mail(i) for i in range(100)])


async def test_trouble_with_the_last_group_comes_out_of_the_block(make_mail: MakeMail) -> None:
    async def record(group: list[Outcome]) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        async with Dispatch(Pigeon(), record) as dispatch:
            await dispatch.feed([make_mail(1)])


async def test_a_courier_that_raises_does_not_hang(make_mail: MakeMail) -> None:
    class Broken(Pigeon):
        async def send(self, batch: Sequence[Outgoing], report: Report) -> None:
            raise RuntimeError("wings")

    pigeon = Broken()
    with pytest.raises(RuntimeError, match="wings"):
        async with Dispatch(pigeon, Ledger(pigeon).record, Pace(limit=8, group=8)) as dispatch:
            async with asyncio.timeout(5):
                await dispatch.feed([make_mail(i) for i in range(100)])


@pytest.mark.parametrize(("limit", "group", "wait_s"), [(0, 0, 0.1), (10, 11, 0.1), (10, 10, -1)])
def test_impossible_pace(limit: int, group: int, wait_s: float) -> None:
    with pytest.raises(ValueError, match="pace"):
        Pace(limit, group, wait_s)


async def test_what_is_taken_back_makes_no_room(make_mail: MakeMail) -> None:
    landing = asyncio.Event()
    pigeon = Pigeon(landing)
    ledger = Ledger(pigeon)
    async with Dispatch(pigeon, ledger.record, Pace(limit=40, group=10, wait_s=0.0)) as dispatch:
        feeding = asyncio.create_task(dispatch.feed([make_mail(i) for i in range(60)]))
        await asyncio.wait({feeding}, timeout=0.02)
        dispatch._take([Outcome(900 + n, 1, DeliveryState.DEFERRED, None, TAKEN_BACK) for n in range(20)])
        await asyncio.wait({feeding}, timeout=0.05)
        assert ledger.count == 20
        assert len(pigeon.taken) == 40
        landing.set()
        await feeding
    assert ledger.count == 80
