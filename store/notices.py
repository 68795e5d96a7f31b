"""Notices: mails about one mail, kept with the words of that mail until they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, and_, delete, exists, func, insert, select

from gateway.core.command import HelpLine, Verb
from gateway.core.community import Ended, Pace, Role
from gateway.core.decision import Reason
from gateway.core.notice import Author, Choice, LostPerson, NamedFile, NoticeKind, NoticeMail, Obeyed, Result
from gateway.core.question import Asks, Question
from gateway.core.report import Advice, QuietTopic, Week
from gateway.core.sheet import Sheet
from gateway.core.urgency import Urgency
from store import answer_parts, circumstances, communities, deliveries, readings, sheets, welcomes
from store import people as everybody
from store.readings import TopicRead
from store.schema import OPEN_ARRIVAL, arrivals, notices, people
from store.schema import deliveries as delivery_rows

_ASKING = (NoticeKind.QUESTION, NoticeKind.LETTER, NoticeKind.RETURNED)
HUSH = timedelta(hours=1)
"""One notice for a cause in this time: a machine that answers is not answered on (RFC 3834 §2)."""
Cause: TypeAlias = tuple[int, NoticeKind, Reason, int | None]
"""Person, kind, reason, and the community it is about."""


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to be added, with its delivery."""

    person_id: int
    kind: NoticeKind
    reason: Reason
    message_id: str
    in_reply_to: str
    community_id: int | None
    arrival_id: int | None
    sent_to: str
    topic_title: str
    subject: str
    text: str
    files: tuple[NamedFile, ...]
    sent_at: datetime
    author: Author | None = None
    """Whose mail it is, where it is not the person's own."""
    once: str | None = None
    """What this person is told of once only, in at most 100 characters; None where it may be said again."""
    waiting: int = 0
    """How many mails wait, where that is what it tells."""
    obeyed: Obeyed | None = None
    """The command that was carried out."""
    topic_id: int | None = None
    """The topic that is to be read by mail."""
    question: Question | None = None
    week: Week | None = None
    """What a report tells."""
    """What it asks."""
    words: str = ""
    """What those who run the place said of the mail."""
    post_ids: tuple[int, ...] | None = None
    """The posts that are to be read by mail, of several topics."""
    lost: Mapping[int, Sequence[int]] | None = None
    """By person who cannot be reached, the communities of theirs that are told with their name."""


def recent(tx: Connection, people_ids: Iterable[int], now: datetime) -> set[Cause]:
    """What these people were told within the last hour."""
    query = select(notices.c.person_id, notices.c.kind, notices.c.reason, notices.c.community_id).where(
        notices.c.person_id.in_(list(people_ids)), notices.c.created_at > now - HUSH
    )
    return {(row[0], NoticeKind(row.kind), Reason(row.reason), row.community_id) for row in tx.execute(query)}


def counts(
    tx: Connection, people_ids: Iterable[int], kind: NoticeKind, reasons: Iterable[Reason], now: datetime
) -> dict[int, int]:
    """By person, how many notices of this kind and of these reasons were made for them within the last hour."""
    query = (
        select(notices.c.person_id, func.count())
        .where(notices.c.person_id.in_(list(people_ids)), notices.c.kind == kind.value)
        .where(notices.c.reason.in_([reason.value for reason in reasons]), notices.c.created_at > now - HUSH)
        .group_by(notices.c.person_id)
    )
    return {row[0]: row[1] for row in tx.execute(query)}


def count_to_domain(tx: Connection, domain: str, kind: NoticeKind, reasons: Iterable[Reason], now: datetime) -> int:
    """How many notices of this kind and of these reasons were made within the last hour for people of a mail domain."""
    query = (
        select(func.count())
        .select_from(notices.join(people, people.c.id == notices.c.person_id))
        .where(notices.c.created_at > now - HUSH, notices.c.kind == kind.value)
        .where(notices.c.reason.in_([reason.value for reason in reasons]))
        .where(people.c.address.endswith(f"@{domain}", autoescape=True))
    )
    return tx.scalar(query) or 0


def last_of_places(tx: Connection, kinds: Iterable[NoticeKind]) -> dict[tuple[NoticeKind, int | None], datetime]:
    """By (kind, community), when the latest notice of these kinds was made."""
    query = (
        select(notices.c.kind, notices.c.community_id, func.max(notices.c.created_at))
        .where(notices.c.kind.in_([kind.value for kind in kinds]))
        .group_by(notices.c.kind, notices.c.community_id)
    )
    return {(NoticeKind(row[0]), row[1]): row[2] for row in tx.execute(query)}


