"""close_digests(): what is due to a batch of readers becomes their digests, in one transaction.

Called by the scheduler's tick, the command line and the tests. Whoever calls it twice, on however many nodes, closes
each digest once: rows are held while they are read, and UNIQUE(person, cadence, period) has the last word (I4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digests.calendar import is_working_day
from digests.candidate import Budget
from digests.newsroom import Newsroom, Offer
from digests.schedule import FURTHEST, Due, latest_due, next_due, opening
from digests.select import Selection, select
from digests.wave import place_in_wave
from gateway.core.digest import Cadence, Rhythm, Section
from gateway.core.quiet import is_quiet_at
from gateway.core.rhythm import Choices, parse_hour, personal_quiet, rhythm_of
from store import digests, news
from store.digests import Following, NewDigest, Reader

_SAME_KEPT = 500
BATCH = 200
"""Readers a transaction: short ones, so that nobody waits long behind one."""
LONGEST_WAIT = timedelta(days=7)
"""No post waits longer for others to stand beside it in a digest."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the settings say of digests."""

    network: Rhythm
    budget: Budget
    key_id: int
    """The signing key that deliveries are born under."""
    spread: timedelta = timedelta(0)
    """Over how long after their moment the mails of one moment leave. One that waited for none leaves at once."""


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
    _caught_up_to: int = 0
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

    def wind_clocks(self, tx: Connection, since: datetime | None = None, most: int = BATCH) -> int:
        """Winds the clocks of up to `most` people who lack one, as if they had come `since` then; by default, now."""
        readers = digests.without_clocks(tx, most)
        for cadence in digests.SCHEDULED:
            rhythms = {reader.person_id: rhythm_of_reader(self.plan.network, reader) for reader in readers}
            times = {rhythm: next_due(cadence, rhythm, since or self.now).at for rhythm in set(rhythms.values())}
            digests.wind_missing(tx, cadence, {i: times[rhythm] for i, rhythm in rhythms.items()})
        digests.note_wound(tx, [reader.person_id for reader in readers])
        return len(readers)

    def catch_clocks(self, tx: Connection, cadence: Cadence, most: int = BATCH) -> int:
        """Winds anew up to `most` clocks that a wrong time ran away with."""
        readers = digests.due(tx, cadence, self.now, most, beyond=self.now + FURTHEST)
        times = {reader.person_id: self._times(cadence, reader).following for reader in readers}
        digests.wind(tx, cadence, times)
        # Few calendars really make somebody wait that long: they are as they were, and done with.
        return sum(times[reader.person_id] != reader.due_at for reader in readers)

    def close_catch_ups(self, tx: Connection, most: int = BATCH) -> tuple[int, int]:
        """Closes one catch-up for each of the next `most` readers over all that is owed to them; returns as close_due.

        It goes by no hour, but not in the quiet ones of its reader: there it stays owed.
        """
        owed = digests.owed(tx, self.now, most, beyond=self._caught_up_to)
        if not owed:
            return 0, 0
        readers = digests.readers(tx, {item.person_id for item in owed})
        self._caught_up_to = max(readers, default=owed[-1].person_id)
        awake = {i for i, reader in readers.items() if not self._is_quiet(reader)}
        owed = [item for item in owed if item.person_id in awake]
        by_reader: dict[int, str] = {}
        for item in owed:
            by_reader[item.person_id] = f"{by_reader.get(item.person_id, '')}{item.community_id}:{item.through} "
        periods = {person_id: _key_of(changes) for person_id, changes in by_reader.items()}
        fresh = self._fresh(tx, Cadence.CATCH_UP, periods)
        offers = self._newsroom.offers(tx, [item for item in owed if item.person_id in fresh], rest=True)
        chosen = {person_id: self._select(offer) for person_id, offer in offers.items()}
        in_wave = [
            self._new(Cadence.CATCH_UP, readers[person_id], periods[person_id], picked)
            for person_id, picked in chosen.items()
        ]
        together = {item.person_id for item in owed if item.waited}
        made = self._write(
            tx, [new if new.person_id in together else replace(new, leaves_at=self.leave_at) for new in in_wave]
        )
        digests.settle(tx, owed)
        return len(readers), made

    def _is_quiet(self, reader: Reader) -> bool:
        return is_quiet_at(rhythm_of_reader(self.plan.network, reader), self.now, is_working_day)

    def offer(self, tx: Connection, followed: Sequence[Following]) -> dict[int, Selection]:
        """What these readers would get, by person; writes nothing."""
        return {person_id: self._select(offer) for person_id, offer in self._newsroom.offers(tx, followed).items()}

    def waiting(self, tx: Connection, chosen: Mapping[int, Selection], next_at: Mapping[int, datetime]) -> set[int]:
        """Who is told of too few topics, and waits for the next digest, which is due to them at that time.

        Nobody waits to whom somebody spoke, nor past LONGEST_WAIT from the oldest post: so no weekly digest waits.
        """
        few = {person_id: picked for person_id, picked in chosen.items() if self._is_small(picked)}
        if not few:
            return set()
        firsts = {i: [x.first for x in picked.items if x.section is Section.NEW] for i, picked in few.items()}
        times = news.published_at(tx, {post_id for ids in firsts.values() for post_id in ids})
        return {
            person_id
            for person_id, ids in firsts.items()
            if next_at[person_id] <= min(times[i] for i in ids) + LONGEST_WAIT
        }

    def _is_small(self, picked: Selection) -> bool:
        return (
            0 < picked.topics < self.plan.budget.min_items
            # What had no room for more is not small, whatever it holds.
            and not picked.left_out
            and not any(item.section is Section.WAITING for item in picked.items)
        )

    def _close(self, tx: Connection, cadence: Cadence, readers: Sequence[Reader]) -> int:
        periods = {reader.person_id: self._times(cadence, reader).due.period.key for reader in readers}
        fresh = self._fresh(tx, cadence, periods)
        told = digests.following(tx, cadence, fresh)
        by_id = {reader.person_id: reader for reader in readers}
        chosen = self.offer(tx, told)
        waiting = self.waiting(tx, chosen, {i: self._times(cadence, by_id[i]).following for i in chosen})
        made = self._write(
            tx,
            [
                self._new(cadence, by_id[person_id], periods[person_id], picked)
                for person_id, picked in chosen.items()
                if person_id not in waiting
            ],
        )
        # What waits is due as before, to whichever digest comes next.
        digests.move_watermarks(tx, [item for item in told if item.person_id not in waiting])
        return made

    @staticmethod
    def _fresh(tx: Connection, cadence: Cadence, periods: dict[int, str]) -> set[int]:
        """Who has no digest of their period yet: where the same day comes again, its posts wait for the next one."""
        return set(periods) - {person_id for person_id, _ in digests.had(tx, cadence, periods.items())}

    def _new(self, cadence: Cadence, reader: Reader, period: str, picked: Selection) -> NewDigest:
        rhythm = rhythm_of_reader(self.plan.network, reader)
        return NewDigest(
            person_id=reader.person_id,
            cadence=cadence,
            period=period,
            locale=reader.locale,
            items=picked.items,
            left_out=picked.left_out,
            leaves_at=place_in_wave(reader.person_id, rhythm, self.leave_at, self.plan.spread),
        )

    def _write(self, tx: Connection, batch: Sequence[NewDigest]) -> int:
        told = [new for new in batch if new.items]
        digests.add(tx, told, self.plan.key_id, self.leave_at)
        news.remember_brought_back(
            tx,
            ((new.person_id, item.topic_id) for new in told for item in new.items if item.section is Section.MISSED),
        )
        return len(told)

    def _select(self, offer: Offer) -> Selection:
        if offer.common is None:
            return select(offer.candidates, offer.reader, self.plan.budget, self.now)
        # Very many readers of one community have nothing of their own in its news: they get the same.
        if offer.common not in self._selections:
            if len(self._selections) >= _SAME_KEPT:
                # Where everybody follows something else, there is little to share and much to hold.
                self._selections.clear()
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
    return rhythm_of(
        network, reader.timezone, Choices(daily_at=at, weekly_on=reader.on, quiet=personal_quiet(reader.quiet))
    )


def _key_of(changes: str) -> str:
    # Whatever the number of communities: a short key, the same for the same changes.
    return f"c{hashlib.sha256(changes.encode()).hexdigest()[:24]}"
