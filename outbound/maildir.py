"""MaildirRelay: a courier that writes each mail into a Maildir, for a gateway that has no relay yet.

Takes the place of outbound.client.Relay where no relay is configured. A mail appears in new/ whole and on disk, or not
at all; the same delivery tried again takes the same name, so it replaces its first copy. Line ends are LF, as in every
Maildir. https://cr.yp.to/proto/maildir.html; RFC 5321 §4.4 (Return-Path).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from gateway.core.clock import Clock, utc_now
from gateway.core.delivery import DeliveryState, Outcome, Outgoing
from gateway.core.errors import ConfigurationError
from outbound.courier import CANCELLED, CLOSING, LEASE_EXPIRED, Report
from outbound.wire import is_unfit_path

# One thread keeps the disk busy; more of them only wait for each other.
THREADS = 1
CHUNK = 25
STALE_S = 36 * 3600
_MESSAGE_ID = re.compile(rb"^message-id:[^\n]*", re.IGNORECASE | re.MULTILINE)


class MaildirRelay:
    """A Courier into the Maildir `root`, which is made if it is not there. Raises ConfigurationError."""

    def __init__(self, root: Path, clock: Clock = utc_now) -> None:
        self._new, self._tmp, self._cur = root / "new", root / "tmp", root / "cur"
        self._clock = clock
        try:
            for folder in (self._new, self._tmp, self._cur):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sweep()
        except OSError as error:
            raise ConfigurationError([("relay.host", f"none is set, and {root} cannot be used: {error}")]) from error
        self._closing = False
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="maildir")

    @property
    def resting_s(self) -> float:
        """Always 0.0: a folder is there or is not."""
        return 0.0

    async def send(self, batch: Sequence[Outgoing], report: Report) -> None:
        """Write each mail of `batch`. See Courier.send."""
        if self._closing:
            report([_defer(mail, CLOSING) for mail in batch])
            return
        loop = asyncio.get_running_loop()
        chunks = [batch[start : start + CHUNK] for start in range(0, len(batch), CHUNK)]
        writing = {loop.run_in_executor(self._threads, self._write_all, chunk): chunk for chunk in chunks}
        try:
            while writing:
                done, _ = await asyncio.wait(writing, return_when=asyncio.FIRST_COMPLETED)
                for future in done:
                    del writing[future]
                    report(future.result())
        except asyncio.CancelledError:
            # What a thread writes all the same is replaced under its own name when the mail is tried again.
            for future, chunk in writing.items():
                future.cancel()
                report([_defer(mail, CANCELLED) for mail in chunk])
            raise

    async def close(self) -> None:
        """Wait until the threads have written what they hold."""
        self._closing = True
        await asyncio.to_thread(self._threads.shutdown)

    def _write_all(self, mails: Sequence[Outgoing]) -> list[Outcome]:
        """Write a chunk; one fsync of the folder makes all its names durable. Runs in a thread."""
        outcomes = [self._write(mail) for mail in mails]
        try:
            _fsync_folder(self._new)
        except OSError as error:
            return [_defer(mail, _describe(error)) for mail in mails]
        return outcomes

    def _write(self, mail: Outgoing) -> Outcome:
        if mail.lease.until <= self._clock():
            return _defer(mail, LEASE_EXPIRED)
        if is_unfit_path(mail.forward_path) or is_unfit_path(mail.reverse_path):
            return Outcome(mail.delivery_id, mail.attempts, DeliveryState.FAILED, None, "5.1.3 path cannot be written")
        name = make_name(mail)
        # Two senders may hold the same mail for a moment; each writes its own file.
        draft = self._tmp / f"{name}.{os.getpid()}.{mail.attempts}"
        trace = f"Return-Path: <{mail.reverse_path}>\nDelivered-To: {mail.forward_path}\n".encode()
        try:
            with draft.open("wb") as file:
                file.write(trace + mail.data.replace(b"\r\n", b"\n"))
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._new / name)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            return _defer(mail, _describe(error))
        return Outcome(mail.delivery_id, mail.attempts, DeliveryState.DELIVERED, None, "written to the outbox")

    def _sweep(self) -> None:
        """Remove what a crash left in tmp/ more than 36 hours ago, as the format allows."""
        oldest = self._clock().timestamp() - STALE_S
        for draft in self._tmp.iterdir():
            if draft.stat().st_mtime < oldest:
                draft.unlink(missing_ok=True)


def make_name(mail: Outgoing) -> str:
    """The file's name: the same at every attempt of one delivery, another for every other delivery there ever was.

    The number alone would come again after the database was made anew; paths and Message-ID are fixed with the row.
    """
    found = _MESSAGE_ID.search(mail.data.partition(b"\r\n\r\n")[0])
    identity = f"{mail.reverse_path}\n{mail.forward_path}\n".encode() + (found[0].strip() if found else b"")
    return f"{mail.delivery_id}.{hashlib.sha256(identity).hexdigest()[:24]}.relais"


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _defer(mail: Outgoing, detail: str) -> Outcome:
    return Outcome(mail.delivery_id, mail.attempts, DeliveryState.DEFERRED, None, detail)


def _describe(error: OSError) -> str:
    return f"cannot write to the outbox: {(error.strerror or type(error).__name__).lower()}"
