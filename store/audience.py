"""Who hears of a post at once, and why: the statements that fan out.

A post commits with one open fan-out row; expand() turns open rows into deliveries in chunks, each chunk one transaction
with the cursor it advances, so a crash anywhere goes on where it was (I3). UNIQUE(content, person) makes it one mail
per person, also when cross-posted; fan-outs of one content run in the order of its posts, so the community named first
is the one a person hears from. In their quiet hours, above their day's budget and in a storm a post is owed instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    Connection,
    FromClause,
    Row,
    Select,
    bindparam,
    case,
    exists,
    false,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    true,
    update,
)

from gateway.core.community import Choice, Pace
from gateway.core.delivery import DeliveryKind, DeliveryState
from gateway.core.quiet import Peace
from store import budgets, debts, quiet, storms
from store.quiet import IS_QUIET, PASSES, Quiet
from store.reached import HAS_MUTED, THERE, THERE_BY_CHOICE, THERE_BY_CONCERN, due, heard
from store.schema import OPEN_FAN_OUT, deliveries, fan_outs, memberships, topic_choices
from store.storms import NEVER, Bounds, Storm

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
_AT_DIGESTS = (Pace.DAILY.value, Pace.WEEKLY.value)
_COLUMNS = [
    *("kind", "content_id", "post_id", "community_id", "person_id", "state", "attempts", "bulk", "personal"),
    *("key_id", "passes_quiet", "created_at", "next_attempt_at", "answer"),
]
_passes, _NEVER = PASSES.label("passes_quiet"), false()


def _rows(origin: FromClause, passes: Any) -> Select[Any]:
    """Deliveries to those there, one for each post in hand that is due to them."""
    query = select(
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
        passes,
        bindparam("now", type_=deliveries.c.created_at.type),
        case((fan_outs.c.due_at > bindparam("now"), fan_outs.c.due_at), else_=bindparam("now")),
        literal(""),
    )
    return due(query, origin)


_at_once = _rows(THERE, _NEVER).where(heard == Pace.EACH.value, ~HAS_MUTED)


def _inserts(passes: Any) -> tuple[Any, ...]:
    """The statements of a chunk: who hears of each post, whom it concerns, and who follows its topic.

    A topic that somebody follows comes singly, whatever their digests. Their memberships are held against a digest
    that is being closed: what somebody holds already is left to that, or to the next one.
    """
    at_once = _rows(THERE, passes).where(heard == Pace.EACH.value, ~HAS_MUTED)
    matters = _rows(THERE_BY_CONCERN, passes).where(heard == Pace.IMPORTANT.value, ~HAS_MUTED)
    follows = (
        _rows(THERE_BY_CHOICE, passes)
        .where(topic_choices.c.choice == Choice.FOLLOWED.value, heard.in_(_AT_DIGESTS))
        .where(true() if passes is _NEVER else or_(not_(IS_QUIET), PASSES))
        .with_for_update(read=True, skip_locked=True, of=memberships)
    )
    in_order = (fan_outs.c.id, memberships.c.person_id)
    return tuple(
        insert(deliveries).from_select(_COLUMNS, query, include_defaults=False)
        for query in (at_once.order_by(*in_order), matters.order_by(*in_order), follows)
    )


_expand = _inserts(_NEVER)
_expand_in_peace = _inserts(_passes)


def _hurry(*whose: Any) -> tuple[Any, ...]:
    queries = (
        _rows(origin, _NEVER).where(heard == pace.value, ~HAS_MUTED, *whose)
        for origin, pace in ((THERE, Pace.EACH), (THERE_BY_CONCERN, Pace.IMPORTANT))
    )
    return tuple(insert(deliveries).from_select(_COLUMNS, query, include_defaults=False) for query in queries)


_hurry_one, _hurry_all = _hurry(memberships.c.person_id == bindparam("person")), _hurry(memberships.c.pace.is_(None))


@dataclass(frozen=True, slots=True)
class _Terms:
    """What keeps a post from being told at once."""

    quiet: Quiet
    mails_per_day: int
    stormy: Mapping[int, Storm]
    """By post, the storm in which it was posted."""
    now: datetime

    @property
    def by_person(self) -> bool:
        """Whether not all get a post who are to be told of it at once."""
        return self.quiet.anywhere or self.mails_per_day > 0 or bool(self.stormy)


def expand_for(tx: Connection, community_id: int, person_id: int | None, now: datetime) -> None:
    """What is posted there and not yet expanded becomes deliveries to this person, or to all who chose no pace.

    Before their pace changes: what was due to them singly stays so; in quiet hours it waits for their end. The caller
    holds the community's lock, so no post comes between.
    """
    there = select(_earlier.c.content_id).where(_earlier.c.closed_at.is_(None), _earlier.c.community_id == community_id)
    # Whoever expands the copy of a post that another place has makes the same deliveries.
    in_hand = (
        select(fan_outs.c.id, fan_outs.c.community_id)
        .where(OPEN_FAN_OUT, fan_outs.c.content_id.in_(there))
        .order_by(fan_outs.c.id)
        .with_for_update()
    )
    ids = [row.id for row in tx.execute(in_hand) if row.community_id == community_id]
    if not ids:
        return
    values = {"fan_outs": ids, "beyond": 0, "bound": _EVERYBODY, "is_bulk": False, "now": now}
    for statement in _hurry_all if person_id is None else _hurry_one:
        tx.execute(statement, values if person_id is None else {**values, "person": person_id})


def expand(tx: Connection, now: datetime, peace: Peace, mails_per_day: int = 0, bounds: Bounds = NEVER) -> int:
    """Expands one chunk: many small fan-outs whole, or the next part of one large one. Returns rows looked after.

    0 means that nothing is open (or that others are at it). The caller commits and calls again. `mails_per_day` is the
    budget of one person, above which a post is owed, 0 for none; `bounds` are those above which a topic is in a storm.
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
    in_hand = whole or found[:1]
    stormy = storms.find(tx, [row.post_id for row in in_hand], bounds, now)
    terms = _Terms(quiet.find(tx, peace, now), mails_per_day, stormy, now)
    if not whole:
        return _expand_part(tx, found[0], terms)
    # What one post leaves of a day's budget, or owes by night, counts for the next.
    for rows in [[row] for row in whole] if terms.by_person else [whole]:
        _deliver(tx, rows, terms, {"beyond": 0, "bound": _EVERYBODY, "is_bulk": False, "now": now})
        tx.execute(update(fan_outs).where(fan_outs.c.id.in_([row.id for row in rows])).values(closed_at=now))
    return len(whole)