def told(tx: Connection, people_ids: Iterable[int], onces: Iterable[str]) -> set[tuple[int, str]]:
    """Of these people and what is told once, the pairs (person, once) that are told."""
    query = select(notices.c.person_id, notices.c.once).where(
        notices.c.person_id.in_(list(people_ids)), notices.c.once.in_(list(onces))
    )
    return {(row[0], row[1]) for row in tx.execute(query)}


def suppressed(tx: Connection, cause: Cause) -> int:
    """How many mails that still wait met with the same since the person was last told of it: they are in no notice."""
    person_id, kind, reason, community_id = cause
    same = and_(
        notices.c.person_id == person_id,
        notices.c.kind == kind.value,
        notices.c.reason == reason.value,
        notices.c.community_id.is_not_distinct_from(community_id),
    )
    last = tx.scalar(select(func.max(notices.c.created_at)).where(same))
    if last is None:
        return 0
    query = select(func.count()).where(
        OPEN_ARRIVAL,
        arrivals.c.state == "held",
        arrivals.c.person_id == person_id,
        arrivals.c.reason == reason.value,
        arrivals.c.community_id.is_not_distinct_from(community_id),
        arrivals.c.closed_at > last,
    )
    return tx.scalar(query) or 0


@dataclass(frozen=True, slots=True)
class Told:
    """A notice about a mail: whose it is, and how another one stands under it."""

    id: int
    person_id: int
    message_id: str
    subject: str
    """Of the mail."""


def asked_about(tx: Connection, arrival_id: int, asks: Asks) -> list[Told]:
    """The notices that asked this about an arrival, oldest first."""
    query = (
        select(notices.c.id, notices.c.person_id, notices.c.message_id, notices.c.subject, notices.c.details)
        .where(notices.c.arrival_id == arrival_id, notices.c.kind == NoticeKind.QUESTION.value)
        .order_by(notices.c.id)
    )
    rows = tx.execute(query).all()
    return [Told(*row[:4]) for row in rows if row.details and row.details["asks"] == asks.value]


def ask_again(tx: Connection, told: Told, message_id: str, key_id: int, now: datetime) -> None:
    """The same question to the same person once more, under the first one; does nothing where it was asked again."""
    row = tx.execute(select(notices).where(notices.c.id == told.id)).one()._asdict()
    if row["details"]["again"]:
        return
    again = {
        **row,
        "message_id": message_id,
        "in_reply_to": told.message_id,
        "once": None,
        "details": {**row["details"], "again": True},
        "created_at": now,
    }
    del again["id"]
    notice_id = tx.scalars(insert(notices).returning(notices.c.id), again).one()
    deliveries.add_notice_delivery(tx, notice_id, told.person_id, key_id, now)


def add(tx: Connection, batch: Sequence[NewNotice], key_id: int, now: datetime) -> None:
    """Adds notices, each with its one delivery."""
    if not batch:
        return
    rows = [_row(new, now) for new in batch]
    ids = tx.scalars(insert(notices).returning(notices.c.id, sort_by_parameter_order=True), rows)
    for notice_id, new in zip(list(ids), batch, strict=True):
        deliveries.add_notice_delivery(tx, notice_id, new.person_id, key_id, now)


def _row(new: NewNotice, now: datetime) -> dict[str, object]:
    author = new.author or Author("", "", proven=False, known=False)
    return {
        "person_id": new.person_id,
        "kind": new.kind.value,
        "reason": new.reason.value,
        "message_id": new.message_id,
        "in_reply_to": new.in_reply_to,
        "community_id": new.community_id,
        "arrival_id": new.arrival_id,
        "once": new.once,
        "waiting": new.waiting,
        "details": _details(new),
        "author_name": author.name,
        "author_address": author.address,
        "proven": author.proven,
        "known": author.known,
        "sent_to": new.sent_to,
        "topic_title": new.topic_title,
        "subject": new.subject,
        "text": new.text,
        "files": [asdict(file) for file in new.files],
        "sent_at": new.sent_at,
        "created_at": now,
    }


