"""How somebody comes into a community: what has to be answered first, and by whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.core.address import Address, Ours


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


class Register(StrEnum):
    """Whether people of the company become people of the network by writing to it (settings: people.register)."""

    OPEN = "open"
    """By writing: a proven address of the company's is enough, and an open community takes them at once."""
    CONFIRM = "confirm"
    """They are asked by mail first."""
    CLOSED = "closed"
    """Whoever runs the network adds them."""


@dataclass(frozen=True, slots=True)
class Registration:
    """Who may come in by writing."""

    domains: frozenset[str] = frozenset()
    """Mail domains of the company, canonical."""
    register: Register = Register.CONFIRM
    locale: str = "fr"
    """Of people who have not chosen one, as the zone."""
    timezone: str = "Europe/Paris"
    ours: Ours = field(default_factory=lambda: Ours(""))
    """Addresses of the gateway itself: a person there would be a loop."""

    def knows(self, address: Address) -> bool:
        """Whether the address is one of the company's, and not our own."""
        return address.domain in self.domains and not self.ours.holds(address.key)


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
