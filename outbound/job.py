"""Job: one mail between the pool and a session; Pool: what a session may ask of the pool that made it.

Stands between outbound/client.py and outbound/session.py, so that neither knows the inside of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gateway.core.delivery import DeliveryState, Outgoing
from gateway.core.reply import Reply

if TYPE_CHECKING:
    from outbound.session import Session


class Job:
    """One mail on its way through a courier. `settled` is set by the pool, once."""

    __slots__ = ("mail", "owed_to", "settled", "tries")

    def __init__(self, mail: Outgoing, owed_to: object) -> None:
        self.mail = mail
        self.owed_to = owed_to
        self.settled = False
        self.tries = 0


class Pool(Protocol):
    """What a session asks of the pool that made it."""

    def next_job(self) -> Job | None:
        """The next mail to begin, its lease still good; None where there is none."""

    def is_expired(self, job: Job) -> bool:
        """True where somebody else may hold this mail by now, or nobody waits for its outcome any more."""

    def settle(self, job: Job, state: DeliveryState, reply: Reply | None, detail: str) -> None:
        """Note the one outcome of `job`; a second one is ignored."""

    def is_one_too_many(self, reply: Reply) -> bool:
        """Whether this 5yz has come so often in a row that it is not about the mail."""

    def refuses_us(self, reply: Reply) -> None:
        """The relay takes nothing of ours for now: rest."""

    def hand_back(self, job: Job) -> None:
        """Take back a mail of which no data were sent."""

    def idle(self, session: Session) -> None:
        """`session` has nothing to do."""

    def ended(self, session: Session, detail: str) -> None:
        """`session` is over; `detail` says why."""

    def flush(self) -> None:
        """Report what was settled."""
