"""The durable hand-over: bytes and envelope in, a Reply out once they are committed.

The listener submits from its event loop; one writer thread takes all that waits, commits it in one transaction and
answers each (T1). 250 means stored: up to 64 KiB in the row, more in a blob that was fsynced and renamed before.
"""

from __future__ import annotations

import errno
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from sqlalchemy import Connection

from gateway.core.errors import StoreError
from gateway.core.message import Envelope
from gateway.core.reply import Reply
from inbound.replies import TROUBLE
from store import arrivals, pickups
from store.blobs import Blobs, BlobWriter
from store.database import Database
from store.pickups import Pickup

log = structlog.get_logger(__name__)

IN_ROW = 64 * 1024
_MOST_AT_ONCE = 200

ACCEPTED = Reply(250, "2.0.0", "Ok")
FULL = Reply(452, "4.3.1", "Insufficient storage, try again later")
STOPPING = Reply(451, "4.3.2", "Shutting down, try again later")


class Intake:
    """One message being received: memory up to 64 KiB, then a temporary file beside the blobs.

    Used by one session. Ends in Spool.submit or in discard().
    """

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._memory: bytearray | None = bytearray()
        self.writer: BlobWriter | None = None
        self.size = 0

    def fits(self, octets: int) -> bool:
        """Whether so many more octets stay in memory; where not, write() may wait for the disk."""
        return self._memory is not None and self.size + octets <= IN_ROW

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Appends. Raises OSError where the disk refuses. One call at a time, on whatever thread."""
        self.size += len(chunk)
        if self._memory is not None:
            self._memory += chunk
            if len(self._memory) <= IN_ROW:
                return
            self.writer = self._blobs.writer()
            chunk, self._memory = self._memory, None
        assert self.writer is not None
        self.writer.write(chunk)

    @property
    def raw(self) -> bytes | None:
        """The whole message where it fits a row; None where it is in a file."""
        return bytes(self._memory) if self._memory is not None else None

    def discard(self) -> None:
        """Forgets what was received."""
        self._memory = bytearray()
        if self.writer is not None:
            self.writer.discard()


@dataclass(frozen=True, slots=True)
class _Submission:
    envelope: Envelope
    intake: Intake
    blob: str
    done: Callable[[Reply], None]
    pickup: Pickup | None


class Spool:
    """Accepts messages. `start` before the first submit, `stop` after the last; everything between is thread-safe.

    `reserve_bytes` are kept free for what must always work on `disk`, where the database is, None for elsewhere, and
    where the blobs are; below it a sender is asked to come back (452). `committed` is called after each commit, from
    the writer thread: the workers' wake-up.
    """

    def __init__(
        self, database: Database, blobs: Blobs, *, disk: Path | None, reserve_bytes: int, committed: Callable[[], None]
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._disks = [place for place in (disk, blobs.disk) if place is not None]
        self._reserve = reserve_bytes
        self._committed = committed
        self._waiting: queue.SimpleQueue[_Submission | None] = queue.SimpleQueue()
        self._large = ThreadPoolExecutor(max_workers=4, thread_name_prefix="spool-blob")
        self._writer = threading.Thread(target=self._run, name="spool-writer", daemon=True)
        self._stopped = False
        # Between asking whether we stop and getting in line nobody may stop: the last in line is answered too.
        self._door = threading.Lock()

    def start(self) -> None:
        """Starts the writer."""
        self._writer.start()

    def stop(self) -> None:
        """Commits what was submitted, then ends."""
        self._large.shutdown(wait=True)
        with self._door:
            self._stopped = True
            self._waiting.put(None)
        if self._writer.is_alive():
            self._writer.join()

    def intake(self) -> Intake:
        """A place for the bytes of the next message."""
        return Intake(self._blobs)

    def submit(
        self, envelope: Envelope, intake: Intake, done: Callable[[Reply], None], pickup: Pickup | None = None
    ) -> None:
        """Hands over. `done` gets 250 after the commit, or a 4yz; it is called on another thread and must be quick.

        `pickup` is where a mailbox holds the mail: one that was taken from there before is answered with 250, too.
        """
        item = _Submission(envelope, intake, "", done, pickup)
        if intake.writer is None:
            self._line_up(item)
            return
        try:
            self._large.submit(self._store_large, item)
        except RuntimeError:  # the pool was shut down
            intake.discard()
            done(STOPPING)

    def accept(self, envelope: Envelope, raw: bytes) -> Reply:
        """Hands over and waits: for the command line."""
        intake = self.intake()
        try:
            intake.write(raw)
        except OSError as error:
            log.error("spool_write_failed", trouble=error.strerror)
            intake.discard()
            return FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else TROUBLE
        answer: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        self.submit(envelope, intake, answer.put)
        return answer.get()

    def has_died(self) -> bool:
        """Whether the writer ended without being asked to: nothing is accepted any more."""
        return self._writer.ident is not None and not self._writer.is_alive() and not self._stopped

    def _store_large(self, item: _Submission) -> None:
        assert item.intake.writer is not None
        try:
            blob = self._blobs.commit(item.intake.writer)
        except Exception as error:
            # Somebody waits for an answer, whatever this is: it is given before anything is said about it.
            item.intake.discard()
            item.done(FULL if isinstance(error, StoreError) and self._is_full() else TROUBLE)
            _tell_trouble("spool_blob_failed", error)
        else:
            self._line_up(replace(item, blob=blob))

    def _line_up(self, item: _Submission) -> None:
        with self._door:
            if not self._stopped:
                self._waiting.put(item)
                return
        item.intake.discard()
        item.done(STOPPING)

    def _run(self) -> None:
        while batch := self._take():
            self._serve(batch)

    def _serve(self, batch: list[_Submission]) -> None:
        """Commits and answers. Never raises: the writer must outlive whatever its neighbours do."""
        try:
            replies = self._commit(batch)
        except Exception as error:
            replies = [TROUBLE] * len(batch)
            _tell_trouble("spool_commit_failed", error)
        for item, reply in zip(batch, replies, strict=True):
            try:
                item.done(reply)
            except Exception as error:
                _tell_trouble("spool_answer_failed", error)
        if ACCEPTED in replies:
            try:
                self._committed()
            except Exception as error:
                _tell_trouble("spool_wakeup_failed", error)

    def _take(self) -> list[_Submission]:
        """All that waits, at least one; empty when the end was asked for."""
        first = self._waiting.get()
        if first is None:
            return []
        batch = [first]
        while len(batch) < _MOST_AT_ONCE:
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                break
            if item is None:
                self._waiting.put(None)
                break
            batch.append(item)
        return batch

    def _commit(self, batch: list[_Submission]) -> list[Reply]:
        """One reply each, in order."""
        if self._is_full():
            with suppress(Exception):
                log.error("spool_disk_full", reserve_bytes=self._reserve)
            return [FULL] * len(batch)
        try:
            with self._database.transaction() as tx:
                _put(tx, batch)
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, StoreError):
                # One of them cannot be stored: it must not take the others with it.
                return [reply for item in batch for reply in self._commit([item])]
            # The peer keeps its mail and comes back.
            _tell_trouble("spool_commit_failed", error, messages=len(batch))
            return [TROUBLE] * len(batch)
        return [ACCEPTED] * len(batch)

    def _is_full(self) -> bool:
        if not self._reserve:
            return False
        try:
            found = [os.statvfs(place) for place in self._disks]
        except OSError:
            return True
        return any(disk.f_bavail * disk.f_frsize < self._reserve for disk in found)


def _put(tx: Connection, batch: list[_Submission]) -> None:
    """Spools these messages, but for those that were picked up before."""
    found = [item.pickup for item in batch if item.pickup]
    fresh = pickups.take(tx, found, max(item.envelope.received_at for item in batch)) if found else set()
    new = [item for item in batch if item.pickup is None or item.pickup in fresh]
    if new:
        arrivals.add(
            tx, [arrivals.Accepted(i.envelope, i.intake.size, None if i.blob else i.intake.raw, i.blob) for i in new]
        )


def _tell_trouble(event: str, error: Exception, **facts: int) -> None:
    """One line of log. Never raises: a log that cannot be written must not cost a mail or its answer."""
    with suppress(Exception):
        if isinstance(error, StoreError):
            log.error(event, trouble=str(error), **facts)
        else:
            log.error(event, exc_info=error, **facts)
