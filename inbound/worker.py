"""The inbound worker: claim messages, have them read, process them, or set them aside.

Two steps overlap: while one batch is processed (T3, in the order of arrival), the next is claimed and read in the child
processes. A message whose processing fails three times is set aside whole, and never delays the others.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

import structlog

from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.core.message import Mail
from inbound import hints, pipeline
from inbound.authenticity import NOT_ANSWERED
from inbound.case import Decided, ReadMail
from inbound.facts import Rules
from inbound.hints import SentDigests, SentTexts
from inbound.job import ReaderSetup
from inbound.reader import LEFT, Reader, Unread
from inbound.route import House
from store import arrivals
from store.arrivals import AfterFailure
from store.database import Database
from store.wakeups import Wakeups, Work

log = structlog.get_logger(__name__)

BATCH = 32
_LOOK_EVERY_S = 2.0
_TROUBLE_PAUSE_S = 1.0
_RECHECK_LOOK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What the worker is made of."""

    house: House
    rules: Rules
    reader: ReaderSetup
    readers: int
    """Child processes that read mails."""
    sent_texts: SentTexts
    """What we sent, to be found again in answers."""
    sent_digests: SentDigests
    decided: Callable[[Decided], None]
    """Told of every verdict after its commit: the counters."""


@dataclass(frozen=True, slots=True)
class _Returned:
    """A claimed message that goes back into the spool, with what it failed of, "" where it did not fail."""

    mail: Mail
    trouble: str = ""


