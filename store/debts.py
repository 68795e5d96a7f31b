"""Debts: a post that is due to somebody now and is to be told later, with others, in one catch-up.

Three things make debts: quiet hours, a day's budget, and a topic in a storm. All are written by the one statement
here, called by store.audience for each post and chunk before it becomes deliveries. What is owed lies below the
watermark: the deliveries that are made next pass it over. digests.close settles what is owed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    not_,
    null,
    or_,
    select,
    update,
)

from gateway.core.community import Pace
from gateway.core.delivery import DeliveryState
from gateway.core.digest import Cadence
from store.quiet import IS_QUIET, PASSES
from store.reached import HAS_MUTED, THERE, THERE_BY_CONCERN, due, heard
from store.schema import OPEN_FAN_OUT, communities, deliveries, digest_clocks, fan_outs, memberships, mentions, posts
from store.storms import LONGEST, Storm

_moment = memberships.c.catch_up_after.type
_through, _owed, _after = memberships.c.digest_through, memberships.c.catch_up_from, memberships.c.catch_up_after
_oldest_open = (
    select(func.min(posts.c.number))
    .join(fan_outs, fan_outs.c.post_id == posts.c.id)
    .where(OPEN_FAN_OUT, fan_outs.c.community_id == bindparam("community"))
)


def _debt(origin: FromClause, pace: Pace, whose: ColumnElement[bool], after: ColumnElement[Any]) -> Update:
    """Owes one post in hand to those there who hear at this pace, and to whom it is due; it leaves `after` then.

    Whose membership somebody is changing gets it singly: to wait here for them, who may wait for the fan-out that we
    hold, would be for ever. Of quiet hours the claim keeps it then until these end.
    """
    held = (
        due(select(memberships.c.person_id), origin)
        .where(heard == pace.value, ~HAS_MUTED, whose)
        .with_for_update(skip_locked=True, of=memberships)
        .cte("held")
    )
    # Everything below the oldest post that is not fanned out yet was dealt with, everything from it on is not.
    dealt = bindparam("dealt", type_=_through.type)
    since = case((_through > dealt, _through), else_=dealt)
    return (
        update(memberships)
        .where(memberships.c.community_id == bindparam("community"))
        .where(memberships.c.person_id.in_(select(held.c.person_id)))
        .values(
            catch_up_from=func.coalesce(_owed, since),
            catch_up_after=after,
            digest_through=bindparam("number", type_=_through.type),
        )
    )


def _unless_owed(after: ColumnElement[Any]) -> ColumnElement[Any]:
    """What is owed already keeps its time."""
    return case((_owed.is_(None), after), else_=_after)


_asleep = and_(IS_QUIET, not_(PASSES))
_quiet = tuple(
    _debt(origin, pace, _asleep, _unless_owed(null()))
    for origin, pace in ((THERE, Pace.EACH), (THERE_BY_CONCERN, Pace.IMPORTANT))
)

_next_daily = (
    select(digest_clocks.c.next_due_at)
    .where(digest_clocks.c.person_id == memberships.c.person_id, digest_clocks.c.cadence == Cadence.DAILY.value)
    .scalar_subquery()
)
# Who came within this minute has no clock yet.
_by_daily = func.coalesce(_next_daily, bindparam("tomorrow", type_=_moment))
_spent = _debt(
    THERE,
    Pace.EACH,
    memberships.c.person_id.in_(bindparam("spent", expanding=True)),
    _unless_owed(_by_daily),
)

_is_named = exists().where(mentions.c.post_id == posts.c.id, mentions.c.person_id == memberships.c.person_id)
# Whoever is answered waits too: everybody answers who opened the topic, and two programs answer each other.
_BYSTANDER = not_(or_(_is_named, posts.c.urgent.is_(True)))
_first = posts.alias("first_owed")
_calm = bindparam("calm", type_=_moment)
# While the storm goes on it is put off, but not for ever; never to before what a day's budget says.
_is_young = exists().where(
    _first.c.community_id == memberships.c.community_id,
    _first.c.number == _owed + 1,
    _first.c.created_at > bindparam("longest_ago", type_=_moment),
)
_when_calm = case((_owed.is_(None), _calm), (and_(_after < _calm, _is_young), _calm), else_=_after)
_stormy = tuple(
    _debt(origin, pace, _BYSTANDER, _when_calm)
    for origin, pace in ((THERE, Pace.EACH), (THERE_BY_CONCERN, Pace.IMPORTANT))
)


def _place(tx: Connection, post_id: int, community_id: int) -> dict[str, Any]:
    number = tx.scalar(select(posts.c.number).where(posts.c.id == post_id))
    oldest = tx.scalar(_oldest_open, {"community": community_id})
    assert oldest is not None
    return {"community": community_id, "number": number, "dealt": oldest - 1}


def owe_to_the_quiet(tx: Connection, post_id: int, community_id: int, values: dict[str, Any]) -> None:
    """Owes this post to those whose quiet hours it is. `values` are the parameters of the chunk and of a Quiet."""
    place = _place(tx, post_id, community_id)
    for statement in _quiet:
        tx.execute(statement, {**values, **place})


def owe_to_the_spent(
    tx: Connection, post_id: int, community_id: int, values: dict[str, Any], person_ids: list[int]
) -> None:
    """Owes this post to these, who have had their day's mails: until their next daily digest."""
    tomorrow = values["now"] + timedelta(days=1)
    own = {"spent": person_ids, "tomorrow": tomorrow}
    tx.execute(_spent, {**values, **_place(tx, post_id, community_id), **own})


