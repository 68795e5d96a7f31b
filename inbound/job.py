"""What passes between the worker and a reader process: jobs one way, what the bytes said the other way."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.message import NOTHING_KNOWN, Envelope, Hints, Reading
from inbound.authenticity import Border, Proof


@dataclass(frozen=True, slots=True)
class ReaderSetup:
    """What a reader process needs: where blobs are, whose mail domain this is, whose word on authors counts."""

    blobs: str
    blobs_endpoint: str
    domain: str
    border: Border
    archive: bool = False
    """The mails are those of an archive: posted elsewhere long ago, and answers to nothing of ours."""


@dataclass(frozen=True, slots=True)
class Job:
    """One mail to read: its bytes, or the blob that holds them, and what we know that may help.

    `number` names it on the way back: whoever asked knows that an answer is this mail's.
    """

    number: int
    raw: bytes | None
    blob: str
    envelope: Envelope
    hints: Hints = NOTHING_KNOWN


@dataclass(frozen=True, slots=True)
class Read:
    """What the bytes said."""

    reading: Reading
    proof: Proof


@dataclass(frozen=True, slots=True)
class NotRead:
    """Why a mail could not be read. `temporary` is our own trouble: not the mail's fault."""

    trouble: str
    temporary: bool
