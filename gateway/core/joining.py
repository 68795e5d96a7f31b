"""How somebody comes into a community: what has to be answered first, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RequestKind(StrEnum):
    """Who has to say yes."""

    CONFIRM = "confirm"
    """The person, who asked for it by mail."""
    REQUEST = "request"
    """Those who run the community."""
    INVITATION = "invitation"
    """The person, whom a member asked."""


class RequestState(StrEnum):
    """open → granted | refused | expired. The first answer settles it."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """One wish to have somebody in a community, and what came of it."""

    id: int
    community_id: int
    person_id: int
    """Who is to come in."""
    kind: RequestKind
    state: RequestState
    invited_by: int | None
    decided_by: int | None
    arrival_id: int | None
    """The mail that waits for it."""
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Whether an answer still decides it."""
        return self.state is RequestState.OPEN and now < self.expires_at
