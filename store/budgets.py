"""The day's budget: whoever has had so many single mails today is owed the next post, to be told with the others.

Asked by audience.expand for each post and chunk, before it becomes deliveries, where a budget is set; what is owed
(store.debts) leaves as one catch-up at the person's next daily digest. Answers to the person and posts that name them
always go, and count nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Connection, Select, func, select, union, update

from gateway.core.delivery import DeliveryKind
from gateway.core.zones import zone_named
from store.schema import deliveries, memberships, mentions, people, posts

_parents = posts.alias("parents")


def find_spent(
    tx: Connection, post_id: int, reached: Select[Any], values: dict[str, Any], mails_per_day: int
) -> tuple[set[int], list[int]]:
    """Those whose own this post is, for it answers or names them; and of the others, who had that many mails today.

    `reached` selects from people, with `values` for its parameters, to whom it would go at once.
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
    return concerned, spent


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


def note_personal(tx: Connection, content_id: int, person_ids: Iterable[int]) -> None:
    """The mails of this content to these people count in nobody's day."""
    theirs = deliveries.c.person_id.in_(list(person_ids))
    tx.execute(update(deliveries).where(deliveries.c.content_id == content_id, theirs).values(personal=True))
