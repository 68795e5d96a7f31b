"""Wake-ups: who waits for work is told at once, inside this process by an event, between nodes by LISTEN/NOTIFY.

Only a hint: every waiter also looks by itself now and then, so a lost wake-up costs a moment, never a mail.
"""

from __future__ import annotations

import threading
from enum import StrEnum

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from store.database import Database

log = structlog.get_logger(__name__)

_CHANNEL = "relais"
_RECONNECT_S = 5.0


class Work(StrEnum):
    """What there may be to do."""

    ARRIVALS = "arrivals"
    FAN_OUTS = "fan_outs"
    DELIVERIES = "deliveries"


class Wakeups:
    """One event per kind of work. Thread-safe. `start` only matters where other nodes share the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events = {work: threading.Event() for work in Work}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to hear the other nodes."""
        if not self._database.is_sqlite:
            self._thread = threading.Thread(target=self._listen, name="wakeups", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Wakes everybody, for good."""
        self._stopping.set()
        for event in self._events.values():
            event.set()
        if self._thread:
            self._thread.join()

    def has_died(self) -> bool:
        """Whether the listening thread ended without being asked to."""
        return bool(self._thread and not self._thread.is_alive() and not self._stopping.is_set())

    def ring(self, work: Work) -> None:
        """There is work of this kind, committed."""
        self._events[work].set()
        if not self._database.is_sqlite:
            try:
                with self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("SELECT pg_notify(:channel, :work)"), {"channel": _CHANNEL, "work": work})
            except SQLAlchemyError as error:
                # The pool's own TimeoutError too: whoever rings has committed and must not stumble over a hint.
                log.warning("wakeup_not_sent", work=work.value, trouble=type(error).__name__)

    def wait(self, work: Work, timeout_s: float) -> None:
        """Returns when there may be work of this kind, or after `timeout_s`, or when everything stops."""
        if self._events[work].wait(timeout_s) and not self._stopping.is_set():
            self._events[work].clear()

    def _listen(self) -> None:
        url = self._database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stopping.is_set():
            try:
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(f"LISTEN {_CHANNEL}")
                    # What was rung while nobody listened is found by looking once.
                    for event in self._events.values():
                        event.set()
                    self._hear(connection)
            except (psycopg.Error, OSError, ValueError) as error:
                log.warning("wakeups_interrupted", trouble=str(error))
                self._stopping.wait(_RECONNECT_S)

    def _hear(self, connection: psycopg.Connection) -> None:
        while not self._stopping.is_set():
            for notification in connection.notifies(timeout=1.0):
                if notification.payload in self._events:
                    self._events[Work(notification.payload)].set()
