"""Erasure: everything that is stored of one person, taken out; their row stays as nobody, so that ids stay valid.

Called by the command line. What they wrote becomes a mark, what they received and chose is deleted. Words of theirs
that others quoted in mails of their own are others' words, and stay (GDPR art. 17; DECISIONS.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from gateway.core.community import NetworkRole, PersonState
from gateway.core.delivery import DeliveryState
from store import audit, blob_names
from store.schema import (
    OPEN_ARRIVAL,
    OPEN_DELIVERY,
    acceptances,
    addresses,
    answer_parts,
    arrivals,
    attachments,
    contents,
    deliveries,
    digest_clocks,
    digests,
    failures,
    fan_outs,
    fragments,
    join_requests,
    memberships,
    mentions,
    names,
    notices,
    people,
    posts,
    raw_mails,
    spool,
    thanks,
    topic_choices,
    topics,
    unreachable,
)

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands where the person and their words were, in the language of the network."""

    person: str
    words: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose traces are sought: the person, and every address of theirs, lower-case."""

    person_id: int
    addresses: frozenset[str]
    spellings: frozenset[str]
    """The addresses as they stand in bytes: lower-case, and as they were given."""


@dataclass(frozen=True, slots=True)
class Erased:
    """How much there was. `blobs` are named by no row any more: the caller deletes them after the commit."""

    posts: int
    mails: int
    files: int
    blobs: tuple[str, ...]


def shut_out(tx: Connection, person_id: int, marks: Marks) -> Subject:
    """Makes the person nobody: no address, no name, no place, no role. From the commit on no mail of theirs counts."""
    known = tx.scalar(select(people.c.address).where(people.c.id == person_id).with_for_update()) or ""
    keys = set(tx.scalars(select(addresses.c.key).where(addresses.c.person_id == person_id)))
    tx.execute(
        update(people)
        .where(people.c.id == person_id)
        .values(
            address=f"erased-{person_id}@erased.invalid",
            name=marks.person,
            timezone="UTC",
            role=NetworkRole.MEMBER.value,
            state=PersonState.ERASED.value,
            digest_at=None,
            digest_on=None,
            external_id=None,
            listed=False,
            left_at=None,
            paused=False,
            paused_until=None,
            heard_at=None,
            stepped_at=None,
        )
    )
    for table in (addresses, names, memberships):
        tx.execute(delete(table).where(table.c.person_id == person_id))
    spellings = {spelling for key in {*keys, known} if key for spelling in (key, key.lower())}
    return Subject(person_id, frozenset(key.lower() for key in spellings), frozenset(spellings))


def erase(tx: Connection, subject: Subject, marks: Marks, now: datetime) -> Erased:
    """Takes out what the person wrote, received and chose. Harmless to do twice."""
    mails, blobs = _forget_mails(tx, subject)
    count = tx.scalar(select(func.count()).where(posts.c.author_id == subject.person_id)) or 0
    _forget_titles(tx, subject.person_id, marks)
    files = _forget_words(tx, subject.person_id, marks, now)
    audit.forget_words(tx, subject.person_id)
    # The deliveries of a digest and of a notice go with it.
    for table in (
        acceptances,
        topic_choices,
        thanks,
        mentions,
        digest_clocks,
        answer_parts,
        digests,
        notices,
        deliveries,
        failures,
        unreachable,
        join_requests,
    ):
        tx.execute(delete(table).where(table.c.person_id == subject.person_id))
    for column in (join_requests.c.invited_by, join_requests.c.decided_by):
        tx.execute(update(join_requests).where(column == subject.person_id).values({column.name: None}))
    return Erased(count, mails, len(files), tuple(_unnamed(tx, blobs | files)))


def _forget_mails(tx: Connection, subject: Subject) -> tuple[int, set[str]]:
    """The mails they sent, with what managers were told of them, and the reports that name their addresses."""
    own = select(arrivals.c.spool_id).where(arrivals.c.person_id == subject.person_id)
    sent = or_(func.lower(spool.c.reverse_path).in_(subject.addresses), spool.c.id.in_(own))
    of_theirs = select(arrivals.c.id).join(spool, spool.c.id == arrivals.c.spool_id).where(sent)
    about = or_(
        notices.c.person_id == subject.person_id,
        notices.c.arrival_id.in_(of_theirs),
        func.lower(notices.c.author_address).in_(subject.addresses),
    )
    blobs = {file["sha256"] for files in tx.scalars(select(notices.c.files).where(about)) for file in files}
    blobs |= set(tx.scalars(select(spool.c.blob).where(sent, spool.c.blob != "")))
    tx.execute(delete(notices).where(about))
    mails = tx.execute(delete(spool).where(spool.c.id.in_(select(spool.c.id).where(sent)))).rowcount
    _forget_reports(tx, subject.spellings)
    return mails, {blob for blob in blobs if blob}


def _forget_reports(tx: Connection, theirs: Iterable[str]) -> None:
    """The bytes of mails of others that name an address, such as bounces; those that wait for a human keep theirs."""
    open_ones = select(arrivals.c.spool_id).where(OPEN_ARRIVAL)
    done = select(spool.c.id).where(spool.c.state == "closed", spool.c.id.not_in(open_ones))
    for address in sorted(theirs):
        tx.execute(delete(raw_mails).where(and_(raw_mails.c.spool_id.in_(done), _names(tx, address.encode()))))


def _names(tx: Connection, address: bytes) -> ColumnElement[bool]:
    # LIKE of SQLite ends at a zero octet; PostgreSQL has no instr. A wildcard in an address finds a little too much.
    if tx.dialect.name == "sqlite":
        return func.instr(raw_mails.c.data, address) > 0
    return raw_mails.c.data.op("LIKE")(b"%" + address + b"%")


def _forget_titles(tx: Connection, person_id: int, marks: Marks) -> None:
    """The titles of topics they opened, where these stand: at the topic, in subjects of answers, in notices."""
    wrote_in = select(posts.c.topic_id).where(posts.c.author_id == person_id)
    first = select(func.min(posts.c.id)).where(posts.c.topic_id.in_(wrote_in)).group_by(posts.c.topic_id)
    opened = (
        select(topics.c.id, topics.c.title)
        .join(posts, posts.c.topic_id == topics.c.id)
        .where(posts.c.id.in_(first), posts.c.author_id == person_id, topics.c.title != marks.words)
    )
    titles = {row.id: row.title for row in tx.execute(opened)}
    for topic_id, whole in titles.items():
        # A long title was cut, and its subject was not.
        title = whole.removesuffix("…")
        within = select(posts.c.content_id).where(posts.c.topic_id == topic_id)
        cut = func.replace(contents.c.subject, title, marks.words)
        tx.execute(update(topics).where(topics.c.id == topic_id).values(title=marks.words))
        tx.execute(update(contents).where(contents.c.id.in_(within)).values(subject=cut))
    if not titles:
        return
    # Notices have no index of titles: they are read once, and few tell of any.
    gone = set(titles.values())
    for told in gone.intersection(tx.scalars(select(notices.c.topic_title).distinct())):
        subject = func.replace(notices.c.subject, told.removesuffix("…"), marks.words)
        same = notices.c.topic_title == told
        tx.execute(update(notices).where(same).values(topic_title=marks.words, subject=subject))
    for row in tx.execute(select(notices.c.id, notices.c.details).where(notices.c.details.is_not(None))).all():
        if row.details and row.details.get("topic_title") in gone:
            told_now = {**row.details, "topic_title": marks.words}
            tx.execute(update(notices).where(notices.c.id == row.id).values(details=told_now))


def _forget_words(tx: Connection, person_id: int, marks: Marks, now: datetime) -> set[str]:
    """Their contents become the mark, in posts and in digests; returns the files that these had."""
    theirs = select(contents.c.id).where(contents.c.author_id == person_id)
    files = set(tx.scalars(select(attachments.c.sha256).where(attachments.c.content_id.in_(theirs))))
    tx.execute(delete(attachments).where(attachments.c.content_id.in_(theirs)))
    tx.execute(
        update(contents)
        .where(contents.c.author_id == person_id)
        .values(
            author_message_id="",
            subject=marks.words,
            text=marks.words,
            html=None,
            quoted="",
            signature="",
            forwarded="",
            language=None,
        )
    )
    wrote_in = select(posts.c.topic_id).where(posts.c.author_id == person_id)
    tx.execute(delete(fragments).where(fragments.c.topic_id.in_(wrote_in)))
    own = select(posts.c.id).where(posts.c.author_id == person_id)
    tx.execute(delete(mentions).where(mentions.c.post_id.in_(own)))
    # What was cut from answers to them is their words again, and is shown to nobody.
    answers = select(posts.c.content_id).where(posts.c.parent_id.in_(own))
    tx.execute(update(contents).where(contents.c.id.in_(answers)).values(quoted=""))
    # Nobody is sent a mark who had not read the words.
    tx.execute(
        update(deliveries)
        .where(OPEN_DELIVERY, deliveries.c.content_id.in_(theirs))
        .values(state=DeliveryState.DROPPED.value, finished_at=now, answer="its author was erased")
    )
    tx.execute(
        update(fan_outs).where(fan_outs.c.author_id == person_id, fan_outs.c.closed_at.is_(None)).values(closed_at=now)
    )
    return files


def _unnamed(tx: Connection, blobs: Iterable[str]) -> list[str]:
    candidates = sorted(blobs)
    left: set[str] = set()
    for start in range(0, len(candidates), _AT_ONCE):
        left |= blob_names.unnamed(tx, candidates[start : start + _AT_ONCE])
    return sorted(left)
