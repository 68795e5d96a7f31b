"""Holding: what the sender has claimed and not yet recorded, its leases kept while it waits for the relay.

The sender puts in what it claims and takes out what is recorded, from its own threads; keep() runs beside it on the
event loop. A lease that ends is seen by whoever has the mail of it: it is not begun then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

import structlog

from gateway.core.clock import Clock
from gateway.core.delivery import Delivery
from gateway.core.errors import StoreError
from store import deliveries, objections
from store.database import Database

log = structlog.get_logger(__name__)

_ASK_AGAIN_S = 3.0
"""What is claimed and not begun is asked about so often: an unsubscribe must be heard of within seconds."""


class Holding:
    """The deliveries in hand by id. `writing` renews, after the outcomes that wait there; `asking` only reads."""

    def __init__(self, database: Database, clock: Clock, *, writing: Executor, asking: Executor) -> None:
        self.deliveries: dict[int, Delivery] = {}
        self._database = database
        self._clock = clock
        self._writing = writing
        self._asking = asking

    async def keep(self) -> None:
        """Keeps hold of what is on the wire, however long the relay takes, and lets go of what nobody wants now."""
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        while True:
            await asyncio.sleep(_ASK_AGAIN_S)
            held = list(self.deliveries.values())
            is_time = loop.time() - renewed >= deliveries.LEASE.total_seconds() / 4
            try:
                # Not behind the outcomes: they may wait for a writer, and this one only reads.
                await loop.run_in_executor(self._asking, self.let_go, held)
                if is_time:
                    renewed = loop.time()
                    await loop.run_in_executor(self._writing, self.renew, held)
            except StoreError as error:
                log.error("renewal_trouble", trouble=str(error))
            except Exception:
                log.exception("renewal_failed")

    def let_go(self, held: Sequence[Delivery]) -> None:
        """Ends the leases of what must not be sent any more: it is not begun then."""
        if not held:
            return
        with self._database.reading() as tx:
            wanted = objections.wanted(tx, held)
        now = self._clock()
        for delivery in held:
            if delivery.id not in wanted:
                delivery.lease.until = now

    def renew(self, held: Sequence[Delivery]) -> None:
        """Renews leases for whoever holds the mails; what is lost or unwanted is not begun any more."""
        now = self._clock()
        with self._database.transaction() as tx:
            ours = deliveries.renew(tx, held, now)
        for delivery in held:
            delivery.lease.until = now + deliveries.LEASE if delivery.id in ours else now
