"""Sheets: what a person asks to be told of themself and of the communities, read when the mail is composed.

Asked by store.notices for HELP, LIST, SETTINGS, WHO and MY DATA. Tells nothing of a community that its rule keeps.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, Label, and_, func, select

from gateway.core.command import Verb
from gateway.core.community import JoinPolicy, Pace, PersonState, shown_name
from gateway.core.rhythm import parse_hour
from gateway.core.sheet import Holding, PlaceLine, Sheet
from store import charters, dossier
from store.schema import addresses, communities, memberships, people

MOST_PLACES = 100
MOST_NAMES = 300
VERBS = frozenset((Verb.HELP, Verb.LIST, Verb.SETTINGS, Verb.WHO, Verb.MY_DATA))
"""The commands that are answered by a sheet."""


def fill(tx: Connection, verb: Verb, person_id: int, community_id: int | None) -> Sheet:
    """What this command asks for, as this person may know it."""
    match verb:
        case Verb.LIST:
            return Sheet(_places(tx, person_id, own=False))
        case Verb.WHO:
            return _members(tx, person_id, community_id)
        case Verb.SETTINGS:
            return _settings(tx, person_id)
        case Verb.MY_DATA:
            return _data(tx, person_id)
        case _:
            return Sheet(_places(tx, person_id, own=True))


def _places(tx: Connection, person_id: int, *, own: bool) -> tuple[PlaceLine, ...]:
    """Those they belong to, or those that they may ask to come into."""
    mine = and_(memberships.c.community_id == communities.c.id, memberships.c.person_id == person_id)
    query = (
        select(communities, memberships.c.pace.label("own_pace"), memberships.c.person_id, _count())
        .outerjoin(memberships, mine)
        .where(communities.c.archived.is_(False))
        .order_by(func.lower(communities.c.name))
        .limit(MOST_PLACES)
    )
    if own:
        query = query.where(memberships.c.person_id.is_not(None))
    else:
        query = query.where(memberships.c.person_id.is_(None), communities.c.join_policy != JoinPolicy.INVITE.value)
    return tuple(
        PlaceLine(
            name=row.name,
            address=row.address,
            description=row.description,
            members=row.members,
            join=JoinPolicy(row.join_policy),
            pace=Pace(row.own_pace or row.pace) if row.person_id else None,
            is_own_pace=row.own_pace is not None,
        )
        for row in tx.execute(query)
    )


def _count() -> Label[int]:
    inside, who = memberships.alias(), people.alias()
    return (
        select(func.count())
        .select_from(inside.join(who, who.c.id == inside.c.person_id))
        .where(inside.c.community_id == communities.c.id, who.c.state == PersonState.ACTIVE.value)
        .correlate(communities)
        .scalar_subquery()
        .label("members")
    )


def _members(tx: Connection, person_id: int, community_id: int | None) -> Sheet:
    """To members alone (I11)."""
    mine = select(memberships.c.person_id).where(
        memberships.c.community_id == community_id, memberships.c.person_id == person_id
    )
    if tx.execute(mine).first() is None:
        return Sheet()
    query = (
        select(people.c.name, people.c.address, people.c.named)
        .join(memberships, memberships.c.person_id == people.c.id)
        .where(memberships.c.community_id == community_id, people.c.state == PersonState.ACTIVE.value)
    )
    total = tx.execute(query.with_only_columns(func.count(), maintain_column_froms=True)).scalar_one()
    rows = tx.execute(query.where(people.c.named.is_(True)).order_by(people.c.name).limit(MOST_NAMES))
    return Sheet(names=tuple(shown_name(row.name, row.address) for row in rows), members=total)


def _settings(tx: Connection, person_id: int) -> Sheet:
    row = tx.execute(select(people).where(people.c.id == person_id)).one()
    return Sheet(
        places=_places(tx, person_id, own=True),
        locale=row.locale,
        timezone=row.timezone,
        digest_at=parse_hour(row.digest_at) if row.digest_at else None,
        paused=row.paused,
        paused_until=row.paused_until,
    )


def _data(tx: Connection, person_id: int) -> Sheet:
    """What is stored of them, in numbers (GDPR art. 15): all of it is what an administrator exports."""
    row = tx.execute(select(people.c.name, people.c.address).where(people.c.id == person_id)).one()
    own = select(addresses.c.key).where(addresses.c.person_id == person_id).order_by(addresses.c.key)
    accepted = charters.accepted(tx, person_id)
    return replace(
        _settings(tx, person_id),
        name=row.name,
        addresses=tuple(sorted(tx.scalars(own), key=lambda key: (key != row.address, key))),
        holdings=tuple(Holding(kind, count) for kind, count in dossier.counts(tx, person_id).items() if count),
        accepted_at=accepted[-1].accepted_at if accepted else None,
    )
