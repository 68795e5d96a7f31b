"""Notices: mails about the fate of one mail, kept with the person's own words until they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select

from gateway.core.decision import Reason
from gateway.core.notice import NamedFile, NoticeKind, NoticeMail
from store import communities, deliveries
from store.schema import notices, people

HUSH = timedelta(hours=1)
"""One notice per person, kind and reason in this time: a machine that answers is not answered on (RFC 3834 §2)."""


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to be added, with its delivery."""

    person_id: int
    kind: NoticeKind
    reason: Reason
    message_id: str
    in_reply_to: str
    community_id: int | None
    arrival_id: int
    sent_to: str
    topic_title: str
    subject: str
    text: str
    files: tuple[NamedFile, ...]
    sent_at: datetime


def recent(tx: Connection, people_ids: Iterable[int], now: datetime) -> set[tuple[int, NoticeKind, Reason]]:
    """What these people were told within the last hour."""
    query = select(notices.c.person_id, notices.c.kind, notices.c.reason).where(
        notices.c.person_id.in_(list(people_ids)), notices.c.created_at > now - HUSH
    )
    return {(row.person_id, NoticeKind(row.kind), Reason(row.reason)) for row in tx.execute(query)}


def add(tx: Connection, batch: Sequence[NewNotice], key_id: int, now: datetime) -> None:
    """Adds notices, each with its one delivery."""
    for new in batch:
        notice_id: int = tx.execute(
            insert(notices)
            .values(
                person_id=new.person_id,
                kind=new.kind.value,
                reason=new.reason.value,
                message_id=new.message_id,
                in_reply_to=new.in_reply_to,
                community_id=new.community_id,
                arrival_id=new.arrival_id,
                sent_to=new.sent_to,
                topic_title=new.topic_title,
                subject=new.subject,
                text=new.text,
                files=[[file.name, file.size] for file in new.files],
                sent_at=new.sent_at,
                created_at=now,
            )
            .returning(notices.c.id)
        ).scalar_one()
        deliveries.add_notice_delivery(tx, notice_id, new.person_id, key_id, now)


def get_all(tx: Connection, ids: Iterable[int], *, limit_bytes: int) -> dict[int, NoticeMail]:
    """Notices by id, ready to be composed. `limit_bytes` is what attachments may weigh at present."""
    query = (
        select(notices, people.c.timezone)
        .join(people, people.c.id == notices.c.person_id)
        .where(notices.c.id.in_(list(ids)))
    )
    rows = tx.execute(query).all()
    places = communities.get_all(tx, {row.community_id for row in rows if row.community_id})
    return {
        row.id: NoticeMail(
            kind=NoticeKind(row.kind),
            reason=Reason(row.reason),
            message_id=row.message_id,
            reference=f"A-{row.arrival_id}" if row.arrival_id else f"N-{row.id}",
            community=places.get(row.community_id),
            sent_to=row.sent_to,
            topic_title=row.topic_title,
            subject=row.subject,
            text=row.text,
            files=tuple(NamedFile(name, size) for name, size in row.files),
            in_reply_to=row.in_reply_to,
            sent_at=row.sent_at,
            timezone=row.timezone,
            limit_bytes=limit_bytes,
        )
        for row in rows
    }
