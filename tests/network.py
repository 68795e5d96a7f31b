"""A little network for the tests: people, communities, members and the mails they write, all in one transaction each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.core import address
from gateway.core.community import Membership, NetworkRole, Pace, PersonState, PostPolicy, Role
from gateway.core.token import KeyRing
from store import communities, memberships, people
from store.communities import NewCommunity
from store.database import Database
from store.people import NewPerson

DOMAIN = "relais.example"
START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEYS = KeyRing({1: b"a key for the tests, thirty-two o"})


class SetClock:
    """A clock that stands still until it is told."""

    def __init__(self, start: datetime = START) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> datetime:
        """Moves on by a timedelta of these keywords; returns the new time."""
        self.now += timedelta(**span)
        return self.now


class Network:
    """Adds people and places to a database; addresses stand for ids: `ann` is ann@people.example."""

    def __init__(self, database: Database, clock: SetClock) -> None:
        self.database = database
        self.clock = clock

    def person(self, name: str, *, locale: str = "en", role: NetworkRole = NetworkRole.MEMBER) -> int:
        """Adds a person; returns the id."""
        return self.persons(name, locale=locale, role=role)[0]

    def persons(self, *names: str, locale: str = "en", role: NetworkRole = NetworkRole.MEMBER) -> list[int]:
        """Adds several people; returns their ids."""
        rows = [
            NewPerson(address.parse(f"{name}@people.example"), name.title(), locale, "Europe/Paris", role)
            for name in names
        ]
        with self.database.transaction() as tx:
            ids = people.add(tx, rows, self.clock())
        assert None not in ids, "an address is taken"
        return [i for i in ids if i is not None]

    def community(self, name: str, *, pace: Pace = Pace.EACH, post: PostPolicy = PostPolicy.MEMBERS) -> int:
        """Adds a community; returns its id."""
        with self.database.transaction() as tx:
            added = communities.add(tx, NewCommunity(name, name.title(), pace=pace, post=post), self.clock())
        assert added is not None
        return added

    def join(self, community_id: int, *person_ids: int, role: Role = Role.MEMBER, pace: Pace | None = None) -> None:
        """Makes these people members."""
        rows = [Membership(community_id, person_id, role, pace) for person_id in person_ids]
        with self.database.transaction() as tx:
            memberships.add(tx, rows, self.clock())

    def suspend(self, person_id: int) -> None:
        """Suspends a person."""
        with self.database.transaction() as tx:
            people.set_state(tx, person_id, PersonState.SUSPENDED)
