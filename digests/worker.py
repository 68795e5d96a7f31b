"""The scheduler role: the ticks of the house, by APScheduler, in memory.

A tick only asks the store what is due; the truth is in rows, so several nodes may tick at once and a missed tick
is made up by the next (STACK.md 3.5).
"""

from __future__ import annotations

import random

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from digests import housekeeping
from digests.housekeeping import Retention
from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from store.blobs import Blobs
from store.database import Database

log = structlog.get_logger(__name__)


class Scheduler:
    """Runs what has to be done by the clock, on a thread of its own."""

    def __init__(self, database: Database, blobs: Blobs, retention: Retention, clock: Clock) -> None:
        self._database = database
        self._blobs = blobs
        self._retention = retention
        self._clock = clock
        self._ticks = BackgroundScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})

    def start(self) -> None:
        """Starts ticking. The hour is tidied at a minute of its own, so that nodes do not all do it at once."""
        minute, hour = random.randrange(60), random.randrange(24)  # noqa: S311 (spreads load only)
        self._ticks.add_job(self._tidy, "cron", minute=minute)
        # It looks at every blob there is: once a day is enough for what is at least a day and a half old.
        self._ticks.add_job(self._sweep, "cron", hour=hour, minute=minute)
        self._ticks.start()

    def stop(self) -> None:
        """Stops ticking; waits for a tick under way."""
        if self._ticks.running:
            self._ticks.shutdown(wait=True)

    def _sweep(self) -> None:
        try:
            housekeeping.sweep(self._database, self._blobs)
        except StoreError as error:
            log.error("sweeping_trouble", trouble=str(error))

    def _tidy(self) -> None:
        try:
            housekeeping.tidy(self._database, self._blobs, self._retention, self._clock())
        except StoreError as error:
            log.error("tidying_trouble", trouble=str(error))
