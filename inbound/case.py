"""Case: one arrival on its way to a decision, with the message it belongs to and all that is known about it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from gateway.core.decision import Decision
from gateway.core.digest import Part
from gateway.core.message import Arrival, Mail, Reading
from gateway.core.notice import Obeyed
from gateway.core.question import Question
from gateway.core.urgency import Urgency
from inbound.authenticity import Proof
from inbound.facts import Facts
from store.answer_parts import StoredPart


@dataclass(frozen=True, slots=True)
class ReadMail:
    """A claimed message as a reader process left it: bytes understood, attachments stored."""

    mail: Mail
    reading: Reading
    proof: Proof

    @property
    def dedup_key(self) -> str:
        """What two copies of one mail share, whichever way each came (I5).

        A mail without Message-ID is told from its twin by the fields a sender's program would change.
        """
        parsed = self.reading.parsed
        name = parsed.message_id or "\0".join(parsed.header(field) for field in ("from", "date", "subject"))
        return hashlib.sha256(f"{name}\0{parsed.content_digest}".encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class PartCase:
    """One part of an answer to a digest, with the facts as if it had been mailed to its topic."""

    part: Part
    facts: Facts
    content_id: int | None = None
    """Its words and files, where they are kept already: its writer was asked for the topic, and named this one."""


@dataclass(frozen=True, slots=True)
class Case:
    """One arrival with its facts."""

    arrival: Arrival
    read: ReadMail
    facts: Facts
    parts: tuple[PartCase, ...] = ()
    """Of an answer to a digest."""
    done: frozenset[int] = frozenset()
    """The numbers of those parts that were shared out before, when others were held."""
    filed: bool = False
    """Of those some were words, and the files went with them or wait beside them."""
    asked: tuple[StoredPart, ...] = ()
    """What the answered receipt tells of, by whose numbers a command calls it."""
    obeyed: Obeyed | None = None
    """What the answered notice told was done."""

    @property
    def question(self) -> Question | None:
        """What the answered notice asked, where the command is an answer to that."""
        return self.facts.question


@dataclass(frozen=True, slots=True)
class Decided:
    """A case with its verdict."""

    case: Case
    decision: Decision
    urgency: Urgency = Urgency.NONE
