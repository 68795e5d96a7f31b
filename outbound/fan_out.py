"""FanOut: the thread in which posts become deliveries, a chunk a transaction.

Started and stopped by the sender. It outlives whatever goes wrong with one chunk, because the next look finds it again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import structlog

from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.core.quiet import Peace
from store import audience
from store.database import Database
from store.storms import NEVER, Bounds
from store.wakeups import Wakeups, Work

log = structlog.get_logger(__name__)

_LOOK_EVERY_S = 2.0
_TROUBLE_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Restraint:
    """What keeps posts from being sent one by one."""

    mails_per_day: int = 0
    """Single mails a person gets on one day; 0 for any number."""
    storms: Bounds = NEVER
    """Above which a topic is in a storm."""


class FanOut(threading.Thread):
    """`start()`, then `stop()` and `join()`."""

    def __init__(self, database: Database, wakeups: Wakeups, clock: Clock, peace: Peace, restraint: Restraint) -> None:
        super().__init__(name="fan-out", daemon=True)
        self._database = database
        self._wakeups = wakeups
        self._clock = clock
        self._restraint = restraint
        self._peace = peace
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Asks the thread to end after the chunk that is under way."""
        self._stopping.set()
        self._wakeups.ring(Work.FAN_OUTS)

    def run(self) -> None:
        """Expands what is open, then waits for more."""
        while not self._stopping.is_set():
            try:
                with self._database.transaction() as tx:
                    own = self._restraint
                    done = audience.expand(tx, self._clock(), self._peace, own.mails_per_day, own.storms)
            except StoreError as error:
                log.error("fan_out_trouble", trouble=str(error))
                self._stopping.wait(_TROUBLE_PAUSE_S)
                continue
            except Exception:
                log.exception("fan_out_failed")
                self._stopping.wait(_TROUBLE_PAUSE_S)
                continue
            if done:
                self._wakeups.ring(Work.DELIVERIES)
            else:
                self._wakeups.wait(Work.FAN_OUTS, _LOOK_EVERY_S)
