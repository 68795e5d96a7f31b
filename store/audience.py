"""Who hears of a post at once, and why: the one statement that fans out.

A post commits with one open fan-out row; expand() turns open rows into deliveries in chunks, each chunk one transaction
with the cursor it advances, so a crash anywhere goes on where it was (I3). UNIQUE(content, person) makes it one mail
per person, also when cross-posted; fan-outs of one content run in the order of its posts, so the community named first
is the one a person hears from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, bindparam, exists, func, insert, literal, select, update

from gateway.core.community import Choice, Pace, PersonState
from gateway.core.delivery import DeliveryKind, DeliveryState
from store import budgets
from store.schema import OPEN_FAN_OUT, communities, deliveries, fan_outs, memberships, people, posts, topic_choices

CHUNK = 2000
"""Members a transaction: 50,000 members are 25 short ones, and nobody waits long behind one."""
_BATCH = 200
_EVERYBODY = 2**62
_OpenFanOut: TypeAlias = Row[Any, Any, Any, Any, Any]
"""As _open finds it."""

_earlier = fan_outs.alias("earlier")
_open = (
    select(fan_outs.c.id, fan_outs.c.community_id, fan_outs.c.cursor, fan_outs.c.post_id, fan_outs.c.content_id)
    .where(OPEN_FAN_OUT)
    .where(
        ~exists().where(
            _earlier.c.content_id == fan_outs.c.content_id,
            _earlier.c.id < fan_outs.c.id,
            _earlier.c.closed_at.is_(None),
        )
    )
    .order_by(fan_outs.c.id)
    .limit(_BATCH)
    .with_for_update(skip_locked=True, of=fan_outs)
)
_beyond = (
    select(memberships.c.person_id)
    .where(memberships.c.community_id == bindparam("community"), memberships.c.person_id > bindparam("cursor"))
    .order_by(memberships.c.person_id)
    .offset(bindparam("chunk"))
    .limit(1)
)
_reached = (
    select(
        literal(DeliveryKind.POST.value),
        fan_outs.c.content_id,
        fan_outs.c.post_id,
        fan_outs.c.community_id,
        memberships.c.person_id,
        literal(DeliveryState.PENDING.value),
        literal(0),
        bindparam("is_bulk", type_=deliveries.c.bulk.type),
        literal(False),
        fan_outs.c.key_id,
        bindparam("now", type_=deliveries.c.created_at.type),
        bindparam("now", type_=deliveries.c.created_at.type),
        literal(""),
    )
    .select_from(fan_outs)
    .join(memberships, memberships.c.community_id == fan_outs.c.community_id)
    .join(communities, communities.c.id == memberships.c.community_id)
    .join(people, people.c.id == memberships.c.person_id)
    .join(posts, posts.c.id == fan_outs.c.post_id)
    .where(fan_outs.c.id.in_(bindparam("fan_outs", expanding=True)))
    .where(memberships.c.person_id > fan_outs.c.cursor, memberships.c.person_id <= bindparam("bound"))
    # A writer does not get their own words back; `each` is the one pace that is served at once.
    .where(memberships.c.person_id != fan_outs.c.author_id)
    .where(func.coalesce(memberships.c.pace, communities.c.pace) == Pace.EACH.value)
    # What was posted before they joined, or came to this pace, is told otherwise or not at all.
    .where(posts.c.number > memberships.c.digest_through)
    .where(people.c.state == PersonState.ACTIVE.value, people.c.paused.is_(False))
    .where(
        ~exists().where(
            topic_choices.c.person_id == memberships.c.person_id,
            topic_choices.c.topic_id == posts.c.topic_id,
            topic_choices.c.choice == Choice.MUTED.value,
        )
    )
    .where(
        ~exists().where(
            deliveries.c.content_id == fan_outs.c.content_id, deliveries.c.person_id == memberships.c.person_id
        )
    )
    .order_by(fan_outs.c.id, memberships.c.person_id)
)
_COLUMNS = [
    *("kind", "content_id", "post_id", "community_id", "person_id", "state", "attempts", "bulk", "personal"),
    *("key_id", "created_at", "next_attempt_at", "answer"),
]
_expand = insert(deliveries).from_select(_COLUMNS, _reached, include_defaults=False)


_hurry = insert(deliveries).from_select(
    _COLUMNS, _reached.where(memberships.c.person_id == bindparam("person")), include_defaults=False
)
_hurry_all = insert(deliveries).from_select(
    _COLUMNS, _reached.where(memberships.c.pace.is_(None)), include_defaults=False
)


def expand_for(tx: Connection, community_id: int, person_id: int | None, now: datetime) -> None:
    """What is posted there and not yet expanded becomes deliveries to this person, or to all who chose no pace.

    Before their pace changes: what was due to them singly stays so. The caller holds the community's lock, so no post
    comes between.
    """
    open_there = (
        select(fan_outs.c.id)
        .where(OPEN_FAN_OUT, fan_outs.c.community_id == community_id)
        .order_by(fan_outs.c.id)
        .with_for_update()
    )
    ids = list(tx.scalars(open_there))
    if not ids:
        return
    values = {"fan_outs": ids, "bound": _EVERYBODY, "is_bulk": False, "now": now}
    if person_id is None:
        tx.execute(_hurry_all, values)
    else:
        tx.execute(_hurry, {**values, "person": person_id})


def expand(tx: Connection, now: datetime, mails_per_day: int = 0) -> int:
    """Expands one chunk: many small fan-outs whole, or the next part of one large one. Returns rows looked after.

    0 means that nothing is open (or that others are at it). The caller commits and calls again. `mails_per_day` is the
    budget of one person, above which a post is owed; 0 for none.
    """
    found = tx.execute(_open).all()
    if not found:
        return 0
    size = _sizes(tx, {row.community_id for row in found})
    whole: list[_OpenFanOut] = []
    members = 0
    for row in found:
        if row.cursor or members + size[row.community_id] > CHUNK:
            break
        members += size[row.community_id]
        whole.append(row)
    if not whole:
        return _expand_part(tx, found[0], now, mails_per_day)
    # How much of a day's budget is left for one post depends on those before it.
    for rows in [[row] for row in whole] if mails_per_day else [whole]:
        _deliver(tx, rows, {"bound": _EVERYBODY, "is_bulk": False, "now": now}, mails_per_day)
        tx.execute(update(fan_outs).where(fan_outs.c.id.in_([row.id for row in rows])).values(closed_at=now))
    return len(whole)


def _expand_part(tx: Connection, row: _OpenFanOut, now: datetime, mails_per_day: int) -> int:
    beyond = tx.scalar(_beyond, {"community": row.community_id, "cursor": row.cursor, "chunk": CHUNK})
    bound = beyond - 1 if beyond is not None else _EVERYBODY
    _deliver(tx, [row], {"bound": bound, "is_bulk": True, "now": now}, mails_per_day)
    progress: dict[str, object] = {"cursor": bound} if beyond is not None else {"closed_at": now}
    tx.execute(update(fan_outs).where(fan_outs.c.id == row.id).values(progress))
    return 1


def _deliver(tx: Connection, rows: Sequence[_OpenFanOut], values: dict[str, object], mails_per_day: int) -> None:
    values = {**values, "fan_outs": [row.id for row in rows]}
    if not mails_per_day:
        tx.execute(_expand, values)
        return
    for row in rows:
        # What is owed is below the watermark, and so not reached any more.
        concerned = budgets.hold_back(tx, row.post_id, _reached, values, mails_per_day)
        tx.execute(_expand, values)
        if concerned:
            budgets.note_personal(tx, row.content_id, concerned)


def _sizes(tx: Connection, community_ids: Iterable[int]) -> dict[int, int]:
    """Members by community, counted no further than it matters here."""
    sizes = {}
    for community_id in community_ids:
        some = select(memberships.c.person_id).where(memberships.c.community_id == community_id).limit(CHUNK + 1)
        sizes[community_id] = tx.scalar(select(func.count()).select_from(some.subquery())) or 0
    return sizes