def owe_in_storm(tx: Connection, storm: Storm, post_id: int, community_id: int, values: dict[str, Any]) -> None:
    """Owes this post of a topic in a storm to all but those it names: until the storm is over.

    Of the answers before it, what has not left yet waits with it: so few people get more than the first ones singly.
    """
    place = _place(tx, post_id, community_id)
    if storm.first_post_id == post_id:
        _take_back(tx, storm, place, values)
    own = {"calm": storm.calm_at, "longest_ago": values["now"] - LONGEST}
    for statement in _stormy:
        tx.execute(statement, {**values, **place, **own})


def _take_back(tx: Connection, storm: Storm, place: dict[str, Any], values: dict[str, Any]) -> None:
    """The single mails of earlier answers that nobody has tried to send yet are owed instead."""
    through = place["number"] - 1
    in_time = (
        select(deliveries.c.id, deliveries.c.person_id, posts.c.number)
        .select_from(posts)
        .join(deliveries, and_(deliveries.c.content_id == posts.c.content_id, deliveries.c.post_id == posts.c.id))
        .join(communities, communities.c.id == posts.c.community_id)
        .join(
            memberships,
            and_(
                memberships.c.community_id == posts.c.community_id,
                memberships.c.person_id == deliveries.c.person_id,
            ),
        )
        .where(posts.c.topic_id == storm.topic_id, posts.c.parent_id.is_not(None), posts.c.number <= through)
        .where(posts.c.created_at >= storm.since, _BYSTANDER)
        .where(deliveries.c.person_id > values["beyond"], deliveries.c.person_id <= values["bound"])
        .where(deliveries.c.state == DeliveryState.PENDING.value, deliveries.c.attempts == 0)
        # Below the watermark of somebody to whom nothing is owed there is what was told.
        .where(heard == Pace.EACH.value, posts.c.number > func.coalesce(_owed, _through))
        .order_by(deliveries.c.id)
        .with_for_update(skip_locked=True, of=(deliveries, memberships))
    )
    first: dict[int, int] = {}
    ids = []
    for delivery_id, person_id, number in tx.execute(in_time):
        ids.append(delivery_id)
        first[person_id] = min(number, first.get(person_id, number))
    tx.execute(delete(deliveries).where(deliveries.c.id.in_(bindparam("ids", expanding=True))), {"ids": ids})
    for number in set(first.values()):
        theirs = [person_id for person_id, oldest in first.items() if oldest == number]
        _owe_since(tx, place["community"], theirs, (number - 1, through), storm.calm_at)


def _owe_since(
    tx: Connection, community_id: int, person_ids: list[int], span: tuple[int, int], after: datetime
) -> None:
    since, through = span
    tx.execute(
        update(memberships)
        .where(memberships.c.community_id == community_id, memberships.c.person_id.in_(person_ids))
        .values(
            catch_up_from=func.coalesce(_owed, case((_through > since, _through), else_=since)),
            catch_up_after=case((_owed.is_(None), after), else_=_after),
            digest_through=case((_through > through, _through), else_=through),
        )
    )


def unexpanded() -> ColumnElement[bool]:
    """Whether a post that is owed to a membership, or a copy of it elsewhere, may still be on its way to deliveries."""
    return exists().where(
        OPEN_FAN_OUT,
        posts.c.content_id == fan_outs.c.content_id,
        posts.c.community_id == memberships.c.community_id,
        posts.c.number <= memberships.c.digest_through,
    )
