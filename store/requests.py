"""Requests: wishes to have somebody in a community, each settled once, by the first answer, under its row's lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from gateway.core.joining import JoinRequest, RequestKind, RequestState
from store.schema import OPEN_REQUEST, join_requests

LIFETIME = timedelta(days=7)
"""For so long an answer counts."""


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request to be opened."""

    community_id: int
    person_id: int
    kind: RequestKind
    invited_by: int | None = None
    arrival_id: int | None = None


def begin(tx: Connection, new: NewRequest, now: datetime) -> tuple[JoinRequest, bool]:
    """Opens a request, or finds the one of this kind that is open, and says whether it is new.

    The caller holds the community.
    """
    found = tx.execute(
        select(join_requests).where(
            join_requests.c.community_id == new.community_id,
            join_requests.c.person_id == new.person_id,
            join_requests.c.kind == new.kind.value,
            OPEN_REQUEST,
        )
    ).first()
    if found is not None and now < found.expires_at:
        return _to_request(found), False
    if found is not None:
        settle(tx, found.id, RequestState.EXPIRED, None, now)
    row = {
        "community_id": new.community_id,
        "person_id": new.person_id,
        "kind": new.kind.value,
        "state": RequestState.OPEN.value,
        "invited_by": new.invited_by,
        "arrival_id": new.arrival_id,
        "created_at": now,
        "expires_at": now + LIFETIME,
    }
    return _to_request(tx.execute(insert(join_requests).values(row).returning(join_requests)).one()), True


def lock(tx: Connection, request_id: int) -> JoinRequest | None:
    """The request, held until the transaction ends."""
    row = tx.execute(select(join_requests).where(join_requests.c.id == request_id).with_for_update()).first()
    return _to_request(row) if row else None


def settle(tx: Connection, request_id: int, state: RequestState, decided_by: int | None, now: datetime) -> None:
    """Writes what came of a request that the caller holds."""
    tx.execute(
        update(join_requests)
        .where(join_requests.c.id == request_id)
        .values(state=state.value, decided_by=decided_by, decided_at=now)
    )


def count_of_person(tx: Connection, person_id: int, since: datetime) -> int:
    """How many requests about this person were opened since then."""
    query = select(func.count()).where(join_requests.c.person_id == person_id, join_requests.c.created_at > since)
    return tx.execute(query).scalar_one()


def count_of_inviter(tx: Connection, person_id: int, since: datetime) -> int:
    """How many invitations this person has sent since then."""
    query = select(func.count()).where(join_requests.c.invited_by == person_id, join_requests.c.created_at > since)
    return tx.execute(query).scalar_one()


def ended(tx: Connection, now: datetime, most: int) -> Sequence[JoinRequest]:
    """Up to `most` open requests that nobody answered in time; they are held."""
    query = select(join_requests).where(OPEN_REQUEST, join_requests.c.expires_at <= now)
    rows = tx.execute(query.order_by(join_requests.c.expires_at).limit(most).with_for_update(skip_locked=True))
    return [_to_request(row) for row in rows]


def to_remind(tx: Connection, before: datetime, now: datetime, most: int) -> Sequence[JoinRequest]:
    """Up to `most` open requests to those who run a place, opened before then and not reminded of: now they are."""
    query = (
        select(join_requests)
        .where(OPEN_REQUEST, join_requests.c.kind == RequestKind.REQUEST.value)
        .where(join_requests.c.created_at <= before, join_requests.c.expires_at > now)
        .where(join_requests.c.reminded_at.is_(None))
        .order_by(join_requests.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    found = [_to_request(row) for row in tx.execute(query)]
    ids = [request.id for request in found]
    tx.execute(update(join_requests).where(join_requests.c.id.in_(ids)).values(reminded_at=now))
    return found


def _to_request(row: Row[Any]) -> JoinRequest:
    return JoinRequest(
        row.id,
        row.community_id,
        row.person_id,
        RequestKind(row.kind),
        RequestState(row.state),
        row.invited_by,
        row.decided_by,
        row.arrival_id,
        row.created_at,
        row.expires_at,
        row.decided_at,
    )
