"""Reader processes: the bytes of strangers are understood outside the gateway's own process.

One child each, driven by one thread of the worker. Five seconds of CPU or too much memory kill the child, not the
gateway, and the mail it died of is named (PROMISES M2, P6). Attachments become blobs here, before any row names them.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import structlog

from gateway.core.errors import StoreError
from gateway.core.message import Envelope, Mail, Reading
from inbound import authenticity, reading
from inbound.authenticity import Border
from inbound.case import ReadMail
from store.blobs import Blobs, open_blobs

log = structlog.get_logger(__name__)

CPU_S = 5.0
"""CPU time one mail may take; beyond it the kernel ends the child."""
WALL_S = 60.0
MEMORY_BYTES = 1 << 30
_RETIRE_AFTER = 5000


@dataclass(frozen=True, slots=True)
class ReaderSetup:
    """What a child needs: where blobs are, whose mail domain this is, whose word on authors counts."""

    blobs: str
    blobs_endpoint: str
    domain: str
    border: Border


@dataclass(frozen=True, slots=True)
class Unread:
    """A mail that could not be read, and why. `temporary` is our own trouble: not the mail's fault."""

    mail: Mail
    trouble: str
    temporary: bool


@dataclass(frozen=True, slots=True)
class _Job:
    raw: bytes | None
    blob: str
    envelope: Envelope


class Reader:
    """One child process. Not thread-safe: one thread drives it."""

    def __init__(self, setup: ReaderSetup) -> None:
        self._setup = setup
        self._child: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._served = 0

    def read(self, mails: Sequence[Mail]) -> list[ReadMail | Unread]:
        """Reads a batch, in order; every mail gets an answer, whatever becomes of the child."""
        answers: list[ReadMail | Unread] = []
        while len(answers) < len(mails):
            rest = mails[len(answers) :]
            answers += self._read_until_trouble(rest)
        self._served += len(mails)
        if self._served > _RETIRE_AFTER:
            # What a long life may have leaked goes with the child.
            self.close()
        return answers

    def close(self) -> None:
        """Ends the child."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._child is not None:
            self._child.join(2.0)
            if self._child.is_alive():
                self._child.kill()
                self._child.join()
            self._child = None
        self._served = 0

    def start(self) -> None:
        """Starts the child ahead of the first mail."""
        if self._pipe is not None:
            return
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        child = context.Process(target=_serve, args=(theirs, self._setup), name="relais-reader", daemon=True)
        child.start()
        theirs.close()
        self._child, self._pipe = child, ours

    def _read_until_trouble(self, mails: Sequence[Mail]) -> list[ReadMail | Unread]:
        self.start()
        assert self._pipe is not None
        answers: list[ReadMail | Unread] = []
        try:
            self._pipe.send([_Job(mail.raw, mail.blob, mail.envelope) for mail in mails])
            for mail in mails:
                if not self._pipe.poll(WALL_S):
                    raise TimeoutError
                answers.append(_answer(mail, self._pipe.recv()))
        except (EOFError, OSError, TimeoutError) as error:
            culprit = mails[len(answers)]
            trouble = "took too long" if isinstance(error, TimeoutError) else self._cause_of_death()
            log.warning("reader_died", message=culprit.id, trouble=trouble)
            answers.append(Unread(culprit, f"the reader {trouble}", temporary=False))
            if self._child is not None:
                self._child.kill()
            self.close()
        return answers

    def _cause_of_death(self) -> str:
        if self._child is None:
            return "ended"
        self._child.join(2.0)
        if self._child.exitcode == -signal.SIGPROF:
            return f"used more than {CPU_S:.0f} s of CPU"
        return f"ended with {self._child.exitcode}"


def _answer(mail: Mail, answer: object) -> ReadMail | Unread:
    match answer:
        case (Reading() as understood, authenticity.Proof() as proof):
            return ReadMail(mail, understood, proof)
        case (str() as trouble, bool() as temporary):
            return Unread(mail, trouble, temporary)
        case _:
            raise EOFError("not an answer of a reader")


def _serve(pipe: Connection, setup: ReaderSetup) -> None:
    """The child: reads jobs until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # No Python handler: the kernel ends the process even inside a C loop.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    blobs = open_blobs(setup.blobs, endpoint=setup.blobs_endpoint)
    while True:
        try:
            jobs: list[_Job] = pipe.recv()
            for job in jobs:
                pipe.send(_read_one(job, setup, blobs))
        except (EOFError, OSError):
            return


def _read_one(job: _Job, setup: ReaderSetup, blobs: Blobs) -> tuple[Reading, authenticity.Proof] | tuple[str, bool]:
    signal.setitimer(signal.ITIMER_PROF, CPU_S)
    try:
        raw = job.raw if job.raw is not None else blobs.read(job.blob)
        understood = reading.read(raw, job.envelope.reverse_path, setup.domain)
        proof = authenticity.prove(understood.parsed, job.envelope, setup.border)
        return _stored(understood, blobs), proof
    except StoreError as error:
        return str(error), error.temporary
    except MemoryError:
        return "needs more memory than one mail may have", False
    except Exception as error:
        # The last wall before the mail is tried again and set aside; the name of the bug is in its row then.
        return f"{type(error).__name__}: {error}", False
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _stored(understood: Reading, blobs: Blobs) -> Reading:
    """The reading with its attachments stored as blobs, so that only their names travel on."""
    parsed = understood.parsed
    files = []
    for file in parsed.attachments:
        if file.content is not None:
            blobs.put(file.content)
        files.append(replace(file, content=None))
    return replace(understood, parsed=replace(parsed, attachments=tuple(files), html=None, report=None))
