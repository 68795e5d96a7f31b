"""What the commands of a connection need of the rest: the connection itself, and what all connections share.

Interfaces only: the listener is the Door, the wiring gives Recipients, and neither is known to conversation.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol as Interface

from gateway.core.address import Address
from gateway.core.clock import Clock
from gateway.core.reply import Reply
from inbound.limits import ListenerConfig
from inbound.reception import Handover
from inbound.spool import Spool


class Recipients(Interface):
    """Which forward-paths are ours: 250, 450, 550 5.1.1… Advisory; the verdict on the mail is the pipeline's."""

    def quick(self, path: Address, /) -> Reply | None:
        """The answer from memory, None where the store must be asked. Called in the event loop."""

    def ask(self, path: Address, /) -> Reply:
        """The answer from the store. Called in a thread."""


class Transaction(Interface):
    """A mail being announced. `mail_from` is None before MAIL, "" for the null reverse-path."""

    mail_from: str | None
    rcpt_tos: list[str]
    smtp_utf8: bool


class Door(Interface):
    """The connection as the commands see it."""

    @property
    def peer(self) -> str:
        """IP address, or "unix"."""

    @property
    def helo(self) -> str:
        """The name the peer gave, "" before EHLO, LHLO or HELO, and again after STARTTLS."""

    @property
    def extended(self) -> bool:
        """It said EHLO or LHLO."""

    @property
    def secured(self) -> bool:
        """TLS is on."""

    @property
    def transaction(self) -> Transaction:
        """The one transaction of now."""

    def forget(self) -> None:
        """Begin a new transaction."""

    def abort(self) -> None:
        """Cut the connection."""

    async def greet(self, verb: str, name: str) -> None:
        """Answer EHLO, LHLO or HELO with say()."""

    async def secure(self) -> bool:
        """Answer STARTTLS and shake hands; False where that failed and the connection is cut."""

    async def write(self, data: bytes) -> None:
        """Send, and wait while the peer does not read."""


@dataclass(frozen=True, slots=True)
class House:
    """What all conversations of one listener share. `domain` is ours, canonical."""

    config: ListenerConfig
    domain: str
    spool: Spool
    handover: Handover
    recipients: Recipients
    clock: Clock