def _details(new: NewNotice) -> dict[str, Any] | None:
    if new.obeyed is not None:
        until = new.obeyed.until.isoformat() if new.obeyed.until else None
        return {**asdict(new.obeyed), "until": until}
    if new.question is not None:
        asked = new.question
        until = asked.until.isoformat() if asked.until else None
        return {
            **asdict(asked),
            "until": until,
            "before": _written(asked.before),
            "later_from": _written(asked.later_from),
        }
    if new.week is not None:
        week = new.week
        return {**asdict(week), "since": week.since.isoformat(), "until": week.until.isoformat()}
    if new.words:
        return {"words": new.words}
    if new.lost is not None:
        return {"lost": [[person_id, list(places)] for person_id, places in new.lost.items()]}
    if new.post_ids is not None:
        return {"post_ids": list(new.post_ids)}
    return {"topic_id": new.topic_id} if new.topic_id is not None else None


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _read_moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def get_all(tx: Connection, ids: Iterable[int], *, limit_bytes: int) -> dict[int, NoticeMail]:
    """Notices by id, ready to be composed. `limit_bytes` is what attachments may weigh at present."""
    query = (
        select(notices, people.c.timezone)
        .outerjoin(people, people.c.id == notices.c.person_id)
        .where(notices.c.id.in_(list(ids)))
    )
    rows = tx.execute(query).all()
    named = {row.id: row.details["lost"] for row in rows if row.kind == NoticeKind.LOST}
    theirs = {place_id for told in named.values() for _, place_ids in told for place_id in place_ids}
    places = communities.get_all(tx, {row.community_id for row in rows if row.community_id} | theirs)
    gone = everybody.get_all(tx, {person_id for told in named.values() for person_id, _ in told}) if named else {}
    receipts = {row.arrival_id for row in rows if row.kind == NoticeKind.RECEIPT and row.arrival_id}
    lines = answer_parts.receipt_lines(tx, receipts) if receipts else {}
    choices = answer_parts.choices(tx, receipts) if receipts else {}
    read = {row.id: _read(tx, row) for row in rows if _is_reading(row)}
    asked = {row.id: (what, row.created_at) for row in rows if (what := _obeyed(row) or _question(row))}
    around = circumstances.find(tx, asked, {row.id: row.person_id for row in rows}) if asked else {}
    return {
        row.id: replace(
            _told(row, read.get(row.id, readings.NOTHING)),
            community=places.get(row.community_id),
            limit_bytes=limit_bytes,
            lines=lines.get(row.arrival_id, ()),
            choices=choices.get(row.arrival_id, ()),
            circumstances=around.get(row.id),
            sheet=_sheet(tx, row),
            lost=tuple(
                LostPerson(gone[person_id].shown_name, tuple(places[i].name for i in place_ids if i in places))
                for person_id, place_ids in named.get(row.id, ())
                if person_id in gone
            ),
        )
        for row in rows
    }


def _told(row: Row[Any], read: TopicRead) -> NoticeMail:
    """What the row tells by itself, and the topic where it is one to be read."""
    return NoticeMail(
        kind=NoticeKind(row.kind),
        reason=Reason(row.reason),
        message_id=row.message_id,
        reference=f"A-{row.arrival_id}" if row.arrival_id else f"N-{row.id}",
        community=None,
        sent_to=row.sent_to,
        topic_title=row.topic_title,
        subject=row.subject,
        text=row.text,
        files=tuple(NamedFile(**file) for file in row.files),
        in_reply_to=row.in_reply_to,
        sent_at=row.sent_at,
        timezone=row.timezone or "UTC",
        limit_bytes=0,
        author=_author(row),
        waiting=row.waiting,
        id=row.id,
        obeyed=_obeyed(row),
        question=_question(row),
        week=_week(row),
        is_shared=row.person_id is None,
        words=row.details.get("words", "") if row.kind == NoticeKind.RETURNED and row.details else "",
        topic=_alarming(row) or read.topic,
        read=read.posts,
        left_out=read.left_out,
        post_id=read.post_id,
    )


def told_of(tx: Connection, ids: Iterable[int]) -> dict[int, Obeyed | Question]:
    """By notice, the command it told of or the question it asked; only for notices that did either."""
    query = select(notices.c.id, notices.c.kind, notices.c.details).where(notices.c.id.in_(list(ids)))
    return {row.id: what for row in tx.execute(query) if (what := _obeyed(row) or _question(row)) is not None}


