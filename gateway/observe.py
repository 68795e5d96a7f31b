"""Logs, metrics, health: one structured line for what went wrong, a counter for what happened, a word for being well.

Addresses and bodies are never logged at INFO; a line carries ids (arrival= delivery= community= reason=).
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.core.clock import Clock
from gateway.core.community import Pace
from gateway.core.decision import Decision
from gateway.core.delivery import Outcome
from gateway.core.errors import StoreError
from gateway.core.failure import FailureKind
from gateway.core.urgency import Urgency
from store import arrivals, deliveries, failures, storms, unreachable
from store.database import Database

SPOOL_IS_OLD = timedelta(minutes=10)


def set_up_logs() -> None:
    """Structured lines on stderr: readable on a terminal, JSON for everything else."""
    terminal = sys.stderr.isatty()
    # One for all loggers, so that lines of several threads do not mix.
    lines = Lines(sys.stderr)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(
                [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
                if terminal
                else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(sort_keys=False)]
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    # Libraries speak through logging; only what they find wrong is wanted.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


class Lines:
    """Writes finished lines to a stream. A stream that takes none costs the line, never the work it tells of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def msg(self, line: str) -> None:
        """One line. Never raises for what the stream does: a full disk, a reader that hung up, a closed stream."""
        with self._lock, suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    log = debug = info = warn = warning = error = critical = exception = fatal = failure = err = msg


class Metrics:
    """The counters of this process and the queues of the store, as Prometheus reads them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._decisions = Counter(
            "relais_decisions", "Arrivals decided.", ("verdict", "reason"), registry=self._registry
        )
        self._urgent = Counter(
            "relais_urgent_posts", "Posts marked as urgent by who may.", ("urgency",), registry=self._registry
        )
        self._outcomes = Counter("relais_deliveries", "Attempts to deliver.", ("state",), registry=self._registry)
        self._steps = Counter(
            "relais_steps_down",
            "People whose pace stepped down, for want of a sign.",
            ("pace",),
            registry=self._registry,
        )
        self._picked_up = Counter(
            "relais_mailbox_mails", "Mails found in mailboxes.", ("mailbox", "outcome"), registry=self._registry
        )
        self._mailboxes = Gauge(
            "relais_mailbox_up", "Whether this node can work on a mailbox.", ("mailbox",), registry=self._registry
        )
        self._registry.register(_Queues(database, clock))

    def decided(self, decision: Decision, urgency: Urgency) -> None:
        """One arrival was decided, and what became of its mark of urgency."""
        self._decisions.labels(decision.verdict.value, decision.reason.value).inc()
        if urgency is not Urgency.NONE:
            self._urgent.labels(urgency.value).inc()

    def attempted(self, outcome: Outcome) -> None:
        """One delivery was attempted."""
        self._outcomes.labels(outcome.state.value).inc()

    def stepped_down(self, pace: Pace) -> None:
        """The pace of one person stepped down to this one."""
        self._steps.labels(pace.value).inc()

    def picked_up(self, mailbox: str, outcome: str, mails: int) -> None:
        """So many mails of this mailbox ended that way: taken, or put aside for a reason."""
        self._picked_up.labels(mailbox, outcome).inc(mails)

    def mailbox_is_up(self, mailbox: str, up: bool | None) -> None:
        """Whether it can be worked on; None where another node does, and tells."""
        if up is not None:
            self._mailboxes.labels(mailbox).set(up)
            return
        with suppress(KeyError):
            self._mailboxes.remove(mailbox)

    def page(self) -> bytes:
        """The text of /metrics. Raises StoreError."""
        return generate_latest(self._registry)


class _Queues(Collector):
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("relais_waiting", "What waits in the store.", labels=("queue",))
        age = GaugeMetricFamily("relais_oldest_seconds", "Age of the oldest that waits.", labels=("queue",))
        fast = GaugeMetricFamily("relais_storms", "Topics that go too fast.", labels=("kind",))
        lost = GaugeMetricFamily("relais_unreachable", "People whose address fails for good.")
        failed = GaugeMetricFamily(
            "relais_failing_today", "People to whom a mail of today failed, or who complained of it.", labels=("kind",)
        )
        now = self._clock()
        with self._database.reading() as tx:
            for state, number in arrivals.counts(tx, now).items():
                waiting.add_metric((f"arrivals_{state}",), number)
            waiting.add_metric(("deliveries",), deliveries.waiting(tx))
            for queue, since in (("arrivals", arrivals.oldest(tx)), ("deliveries", deliveries.oldest(tx))):
                age.add_metric((queue,), (now - since).total_seconds() if since else 0.0)
            for kind, topics in storms.counts(tx, now).items():
                fast.add_metric((kind,), topics)
            lost.add_metric((), unreachable.count(tx))
            for kind in FailureKind:
                failed.add_metric((kind.value,), failures.count_on(tx, now.date(), kind))
        yield waiting
        yield age
        yield fast
        yield lost
        yield failed

    def describe(self) -> Iterator[Metric]:
        yield from ()


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this node can do its work; `troubles` says in words why not."""

    troubles: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Nothing is wrong."""
        return not self.troubles


def check(database: Database, clock: Clock, relay_trouble: str = "") -> Readiness:
    """Asks the store, how long the oldest mail has waited to be decided, and takes what is known of the relay."""
    try:
        with database.reading() as tx:
            oldest = arrivals.oldest(tx)
    except StoreError:
        return Readiness(("the store does not answer",))
    old = oldest and clock() - oldest > SPOOL_IS_OLD
    waited = f"a mail has waited since {oldest.isoformat(timespec='seconds')}" if oldest and old else ""
    return Readiness(tuple(words for words in (waited, relay_trouble) if words))