class Worker:
    """One claiming and processing loop on a thread of its own, with its reader processes."""

    def __init__(self, setup: WorkerSetup, database: Database, wakeups: Wakeups, clock: Clock) -> None:
        self._setup = setup
        self._database = database
        self._wakeups = wakeups
        self._clock = clock
        self._readers = [Reader(setup.reader) for _ in range(setup.readers)]
        self._pool = ThreadPoolExecutor(max_workers=1 + setup.readers, thread_name_prefix="reading")
        # What goes back and could not be written yet: the store was away, or its disk full.
        self._returned: deque[_Returned] = deque()
        self._recheck_at = clock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inbound-worker", daemon=True)

    def start(self) -> None:
        """Starts the loop and the reader processes."""
        for reader in self._readers:
            reader.start()
        self._thread.start()

    def stop(self) -> None:
        """Finishes the batch in hand, gives back what was only claimed, ends the children."""
        self._stopping.set()
        self._wakeups.ring(Work.ARRIVALS)
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=True)
        for reader in self._readers:
            reader.close()

    def has_died(self) -> bool:
        """Whether the loop ended without being asked to: nothing is decided any more."""
        return self._thread.ident is not None and not self._thread.is_alive() and not self._stopping.is_set()

    def run_once(self) -> int:
        """Claims, reads and processes one batch on the calling thread; returns how many messages it held."""
        batch = self._claim_and_read()
        self._process(batch)
        return len(batch)

    def _run(self) -> None:
        coming: Future[list[ReadMail | Unread]] | None = None
        while not self._stopping.is_set():
            try:
                batch = (coming or self._pool.submit(self._claim_and_read)).result()
                coming = self._pool.submit(self._claim_and_read) if batch else None
                self._process(batch)
            except Exception as error:
                # The loop must outlive whatever this is; what was claimed comes back when its lease ends.
                _tell_trouble(error)
                self._forget(coming)
                coming = None
                self._stopping.wait(_TROUBLE_PAUSE_S)
            else:
                if not batch:
                    self._wakeups.wait(Work.ARRIVALS, _LOOK_EVERY_S)
        self._forget(coming)

    def _forget(self, coming: Future[list[ReadMail | Unread]] | None) -> None:
        """Gives back the batch that was read ahead. Waits for it: a reader serves one thread at a time."""
        if coming is None:
            return
        try:
            ahead = coming.result()
        except Exception as error:
            _tell_trouble(error)
        else:
            self._return([_returned(item) for item in ahead])

    def _claim_and_read(self) -> list[ReadMail | Unread]:
        self._write_returned()
        self._recheck()
        with self._database.transaction() as tx:
            mails = arrivals.claim(tx, self._clock(), BATCH)
        if not mails:
            return []
        try:
            with self._database.reading() as tx:
                known = hints.collect(tx, mails, self._setup.house, self._setup.sent_texts, self._setup.sent_digests)
        except StoreError:
            self._return([_Returned(mail) for mail in mails])
            raise
        asked = list(zip(mails, known, strict=True))
        share = -(-len(mails) // len(self._readers))
        parts = [asked[i : i + share] for i in range(0, len(mails), share)]
        if len(parts) == 1:
            return self._readers[0].read(parts[0])
        others = [
            self._pool.submit(reader.read, part) for reader, part in zip(self._readers[1:], parts[1:], strict=False)
        ]
        return [*self._readers[0].read(parts[0]), *(item for other in others for item in other.result())]

    def _recheck(self) -> None:
        """Once a minute: what could not be checked for want of an answer from the DNS is decided anew."""
        now = self._clock()
        if self._setup.reader.border.verifying is None or now < self._recheck_at:
            return
        self._recheck_at = now + _RECHECK_LOOK
        with self._database.transaction() as tx:
            again = arrivals.recheck(tx, NOT_ANSWERED, now)
        if again:
            log.info("checked_again", arrivals=again)

    def _process(self, batch: Sequence[ReadMail | Unread]) -> None:
        unread = [item for item in batch if isinstance(item, Unread)]
        # First: what is given back here may be read by another node meanwhile.
        self._return([_returned(item) for item in unread])
        readable = [item for item in batch if isinstance(item, ReadMail)]
        while readable:
            count = pipeline.independent(readable)
            self._process_together(readable[:count])
            readable = readable[count:]
        if ours := [item for item in unread if item.temporary and item.trouble != LEFT]:
            log.error("inbound_trouble", trouble=ours[0].trouble, messages=len(ours))
            self._stopping.wait(_TROUBLE_PAUSE_S)

    def _process_together(self, batch: Sequence[ReadMail]) -> None:
        now = self._clock()
        try:
            with self._database.transaction() as tx:
                decided = pipeline.process(tx, batch, self._setup.house, self._setup.rules, now)
        except arrivals.LostLeaseError as error:
            # Somebody else has one of them by now; the others are still ours and are tried alone.
            log.warning("lease_lost", trouble=str(error))
            if len(batch) > 1:
                self._process_alone(batch)
        except StoreError as error:
            log.error("inbound_trouble", trouble=str(error), messages=len(batch))
            self._return([_Returned(read.mail) for read in batch])
            self._stopping.wait(_TROUBLE_PAUSE_S)
        except Exception as error:
            # Whatever this is, it is of one mail, and only that one may wait for it.
            if len(batch) > 1:
                self._process_alone(batch)
            else:
                log.exception("processing_failed", message=batch[0].mail.id)
                self._return([_Returned(batch[0].mail, f"{type(error).__name__}: {error}")])
        else:
            self._tell(decided)

    def _process_alone(self, batch: Sequence[ReadMail]) -> None:
        for read in batch:
            self._process_together([read])

    def _tell(self, decided: Sequence[Decided]) -> None:
        self._wakeups.ring(Work.FAN_OUTS)
        self._wakeups.ring(Work.DELIVERIES)
        for item in decided:
            facts = item.case.facts
            log.info(
                "decided",
                arrival=item.case.arrival.id,
                verdict=item.decision.verdict.value,
                reason=item.decision.reason.value,
                community=facts.community.id if facts.community else None,
                person=facts.person.id if facts.person else None,
                proof=facts.proof.how,
                flag=item.decision.flag or None,
                urgency=item.urgency.value or None,
            )
            self._setup.decided(item)

    def _return(self, returned: Sequence[_Returned]) -> None:
        self._returned.extend(returned)
        self._write_returned()

    def _write_returned(self) -> None:
        """Puts back what has to go back; what a store in trouble refuses is tried before each claim. Never raises."""
        batch = []
        with suppress(IndexError):
            while True:
                batch.append(self._returned.popleft())
        try:
            self._write(batch)
        except StoreError as error:
            _tell_trouble(error)
            self._returned.extend(batch)
        except Exception as error:
            _tell_trouble(error)
            # One that cannot be written keeps no other from its way back; its own lease will end.
            for item in batch if len(batch) > 1 else ():
                self._return([item])

    def _write(self, batch: Sequence[_Returned]) -> None:
        if not batch:
            return
        failed = [item for item in batch if item.trouble]
        with self._database.transaction() as tx:
            arrivals.release(tx, [item.mail for item in batch if not item.trouble])
            after = [arrivals.fail(tx, item.mail, item.trouble, self._clock()) for item in failed]
        for item, what in zip(failed, after, strict=True):
            match what:
                case AfterFailure.LOST:
                    log.warning("lease_lost", message=item.mail.id, trouble=item.trouble)
                case AfterFailure.AGAIN | AfterFailure.ASIDE:
                    event = "set_aside" if what is AfterFailure.ASIDE else "will_retry"
                    log.error(event, message=item.mail.id, failures=item.mail.failures + 1, trouble=item.trouble)
                case _:
                    assert_never(what)


def _returned(item: ReadMail | Unread) -> _Returned:
    if isinstance(item, Unread) and not item.temporary:
        return _Returned(item.mail, item.trouble)
    return _Returned(item.mail)


def _tell_trouble(error: Exception) -> None:
    """One line of log. Never raises: the loop goes on without it."""
    with suppress(Exception):
        if isinstance(error, StoreError):
            log.error("inbound_trouble", trouble=str(error))
        else:
            log.error("inbound_worker_failed", exc_info=error)
