"""Ruling: what people have said about one mail that waits, so that it is decided anew by the same rules as every other.

Kept with the arrival by store.rulings, read by inbound/policy.py. A mail may have several: its author says that it is
theirs, and then a manager that it goes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Ruling(StrEnum):
    """One thing that was said."""

    OWNED = "owned"
    """By its author, from their own mailbox: it is mine, post it."""
    PUBLISHED = "published"
    """By who runs the place: it goes out."""
    REFUSED = "refused"
    """By who runs the place: it goes back to its author, with the reason they gave."""
    EXPIRED = "expired"
    """By nobody in all the time there was: it goes back to its author."""
    CALMED = "calmed"
    """By the clock: the flood that it came in is over."""
    LIGHTENED = "lightened"
    """By its author: without the files that were too large."""


FINAL = frozenset((Ruling.PUBLISHED, Ruling.REFUSED, Ruling.EXPIRED))
"""After one of these nobody is asked again."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail that is held, or was: as far as a ruling on it asks."""

    arrival_id: int
    state: str
    """held, spooled, set_aside or closed."""
    reason: str
    """Why it is held, a word of gateway.core.decision.Reason; "" while it is decided anew."""
    community_id: int | None
    person_id: int | None
    """Its author, where known."""
    rulings: frozenset[Ruling]
    ruled_by: int | None
    """Who said the last of them; None where nobody did, or no person of the network."""
    ruled_at: datetime | None

    @property
    def is_held(self) -> bool:
        """Whether a ruling still counts."""
        return self.state == "held"
