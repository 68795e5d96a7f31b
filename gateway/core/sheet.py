"""Sheet: what a person is told when they ask what there is: their settings, the communities, the members.

Read by store.sheets when the mail is composed, so that it tells what is so at that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from gateway.core.community import JoinPolicy, Pace


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A community as this person sees it."""

    name: str
    address: str
    """Its local part."""
    description: str
    members: int
    join: JoinPolicy
    pace: Pace | None
    """At which they hear of it; None for who is no member."""
    is_own_pace: bool
    """They chose it themselves."""


@dataclass(frozen=True, slots=True)
class Holding:
    """So many things of one kind are stored of the person."""

    kind: str
    """A section of store.dossier."""
    count: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is told; what a command did not ask for is empty."""

    places: tuple[PlaceLine, ...] = ()
    names: tuple[str, ...] = ()
    """Members who agreed to be named, by name."""
    members: int = 0
    """All of them."""
    locale: str = ""
    timezone: str = ""
    digest_at: time | None = None
    """Their own hour of digests; None where it is the network's."""
    paused: bool = False
    paused_until: datetime | None = None
    name: str = ""
    addresses: tuple[str, ...] = ()
    """All of theirs, the one that mail goes to first."""
    holdings: tuple[Holding, ...] = ()
    """What is stored of them, where there is any of it."""
    accepted_at: datetime | None = None
    """When they accepted the charter last."""
