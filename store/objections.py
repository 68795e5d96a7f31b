"""Objections: why a claimed delivery must not be sent after all, and from where it may be heard instead.

The right to read is checked when a mail is composed, not only when its delivery was born (I11); so is the wish to.
Asked by the claim, and again every few seconds while a relay is slow (promise P7).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, exists, func, select, update

from gateway.core.community import Choice, Pace, PersonState
from gateway.core.delivery import Delivery
from store.schema import communities, deliveries, memberships, people, posts, topic_choices

_pace = func.coalesce(memberships.c.pace, communities.c.pace)
_is_announcement = and_(deliveries.c.notice_id.is_not(None), deliveries.c.community_id.is_not(None))
_has_muted = exists().where(
    topic_choices.c.person_id == deliveries.c.person_id,
    topic_choices.c.topic_id == posts.c.topic_id,
    topic_choices.c.choice == Choice.MUTED.value,
)
_SUSPENDED = "suspended"
_objection = case(
    # Who is not in yet is sent what they asked for or are asked, and nothing else.
    (and_(people.c.state == PersonState.PENDING.value, deliveries.c.notice_id.is_not(None)), ""),
    (people.c.state != PersonState.ACTIVE.value, _SUSPENDED),
    # Who has left or chosen meanwhile needs no word about the default of that community.
    (and_(_is_announcement, memberships.c.person_id.is_(None)), "no longer a member"),
    (and_(_is_announcement, memberships.c.pace.is_not(None)), "chosen meanwhile"),
    (deliveries.c.post_id.is_(None), ""),
    (posts.c.withdrawn_at.is_not(None), "withdrawn"),
    (memberships.c.person_id.is_(None), "no longer a member"),
    (_pace == Pace.OFF.value, "unsubscribed"),
    (_has_muted, "muted"),
    else_="",
)
_home = (
    deliveries.join(people, people.c.id == deliveries.c.person_id)
    .outerjoin(posts, posts.c.id == deliveries.c.post_id)
    .outerjoin(communities, communities.c.id == deliveries.c.community_id)
    .outerjoin(
        memberships,
        and_(
            memberships.c.community_id == deliveries.c.community_id,
            memberships.c.person_id == deliveries.c.person_id,
        ),
    )
)
_details = (
    select(
        deliveries,
        people.c.address,
        people.c.locale,
        people.c.timezone,
        people.c.quiet_hours,
        _objection.label("objection"),
    )
    .select_from(_home)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(deliveries.c.id)
)
_wanted = (
    select(deliveries.c.id)
    .select_from(_home)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)), _objection == "")
)
# Cross-posted, it may be due from another community: the one named first where it is heard of at once.
_elsewhere = (
    select(deliveries.c.id, func.min(posts.c.id).label("post_id"))
    .join(posts, posts.c.content_id == deliveries.c.content_id)
    .join(communities, communities.c.id == posts.c.community_id)
    .join(
        memberships,
        and_(memberships.c.community_id == posts.c.community_id, memberships.c.person_id == deliveries.c.person_id),
    )
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
    .where(posts.c.withdrawn_at.is_(None), _pace.in_((Pace.EACH.value, Pace.IMPORTANT.value)))
    .group_by(deliveries.c.id)
)


def find(tx: Connection, ids: list[int]) -> Sequence[Row[Any]]:
    """Claimed deliveries with address and locale of their people, and `objection`, "" where they may be sent.

    What may not be sent from where it was born is moved first to where it may, if there is such a place.
    """
    found = tx.execute(_details, {"ids": ids}).all()
    homeless = [row.id for row in found if row.post_id and row.objection not in ("", _SUSPENDED)]
    if homeless and move(tx, homeless):
        found = tx.execute(_details, {"ids": ids}).all()
    return found


def move(tx: Connection, ids: list[int]) -> bool:
    """Sends these from another community of the same content where there is one to hear of it from."""
    by_post: dict[int, list[int]] = defaultdict(list)
    for row in tx.execute(_elsewhere, {"ids": ids}):
        by_post[row.post_id].append(row.id)
    for post_id, moved in by_post.items():
        place = select(posts.c.community_id).where(posts.c.id == post_id).scalar_subquery()
        query = update(deliveries).where(deliveries.c.id.in_(moved)).values(post_id=post_id, community_id=place)
        tx.execute(query)
    return bool(by_post)


def wanted(tx: Connection, held: Iterable[Delivery]) -> set[int]:
    """Of claimed deliveries, the ids of those that may still be sent: not unsubscribed from, withdrawn or forgotten.

    One query and no lock, so that it can be asked every few seconds while a relay is slow (promise P7).
    """
    ids = [delivery.id for delivery in held]
    return set(tx.scalars(_wanted, {"ids": ids})) if ids else set()
