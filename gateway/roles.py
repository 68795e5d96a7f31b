"""Role: what a node can do. Apart from the wiring, so that the command line can name the roles without loading it."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a node can do; `relais serve` without a role does it all."""

    LISTENER = "listener"
    MAILBOX = "mailbox"
    WORKER = "worker"
    SENDER = "sender"
    SCHEDULER = "scheduler"
    WEB = "web"
