"""The day's budget: whoever has had so many single mails today is owed the next post, to be told with the others.

Called by audience.expand for each post and chunk, before it becomes deliveries, where a budget is set. What is owed
leaves as one catch-up at the person's next daily digest. Answers to the person and posts that name them always go, and
count nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, exists, func, select, union, update

from gateway.core.community import Pace
from gateway.core.delivery import DeliveryKind
from gateway.core.digest import Cadence
from gateway.core.zones import zone_named
from store.schema import OPEN_FAN_OUT, deliveries, digest_clocks, fan_outs, memberships, mentions, people, posts

_parents = posts.alias("parents")
_next_daily = (
    select(digest_clocks.c.next_due_at)
    .where(digest_clocks.c.person_id == memberships.c.person_id, digest_clocks.c.cadence == Cadence.DAILY.value)
    .scalar_subquery()
)


def hold_back(
    tx: Connection, post_id: int, reached: Select[Any], values: dict[str, Any], mails_per_day: int
) -> set[int]:
    """Owes this post to those it reaches who have had that many single mails today.

    `reached` selects from people, with `values` for its parameters, to whom it would go at once. Returns those whose
    own it is, for it answers or names them: they get it whatever they had.
    """
    concerned = _concerned(tx, post_id)
    by_zone: dict[str, list[int]] = defaultdict(list)
    columns = memberships.c.person_id, people.c.timezone
    for person_id, timezone in tx.execute(reached.with_only_columns(*columns).order_by(None), values):
        if person_id not in concerned:
            by_zone[timezone].append(person_id)
    by_day: dict[datetime, list[int]] = defaultdict(list)
    for timezone, ids in by_zone.items():
        by_day[_day_began(values["now"], timezone)] += ids
    spent = [person_id for began, ids in by_day.items() for person_id in _spent(tx, ids, began, mails_per_day)]
    if spent:
        _owe(tx, post_id, spent, values["now"])
    return concerned


def _concerned(tx: Connection, post_id: int) -> set[int]:
    named = select(mentions.c.person_id).where(mentions.c.post_id == post_id)
    answered = select(_parents.c.author_id).join(posts, posts.c.parent_id == _parents.c.id).where(posts.c.id == post_id)
    return set(tx.scalars(union(named, answered)))


def _spent(tx: Connection, person_ids: list[int], day_began: datetime, mails_per_day: int) -> Iterable[int]:
    query = (
        select(deliveries.c.person_id)
        .where(deliveries.c.person_id.in_(person_ids), deliveries.c.created_at >= day_began)
        .where(deliveries.c.kind == DeliveryKind.POST.value, deliveries.c.personal.is_(False))
        .group_by(deliveries.c.person_id)
        .having(func.count() >= mails_per_day)
    )
    return tx.scalars(query)


def _day_began(now: datetime, timezone: str) -> datetime:
    zone = zone_named(timezone)
    return datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)


def _owe(tx: Connection, post_id: int, person_ids: list[int], now: datetime) -> None:
    community_id, number = tx.execute(select(posts.c.community_id, posts.c.number).where(posts.c.id == post_id)).one()
    theirs = memberships.c.community_id == community_id, memberships.c.person_id.in_(person_ids)
    # Whose membership somebody is changing gets this one singly: to wait here for them, who may wait for the fan-out
    # that we hold, would be for ever.
    heard = func.coalesce(memberships.c.pace, Pace.EACH.value) == Pace.EACH.value
    held = select(memberships.c.person_id).where(*theirs, heard, memberships.c.digest_through < number)
    ids = list(tx.scalars(held.with_for_update(skip_locked=True)))
    # An earlier post may be expanded later, by another node: it is owed with this one, and left out where it came.
    first = tx.scalar(
        select(func.min(posts.c.number))
        .join(fan_outs, fan_outs.c.post_id == posts.c.id)
        .where(OPEN_FAN_OUT, fan_outs.c.community_id == community_id)
    )
    before = min(number, first or number) - 1
    through, owed = memberships.c.digest_through, memberships.c.catch_up_from
    tx.execute(
        update(memberships)
        .where(memberships.c.community_id == community_id, memberships.c.person_id.in_(ids))
        .values(
            catch_up_from=func.coalesce(owed, case((through > before, through), else_=before)),
            # Who came within this minute has no clock yet.
            catch_up_after=case(
                (owed.is_(None), func.coalesce(_next_daily, now + timedelta(days=1))),
                else_=memberships.c.catch_up_after,
            ),
            digest_through=number,
        )
    )


def note_personal(tx: Connection, content_id: int, person_ids: Iterable[int]) -> None:
    """The mails of this content to these people count in nobody's day."""
    theirs = deliveries.c.person_id.in_(list(person_ids))
    tx.execute(update(deliveries).where(deliveries.c.content_id == content_id, theirs).values(personal=True))


def unexpanded() -> ColumnElement[bool]:
    """Whether a post that is owed to a membership, or a copy of it elsewhere, may still be on its way to deliveries."""
    return exists().where(
        OPEN_FAN_OUT,
        posts.c.content_id == fan_outs.c.content_id,
        posts.c.community_id == memberships.c.community_id,
        posts.c.number <= memberships.c.digest_through,
    )
