"""Session: one SMTP connection that carries mail after mail, and the two mails it may hold at a time.

Driven by the pool in outbound/client.py. Where the peer pipelines, the envelope of the next mail leaves together with
the data of this one, so a mail costs one round trip and no task of its own. Every mail it took leaves it settled or
handed back. RFC 5321 §4.1.4 (order of commands), RFC 2920 §3.1 (what may be grouped).
"""

from __future__ import annotations

from collections import deque
from typing import assert_never

from gateway.core.delivery import DeliveryState, Outgoing
from gateway.core.reply import Reply
from outbound.connection import Connection, Timeouts
from outbound.courier import LEASE_EXPIRED, NOT_READ, NOT_SENT
from outbound.job import Job, Pool
from outbound.refusals import is_about_us
from outbound.steps import Step, first_commands
from outbound.wire import GarbageError, find_fault, mail_command, rcpt_command, stuff


class Session(Connection):
    """One connection, from TCP handshake to QUIT. `finished` counts mails that got their last reply."""

    def __init__(self, pool: Pool, timeouts: Timeouts, max_mails: int) -> None:
        super().__init__(timeouts)
        self.finished = 0
        self._pool = pool
        self._expect: deque[Step] = deque()
        # The mail whose final dot was written, and the mail whose envelope was.
        self._sent: Job | None = None
        self._begun: Job | None = None
        # The mail whose dot was answered, with that reply, until the replies to the next envelope prove it was its own.
        self._answered: tuple[Job, Reply] | None = None
        self._open_transaction = False
        self._refusal: Reply | None = None
        self._refused_at = Step.MAIL
        self._max = self._left = max_mails
        self._draining = False
        self._deadline = 0.0
        self._unwritten = 0

    @property
    def fruitless(self) -> bool:
        """True where mails were begun and none was answered: the peer is there, and does not work."""
        return self._left < self._max and not self.finished

    # --- mails ----------------------------------------------------------------------------------------------------

    def work(self) -> None:
        """Begin a mail if there is one; without one the session is idle. Only where nothing is under way."""
        if self.over or self._draining:
            self._leave()
            return
        opening = self._begin()
        if opening:
            self._transport.write(opening)
        elif self._left <= 0:
            self._leave()
        elif not self.over:
            self._deadline = self._loop.time() + self._timeouts.idle_close_s
            self._pool.idle(self)

    def _begin(self) -> bytes:
        """Take the next mail that can be sent here; returns its first commands, b"" where there is none."""
        while self._left > 0 and not self._draining:
            job = self._pool.next_job()
            if job is None:
                break
            fault = find_fault(job.mail, self.extensions)
            if fault:
                self._pool.settle(job, DeliveryState.FAILED, None, fault)
                continue
            self._left -= 1
            self._begun = job
            self._refusal = None
            return self._envelope(job.mail)
        return b""

    def _envelope(self, mail: Outgoing) -> bytes:
        steps, lines = first_commands(mail, self.extensions, after_another=self._open_transaction)
        self._open_transaction = False
        self._expect += steps
        self._deadline = self._loop.time() + self._timeouts.command_s
        return lines

    def data_received(self, data: bytes) -> None:
        """asyncio: octets came."""
        self._acknowledge()
        try:
            for reply in self._reader.feed(data):
                if self.over:
                    break
                self._take(reply)
        except GarbageError as error:
            self.end(f"protocol error: {error}")
        self._pool.flush()

    def _take(self, reply: Reply) -> None:
        if self._answer is not None:
            if not self._answers(reply):
                self.end("protocol error: more replies than commands")
            return
        if not self._expect:
            self.end("closed by the peer" if reply.code == 421 else "protocol error: a reply to nothing")
            return
        step = self._expect.popleft()
        if reply.code == 421:
            self._give_up(step, reply)
            return
        waits = self._timeouts.dot_s if self._expect and self._expect[0] is Step.DOT else self._timeouts.command_s
        self._deadline = self._loop.time() + waits
        match step:
            case Step.MAIL | Step.RCPT:
                self._take_envelope(step, reply)
            case Step.DATA:
                self._take_data(reply)
            case Step.DOT:
                self._take_dot(reply)
            case Step.EMPTY_DOT:
                self._after_reply()
            case Step.RSET:
                self._take_rset(reply)
            case Step.QUIT:
                self.end("quit")
            case _:
                assert_never(step)

    def _take_envelope(self, step: Step, reply: Reply) -> None:
        job = self._begun
        assert job is not None
        if reply.ok:
            self._open_transaction = True
        elif reply.code < 400:
            self._doubt_answered()
            self.end(f"protocol error: {reply.code} to {step.name}")
            return
        elif self._refusal is None:
            self._refusal, self._refused_at = reply, step
        if self.extensions.pipelining:
            return
        if self._refusal is not None:
            self._settle_begun(self._refusal)
        elif step is Step.MAIL:
            self._say(Step.RCPT, rcpt_command(job.mail))
        else:
            self._say(Step.DATA, b"DATA\r\n")

    def _take_data(self, reply: Reply) -> None:
        job = self._begun
        assert job is not None
        self._settle_answered()
        if reply.code == 354:
            self._send_data(job)
        elif reply.code >= 400:
            if self._refusal is None:
                self._refused_at = Step.DATA
            self._settle_begun(self._refusal or reply)
        else:
            self.end(f"protocol error: {reply.code} to DATA")

    def _send_data(self, job: Job) -> None:
        self._open_transaction = False
        if self._refusal is not None:
            # The peer wants data although it took no recipient: end them at once (RFC 2920 §3.1), whatever it says.
            refusal, self._begun = self._refusal, None
            self._expect.append(Step.EMPTY_DOT)
            self._settle(job, refusal, self._refused_at)
            parts = [b".\r\n"]
        elif self._pool.is_expired(job):
            # A dot would deliver an empty mail, so that only hanging up takes the envelope back.
            self._begun = None
            self._pool.settle(job, DeliveryState.DEFERRED, None, LEASE_EXPIRED)
            self.end(LEASE_EXPIRED)
            return
        else:
            self._sent, self._begun = job, None
            self._expect.append(Step.DOT)
            parts = [stuff(job.mail.data), b".\r\n"]
        if self.extensions.pipelining:
            parts.append(self._begin())
        self._deadline = self._loop.time() + self._timeouts.dot_s
        self._transport.write(b"".join(parts))

    def _take_dot(self, reply: Reply) -> None:
        if 300 <= reply.code < 400:
            self.end(f"protocol error: {reply.code} to the final dot")
            return
        job, self._sent = self._sent, None
        assert job is not None
        self._answered = (job, reply)
        if not self._expect:
            self._settle_answered()
        self._after_reply()

    def _settle_answered(self) -> None:
        if self._answered is not None:
            (job, reply), self._answered = self._answered, None
            self._settle(job, reply, Step.DOT)

    def _doubt_answered(self) -> None:
        """354 came a command too early, so a reply was left out, and what we took for the dot's was not."""
        if self._answered is not None:
            (job, _), self._answered = self._answered, None
            self._pool.settle(job, DeliveryState.DEFERRED, None, f"{NOT_READ}: protocol error: a reply is missing")

    def _take_rset(self, reply: Reply) -> None:
        if not reply.ok:
            self.end(f"protocol error: {reply.code} to RSET")
        elif not self.extensions.pipelining:
            assert self._begun is not None
            self._say(Step.MAIL, mail_command(self._begun.mail, self.extensions))

    def _settle_begun(self, reply: Reply) -> None:
        job, self._begun = self._begun, None
        assert job is not None
        self._settle(job, reply, self._refused_at)
        self._after_reply()

    def _settle(self, job: Job, reply: Reply, step: Step) -> None:
        if reply.ok:
            state = DeliveryState.DELIVERED
        elif reply.temporary:
            state = DeliveryState.DEFERRED
        elif is_about_us(reply, at_mail=step is Step.MAIL) or self._pool.is_one_too_many(reply):
            # The next mail would fare no better, here or on another connection.
            self._pool.settle(job, DeliveryState.DEFERRED, reply, "")
            self._pool.refuses_us(reply)
            self._draining = True
            return
        else:
            state = DeliveryState.FAILED
        self.finished += 1
        self._pool.settle(job, state, reply, "")

    def _after_reply(self) -> None:
        if not self._expect and self._begun is None and not self.over:
            self.work()

    def _say(self, step: Step, line: bytes) -> None:
        self._expect.append(step)
        self._transport.write(line)

    # --- the end --------------------------------------------------------------------------------------------------

    def drain(self) -> None:
        """Begin nothing more, and quit when what is under way is over."""
        self._draining = True
        if not self._expect and self._answer is None:
            self._leave()

    def check(self, now: float) -> None:
        """Hang up where the peer has kept us waiting too long; called by the pool's tick with the loop's time."""
        if self.over:
            return
        unwritten = self._transport.get_write_buffer_size()
        if unwritten and unwritten != self._unwritten:
            # A large mail on a slow line is no stall.
            self._deadline = max(self._deadline, now + self._timeouts.dot_s)
        self._unwritten = unwritten
        if now < self._deadline:
            return
        if self._expect:
            self.end("time-out")
        else:
            self._leave()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""
        self.end("connection lost")
        self._pool.flush()

    def end(self, detail: str) -> None:
        """Hang up now and let go of both mails: the one whose data left is not sent again by us."""
        if self.over:
            return
        self._hang_up(detail)
        self._settle_answered()
        sent, begun = self._sent, self._begun
        self._sent = self._begun = None
        if sent is not None:
            self._pool.settle(sent, DeliveryState.DEFERRED, None, f"{NOT_READ}: {detail}")
        if begun is not None:
            self._return(begun, None, detail)
        self._pool.ended(self, detail)

    def _give_up(self, step: Step, reply: Reply) -> None:
        """421: the peer closes the session, whatever was asked (RFC 5321 §3.8)."""
        if step is Step.DOT and self._sent is not None:
            job, self._sent = self._sent, None
            self._settle(job, reply, Step.DOT)
        self._settle_answered()
        begun, self._begun = self._begun, None
        if begun is not None:
            self._return(begun, reply, "")
        self.end(f"closed by the peer: {reply.code} {reply.enhanced}".rstrip())

    def _return(self, job: Job, reply: Reply | None, detail: str) -> None:
        # A session that never finished a mail says something about the peer, and another would fare no better; one
        # that did has met its limit, and the mail may go through the next.
        if self.finished and not detail.startswith("protocol error"):
            self._pool.hand_back(job)
        else:
            self._pool.settle(job, DeliveryState.DEFERRED, reply, "" if reply else f"{NOT_SENT}: {detail}")

    def _leave(self) -> None:
        if self.over or Step.QUIT in self._expect:
            return
        self._draining = True
        self._deadline = self._loop.time() + self._timeouts.quit_s
        self._say(Step.QUIT, b"QUIT\r\n")
