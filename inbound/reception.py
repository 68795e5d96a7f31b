"""One mail from our 354 to the spool's answer: read it, hand it over.

Called by the listener's sessions in the event loop. What is handed over no longer depends on the connection: the
spool finishes it whoever hung up. RFC 5321 §4.1.1.4, §6.1.
"""

from __future__ import annotations

import asyncio
from collections import deque

import structlog

from gateway.core.message import Envelope
from gateway.core.reply import Reply
from inbound import replies
from inbound.dots import Dots
from inbound.spool import Intake, Spool
from inbound.wire import Wire

log = structlog.get_logger(__name__)

DRAIN_OCTETS = 16 * 1024 * 1024
"""How much more of a refused mail is read, so that its sender hears why instead of a reset."""


async def receive(wire: Wire, intake: Intake, dots: Dots) -> None:
    """Read up to the final dot, or until the wire ends or too much of a refused mail has come; `dots` tells which."""
    while not dots.done and dots.wasted <= DRAIN_OCTETS:
        chunk = wire.take()
        if not chunk:
            if not await wire.more():
                return
            continue
        text = dots.feed(chunk)
        if text:
            try:
                if intake.fits(len(text)):
                    intake.write(text)
                else:
                    # A disk that is slow must not keep all the other sessions waiting.
                    await asyncio.to_thread(intake.write, text)
            except Exception as error:
                # Raising here would leave the rest of the mail to be read as commands.
                log.exception("intake_failed")
                dots.refuse(replies.trouble(error))
    wire.give_back(dots.rest)


class Handover:
    """Submits to the spool and brings the answers back from its thread, many with one wake-up of the loop."""

    def __init__(self, spool: Spool, loop: asyncio.AbstractEventLoop) -> None:
        self._spool = spool
        self._loop = loop
        self._answers: deque[tuple[asyncio.Future[Reply], Reply]] = deque()
        self._woken = False

    def submit(self, envelope: Envelope, intake: Intake) -> asyncio.Future[Reply]:
        """Hand over, now: there is no await between the dot and this. The future gets the spool's reply."""
        answer: asyncio.Future[Reply] = self._loop.create_future()

        def done(reply: Reply) -> None:
            self._answers.append((answer, reply))
            # The loop lowers the flag before it empties the queue: an answer appended under a raised flag is seen.
            if not self._woken:
                self._woken = True
                try:
                    self._loop.call_soon_threadsafe(self._settle)
                except RuntimeError:
                    # The loop is closed: nobody is left to hear, and the mail is stored.
                    log.info("answer_unheard")

        self._spool.submit(envelope, intake, done)
        return answer

    def _settle(self) -> None:
        self._woken = False
        while self._answers:
            answer, reply = self._answers.popleft()
            if not answer.done():
                answer.set_result(reply)