def _expand_part(tx: Connection, row: _OpenFanOut, terms: _Terms) -> int:
    beyond = tx.scalar(_beyond, {"community": row.community_id, "cursor": row.cursor, "chunk": CHUNK})
    bound = beyond - 1 if beyond is not None else _EVERYBODY
    _deliver(tx, [row], terms, {"beyond": row.cursor, "bound": bound, "is_bulk": True, "now": terms.now})
    progress: dict[str, object] = {"cursor": bound} if beyond is not None else {"closed_at": terms.now}
    tx.execute(update(fan_outs).where(fan_outs.c.id == row.id).values(progress))
    return 1


def _deliver(tx: Connection, rows: Sequence[_OpenFanOut], terms: _Terms, chunk: dict[str, object]) -> None:
    """Deliveries for the members of a chunk; one post at a time where not all of them get it now."""
    hours = terms.quiet
    values = {**chunk, "fan_outs": [row.id for row in rows], **(hours.parameters if hours.is_known else {})}
    concerned: set[int] = set()
    statements = _expand_in_peace if hours.is_known else _expand
    if terms.by_person:
        [row] = rows
        concerned = _owe(tx, row, terms, values)
        if row.post_id in terms.stormy:
            # Whoever follows the topic at digests gets it with the next one.
            statements = statements[:-1]
    for statement in statements:
        tx.execute(statement, values)
    if concerned:
        budgets.note_personal(tx, rows[0].content_id, concerned)


def _owe(tx: Connection, row: _OpenFanOut, terms: _Terms, values: dict[str, Any]) -> set[int]:
    """Owes the post where it is not to be told now: it is below the watermark then, and so not reached any more.

    Returns those whose own it is and who get it whatever they had today, where that is asked.
    """
    place = (row.post_id, row.community_id)
    if terms.quiet.anywhere:
        debts.owe_to_the_quiet(tx, *place, values)
    if storm := terms.stormy.get(row.post_id):
        debts.owe_in_storm(tx, storm, *place, values)
    if not terms.mails_per_day:
        return set()
    concerned, spent = budgets.find_spent(tx, row.post_id, _at_once, values, terms.mails_per_day)
    if spent:
        debts.owe_to_the_spent(tx, *place, values, spent)
    return concerned


def _sizes(tx: Connection, community_ids: Iterable[int]) -> dict[int, int]:
    """Members by community, counted no further than it matters here."""
    sizes = {}
    for community_id in community_ids:
        some = select(memberships.c.person_id).where(memberships.c.community_id == community_id).limit(CHUNK + 1)
        sizes[community_id] = tx.scalar(select(func.count()).select_from(some.subquery())) or 0
    return sizes
