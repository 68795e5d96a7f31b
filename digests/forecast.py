"""Forecast: whom another default would touch, and how many mails they would get, had it been so of late.

Called by `relais digest forecast` before anything is saved. Pure. It counts what memberships, rhythms and posts say;
muted topics and posts to several communities are left aside, so the numbers are about right.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from digests.schedule import next_due
from gateway.core.community import Pace
from gateway.core.digest import Cadence, Rhythm
from gateway.core.rhythm import Choices, parse_hour, rhythm_of
from store.rhythms import Listener, Posted

CADENCES = {Pace.DAILY: Cadence.DAILY, Pace.WEEKLY: Cadence.WEEKLY}
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for whoever has not chosen: the pace of each community, and the network's rhythm."""

    paces: Mapping[int, Pace]
    network: Rhythm


@dataclass(frozen=True, slots=True)
class Span:
    """The time looked back upon: posts after `since`, up to `now`; both aware."""

    since: datetime
    now: datetime

    @property
    def weeks(self) -> float:
        """How many weeks it is."""
        return (self.now - self.since) / _WEEK


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the people concerned get, under one set of defaults."""

    mails_per_week: float
    """All together, posts and digests of all their communities."""
    next_digests: tuple[tuple[datetime, int], ...]
    """When their next digests are due and of how many people, the earliest first; who gets none is not counted."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The effect of a change."""

    people: int
    """Who would be touched by it; where nothing changes, everybody looked at."""
    keep: int
    """Whom it would touch, had they not chosen for themselves."""
    now: Outlook
    after: Outlook


def forecast(
    people: Sequence[Listener], posts: Mapping[int, Sequence[Posted]], before: Defaults, after: Defaults, span: Span
) -> Forecast:
    """What it means to these people when `after` takes the place of `before`. `posts`: those of the span."""
    touched = [person for person in people if _is_touched(person, before, after)]
    keep = sum(_has_chosen(person, before, after) for person in people) if before != after else 0
    concerned = touched if before != after else people
    reckoning = _Reckoning(posts, span)
    return Forecast(
        people=len(concerned),
        keep=keep,
        now=reckoning.outlook(concerned, before),
        after=reckoning.outlook(concerned, after),
    )


def _is_touched(person: Listener, before: Defaults, after: Defaults) -> bool:
    if any(own is None and before.paces[i] is not after.paces[i] for i, own in person.paces.items()):
        return True
    return not all(_own_times(person, before, after))


def _has_chosen(person: Listener, before: Defaults, after: Defaults) -> bool:
    if _is_touched(person, before, after):
        return False
    if any(before.paces[i] is not after.paces[i] for i in person.paces):
        return True
    return bool(_own_times(person, before, after))


def _own_times(person: Listener, before: Defaults, after: Defaults) -> list[bool]:
    """Of the hour and the weekday, as far as it changes and matters to this reader: whether they chose their own."""
    now, then = before.network, after.network
    read = {own or before.paces[i] for i, own in person.paces.items()} & CADENCES.keys()
    hour = [person.at is not None] if now.daily_at != then.daily_at and read else []
    return hour + ([person.on is not None] if now.weekly_on != then.weekly_on and Pace.WEEKLY in read else [])


@dataclass(slots=True)
class _Days:
    """The digests of one cadence in which a community had news: bit n stands for the n-th due of the span."""

    all: int = 0
    alone: dict[int, int] = field(default_factory=dict)
    """By author, those whose news were all their own: they get none for these."""


@dataclass(slots=True)
class _Reckoning:
    """Counts mails of people; what many share is counted once."""

    posts: Mapping[int, Sequence[Posted]]
    span: Span
    _singly: dict[int, tuple[int, Counter[int]]] = field(default_factory=dict)
    _bounds: dict[tuple[Cadence, Rhythm], list[datetime]] = field(default_factory=dict)
    _days: dict[tuple[Cadence, Rhythm, int], _Days] = field(default_factory=dict)
    _next: dict[tuple[Cadence, Rhythm], datetime] = field(default_factory=dict)

    def outlook(self, people: Iterable[Listener], defaults: Defaults) -> Outlook:
        mails = 0
        times: Counter[datetime] = Counter()
        for person in people:
            if person.paused:
                continue
            rhythm = _rhythm(person, defaults.network)
            paces = {i: own or defaults.paces[i] for i, own in person.paces.items()}
            mails += self._mails(person.person_id, paces, rhythm)
            cadences = {CADENCES[pace] for pace in paces.values() if pace in CADENCES}
            if cadences:
                times[min(self._next_due(cadence, rhythm) for cadence in cadences)] += 1
        return Outlook(mails / self.span.weeks, tuple(sorted(times.items())))

    def _mails(self, person_id: int, paces: Mapping[int, Pace], rhythm: Rhythm) -> int:
        mails = 0
        told: dict[Cadence, int] = defaultdict(int)
        for community_id, pace in paces.items():
            if community_id not in self.posts:
                continue
            match pace:
                case Pace.EACH:
                    total, own = self._posts_of(community_id)
                    mails += total - own[person_id]
                case Pace.DAILY | Pace.WEEKLY:
                    days = self._days_of(CADENCES[pace], rhythm, community_id)
                    # One digest tells of all communities of its cadence.
                    told[CADENCES[pace]] |= days.all & ~days.alone.get(person_id, 0)
                case Pace.IMPORTANT | Pace.OFF:
                    pass
                case _:
                    assert_never(pace)
        return mails + sum(days.bit_count() for days in told.values())

    def _posts_of(self, community_id: int) -> tuple[int, Counter[int]]:
        if community_id not in self._singly:
            authors = Counter(post.author_id for post in self.posts[community_id])
            self._singly[community_id] = authors.total(), authors
        return self._singly[community_id]

    def _days_of(self, cadence: Cadence, rhythm: Rhythm, community_id: int) -> _Days:
        key = cadence, rhythm, community_id
        if key not in self._days:
            bounds = self._bounds_of(cadence, rhythm)
            authors: dict[int, set[int]] = defaultdict(set)
            for post in self.posts[community_id]:
                place = bisect_left(bounds, post.at)
                # Part of the news of the first digest is older than the span: the one to come is taken for it.
                if 0 < place < len(bounds):
                    authors[place - 1].add(post.author_id)
            days = _Days()
            for place, wrote in authors.items():
                days.all |= 1 << place
                if len(wrote) == 1:
                    [author] = wrote
                    days.alone[author] = days.alone.get(author, 0) | 1 << place
            self._days[key] = days
        return self._days[key]

    def _bounds_of(self, cadence: Cadence, rhythm: Rhythm) -> list[datetime]:
        """All dues within the span, then the next one."""
        key = cadence, rhythm
        if key not in self._bounds:
            bounds = [next_due(cadence, rhythm, self.span.since).at]
            while bounds[-1] <= self.span.now:
                bounds.append(next_due(cadence, rhythm, bounds[-1]).at)
            self._bounds[key] = bounds
        return self._bounds[key]

    def _next_due(self, cadence: Cadence, rhythm: Rhythm) -> datetime:
        key = cadence, rhythm
        if key not in self._next:
            self._next[key] = next_due(cadence, rhythm, self.span.now).at
        return self._next[key]


def _rhythm(person: Listener, network: Rhythm) -> Rhythm:
    if person.at is None and person.on is None:
        return replace(network, timezone=person.timezone) if person.timezone != network.timezone else network
    at = parse_hour(person.at) if person.at else None
    return rhythm_of(network, person.timezone, Choices(daily_at=at, weekly_on=person.on))
