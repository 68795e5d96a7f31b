"""A network whose members read digests: what the tests of closing share."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import select

from digests.candidate import Budget
from digests.close import Plan
from digests.rounds import Rounds
from gateway.core.digest import Cadence, Rhythm
from store import digests
from store.database import Database
from store.digests import ClosedDigest
from store.schema import deliveries
from store.schema import digests as digest_rows
from store.wakeups import Wakeups
from tests.network import KEYS, Network

RHYTHM = Rhythm("Europe/Paris", time(7, 30), 0)
PLAN = Plan(RHYTHM, Budget(), KEYS.current)


class Newspaper:
    """Rounds on a database, with what they made."""

    def __init__(self, database: Database, network: Network, plan: Plan = PLAN) -> None:
        self.database = database
        self.network = network
        self.rounds = Rounds(database, plan, Wakeups(database))

    def round(self) -> int:
        """One round now; returns how many digests it made."""
        return self.rounds.run(self.network.clock(), self.network.clock())

    def of(self, person_id: int) -> list[ClosedDigest]:
        """The digests of one person, oldest first."""
        with self.database.reading() as tx:
            query = select(digest_rows.c.id).where(digest_rows.c.person_id == person_id).order_by(digest_rows.c.id)
            ids = list(tx.scalars(query))
            found = digests.get_all(tx, ids)
        return [found[i] for i in ids]

    def posts_told(self, person_id: int) -> list[tuple[int, int]]:
        """(first, last) post of every item this person got in any digest."""
        return [(item.first, item.last) for digest in self.of(person_id) for item in digest.items]

    def next_due(self, person_id: int, cadence: Cadence) -> datetime:
        """When this person's next digest is due."""
        from store.schema import digest_clocks

        with self.database.reading() as tx:
            at = tx.scalar(
                select(digest_clocks.c.next_due_at).where(
                    digest_clocks.c.person_id == person_id, digest_clocks.c.cadence == cadence.value
                )
            )
        assert isinstance(at, datetime)
        return at

    def queued(self) -> list[tuple[int, str]]:
        """(person, kind) of every delivery."""
        with self.database.reading() as tx:
            query = select(deliveries.c.person_id, deliveries.c.kind).order_by(deliveries.c.id)
            return [(row.person_id, row.kind) for row in tx.execute(query)]
