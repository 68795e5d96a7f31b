"""Who hears of a post at once, and why: the statements that fan out.

A post commits with one open fan-out row; expand() turns open rows into deliveries in chunks, each chunk one transaction
with the cursor it advances, so a crash anywhere goes on where it was (I3). UNIQUE(content, person) makes it one mail
per person, also when cross-posted; fan-outs of one content run in the order of its posts, so the community named first
is the one a person hears from. In their quiet hours people get none: what is due to them is owed as a catch-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    Connection,
    FromClause,
    Row,
    Select,
    Subquery,
    Update,
    and_,
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

from gateway.core.community import Choice, Pace, PersonState
from gateway.core.delivery import DeliveryKind, DeliveryState
from gateway.core.quiet import Peace
from store import budgets, quiet
from store.concerns import concerned
from store.quiet import IS_QUIET, PASSES, Quiet
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
_heard = func.coalesce(memberships.c.pace, communities.c.pace)
_in_hand = fan_outs.c.id.in_(bindparam("fan_outs", expanding=True))
_up_to = memberships.c.person_id <= bindparam("bound")
_has_muted = exists().where(
    topic_choices.c.person_id == memberships.c.person_id,
    topic_choices.c.topic_id == posts.c.topic_id,
    topic_choices.c.choice == Choice.MUTED.value,
)
_has_it = exists().where(
    deliveries.c.content_id == fan_outs.c.content_id, deliveries.c.person_id == memberships.c.person_id
)
_there = (
    fan_outs.join(posts, posts.c.id == fan_outs.c.post_id)
    .join(communities, communities.c.id == fan_outs.c.community_id)
    .join(memberships, memberships.c.community_id == fan_outs.c.community_id)
    .join(people, people.c.id == memberships.c.person_id)
)


def _spoken_to() -> Subquery:
    """(post_id, person_id) of those whom the posts in hand concern."""
    columns = (posts.c.id, posts.c.topic_id, posts.c.community_id, posts.c.parent_id, posts.c.author_id)
    wanted = select(*columns).join(fan_outs, fan_outs.c.post_id == posts.c.id).where(_in_hand).cte("wanted")
    return concerned(wanted, memberships.c.person_id > bindparam("beyond"), _up_to).subquery("concerned")


_concerned = _spoken_to()
_to_whom_it_matters = _concerned.join(fan_outs, fan_outs.c.post_id == _concerned.c.post_id)
_there_by_concern = (
    _to_whom_it_matters.join(posts, posts.c.id == fan_outs.c.post_id)
    .join(communities, communities.c.id == fan_outs.c.community_id)
    .join(
        memberships,
        and_(memberships.c.community_id == fan_outs.c.community_id, memberships.c.person_id == _concerned.c.person_id),
    )
    .join(people, people.c.id == memberships.c.person_id)
)
_there_by_choice = (
    fan_outs.join(posts, posts.c.id == fan_outs.c.post_id)
    .join(topic_choices, topic_choices.c.topic_id == posts.c.topic_id)
    .join(communities, communities.c.id == fan_outs.c.community_id)
    .join(
        memberships,
        and_(
            memberships.c.community_id == fan_outs.c.community_id,
            memberships.c.person_id == topic_choices.c.person_id,
        ),
    )
    .join(people, people.c.id == memberships.c.person_id)
)
_AT_DIGESTS = (Pace.DAILY.value, Pace.WEEKLY.value)
_COLUMNS = [
    *("kind", "content_id", "post_id", "community_id", "person_id", "state", "attempts", "bulk", "personal"),
    *("key_id", "passes_quiet", "created_at", "next_attempt_at", "answer"),
]
_passes, _NEVER = PASSES.label("passes_quiet"), false()


def _due(query: Select[Any], origin: FromClause) -> Select[Any]:
    """The query, from those there to whom the posts in hand are due and who do not have them."""
    return (
        query.select_from(origin)
        .where(_in_hand, memberships.c.person_id > fan_outs.c.cursor, _up_to)
        # A writer does not get their own words back.
        .where(memberships.c.person_id != fan_outs.c.author_id)
        # What was posted before they joined, or came to this pace, is told otherwise or not at all.
        .where(posts.c.number > memberships.c.digest_through)
        .where(people.c.state == PersonState.ACTIVE.value, people.c.paused.is_(False))
        .where(~_has_it)
    )


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
    return _due(query, origin)


_at_once = _rows(_there, _NEVER).where(_heard == Pace.EACH.value, ~_has_muted)


def _inserts(passes: Any) -> tuple[Any, ...]:
    """The statements of a chunk: who hears of each post, whom it concerns, and who follows its topic.

    A topic that somebody follows comes singly, whatever their digests. Their memberships are held against a digest
    that is being closed: what somebody holds already is left to that, or to the next one.
    """
    at_once = _rows(_there, passes).where(_heard == Pace.EACH.value, ~_has_muted)
    matters = _rows(_there_by_concern, passes).where(_heard == Pace.IMPORTANT.value, ~_has_muted)
    follows = (
        _rows(_there_by_choice, passes)
        .where(topic_choices.c.choice == Choice.FOLLOWED.value, _heard.in_(_AT_DIGESTS))
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
        _rows(origin, _NEVER).where(_heard == pace.value, ~_has_muted, *whose)
        for origin, pace in ((_there, Pace.EACH), (_there_by_concern, Pace.IMPORTANT))
    )
    return tuple(insert(deliveries).from_select(_COLUMNS, query, include_defaults=False) for query in queries)


_hurry_one, _hurry_all = _hurry(memberships.c.person_id == bindparam("person")), _hurry(memberships.c.pace.is_(None))


def _debt(origin: FromClause, pace: Pace) -> Update:
    """Owes one post in hand to those whose quiet hours it is.

    Whose membership somebody is changing gets it singly, and the claim keeps it until the hours end: to wait here for
    them, who may wait for the fan-out that we hold, would be for ever.
    """
    asleep = (
        _due(select(memberships.c.person_id), origin)
        .where(_heard == pace.value, ~_has_muted, IS_QUIET, not_(PASSES))
        .with_for_update(skip_locked=True, of=memberships)
        .cte("asleep")
    )
    # Everything below the oldest post that is not fanned out yet was dealt with, everything from it on is not.
    dealt = bindparam("dealt", type_=memberships.c.digest_through.type)
    since = case((memberships.c.digest_through > dealt, memberships.c.digest_through), else_=dealt)
    return (
        update(memberships)
        .where(memberships.c.community_id == bindparam("community"))
        .where(memberships.c.person_id.in_(select(asleep.c.person_id)))
        .values(
            catch_up_from=func.coalesce(memberships.c.catch_up_from, since),
            catch_up_after=case((memberships.c.catch_up_from.is_(None), None), else_=memberships.c.catch_up_after),
            digest_through=bindparam("number", type_=memberships.c.digest_through.type),
        )
    )


_debts = (_debt(_there, Pace.EACH), _debt(_there_by_concern, Pace.IMPORTANT))
_oldest_open = (
    select(func.min(posts.c.number))
    .join(fan_outs, fan_outs.c.post_id == posts.c.id)
    .where(OPEN_FAN_OUT, fan_outs.c.community_id == bindparam("community"))
)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What keeps a post from being told at once."""

    quiet: Quiet
    mails_per_day: int
    now: datetime

    @property
    def by_person(self) -> bool:
        """Whether not all get a post who are to be told of it at once."""
        return self.quiet.anywhere or self.mails_per_day > 0