def asked_again(tx: Connection, ids: Iterable[int]) -> set[int]:
    """Of these receipts those after which the latest about the same answer says that nothing was understood."""
    later = notices.alias()
    query = (
        select(notices.c.id, func.max(later.c.id).label("latest"))
        .join(later, and_(later.c.person_id == notices.c.person_id, later.c.arrival_id == notices.c.arrival_id))
        .where(notices.c.id.in_(list(ids)), later.c.kind == NoticeKind.RECEIPT.value)
        .group_by(notices.c.id)
        .subquery()
    )
    unclear = select(query.c.id).join(notices, notices.c.id == query.c.latest)
    return set(tx.scalars(unclear.where(notices.c.reason == Reason.NOT_UNDERSTOOD.value)))


def _is_reading(row: Any) -> bool:
    return bool(row.details and (row.kind == NoticeKind.READING or row.details.get("topic_ids")))


def _read(tx: Connection, row: Any) -> TopicRead:
    """One topic, the latest posts of a community, or what whoever has just come in is shown of it."""
    told = row.details
    if told.get("topic_id") is not None:
        return readings.read(tx, told["topic_id"], row.person_id)
    if row.kind == NoticeKind.READING:
        return TopicRead(posts=welcomes.told(tx, told["post_ids"], row.person_id))
    return TopicRead(posts=welcomes.openings(tx, told["topic_ids"], row.person_id))


def _alarming(row: Any) -> Choice | None:
    """The topic that goes too fast, where the notice is about one."""
    return Choice(row.details["topic_id"], row.topic_title) if row.kind == NoticeKind.STORM else None


def _obeyed(row: Any) -> Obeyed | None:
    if row.kind != NoticeKind.OBEYED or not row.details:
        return None
    told = row.details
    return Obeyed(
        Verb(told["verb"]),
        tuple(told["communities"]),
        told["topic_id"],
        told["topic_title"],
        date.fromisoformat(told["until"]) if told["until"] else None,
        tuple(told["community_ids"]),
        Result(told["result"]),
        told["person_id"],
        told["by_id"],
        told["number"],
        told["address"],
        tuple(told["topic_ids"]),
        tuple(HelpLine(**line) for line in told["lines"]),
        told["words"],
        _ended(told["ended"]),
    )


def _sheet(tx: Connection, row: Any) -> Sheet | None:
    told = _obeyed(row)
    if told is None or told.verb not in sheets.VERBS or told.result is not Result.DONE:
        return None
    return sheets.fill(tx, told.verb, row.person_id, row.community_id)


def _ended(told: Mapping[str, Any] | None) -> Ended | None:
    if told is None:
        return None
    return Ended(**{**told, "role": Role(told["role"]), "pace": Pace(told["pace"]) if told["pace"] else None})


def _question(row: Any) -> Question | None:
    if row.kind not in _ASKING or not row.details or "asks" not in row.details:
        return None
    told = row.details
    until = date.fromisoformat(told["until"]) if told["until"] else None
    of_types = {
        "asks": Asks(told["asks"]),
        "taken_off": tuple(told["taken_off"]),
        "until": until,
        "before": _read_moment(told["before"]),
        "later_from": _read_moment(told["later_from"]),
        "urgency": Urgency(told["urgency"]),
    }
    return Question(**{**told, **of_types})


def _week(row: Any) -> Week | None:
    if row.kind != NoticeKind.REPORT or not row.details:
        return None
    told = row.details
    return Week(
        **{
            **told,
            "since": date.fromisoformat(told["since"]),
            "until": date.fromisoformat(told["until"]),
            "quiet": tuple(QuietTopic(**topic) for topic in told["quiet"]),
            "newcomers": tuple(told["newcomers"]),
            "advice": tuple(map(Advice, told["advice"])),
        }
    )


def _author(row: Row[Any]) -> Author | None:
    is_another = row.kind == NoticeKind.FORWARDED or (row.kind in _ASKING and row.author_name + row.author_address)
    if not is_another:
        return None
    return Author(row.author_name, row.author_address, proven=row.proven, known=row.known)


def purge(tx: Connection, before: datetime, most: int) -> int:
    """Forgets up to `most` notices of before whose deliveries are forgotten already; returns how many."""
    kept = exists().where(delivery_rows.c.notice_id == notices.c.id)
    old = select(notices.c.id).where(notices.c.created_at < before, ~kept).limit(most)
    return tx.execute(delete(notices).where(notices.c.id.in_(old))).rowcount
