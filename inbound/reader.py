"""Reader: one reader process, driven by one thread of the worker.

A mail that kills the process is named, and the others are read by the next one (PROMISES M2, P6). Where no
process comes up at all, no mail is to blame.
"""

from __future__ import annotations

import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

import structlog

from gateway.core.message import Hints, Mail
from inbound.case import ReadMail
from inbound.job import Job, NotRead, Read, ReaderSetup

log = structlog.get_logger(__name__)

START_S = 15.0
"""For a child to come up."""
TALK_S = 5.0
"""For the other end of the pipe to take or to give more octets, once there are some."""
WALL_S = 50.0
"""For one mail."""
ENOUGH_S = 30.0
"""After so long the rest of a batch is left for the next one: with one more child and mail it is within the lease."""
LEFT = "the mails before it took long"
_RETIRE_AFTER = 5000
# Not `-m`: what the process sends back must be of importable modules, not of __main__.
_PROGRAM = "from inbound.reading_process import main; main()"


@dataclass(frozen=True, slots=True)
class Unread:
    """A mail that could not be read, and why. `temporary` is our own trouble: not the mail's fault."""

    mail: Mail
    trouble: str
    temporary: bool


class _OutOfStepError(Exception):
    """An answer of another mail than the one that was asked about."""


class Reader:
    """One child process. Not thread-safe: one thread drives it. The parsers live there only, not in the gateway."""

    def __init__(self, setup: ReaderSetup) -> None:
        self._setup = setup
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._ready = False
        self._served = 0

    def start(self) -> None:
        """Starts the child, if it does not run: ahead of the first mail, and again after a death."""
        if self._pipe is not None:
            return
        ours, theirs = socket.socketpair()
        # In the middle of a message Connection waits for ever: for a child that stopped, or died of half an answer.
        limit = struct.pack("@ll", int(TALK_S), int(TALK_S % 1 * 1e6))
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        with theirs:
            fd = theirs.fileno()
            self._child = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(fd)], pass_fds=[fd])  # noqa: S603
        self._pipe = Connection(ours.detach())
        self._pipe.send(self._setup)

    def read(self, asked: Sequence[tuple[Mail, Hints]]) -> list[ReadMail | Unread]:
        """Reads a batch, in order; every mail gets an answer, whatever becomes of the child."""
        answers: list[ReadMail | Unread] = []
        until = time.monotonic() + ENOUGH_S
        while len(answers) < len(asked):
            if answers and time.monotonic() > until:
                left = [mail for mail, _ in asked[len(answers) :]]
                answers += [Unread(mail, LEFT, temporary=True) for mail in left]
                break
            answers += self._read_until_trouble(asked[len(answers) :], until)
        self._served += len(asked)
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
            try:
                self._child.wait(2.0)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child = None
        self._ready = False
        self._served = 0

    def _read_until_trouble(self, asked: Sequence[tuple[Mail, Hints]], until: float) -> list[ReadMail | Unread]:
        """The answers up to the one whose mail made trouble, or to the first after `until`: then the child is gone."""
        answers: list[ReadMail | Unread] = []
        mails = [mail for mail, _ in asked]
        try:
            pipe = self._hand_over(asked)
        except Exception as error:
            trouble = self._bury(error)
            log.error("reader_not_there", trouble=trouble)
            return [Unread(mail, f"the reader {trouble} before it read anything", temporary=True) for mail in mails]
        try:
            for mail in mails:
                if not pipe.poll(WALL_S):
                    raise TimeoutError
                number, answer = pipe.recv()
                if number != mail.id:
                    raise _OutOfStepError
                answers.append(_answer(mail, answer))
                if time.monotonic() > until and len(answers) < len(mails):
                    # It works on the next already; what it would say of that must not be taken for another's.
                    self._end()
                    break
        except Exception as error:
            # Whatever it was, what else comes through this pipe may be of any mail.
            culprit, trouble = mails[len(answers)], self._bury(error)
            log.warning("reader_died", message=culprit.id, trouble=trouble)
            answers.append(Unread(culprit, f"the reader {trouble}", temporary=False))
        return answers

    def _hand_over(self, asked: Sequence[tuple[Mail, Hints]]) -> Connection:
        """Sends the jobs to a child that said it is ready. Raises EOFError or OSError where there is none.

        A child takes all jobs before it begins the first: what goes wrong here is no mail's fault.
        """
        self.start()
        assert self._pipe is not None
        if not self._ready:
            if not self._pipe.poll(START_S):
                raise TimeoutError
            self._pipe.recv()
            self._ready = True
        self._pipe.send([Job(mail.id, mail.raw, mail.blob, mail.envelope, hints) for mail, hints in asked])
        return self._pipe

    def _bury(self, error: Exception) -> str:
        """Ends what is left of the child; returns what became of it, in words that follow "the reader"."""
        # BlockingIOError: it took or gave no more in the middle of a message.
        if isinstance(error, TimeoutError | BlockingIOError):
            trouble = "took too long"
        elif isinstance(error, EOFError | OSError):
            trouble = self._cause_of_death()
        else:
            trouble = f"gave an answer that is none: {type(error).__name__}"
        self._end()
        return trouble

    def _end(self) -> None:
        """Ends the child without waiting for what it does."""
        if self._child is not None:
            self._child.kill()
        self.close()

    def _cause_of_death(self) -> str:
        if self._child is None:
            return "ended"
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(2.0)
        if self._child.returncode == -signal.SIGPROF:
            return "used more CPU than one mail may have"
        return f"ended with {self._child.returncode}"


def _answer(mail: Mail, answer: Read | NotRead) -> ReadMail | Unread:
    match answer:
        case Read(reading, proof):
            return ReadMail(mail, reading, proof)
        case NotRead(trouble, temporary):
            return Unread(mail, trouble, temporary)
