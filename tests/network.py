"""A little network for the tests: people, communities, members and what they wrote, each call one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import count

from digests.calendar import is_working_day
from gateway.core import address
from gateway.core.community import JoinPolicy, Membership, NetworkRole, Pace, PersonState, PostPolicy, Role
from gateway.core.digest import Rhythm
from gateway.core.message import Envelope
from gateway.core.quiet import Peace
from gateway.core.token import KeyRing
from store import audience, communities, memberships, people, posts
from store.communities import NewCommunity
from store.database import Database
from store.people import NewPerson
from store.posts import NewContent, NewFile, NewPost
from store.storms import NEVER, Bounds

DOMAIN = "relais.example"
START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PEACE = Peace(Rhythm("Europe/Paris", time(7, 30), 0), is_working_day)
"""Nobody is left in peace who did not ask for it."""
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

    def __init__(self, database: Database, clock: SetClock, peace: Peace = PEACE) -> None:
        self.peace = peace
        self.database = database
        self.clock = clock
        self._numbers = count(1)

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

    def community(
        self,
        name: str,
        *,
        pace: Pace = Pace.EACH,
        post: PostPolicy = PostPolicy.MEMBERS,
        join: JoinPolicy = JoinPolicy.OPEN,
    ) -> int:
        """Adds a community; returns its id."""
        with self.database.transaction() as tx:
            added = communities.add(tx, NewCommunity(name, name.title(), pace=pace, post=post, join=join), self.clock())
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

    def write(
        self, author_id: int, *community_ids: int, answering: int | None = None, files: Sequence[NewFile] = ()
    ) -> list[int]:
        """Posts one content to these communities, in the topic of the post it answers; returns the post ids."""
        number = next(self._numbers)
        with self.database.transaction() as tx:
            held = {locked.community.id: locked for locked in communities.lock(tx, ids=community_ids)}
            above = posts.places(tx, [answering])[answering] if answering is not None else None
            [content_id] = posts.add_contents(tx, [new_content(number, author_id, tuple(files))], self.clock())
            rows = [
                NewPost(
                    community_id=community_id,
                    content_id=content_id,
                    author_id=author_id,
                    number=held[community_id].last_number + 1,
                    dedup_key=f"{number:064}",
                    title=f"Subject {number}",
                    topic_id=above.topic.id if above else None,
                    parent_id=answering,
                )
                for community_id in community_ids
            ]
            ids = posts.add_posts(tx, rows, KEYS.current, self.clock())
            for community_id, locked in held.items():
                communities.set_last_number(tx, community_id, locked.last_number + 1)
        return ids

    def fan_out(self, mails_per_day: int = 0, bounds: Bounds = NEVER) -> int:
        """Expands all that is open, within that budget and these bounds; returns in how many transactions."""
        steps = 0
        while True:
            with self.database.transaction() as tx:
                if not audience.expand(tx, self.clock(), self.peace, mails_per_day, bounds):
                    return steps
            steps += 1


def new_content(number: int, author_id: int, files: tuple[NewFile, ...] = ()) -> NewContent:
    """The words of mail `number`."""
    return NewContent(
        message_id=f"<ours-{number}@{DOMAIN}>",
        author_message_id=f"<own-{number}@people.example>",
        author_id=author_id,
        subject=f"Subject {number}",
        text=f"Words {number}",
        html=None,
        quoted="",
        signature="",
        forwarded="",
        language="en",
        files=files,
    )


def envelope(
    *forward_paths: str, reverse_path: str = "ann@people.example", trusted: bool = True, at: datetime = START
) -> Envelope:
    """An envelope as the LMTP door makes it; a bare name is completed with our domain."""
    paths = tuple(path if "@" in path else f"{path}@{DOMAIN}" for path in forward_paths)
    return Envelope(reverse_path, paths, "127.0.0.1", trusted, "LMTP", "mx.people.example", at)
