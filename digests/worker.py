"""The scheduler role: the ticks of the house, by APScheduler, in memory.

A tick only asks the store what is due; the truth is in rows, so several nodes may tick at once and a missed tick
is made up by the next (STACK.md 3.5).
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import DBAPIError

from digests import absences, floods, housekeeping, joining, lateness, reports, reviews, storms, waiting
from digests.housekeeping import Retention
from digests.reach import Reach
from digests.reports import Morning
from digests.rounds import Rounds
from digests.step_down import StepDown
from digests.waiting import Origin
from gateway.core.clock import JUMP, Clock, ClockWatch
from gateway.core.errors import StoreError
from store import times
from store.blobs import Blobs
from store.database import Database
from store.wakeups import Work

log = structlog.get_logger(__name__)

_TELL_EVERY_S = 60


class Scheduler:
    """Runs what has to be done by the clock, on a thread of its own."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        retention: Retention,
        origin: Origin,
        rounds: Rounds,
        clock: Clock,
        step_down: StepDown | None = None,
        morning: Morning | None = None,
        reach: Reach | None = None,
    ) -> None:
        self._database = database
        self._rounds = rounds
        self._origin = origin
        self._blobs = blobs
        self._retention = retention
        self._clock = clock
        self._step_down = step_down
        self._morning = morning
        self._reach = reach
        self._watch = ClockWatch(clock)
        self._told = False
        self._looking = threading.Lock()
        self._stopping = threading.Event()
        # A machine that is busy for a moment misses nothing by it.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": 30}
        self._ticks = BackgroundScheduler(timezone="UTC", job_defaults=defaults)

    def start(self) -> None:
        """Starts ticking. The hour is tidied at a minute of its own, so that nodes do not all do it at once."""
        minute, hour = random.randrange(60), random.randrange(24)  # noqa: S311 (spreads load only)
        self._ticks.add_job(self._tidy, "cron", minute=minute)
        # It looks at every blob there is: once a day is enough for what is at least a day and a half old.
        self._ticks.add_job(self._sweep, "cron", hour=hour, minute=minute)
        self._ticks.add_job(self._tell, "interval", seconds=_TELL_EVERY_S)
        self._ticks.add_job(self._watch_the_flow, "interval", seconds=_TELL_EVERY_S)
        if self._morning is not None:
            self._ticks.add_job(self._report, "interval", seconds=_TELL_EVERY_S, args=[self._morning])
        if self._step_down is not None:
            self._ticks.add_job(self._step, "cron", minute=minute, args=[self._step_down])
        if self._reach is not None:
            self._ticks.add_job(self._look_for_the_lost, "interval", seconds=_TELL_EVERY_S, args=[self._reach])
        # On the minute, which is how people name their hour.
        self._ticks.add_job(self._close_digests, "cron", second=0)
        # Often enough to see a jump as one, and what comes after it as the time that runs.
        self._ticks.add_job(self._watch_the_clock, "interval", minutes=1)
        self._ticks.start()

    def stop(self) -> None:
        """Stops ticking; waits for a tick under way."""
        self._stopping.set()
        if self._ticks.running:
            self._ticks.shutdown(wait=True)

    def _tell(self) -> None:
        expired = 0
        try:
            with self._database.transaction() as tx:
                told = waiting.tell(tx, self._origin, self._clock())
                told += reviews.remind(tx, self._origin, self._clock())
                told += joining.remind(tx, self._origin, self._clock())
                told += joining.end(tx, self._origin, self._clock())
                told += absences.offer(tx, self._origin, self._rounds.plan.network, self._clock())
                expired = reviews.expire(tx, self._origin, self._clock())
        except StoreError as error:
            log.error("telling_trouble", trouble=str(error))
        except DBAPIError as error:
            # Another node told the same at the same moment; whatever else it is, the next tick asks again.
            log.info("not_told", trouble=type(error).__name__)
        else:
            if told:
                log.info("told_what_waits", notices=told)
            if expired:
                log.info("reviews_expired", mails=expired)
                self._rounds.wakeups.ring(Work.ARRIVALS)

    def _watch_the_flow(self) -> None:
        now = self._clock()
        try:
            with self._database.transaction() as tx:
                for item in (fresh := storms.tell(tx, self._origin, now)):
                    log.warning("storm", community=item.community_id, topic=item.topic_id, paused=item.paused)
                late = lateness.tell(tx, self._origin, now)
                calmed = floods.calm(tx, now)
        except StoreError as error:
            log.error("flow_trouble", trouble=str(error))
        except DBAPIError as error:
            # Another node told the same at the same moment.
            log.info("not_watched", trouble=type(error).__name__)
        else:
            if late:
                log.warning("mail_is_late", notices=late)
            if fresh or late:
                self._rounds.wakeups.ring(Work.DELIVERIES)
            if calmed:
                log.info("flood_is_over", mails=calmed)
                self._rounds.wakeups.ring(Work.ARRIVALS)

    def _report(self, morning: Morning) -> None:
        try:
            with self._database.transaction() as tx:
                told = reports.tell(tx, self._origin, morning, self._clock())
        except StoreError as error:
            log.error("report_trouble", trouble=str(error))
        except DBAPIError as error:
            # Another node told the same at the same moment.
            log.info("not_reported", trouble=type(error).__name__)
        else:
            if told:
                log.info("weeks_reported", notices=told)

    def _step(self, step_down: StepDown) -> None:
        self._run("stepping_down", lambda: step_down.run(self._clock(), self._stopping.is_set))

    def _look_for_the_lost(self, reach: Reach) -> None:
        def look() -> None:
            if reach.run(self._clock(), self._stopping.is_set):
                self._rounds.wakeups.ring(Work.DELIVERIES)

        self._run("reaching", look)

    def _close_digests(self) -> None:
        now = self._clock()
        try:
            self._rounds.run(now, now, self._stopping.is_set)
        except StoreError as error:
            log.error("digest_trouble", trouble=str(error))
        except Exception:
            # The next minute makes it up.
            log.exception("digests_failed")

    def _watch_the_clock(self) -> None:
        with self._looking:
            self._look_at_the_clock()
            even_s = self._watch.even_s()
        # Whoever holds something has renewed or lost its claim by then, also where the clock has jumped under it.
        if even_s >= times.LEASE.total_seconds():
            self._set_times_right()

    def _set_times_right(self) -> None:
        now = self._clock()
        try:
            with self._database.transaction() as tx:
                told = times.server_time(tx)
                if told is not None and abs(told - now) > JUMP:
                    # What looks far ahead to us may be right, and ours the clock that is behind.
                    log.error("clock_disagrees", now=now.isoformat(timespec="seconds"), database=told.isoformat())
                    return
                rows = times.set_right(tx, now)
        except StoreError as error:
            log.error("times_trouble", trouble=str(error))
        else:
            if rows:
                log.warning("times_set_right", rows=rows)

    def _look_at_the_clock(self) -> None:
        settled = self._watch.is_settled()
        if not settled and not self._told:
            log.error("clock_jumped", now=self._clock().isoformat(timespec="seconds"), until="it is back, or a day")
        self._told = not settled

    def _sweep(self) -> None:
        self._run("sweeping", lambda: housekeeping.sweep(self._database, self._blobs))

    def _tidy(self) -> None:
        self._run("tidying", lambda: housekeeping.tidy(self._database, self._blobs, self._retention, self._clock()))

    def _run(self, what: str, work: Callable[[], object]) -> None:
        """Does it, unless the clock jumped: what is forgotten by mistake does not come back."""
        with self._looking:
            self._look_at_the_clock()
            trusted = not self._told
        if not trusted:
            return
        try:
            work()
        except StoreError as error:
            log.error(f"{what}_trouble", trouble=str(error))
        except Exception:
            # The next tick makes it up.
            log.exception(f"{what}_failed")
