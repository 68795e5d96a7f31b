"""The sender: fan posts out, claim deliveries, compose them, hand them to the courier, record what came of it.

Claiming and composing run on one thread, dialing on the event loop, recording on another thread, all at the same time.
An attempt is in the store before the dialing (T4), its outcome after (T5); at most `unrecorded` mails hang between.
"""

from __future__ import annotations

import asyncio
import math
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from gateway.core.clock import Clock, ClockWatch
from gateway.core.delivery import Delivery, DeliveryState, Outcome, Outgoing
from gateway.core.errors import StoreError
from gateway.core.quiet import Peace
from outbound.compose import Composer
from outbound.composing import NOT_COMPOSED, Composing, Pressroom
from outbound.contents import Contents
from outbound.courier import CLOSING, LEASE_EXPIRED, TAKEN_BACK, Courier, shown
from outbound.dispatch import Dispatch, Pace
from outbound.dkim import Signer
from outbound.fan_out import FanOut, Restraint
from outbound.holding import Holding
from outbound.refusals import failure_of
from outbound.retry import RetryPlan
from store import deliveries, failures
from store.database import Database
from store.wakeups import Wakeups, Work

log = structlog.get_logger(__name__)

BATCH = 400
_SIGNED_TOGETHER = 50
_COMPOSED_OCTETS = 64 << 20
"""Mails of one batch in memory; the next batch is composed while they are on the wire."""
_LOOK_EVERY_S = 2.0
_TROUBLE_PAUSE_S = 1.0
_LAST_WORDS_S = 15.0
"""For how long, once we stop, outcomes are kept for a store that does not answer."""


@dataclass(frozen=True, slots=True)
class SenderSetup:
    """What the sender is made of."""

    composer: Composer
    contents: Contents
    press: Pressroom
    courier: Courier
    signer: Signer | None
    unrecorded: int
    counted: Callable[[Outcome], None]
    """Told of every recorded outcome: the counters."""
    peace: Peace
    restraint: Restraint = field(default_factory=Restraint)
    plan: RetryPlan = field(default_factory=RetryPlan)


@dataclass(frozen=True, slots=True)
class _Batch:
    """A claimed batch: what can leave, and what became of the rest."""

    ready: list[Outgoing]
    spoiled: list[Outcome]


