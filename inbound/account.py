"""An account at a mail server, and what can go wrong with it: what [[imap]] says, as plain values.

Made by the wiring, used by inbound.mailbox and inbound.pickup.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from gateway.core.errors import GatewayError


class Security(StrEnum):
    """How the connection is kept from others. `none` is for loopback alone."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Tokens(Protocol):
    """Where access tokens come from (inbound.access_token)."""

    def get(self) -> str:
        """A token that is good for a while. Raises MailboxError."""

    def forget(self) -> None:
        """The last one was refused: the next is a new one."""


@dataclass(frozen=True, slots=True)
class Account:
    """One mailbox of one account. `password` is "" where `tokens` log in."""

    host: str
    port: int
    security: Security
    username: str
    password: str = field(repr=False)
    tokens: Tokens | None
    folder: str
    done_folder: str
    failed_folder: str
    ca_file: Path | None = None
    timeout_s: float = 60.0
    """How long the server may be silent while it is asked something."""

    @property
    def name(self) -> str:
        """What tells this account from others, in the store and for those who run the gateway."""
        return f"{self.username}@{self.host}"


class MailboxError(GatewayError):
    """The server cannot be reached, went away, or does not speak IMAP: the connection is of no more use."""


class LoginRefusedError(MailboxError):
    """The server, or who gives out tokens, says no: trying again soon will not help."""


class CommandRefusedError(MailboxError):
    """The server said no to one command; the connection is well."""
