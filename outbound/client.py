"""Relay: the pool of SMTP sessions to the one host that takes our mail.

Called by the sender with batches of composed mails; several sessions share the work. Exactly one Outcome per mail,
whatever the peer does: a mail whose last reply was not read is deferred and never sent again from here, a mail of
which no data left may go through another session. RFC 5321 §3, §4.5.4; RFC 3207 (STARTTLS), RFC 4954 (AUTH).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

import structlog

from gateway.core.clock import Clock, utc_now
from gateway.core.delivery import DeliveryState, Outcome, Outgoing
from gateway.core.reply import Reply
from outbound.courier import CANCELLED, CLOSING, LEASE_EXPIRED, NOT_READ, Report
from outbound.handshake import open_session
from outbound.job import Job
from outbound.refusals import Streak
from outbound.relay import RelayConfig, describe, make_peer
from outbound.session import Session

log = structlog.get_logger(__name__)

NO_CONNECTION = "no connection"
MAX_TRIES = 3
MAX_REST_S = 60.0
TICK_S = 1.0


class _Batch:
    """One call of send(): what was settled and not yet reported, and how many are still owed."""

    __slots__ = ("done", "outcomes", "owed", "report", "taken_back")

    def __init__(self, report: Report, owed: int, done: asyncio.Future[None]) -> None:
        self.report = report
        self.owed = owed
        self.done = done
        self.outcomes: list[Outcome] = []
        self.taken_back: list[Outcome] = []


class Relay:
    """A Courier over SMTP. Make it inside the event loop that uses it. Raises ConfigurationError."""

    def __init__(self, config: RelayConfig, clock: Clock = utc_now) -> None:
        self._config = config
        self._clock = clock
        self._peer = make_peer(config)
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Job] = deque()
        self._sessions: set[Session] = set()
        self._idle: list[Session] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._unreported: list[_Batch] = []
        self._failures = 0
        self._streak = Streak()
        self._rest_until = 0.0
        self._trouble = ""
        self._closing = False
        self._all_gone = asyncio.Event()
        self._tick: asyncio.TimerHandle | None = None

    @property
    def resting_s(self) -> float:
        """Seconds until the next try to connect, while there is no session; else 0.0."""
        if self._sessions or self._opening:
            return 0.0
        return max(0.0, self._rest_until - self._loop.time())

    async def send(self, batch: Sequence[Outgoing], report: Report) -> None:
        """Send each mail of `batch`; outcomes reach `report` as they happen. See Courier.send."""
        if not batch:
            return
        owed = _Batch(report, len(batch), self._loop.create_future())
        jobs = [Job(mail, owed) for mail in batch]
        self._queue.extend(jobs)
        self._pump()
        self.flush()
        self._keep_ticking()
        try:
            await owed.done
        except asyncio.CancelledError:
            queued = set(self._queue)
            for job in jobs:
                detail = CANCELLED if job in queued else f"{CANCELLED}: {NOT_READ}"
                self.settle(job, DeliveryState.DEFERRED, None, detail)
            self.flush()
            raise

    async def close(self, grace_s: float = 10.0) -> None:
        """Begin nothing more, wait up to `grace_s` seconds for the replies still owed, then hang up."""
        self._closing = True
        self._defer_queue(CLOSING)
        opening = list(self._opening)
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        for session in list(self._sessions):
            session.drain()
        if self._sessions:
            with suppress(TimeoutError):
                async with asyncio.timeout(grace_s):
                    await self._all_gone.wait()
        for session in list(self._sessions):
            session.end(CLOSING)
        self.flush()
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None

    # --- what sessions ask for (outbound.session.Pool) ------------------------------------------------------------

    def next_job(self) -> Job | None:
        """The next mail to begin, its lease still good."""
        while self._queue:
            job = self._queue.popleft()
            if job.settled:
                continue
            if job.mail.lease.until > self._clock():
                return job
            self.settle(job, DeliveryState.DEFERRED, None, LEASE_EXPIRED)
        return None

    def is_expired(self, job: Job) -> bool:
        """True where somebody else may hold this mail by now, or its send() was cancelled."""
        return job.settled or job.mail.lease.until <= self._clock()

    def settle(self, job: Job, state: DeliveryState, reply: Reply | None, detail: str) -> None:
        """Note the one outcome of `job`; a second one is ignored."""
        if job.settled:
            return
        job.settled = True
        if state is DeliveryState.DELIVERED:
            self._streak.taken()
        batch = job.owed_to
        assert isinstance(batch, _Batch)
        if not batch.outcomes:
            self._unreported.append(batch)
        outcome = Outcome(job.mail.delivery_id, job.mail.attempts, state, reply, detail)
        batch.outcomes.append(outcome)
        if state is DeliveryState.FAILED:
            self._streak.failed(outcome, self._loop.time())
        elif reply is not None and reply.code >= 500:
            batch.taken_back += self._streak.take_back(reply, self._loop.time())

    def is_one_too_many(self, reply: Reply) -> bool:
        """Whether this 5yz has come so often in a row that it is not about the mail."""
        return self._streak.refused(reply)

    def refuses_us(self, reply: Reply) -> None:
        """The relay takes nothing of ours for now: rest before the next try, what waits is deferred."""
        said = f"{reply.code} {reply.enhanced}".rstrip()
        if self._loop.time() >= self._rest_until:
            log.error("relay_refuses_us", host=self._config.host, reply=said)
        self._note_failure(f"the relay refuses us: {said}")

    def hand_back(self, job: Job) -> None:
        """Put a mail of which no data left at the head of the queue; too often handed back, it is deferred."""
        job.tries += 1
        if job.tries >= MAX_TRIES or self._closing:
            self.settle(job, DeliveryState.DEFERRED, None, f"{NO_CONNECTION}: sessions end before the data")
        else:
            self._queue.appendleft(job)

    def idle(self, session: Session) -> None:
        """`session` has nothing to do."""
        self._idle.append(session)

    def ended(self, session: Session, detail: str) -> None:
        """`session` is over: open another where there is work for it."""
        self._sessions.discard(session)
        if session in self._idle:
            self._idle.remove(session)
        if session.fruitless:
            self._note_failure(detail)
        elif session.finished:
            self._failures = 0
        if self._closing and not self._sessions:
            self._all_gone.set()
        # Not at once: the caller is in the middle of a session's own state.
        self._loop.call_soon(self._resume)

    def flush(self) -> None:
        """Report what was settled."""
        while self._unreported:
            batches, self._unreported = self._unreported, []
            for batch in batches:
                outcomes, batch.outcomes = batch.outcomes, []
                taken_back, batch.taken_back = batch.taken_back, []
                batch.owed -= len(outcomes)
                batch.report([*outcomes, *taken_back])
                if batch.owed == 0 and not batch.done.done():
                    batch.done.set_result(None)

    # --- connections ----------------------------------------------------------------------------------------------

    def _resume(self) -> None:
        self._pump()
        self.flush()

    def _pump(self) -> None:
        """Give the queue to idle sessions, then to new ones."""
        if self._closing:
            self._defer_queue(CLOSING)
            return
        while self._queue and self._idle:
            self._idle.pop().work()
        if not self._queue:
            return
        if self._loop.time() < self._rest_until:
            self._despair()
            return
        free = self._config.connections - len(self._sessions) - len(self._opening)
        for _ in range(min(free, len(self._queue))):
            task = self._loop.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        session = Session(self, self._config.timeouts, self._config.max_mails_per_session)
        try:
            await open_session(session, self._peer, self._config.timeouts)
        except asyncio.CancelledError:
            session.end(CANCELLED)
            raise
        except Exception as error:  # Whatever went wrong, the mails in the queue are owed their outcomes.
            session.end("not opened")
            task = asyncio.current_task()
            assert task is not None
            self._opening.discard(task)
            self._note_failure(describe(error))
            self._despair()
            self.flush()
        else:
            self._sessions.add(session)
            session.work()
            self.flush()

    def _note_failure(self, trouble: str) -> None:
        """Rest before the next try: 1 s, 2 s, 4 s… up to a minute."""
        self._trouble = trouble
        # Connections that fail together are one failure.
        if self._loop.time() < self._rest_until:
            return
        self._rest_until = self._loop.time() + min(2.0**self._failures, MAX_REST_S)
        self._failures = min(self._failures + 1, 10)

    def _despair(self) -> None:
        """Defer all that waits, unless somebody may still take it."""
        if not self._sessions and not self._opening:
            self._defer_queue(f"{NO_CONNECTION}: {self._trouble}")

    def _defer_queue(self, detail: str) -> None:
        while self._queue:
            self.settle(self._queue.popleft(), DeliveryState.DEFERRED, None, detail)

    def _keep_ticking(self) -> None:
        if self._tick is None:
            self._tick = self._loop.call_later(TICK_S, self._on_tick)

    def _on_tick(self) -> None:
        self._tick = None
        now, today = self._loop.time(), self._clock()
        for session in list(self._sessions):
            session.check(now)
        for job in self._queue:
            if job.mail.lease.until <= today:
                self.settle(job, DeliveryState.DEFERRED, None, LEASE_EXPIRED)
        self._queue = deque(job for job in self._queue if not job.settled)
        self._resume()
        if self._sessions or self._opening or self._queue:
            self._keep_ticking()