def expand_for(tx: Connection, community_id: int, person_id: int | None, now: datetime) -> None:
    """What is posted there and not yet expanded becomes deliveries to this person, or to all who chose no pace.

    Before their pace changes: what was due to them singly stays so; in quiet hours it waits for their end. The caller
    holds the community's lock, so no post comes between.
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
    values = {"fan_outs": ids, "beyond": 0, "bound": _EVERYBODY, "is_bulk": False, "now": now}
    for statement in _hurry_all if person_id is None else _hurry_one:
        tx.execute(statement, values if person_id is None else {**values, "person": person_id})


def expand(tx: Connection, now: datetime, peace: Peace, mails_per_day: int = 0) -> int:
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
    terms = _Terms(quiet.find(tx, peace, now), mails_per_day, now)
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
    for row in rows if terms.by_person else ():
        # What is owed is below the watermark, and so not reached any more.
        if hours.anywhere:
            _owe(tx, row, values)
    concerned: set[int] = set()
    if terms.mails_per_day:
        concerned = budgets.hold_back(tx, rows[0].post_id, _at_once, values, terms.mails_per_day)
    for statement in _expand_in_peace if hours.is_known else _expand:
        tx.execute(statement, values)
    if concerned:
        budgets.note_personal(tx, rows[0].content_id, concerned)


def _owe(tx: Connection, row: _OpenFanOut, values: dict[str, object]) -> None:
    number = tx.scalar(select(posts.c.number).where(posts.c.id == row.post_id))
    oldest = tx.scalar(_oldest_open, {"community": row.community_id})
    assert oldest is not None
    for statement in _debts:
        tx.execute(statement, {**values, "community": row.community_id, "number": number, "dealt": oldest - 1})


def _sizes(tx: Connection, community_ids: Iterable[int]) -> dict[int, int]:
    """Members by community, counted no further than it matters here."""
    sizes = {}
    for community_id in community_ids:
        some = select(memberships.c.person_id).where(memberships.c.community_id == community_id).limit(CHUNK + 1)
        sizes[community_id] = tx.scalar(select(func.count()).select_from(some.subquery())) or 0
    return sizes