class Sender:
    """`run()` on the event loop until `stop()`; the fan-out has a thread of its own (outbound.fan_out)."""

    def __init__(self, setup: SenderSetup, database: Database, wakeups: Wakeups, clock: Clock) -> None:
        self._setup = setup
        self._database = database
        self._wakeups = wakeups
        self._clock = clock
        self._watch = ClockWatch(clock)
        self._mails = Composing(setup.composer, setup.contents, database, setup.press)
        # What is to be given back and could not be yet: the store was away, or its disk full.
        self._unsent: list[Delivery] = []
        self._stopping = threading.Event()
        self._stop_asked = asyncio.Event()
        # Until then a store that is away is waited for, once we stop.
        self._last_word = math.inf
        self._composing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="composing")
        self._signing = ThreadPoolExecutor(max_workers=2, thread_name_prefix="signing")
        self._recording = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recording")
        self._waiting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sender-waiting")
        self._held = Holding(database, clock, writing=self._recording, asking=self._waiting)
        self._fan_out = FanOut(database, wakeups, clock, setup.peace, setup.restraint)

    @property
    def resting_s(self) -> float:
        """What the courier says: above 0.0 nobody can be reached."""
        return self._setup.courier.resting_s

    def has_died(self) -> bool:
        """Whether the fan-out ended without being asked to; what becomes of run(), its task tells."""
        return self._fan_out.ident is not None and not self._fan_out.is_alive() and not self._stopping.is_set()

    async def run(self) -> None:
        """Sends what is due, then waits for more, until stop()."""
        self._fan_out.start()
        await asyncio.get_running_loop().run_in_executor(self._composing, self._mails.warm_up)
        closing = asyncio.create_task(self._close_courier())
        try:
            while not self._stopping.is_set():
                try:
                    await self._send_due()
                except Exception:
                    # The loop must outlive whatever this is; what was claimed comes back when its lease ends.
                    log.exception("sender_failed")
                    await asyncio.sleep(_TROUBLE_PAUSE_S)
                await self._rest()
            await closing
            await asyncio.to_thread(self._fan_out.join)
        finally:
            closing.cancel()
            for pool in (self._composing, self._signing, self._recording, self._waiting):
                pool.shutdown(wait=False)

    def stop(self) -> None:
        """Asks run() to end: what is on the wire has a little time, the rest is due again. On its event loop only."""
        self._stopping.set()
        self._stop_asked.set()
        self._fan_out.stop()
        self._wakeups.ring(Work.DELIVERIES)

    async def _close_courier(self) -> None:
        """Lets go of a relay that takes its time, or the last batch would outlive the grace of a shutdown."""
        await self._stop_asked.wait()
        self._last_word = asyncio.get_running_loop().time() + _LAST_WORDS_S
        await self._setup.courier.close()

    async def _send_due(self) -> None:
        """Until nothing is due. A claim that fails only ends the claiming: what flies lands and is recorded."""
        loop = asyncio.get_running_loop()
        pace = Pace(limit=self._setup.unrecorded, group=max(1, self._setup.unrecorded // 2))
        renewing = loop.create_task(self._held.keep())
        coming = loop.run_in_executor(self._composing, self._next_batch)
        try:
            async with Dispatch(self._setup.courier, self._record, pace) as dispatch:
                while (batch := await coming) is not None:
                    # The next batch is claimed and composed while this one is on the wire.
                    coming = loop.run_in_executor(self._composing, self._next_batch)
                    if batch.spoiled:
                        await self._record(batch.spoiled)
                    await self._feed(dispatch, batch.ready)
        finally:
            renewing.cancel()
            # After trouble some are left without an outcome: their leases must run out, so nobody renews them.
            await asyncio.wait([coming])
            self._held.deliveries.clear()

    async def _feed(self, dispatch: Dispatch, mails: list[Outgoing]) -> None:
        """Hands mails over; where they are signed, the next are signed while these are on the wire."""
        signer = self._setup.signer
        if signer is None:
            await dispatch.feed(mails)
            return
        loop = asyncio.get_running_loop()
        chunks = [mails[i : i + _SIGNED_TOGETHER] for i in range(0, len(mails), _SIGNED_TOGETHER)]
        signing = [
            loop.run_in_executor(self._signing, signer.sign_many, [mail.data for mail in chunk]) for chunk in chunks
        ]
        for chunk, signed in zip(chunks, signing, strict=True):
            ready = await signed
            await dispatch.feed([replace(mail, data=data) for mail, data in zip(chunk, ready, strict=True)])

    async def _rest(self) -> None:
        if self._stopping.is_set():
            return
        pause = self._setup.courier.resting_s
        if pause > 0:
            await asyncio.sleep(min(pause, _LOOK_EVERY_S))
            return
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._waiting, self._wakeups.wait, Work.DELIVERIES, _LOOK_EVERY_S)

    def _next_batch(self) -> _Batch | None:
        """The next due mails, composed; None when nothing is due or nothing can be claimed. Never raises."""
        if self._stopping.is_set() or self._setup.courier.resting_s > 0:
            return None
        try:
            now = self._clock()
            with self._database.transaction() as tx:
                deliveries.give_back(tx, self._unsent, now)
                claimed = deliveries.claim(tx, now, BATCH, self._setup.peace)
        except StoreError as error:
            log.error("claim_trouble", trouble=str(error))
            self._stopping.wait(_TROUBLE_PAUSE_S)
            return None
        except Exception:
            log.exception("claim_failed")
            self._stopping.wait(_TROUBLE_PAUSE_S)
            return None
        self._unsent = []
        if not claimed:
            return None
        self._held.deliveries.update((item.delivery.id, item.delivery) for item in claimed)
        batch = _Batch([], [])
        octets = done = 0
        for made in self._mails.compose_all(claimed):
            done += 1
            if isinstance(made, Outgoing):
                batch.ready.append(made)
                octets += len(made.data)
            else:
                batch.spoiled.append(made)
            if octets > _COMPOSED_OCTETS:
                break
        self._give_back([item.delivery for item in claimed[done:]])
        return batch

    def _give_back(self, unsent: list[Delivery]) -> None:
        """What is too much to hold at once is for whoever claims next."""
        for delivery in unsent:
            self._held.deliveries.pop(delivery.id, None)
        self._unsent += unsent
        if not self._unsent:
            return
        try:
            with self._database.transaction() as tx:
                deliveries.give_back(tx, self._unsent, self._clock())
        except StoreError as error:
            # Tried again with the next claim.
            log.error("claim_trouble", trouble=str(error))
        else:
            self._unsent = []

    async def _record(self, outcomes: Sequence[Outcome]) -> None:
        """Writes outcomes, however long the store takes to come back: meanwhile their leases are renewed.

        Only the death of this process may lose what became of a mail, because a mail whose outcome is lost goes again.
        """
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.run_in_executor(self._recording, self._store, outcomes)
                return
            except StoreError as error:
                log.error("record_trouble", outcomes=len(outcomes), trouble=str(error))
                if self._stopping.is_set() and loop.time() > self._last_word:
                    raise
            except Exception:
                log.exception("record_failed", outcomes=len(outcomes))
                break
            await asyncio.sleep(_TROUBLE_PAUSE_S)
        # One that cannot be written must not take the others with it.
        if len(outcomes) > 1:
            for outcome in outcomes:
                await self._record([outcome])

    def _store(self, outcomes: Sequence[Outcome]) -> None:
        """Writes outcomes (T5) and tells the log and the counters."""
        now = self._clock()
        final = [self._finally(outcome, now) for outcome in outcomes]
        with self._database.transaction() as tx:
            deliveries.record(tx, [item for item in final if item[0].detail != TAKEN_BACK], now)
            failures.note(tx, (found for outcome, _ in final if (found := failure_of(outcome))), now)
            # Behind the failures themselves, which may be of the same group.
            taken_back = [item for item in final if item[0].detail == TAKEN_BACK]
            deliveries.take_back(tx, taken_back, now)
            failures.take_back(tx, [outcome.delivery_id for outcome, _ in taken_back])
        for outcome, retry_at in final:
            self._held.deliveries.pop(outcome.delivery_id, None)
            self._setup.counted(outcome)
            # What could not be composed was told there, once for all its readers.
            if outcome.state is not DeliveryState.DELIVERED and not outcome.detail.startswith(NOT_COMPOSED):
                log.info(
                    "not_delivered",
                    delivery=outcome.delivery_id,
                    state=outcome.state.value,
                    reason=shown(outcome),
                    again=retry_at.isoformat() if retry_at else None,
                )

    def _finally(self, outcome: Outcome, now: datetime) -> tuple[Outcome, datetime | None]:
        """The outcome with the time of the next try; a delivery that was deferred for too long has failed."""
        jitter = random.random()  # noqa: S311 (spreads retries, protects nothing)
        if outcome.detail == TAKEN_BACK:
            return outcome, self._setup.plan.wait(outcome.attempts, now, jitter)
        delivery = self._held.deliveries.get(outcome.delivery_id)
        if outcome.state is not DeliveryState.DEFERRED or delivery is None:
            return outcome, None
        if outcome.detail in (CLOSING, LEASE_EXPIRED):
            # It was never begun, and has nothing to be patient about.
            return outcome, now
        if outcome.detail.startswith(NOT_COMPOSED) or not self._watch.is_settled():
            # Our own trouble costs nobody a mail, however long it lasts. And by a clock that has jumped, everything
            # that waits is too old; whether it is, time will tell.
            return outcome, self._setup.plan.wait(delivery.attempts, now, jitter)
        again = self._setup.plan.next_attempt(delivery.attempts, delivery.created_at, now, jitter)
        return (outcome, again) if again else (replace(outcome, state=DeliveryState.FAILED), None)
