"""close_digests(): what is due to a batch of readers becomes their digests, in one transaction.

Called by the scheduler's tick, the command line and the tests. Whoever calls it twice, on however many nodes, closes
each digest once: rows are held while they are read, and UNIQUE(person, cadence, period) has the last word (I4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from digests.candidate import Budget
from digests.newsroom import Newsroom, Offer
from digests.schedule import FURTHEST, Due, latest_due, next_due, opening
from digests.select import Selection, select
from gateway.core.digest import Cadence, Rhythm, Section
from gateway.core.rhythm import Choices, parse_hour, rhythm_of
from store import digests, news
from store.digests import Following, NewDigest, Reader

BATCH = 200
"""Readers a transaction: short ones, so that nobody waits long behind one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the settings say of digests."""

    network: Rhythm
    budget: Budget
    key_id: int
    """The signing key that deliveries are born under."""


@dataclass(frozen=True, slots=True)
class _Times:
    """Of one rhythm: the due that `now` closes, from when it may go, and when the next one is due."""

    due: Due
    opens: datetime
    following: datetime


@dataclass(slots=True)
class Closer:
    """One run over all that is due at `now`; what leaves is due at `leave_at`. Not to be kept for another run."""

    plan: Plan
    now: datetime
    leave_at: datetime
    _newsroom: Newsroom = field(init=False)
    _dues: dict[tuple[Cadence, Rhythm], _Times] = field(default_factory=dict)
    _selections: dict[tuple[tuple[int, int, int], ...], Selection] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._newsroom = Newsroom(self.now)

    def close_due(self, tx: Connection, cadence: Cadence, most: int = BATCH) -> tuple[int, int]:
        """Closes the digests of up to `most` readers. Returns (readers looked after, digests made)."""
        readers = digests.due(tx, cadence, self.now, most)
        if not readers:
            return 0, 0
        # After an outage it may be night, or Sunday: then a late digest waits until it may go.
        open_now = [reader for reader in readers if self._times(cadence, reader).opens <= self.now]
        made = self._close(tx, cadence, [reader for reader in open_now if reader.listens])
        times = {reader.person_id: self._times(cadence, reader).opens for reader in readers}
        times.update({reader.person_id: self._times(cadence, reader).following for reader in open_now})
        digests.wind(tx, cadence, times)
        return len(readers), made

    def wind_clocks(self, tx: Connection, cadence: Cadence, most: int = BATCH) -> int:
        """Winds the clocks of up to `most` people who have none, or one that a wrong time ran away with."""
        readers = digests.without_clock(tx, cadence, self.now, most)
        readers = readers or digests.due(tx, cadence, self.now, most, beyond=self.now + FURTHEST)
        times = {reader.person_id: self._times(cadence, reader).following for reader in readers}
        digests.wind(tx, cadence, times)
        # Few calendars really make somebody wait that long: they are as they were, and done with.
        return sum(times[reader.person_id] != reader.due_at for reader in readers)

    def close_catch_ups(self, tx: Connection, most: int = BATCH) -> tuple[int, int]:
        """Closes one catch-up for each of up to `most` readers over all that is owed to them; returns as close_due."""
        owed = digests.owed(tx, most)
        if not owed:
            return 0, 0
        readers = digests.readers(tx, {item.person_id for item in owed})
        by_reader: dict[int, str] = {}
        for item in owed:
            by_reader[item.person_id] = f"{by_reader.get(item.person_id, '')}{item.community_id}:{item.through} "
        periods = {person_id: _key_of(changes) for person_id, changes in by_reader.items()}
        fresh = self._fresh(tx, Cadence.CATCH_UP, periods)
        offers = self._newsroom.offers(tx, [item for item in owed if item.person_id in fresh], rest=True)
        made = self._write(tx, Cadence.CATCH_UP, offers, readers, periods)
        digests.settle(tx, owed)
        return len(readers), made

    def offer(self, tx: Connection, followed: Sequence[Following]) -> dict[int, Selection]:
        """What these readers would get, by person; writes nothing."""
        return {person_id: self._select(offer) for person_id, offer in self._newsroom.offers(tx, followed).items()}

    def _close(self, tx: Connection, cadence: Cadence, readers: Sequence[Reader]) -> int:
        periods = {reader.person_id: self._times(cadence, reader).due.period.key for reader in readers}
        fresh = self._fresh(tx, cadence, periods)
        told = digests.following(tx, cadence, fresh)
        offers = self._newsroom.offers(tx, told)
        made = self._write(tx, cadence, offers, {reader.person_id: reader for reader in readers}, periods)
        digests.move_watermarks(tx, told)
        return made

    @staticmethod
    def _fresh(tx: Connection, cadence: Cadence, periods: dict[int, str]) -> set[int]:
        """Who has no digest of their period yet: where the same day comes again, its posts wait for the next one."""
        return set(periods) - {person_id for person_id, _ in digests.had(tx, cadence, periods.items())}

    def _write(
        self,
        tx: Connection,
        cadence: Cadence,
        offers: dict[int, Offer],
        readers: dict[int, Reader],
        periods: dict[int, str],
    ) -> int:
        chosen = {person_id: self._select(offer) for person_id, offer in offers.items()}
        batch = [
            NewDigest(person_id, cadence, periods[person_id], readers[person_id].locale, picked.items, picked.left_out)
            for person_id, picked in chosen.items()
            if picked.items
        ]
        digests.add(tx, batch, self.plan.key_id, self.leave_at)
        news.remember_brought_back(
            tx,
            ((new.person_id, item.topic_id) for new in batch for item in new.items if item.section is Section.MISSED),
        )
        return len(batch)

    def _select(self, offer: Offer) -> Selection:
        if offer.common is None:
            return select(offer.candidates, offer.reader, self.plan.budget, self.now)
        # Very many readers of one community have nothing of their own in its news: they get the same.
        if offer.common not in self._selections:
            self._selections[offer.common] = select(offer.candidates, offer.reader, self.plan.budget, self.now)
        return self._selections[offer.common]

    def _times(self, cadence: Cadence, reader: Reader) -> _Times:
        rhythm = rhythm_of_reader(self.plan.network, reader)
        key = (cadence, rhythm)
        if key not in self._dues:
            due, following = latest_due(cadence, rhythm, self.now), next_due(cadence, rhythm, self.now)
            self._dues[key] = _Times(due, opening(rhythm, self.now), following.at)
        return self._dues[key]


def rhythm_of_reader(network: Rhythm, reader: Reader) -> Rhythm:
    """The rhythm of one reader: their own choices, and the network's for the rest."""
    at = parse_hour(reader.at) if reader.at else None
    return rhythm_of(network, reader.timezone, Choices(daily_at=at, weekly_on=reader.on))


def _key_of(changes: str) -> str:
    # Whatever the number of communities: a short key, the same for the same changes.
    return f"c{hashlib.sha256(changes.encode()).hexdigest()[:24]}"
