"""Courier: whatever carries composed mails away. The SMTP relay is one, the Maildir of a test machine is another.

The sender hands mails to a courier and hears of each exactly once. Couriers never touch the store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from gateway.core.delivery import Outcome, Outgoing

Report: TypeAlias = Callable[[Sequence[Outcome]], None]
"""Takes outcomes as they happen, a few at a time, on the event loop; must not block and must not raise."""


# The details of outcomes that no reply tells, as they stand in the row and in the log.
LEASE_EXPIRED = "lease expired"
NOT_READ = "reply not read"
"""The mail went out whole and may have been taken: trying again may make a second copy."""
NOT_SENT = "not sent"
TAKEN_BACK = "taken back"
"""A second word on a mail that was said to have failed: deferred, because the refusal was not about the mail."""
CANCELLED = "cancelled"
CLOSING = "the sender is closing"


class Courier(Protocol):
    """Carries mails away, several at a time. Its methods belong to one event loop; any thread may read resting_s."""

    @property
    def resting_s(self) -> float:
        """Seconds for which claiming work would be in vain, because nobody can be reached; 0.0 when all is well."""

    async def send(self, batch: Sequence[Outgoing], report: Report) -> None:
        """Returns when each mail of `batch` had exactly one Outcome reported, in any order; never raises for a mail.

        One that failed may be taken back later, by one more Outcome whose detail is TAKEN_BACK, to any report.
        May be called again while earlier batches are under way: they share the connections. A cancelled call reports
        what it still owes as deferred before it ends.
        """

    async def close(self) -> None:
        """Finish what is on the wire, report the rest as deferred, let go of every connection."""


def shown(outcome: Outcome) -> str:
    """Why, without the relay's own words: they quote addresses and subjects, which have no place in a log."""
    reply = outcome.reply
    return f"{reply.code} {reply.enhanced}".rstrip() if reply else outcome.detail
