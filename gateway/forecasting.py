"""What a change of a default would mean to people, before it is saved: `relais digest forecast`.

Part of the wiring: it reads who hears how and what was posted of late, and has digests.forecast count. Writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from digests.forecast import CADENCES, Defaults, Forecast, Span, forecast
from digests.schedule import next_due
from gateway.core.community import Community, Pace
from gateway.core.digest import Rhythm
from gateway.core.errors import GatewayError
from store import communities, rhythms, silence

if TYPE_CHECKING:
    from gateway.app import App
    from store.rhythms import Posted
    from store.silence import Patience

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """What is thought of: another pace for one community, or for all; another hour or day for it. None: as it is."""

    community: str | None = None
    """Its local part."""
    pace: Pace | None = None
    at: time | None = None
    on: int | None = None
    """The weekday of weekly digests, 0 for Monday."""


@dataclass(frozen=True, slots=True)
class Place:
    """One community: its default and who follows it. Members are active people, paused ones included."""

    address: str
    name: str
    pace: Pace
    new_pace: Pace
    members: int
    follow_default: int
    chose: Mapping[Pace, int]
    """By pace, how many chose it for themselves."""
    posts_per_week: float
    next_at: datetime | None
    """The next digest at its default, by the clock of the network; None where the default makes none."""
    new_next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Prospect:
    """The effect of a change, and the communities it is about."""

    effect: Forecast
    places: tuple[Place, ...]


def look_ahead(app: App, change: Change, now: datetime, days: int) -> Prospect:
    """The effect of this change, judged by the posts of the last `days`.

    Raises GatewayError where there is no such community, StoreError.
    """
    network = app.rounds().plan.network
    span = Span(now - timedelta(days=days), now)
    with app.database.reading() as tx:
        every = [community for community, _ in communities.listing(tx)]
        chosen = _chosen(every, change.community)
        # Hour and day are the network's: another one is everybody's business.
        whole = change.community is None or change.at is not None or change.on is not None
        people = rhythms.listeners(tx, None if whole else [community.id for community in chosen])
        posts = rhythms.posted(tx, span.since, now)
    before = Defaults({community.id: community.pace for community in every}, network)
    paces = {community.id: change.pace or community.pace for community in chosen}
    weekly_on = network.weekly_on if change.on is None else change.on
    times = replace(network, daily_at=change.at or network.daily_at, weekly_on=weekly_on)
    after = Defaults({**before.paces, **paces}, times)
    effect = forecast(people, posts, before, after, span)
    ids = {community.id for community in chosen}
    members: dict[int, list[Pace | None]] = {i: [] for i in ids}
    for person in people:
        for community_id in ids & person.paces.keys():
            members[community_id].append(person.paces[community_id])
    places = (_place(c, members[c.id], posts.get(c.id, []), (before, after), span) for c in chosen)
    return Prospect(effect, tuple(places))


@dataclass(frozen=True, slots=True)
class SteppingDown:
    """How many people whose mails pile up would get them at the next slower pace."""

    to_daily: int
    to_weekly: int


def look_for_silence(app: App, patience: Patience, now: datetime) -> SteppingDown:
    """Whom stepping down would touch if it were on by these limits, within a day. Raises StoreError."""
    reached: Counter[bool] = Counter()
    beyond = 0
    while True:
        with app.database.reading() as tx:
            found, beyond = silence.silent(tx, patience, now, beyond, _BATCH)
        reached.update(one.hears_each for one in found)
        if not beyond:
            return SteppingDown(reached[True], reached[False])


def _chosen(every: list[Community], address: str | None) -> list[Community]:
    chosen = [community for community in every if address is None or community.address == address]
    if address is not None and not chosen:
        raise GatewayError(f"{address}: there is no such community")
    return chosen


def _place(
    community: Community,
    members: Collection[Pace | None],
    posts: Collection[Posted],
    defaults: tuple[Defaults, Defaults],
    span: Span,
) -> Place:
    before, after = defaults
    new_pace = after.paces[community.id]
    return Place(
        address=community.address,
        name=community.name,
        pace=community.pace,
        new_pace=new_pace,
        members=len(members),
        follow_default=sum(own is None for own in members),
        chose={pace: number for pace in Pace if (number := sum(own is pace for own in members))},
        posts_per_week=len(posts) / span.weeks,
        next_at=_next_at(community.pace, before.network, span.now),
        new_next_at=_next_at(new_pace, after.network, span.now),
    )


def _next_at(pace: Pace, network: Rhythm, now: datetime) -> datetime | None:
    return next_due(CADENCES[pace], network, now).at if pace in CADENCES else None
