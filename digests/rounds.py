"""Rounds: one look at all that is due by the clock of the digests, a transaction for each batch of readers.

Run by the scheduler every minute on every node, and by `relais digest run`. What a round leaves undone, the next does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from digests.close import Closer, Plan
from store import digests, paces, switches
from store.database import Database
from store.switches import Switch
from store.wakeups import Wakeups, Work

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(days=1)
"""Where no scheduler has looked at somebody yet, a round by hand closes what fell due within so long before it."""


Step: TypeAlias = Callable[[Connection], tuple[int, int]]
"""Looks after some readers in one transaction; returns (readers seen, digests made)."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """What a round needs."""

    database: Database
    plan: Plan
    wakeups: Wakeups

    def run_by_hand(self, now: datetime, leave_at: datetime) -> int:
        """As run(), for a network that no scheduler may have looked at: who has no clock yet is not put off by that.

        What is closed by hand is wanted now: it is not spread.
        """
        closer = Closer(self.plan, now, leave_at)
        self._each(_without_digests(partial(closer.wind_clocks, since=now - LOOK_BACK)), lambda: False)
        return replace(self, plan=replace(self.plan, spread=timedelta(0))).run(now, leave_at)

    def run(self, now: datetime, leave_at: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
        """Closes every digest due at `now`, to leave from `leave_at` on; returns how many. Raises StoreError.

        While digests are paused none is closed and the clocks stand: what is due by then is one digest each.
        """
        closer = Closer(self.plan, now, leave_at)
        self._each(_without_digests(partial(_end_pauses, now=now)), stopping)
        self._each(_without_digests(closer.wind_clocks), stopping)
        made = self._each(_unless_paused(closer.close_catch_ups), stopping)
        for cadence in digests.SCHEDULED:
            self._each(_without_digests(partial(closer.catch_clocks, cadence=cadence)), stopping)
            made += self._each(_unless_paused(partial(closer.close_due, cadence=cadence)), stopping)
        if made:
            log.info("digests_closed", digests=made, now=now.isoformat(timespec="seconds"))
        return made

    def _each(self, step: Step, stopping: Callable[[], bool]) -> int:
        """Runs a step in transactions of its own until it finds nobody; returns the digests it made."""
        made = 0
        while not stopping():
            try:
                with self.database.transaction() as tx:
                    seen, closed = step(tx)
            except DBAPIError as error:
                # Another node closed one of these at the same moment, most likely; the next round looks again.
                log.info("not_closed", trouble=type(error).__name__)
                break
            if closed:
                made += closed
                self.wakeups.ring(Work.DELIVERIES)
            if not seen:
                break
        return made


def _without_digests(step: Callable[[Connection], int]) -> Step:
    """The step, which makes no digests, as one that says so."""
    return lambda tx: (step(tx), 0)


def _unless_paused(step: Step) -> Step:
    """The step, asking first: who pauses all digests in the middle of a round stops it at the next transaction."""

    def close(tx: Connection) -> tuple[int, int]:
        return (0, 0) if switches.since(tx, Switch.DIGESTS_PAUSED) else step(tx)

    return close


def _end_pauses(tx: Connection, now: datetime) -> int:
    # One a transaction: it holds the communities of one person, in one order, and never those of a second one too.
    ended = paces.ended_pauses(tx, now, 1)
    for person_id in ended:
        # Unless they have paused anew while we waited for their communities.
        paces.resume(tx, person_id, by=now)
    return len(ended)
