"""Community, Person, Membership: who is where, in which role, at which pace."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CommunityKind(StrEnum):
    """What brings the people of a community together."""

    SECTOR = "sector"
    PRACTICE = "practice"
    EXPERTISE = "expertise"
    INTEREST = "interest"
    PROJECT = "project"


class Pace(StrEnum):
    """How one membership hears of posts."""

    EACH = "each"
    DAILY = "daily"
    WEEKLY = "weekly"
    IMPORTANT = "important"
    OFF = "off"


RESTRICTABLE = (Pace.EACH, Pace.DAILY, Pace.WEEKLY)
"""Paces that a community may withhold. Nobody is kept from hearing less than that."""


class Choice(StrEnum):
    """What a person made of one topic."""

    MUTED = "muted"
    FOLLOWED = "followed"
    BROUGHT_BACK = "brought_back"
    """Not their choice: it was shown to them once more, and is not again."""


class JoinPolicy(StrEnum):
    """Who becomes a member, and how."""

    OPEN = "open"
    REQUEST = "request"
    INVITE = "invite"


class PostPolicy(StrEnum):
    """Who may post."""

    MEMBERS = "members"
    EVERYONE = "everyone"
    MODERATED = "moderated"
    """Members, after somebody who runs the place has read it."""
    FIRST = "first"
    """Members, after somebody has read the first thing they ever write here."""


class Role(StrEnum):
    """What a member is in one community."""

    MEMBER = "member"
    CHAMPION = "champion"
    MANAGER = "manager"
    SPONSOR = "sponsor"


class NetworkRole(StrEnum):
    """What a person is in the whole network."""

    MEMBER = "member"
    ADMIN = "admin"


class PersonState(StrEnum):
    """active → suspended (nothing is sent, tokens are dead, posts stay) → active; erased is for ever.

    pending → active: asked by mail whether they want in, sent nothing but that and forgotten where no answer comes.
    author → active: only wrote what was imported, gets and may nothing until they are added.
    robot: a machine that posts where it is a member, and nowhere else; gets nothing.
    """

    PENDING = "pending"
    ACTIVE = "active"
    AUTHOR = "author"
    ROBOT = "robot"
    SUSPENDED = "suspended"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Community:
    """A place with a posting address (`address` is its local part)."""

    id: int
    address: str
    name: str
    kind: CommunityKind
    pace: Pace
    join: JoinPolicy
    post: PostPolicy
    description: str
    archived: bool
    allowed_paces: tuple[Pace, ...] = ()
    """Those of RESTRICTABLE that a member may choose; () for all. What somebody chose before stays."""
    mandatory: bool = False
    """For announcements: what is posted there concerns everybody, also at pace `important`.

    Nobody leaves it, nor hears nothing of it.
    """

    def allows(self, pace: Pace) -> bool:
        """Whether a member may choose this pace."""
        if self.mandatory and pace is Pace.OFF:
            return False
        return not self.allowed_paces or pace in self.allowed_paces or pace not in RESTRICTABLE

    @property
    def slowest(self) -> Pace:
        """The least that a member may hear of it."""
        return next(pace for pace in (Pace.OFF, Pace.WEEKLY, Pace.DAILY, Pace.EACH) if self.allows(pace))


@dataclass(frozen=True, slots=True)
class Person:
    """A human with one or more verified addresses, of which `address` is where mail goes."""

    id: int
    address: str
    name: str
    locale: str
    timezone: str
    role: NetworkRole
    state: PersonState

    @property
    def shown_name(self) -> str:
        """The name others see; never the address."""
        return shown_name(self.name, self.address)


def shown_name(name: str, address: str) -> str:
    """The person's name, or one made of the local part where none is known: `claire.morel` → Claire Morel."""
    return name or address.partition("@")[0].replace(".", " ").replace("_", " ").title()


@dataclass(frozen=True, slots=True)
class Membership:
    """One person in one community. `pace` None follows the community's default."""

    community_id: int
    person_id: int
    role: Role
    pace: Pace | None


@dataclass(frozen=True, slots=True)
class Ended:
    """What a membership was that has ended: enough to go on with it where it stopped."""

    role: Role
    pace: Pace | None
    through: int
    """Of the numbers of posts: up to this one everything was told or is no matter, what is above it is due."""
