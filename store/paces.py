"""Paces: how a membership hears of posts, and what a change of it does to what is on its way.

Every post is due to a member once, singly or in a digest (digest_through is the line between what was dealt with and
what is due). A change takes the community's lock, so it stands between two posts, never beside one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, delete, exists, false, func, or_, select, text, true, update

from gateway.core.community import Pace
from store import audience, failures
from store.communities import lock
from store.schema import communities, memberships, people, unreachable

_DIGESTS = (Pace.DAILY, Pace.WEEKLY)
_SINGLY = (Pace.EACH, Pace.IMPORTANT)
_is_paused = exists().where(people.c.id == memberships.c.person_id, people.c.paused.is_(True))
_through, _owed = memberships.c.digest_through, memberships.c.catch_up_from


def choose(tx: Connection, community_id: int, person_id: int, pace: Pace, now: datetime) -> bool:
    """A personal choice of pace; False if there is no such member, or the community does not allow that pace."""
    held = lock(tx, ids=[community_id])
    mine = and_(memberships.c.community_id == community_id, memberships.c.person_id == person_id)
    row = tx.execute(select(memberships.c.pace).where(mine).with_for_update()).first()
    if not held or row is None or not held[0].community.allows(pace):
        return False
    before = Pace(row.pace) if row.pace else held[0].community.pace
    if before in _SINGLY and pace not in (before, Pace.OFF):
        audience.expand_for(tx, community_id, person_id, now)
    tx.execute(update(memberships).where(mine).values(pace=pace.value, **_moved(before, pace, held[0].last_number)))
    return True


def choose_everywhere(
    tx: Connection,
    person_id: int,
    pace: Pace,
    now: datetime,
    *,
    only: Pace | None = None,
    also: Iterable[int] = (),
) -> list[int]:
    """The same pace in every community of a person but those that are off, or in those heard at `only`.

    Of the communities `also` those that are off are heard again. Returns the communities that changed.
    """
    heard = func.coalesce(memberships.c.pace, communities.c.pace)
    query = (
        select(memberships.c.community_id)
        .join(communities, communities.c.id == memberships.c.community_id)
        .where(memberships.c.person_id == person_id, heard != pace.value)
        .order_by(memberships.c.community_id)
    )
    wanted = heard == only.value if only else heard != Pace.OFF.value
    again = and_(heard == Pace.OFF.value, memberships.c.community_id.in_(list(also)))
    query = query.where(or_(wanted, again))
    ids = list(tx.scalars(query))
    # All locks in one order before the first change, as everybody takes them. Then the question once more: who said
    # STOP while we waited has not asked to be slowed down.
    held = {item.community.id for item in lock(tx, ids=ids)}
    still = [community_id for community_id in tx.scalars(query) if community_id in held]
    return [community_id for community_id in still if choose(tx, community_id, person_id, pace, now)]


def change_default(tx: Connection, community_id: int, pace: Pace, now: datetime) -> Pace:
    """Another default: all who never chose follow it, and lose nothing by it. Returns what it was before."""
    [held] = lock(tx, ids=[community_id])
    before = held.community.pace
    if before is pace:
        return before
    if before in _SINGLY and pace is not Pace.OFF:
        audience.expand_for(tx, community_id, None, now)
    followers = and_(memberships.c.community_id == community_id, memberships.c.pace.is_(None))
    if moved := _moved(before, pace, held.last_number):
        # A round that closes digests holds memberships person by person: in another order both could wait for ever.
        tx.execute(select(memberships.c.person_id).where(followers).order_by(memberships.c.person_id).with_for_update())
        tx.execute(update(memberships).where(followers).values(moved))
    tx.execute(update(communities).where(communities.c.id == community_id).values(pace=pace.value))
    return before


def _moved(before: Pace, after: Pace, last: int) -> Mapping[str, Any]:
    """Watermark and debt after a change of pace, `last` being the number of the latest post."""
    if before is after:
        return {}
    if after is Pace.OFF:
        return {"catch_up_from": None, "digest_through": last, "catch_up_after": None}
    if before in _DIGESTS:
        if after in _DIGESTS:
            return {}
        # At `important` what concerns them is left of it (store.concerns).
        rest = case((_through < last, _through), else_=None)
        return {"catch_up_from": func.coalesce(_owed, rest), "digest_through": last, "catch_up_after": None}
    # Who came to be told singly during a pause and is owed nothing yet has heard of nothing since.
    unheard = and_(_is_paused, _owed.is_(None)) if before in _SINGLY else false()
    return {"digest_through": case((unheard, _through), else_=last), "catch_up_after": None}


def pause(tx: Connection, person_id: int, until: datetime | None, now: datetime) -> None:
    """Sends nothing to this person until they end it or that time comes; what was due before still leaves.

    Of whom cannot be reached it is kept for when they can.
    """
    heard = _heard_at_once(tx, person_id)
    # Whoever tells people holds them first and their memberships then: in another order both could wait for ever.
    tx.execute(select(people.c.id).where(people.c.id == person_id).with_for_update(key_share=True))
    for community_id, last in heard:
        audience.expand_for(tx, community_id, person_id, now)
        mine = and_(memberships.c.community_id == community_id, memberships.c.person_id == person_id)
        # Paused before, they may have come to this pace since, and have heard of nothing.
        since = case((_is_paused, _through), else_=last)
        tx.execute(update(memberships).where(mine).values(catch_up_from=func.coalesce(_owed, since)))
    kept = update(unreachable).where(unreachable.c.person_id == person_id).values(paused=True, paused_until=until)
    if not tx.execute(kept).rowcount:
        tx.execute(update(people).where(people.c.id == person_id).values(paused=True, paused_until=until))


def reopen(tx: Connection, person_id: int, until: datetime | None) -> bool:
    """They can be reached again, and their own pause until then goes on. False if they could be."""
    if not tx.execute(delete(unreachable).where(unreachable.c.person_id == person_id)).rowcount:
        return False
    failures.forgive(tx, person_id)
    tx.execute(update(people).where(people.c.id == person_id).values(paused_until=until))
    return True


def resume(tx: Connection, person_id: int, *, by: datetime | None = None) -> bool:
    """Ends a pause: what waited is owed as one catch-up. False if there was none, or none that was to end `by` then."""
    ends = and_(people.c.id == person_id, people.c.paused.is_(True), people.c.paused_until <= by if by else true())
    ended = update(people).where(ends).values(paused=False, paused_until=None)
    places = _heard_at_once(tx, person_id)
    if tx.execute(ended).rowcount != 1:
        return False
    if tx.execute(delete(unreachable).where(unreachable.c.person_id == person_id)).rowcount:
        failures.forgive(tx, person_id)
    for community_id, last in places:
        mine = and_(memberships.c.community_id == community_id, memberships.c.person_id == person_id)
        # Who joined, or came to this pace, during the pause is owed what was posted since.
        since = func.coalesce(_owed, _through)
        still = case((since < last, since), else_=None)
        tx.execute(
            update(memberships).where(mine).values(catch_up_from=still, digest_through=last, catch_up_after=None)
        )
    return True


def ended_pauses(tx: Connection, now: datetime, most: int) -> list[int]:
    """Up to `most` people whose pause was to end by now."""
    # In the words of the partial index, which SQLite takes literally: `paused IS 1` would scan all people.
    query = select(people.c.id).where(text("people.paused"), people.c.paused_until <= now)
    return list(tx.scalars(query.order_by(people.c.paused_until).limit(most)))


def _heard_at_once(tx: Connection, person_id: int) -> list[tuple[int, int]]:
    """(community, number of its latest post) of all that this person hears of singly; all of theirs are locked.

    Which these are is asked under the locks of all that they belong to: a pace that changed between the question and
    the lock would leave posts on neither side of the line.
    """
    theirs = select(memberships.c.community_id).where(memberships.c.person_id == person_id)
    held = lock(tx, ids=list(tx.scalars(theirs)))
    query = (
        select(memberships.c.community_id)
        .join(communities, communities.c.id == memberships.c.community_id)
        .where(memberships.c.person_id == person_id)
        .where(func.coalesce(memberships.c.pace, communities.c.pace).in_([pace.value for pace in _SINGLY]))
    )
    at_once = set(tx.scalars(query))
    return [(item.community.id, item.last_number) for item in held if item.community.id in at_once]
