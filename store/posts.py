"""Topics, contents and posts: what people wrote, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, insert, literal, select, union_all, update

from gateway.core.community import PersonState, shown_name
from gateway.core.post import Content, Post, StoredFile, Topic
from store.schema import arrivals, attachments, communities, contents, fan_outs, memberships, people, posts, topics


@dataclass(frozen=True, slots=True)
class NewFile:
    """An attachment whose blob is stored."""

    name: str
    content_type: str
    size: int
    sha256: str
    inline: bool
    content_id: str


@dataclass(frozen=True, slots=True)
class NewContent:
    """The words of one mail, to be added."""

    message_id: str
    author_message_id: str
    author_id: int
    subject: str
    text: str
    html: str | None
    quoted: str
    signature: str
    forwarded: str
    language: str | None
    files: tuple[NewFile, ...]
    written_at: datetime | None = None
    """Of an imported mail; None for now."""


@dataclass(frozen=True, slots=True)
class NewPost:
    """A content to stand in a community: in an existing topic, or as the first post of a new one."""

    community_id: int
    content_id: int
    author_id: int
    number: int
    dedup_key: str
    title: str
    topic_id: int | None
    parent_id: int | None
    urgent: bool = False
    """It may reach people in their quiet hours, who allow it."""


def add_contents(tx: Connection, batch: Sequence[NewContent], now: datetime) -> list[int]:
    """Adds contents with their attachments; returns their ids in order."""
    rows = [
        {
            "message_id": new.message_id,
            "author_message_id": new.author_message_id,
            "author_id": new.author_id,
            "subject": new.subject,
            "text": new.text,
            "html": new.html,
            "quoted": new.quoted,
            "signature": new.signature,
            "forwarded": new.forwarded,
            "language": new.language,
            "created_at": new.written_at or now,
        }
        for new in batch
    ]
    ids = list(tx.scalars(insert(contents).returning(contents.c.id, sort_by_parameter_order=True), rows))
    files = [
        {
            "content_id": content_id,
            "name": file.name,
            "content_type": file.content_type,
            "size": file.size,
            "sha256": file.sha256,
            "inline": file.inline,
            "cid": file.content_id,
        }
        for content_id, new in zip(ids, batch, strict=True)
        for file in new.files
    ]
    if files:
        tx.execute(insert(attachments), files)
    return ids


def add_posts(
    tx: Connection, batch: Sequence[NewPost], key_id: int, now: datetime, hold: timedelta = timedelta(0)
) -> list[int]:
    """Adds posts, the topics they open and one fan-out row each (I3); returns the post ids in order.

    The caller holds the locks of their communities and has allocated the numbers under them. Copies leave after `hold`.
    """
    opening = [new for new in batch if new.topic_id is None]
    opened: list[int] = []
    if opening:
        rows = [{"community_id": new.community_id, "title": new.title, "created_at": now} for new in opening]
        opened = list(tx.scalars(insert(topics).returning(topics.c.id, sort_by_parameter_order=True), rows))
    fresh = iter(opened)
    rows = [
        {
            "community_id": new.community_id,
            "topic_id": new.topic_id if new.topic_id is not None else next(fresh),
            "content_id": new.content_id,
            "number": new.number,
            "parent_id": new.parent_id,
            "author_id": new.author_id,
            "dedup_key": new.dedup_key,
            "urgent": new.urgent,
            "created_at": now,
        }
        for new in batch
    ]
    ids = list(tx.scalars(insert(posts).returning(posts.c.id, sort_by_parameter_order=True), rows))
    tx.execute(
        insert(fan_outs),
        [
            {
                "post_id": post_id,
                "content_id": new.content_id,
                "community_id": new.community_id,
                "author_id": new.author_id,
                "key_id": key_id,
                "created_at": now,
                "due_at": now + hold,
            }
            for post_id, new in zip(ids, batch, strict=True)
        ],
    )
    return ids


def copy_content(tx: Connection, content_id: int, message_id: str, now: datetime) -> int:
    """The same words and files as another mail; returns the id of the new content."""
    same = ("author_message_id", "author_id", "subject", "text", "html", "quoted", "signature", "forwarded", "language")
    columns = [contents.c[name] for name in same]
    row = tx.execute(select(*columns).where(contents.c.id == content_id)).one()._asdict()
    [new_id] = tx.scalars(
        insert(contents).returning(contents.c.id), {**row, "message_id": message_id, "created_at": now}
    )
    files = ("name", "content_type", "size", "sha256", "inline", "cid")
    query = select(*(attachments.c[name] for name in files)).where(attachments.c.content_id == content_id)
    rows = [{**file._asdict(), "content_id": new_id} for file in tx.execute(query.order_by(attachments.c.id))]
    if rows:
        tx.execute(insert(attachments), rows)
    return int(new_id)


@dataclass(frozen=True, slots=True)
class Place:
    """A post with its topic: where an answer to it goes."""

    post: Post
    topic: Topic


_place = select(
    posts.c.id,
    posts.c.community_id,
    posts.c.topic_id,
    posts.c.content_id,
    posts.c.number,
    posts.c.parent_id,
    posts.c.author_id,
    posts.c.withdrawn_at,
    topics.c.title,
    topics.c.closed,
).join(topics, topics.c.id == posts.c.topic_id)


def places(tx: Connection, post_ids: Iterable[int]) -> dict[int, Place]:
    """Posts with their topics, by post id."""
    return {row.id: _to_place(row) for row in tx.execute(_place.where(posts.c.id.in_(list(post_ids))))}


def latest_of_topics(tx: Connection, topic_ids: Iterable[int]) -> dict[int, Place]:
    """The latest visible post of each topic, by topic id: where an answer to the topic goes."""
    latest = (
        select(func.max(posts.c.id))
        .where(posts.c.topic_id.in_(list(topic_ids)), posts.c.withdrawn_at.is_(None))
        .group_by(posts.c.topic_id)
    )
    return {row.topic_id: _to_place(row) for row in tx.execute(_place.where(posts.c.id.in_(latest)))}


def places_by_message_id(tx: Connection, message_ids: Iterable[str]) -> dict[str, list[Place]]:
    """Posts by a Message-ID they are known under, ours or the author's own; a content may stand in several places."""
    wanted = list(message_ids)
    if not wanted:
        return {}
    known = union_all(
        select(contents.c.id, contents.c.message_id.label("known_as")).where(contents.c.message_id.in_(wanted)),
        select(contents.c.id, contents.c.author_message_id.label("known_as")).where(
            contents.c.author_message_id.in_(wanted)
        ),
    ).subquery()
    query = _place.add_columns(known.c.known_as).join(known, known.c.id == posts.c.content_id).order_by(posts.c.id)
    found: dict[str, list[Place]] = {}
    for row in tx.execute(query):
        found.setdefault(row.known_as, []).append(_to_place(row))
    return found


def duplicates(tx: Connection, keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Of (community id, dedup key), those that are posts already, with the post's id."""
    wanted = set(keys)
    # SQLite reads the whole table for a list of pairs; two lists meet in the index.
    query = select(posts.c.community_id, posts.c.dedup_key, posts.c.id).where(
        posts.c.community_id.in_({pair[0] for pair in wanted}), posts.c.dedup_key.in_({pair[1] for pair in wanted})
    )
    found = {(row.community_id, row.dedup_key): row.id for row in tx.execute(query)}
    return {key: post_id for key, post_id in found.items() if key in wanted}


def written(tx: Connection, pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of (community, person), those where something stands that this person wrote."""
    wanted = list(pairs)
    theirs = [
        select(literal(community_id), literal(person_id)).where(
            exists().where(
                posts.c.author_id == person_id, posts.c.community_id == community_id, posts.c.withdrawn_at.is_(None)
            )
        )
        for community_id, person_id in wanted
    ]
    return {(row[0], row[1]) for row in tx.execute(union_all(*theirs))} if theirs else set()


def authors_of_any(tx: Connection, person_ids: Iterable[int]) -> set[int]:
    """Of these people, those who ever posted anything anywhere."""
    found = (
        select(literal(person_id)).where(exists().where(posts.c.author_id == person_id)) for person_id in person_ids
    )
    asked = list(found)
    return {row[0] for row in tx.execute(union_all(*asked))} if asked else set()


@dataclass(frozen=True, slots=True)
class OwnPost:
    """A post as its author takes it back."""

    id: int
    community_id: int
    topic_id: int
    subject: str
    """Of its mail; "" where that had none."""
    created_at: datetime
    is_withdrawn: bool


def own(tx: Connection, author_id: int, post_id: int | None) -> OwnPost | None:
    """The post, where it is this person's; its row is locked until the transaction ends."""
    query = (
        select(
            posts.c.id,
            posts.c.community_id,
            posts.c.topic_id,
            contents.c.subject,
            posts.c.created_at,
            posts.c.withdrawn_at.is_not(None),
        )
        .join(contents, contents.c.id == posts.c.content_id)
        .where(posts.c.id == post_id, posts.c.author_id == author_id)
        .with_for_update(of=posts)
    )
    row = tx.execute(query).first()
    return OwnPost(*row) if row else None


def latest_own(tx: Connection, author_id: int, community_id: int, subject: str, since: datetime) -> int | None:
    """The latest post of this person there under that subject, not older than that."""
    query = (
        select(posts.c.id)
        .join(contents, contents.c.id == posts.c.content_id)
        .where(posts.c.author_id == author_id, posts.c.community_id == community_id, posts.c.created_at >= since)
        .where(func.lower(contents.c.subject) == subject.lower())
        .order_by(posts.c.id.desc())
        .limit(1)
    )
    found: int | None = tx.scalar(query)
    return found


def keys_of_message_ids(tx: Connection, message_ids: Iterable[str]) -> dict[str, set[str]]:
    """By author's Message-ID, the dedup keys of the posts that carry it: one, unless it was reused."""
    wanted = [message_id for message_id in message_ids if message_id]
    if not wanted:
        return {}
    query = (
        select(contents.c.author_message_id, posts.c.dedup_key)
        .join(posts, posts.c.content_id == contents.c.id)
        .where(contents.c.author_message_id.in_(wanted))
        .distinct()
    )
    keys: dict[str, set[str]] = {}
    for message_id, key in tx.execute(query):
        keys.setdefault(message_id, set()).add(key)
    return keys


def contents_of_mails(tx: Connection, mail_ids: Iterable[int]) -> dict[int, int]:
    """By message id, the content that one of its arrivals was published as before: the others join it."""
    query = (
        select(arrivals.c.spool_id, posts.c.content_id)
        .join(posts, posts.c.id == arrivals.c.post_id)
        .where(arrivals.c.spool_id.in_(list(mail_ids)))
    )
    return {row[0]: row[1] for row in tx.execute(query)}


def get_contents(tx: Connection, ids: Iterable[int]) -> dict[int, Content]:
    """Contents with their authors' names and their files, by id."""
    wanted = list(ids)
    files: dict[int, list[StoredFile]] = {}
    by_content = select(attachments).where(attachments.c.content_id.in_(wanted)).order_by(attachments.c.id)
    for row in tx.execute(by_content):
        file = StoredFile(row.id, row.name, row.content_type, row.size, row.sha256, row.inline, row.cid)
        files.setdefault(row.content_id, []).append(file)
    query = (
        select(contents, people.c.name.label("author_name"), people.c.address.label("author_address"))
        .join(people, people.c.id == contents.c.author_id)
        .where(contents.c.id.in_(wanted))
    )
    return {
        row.id: Content(
            row.id,
            row.message_id,
            row.author_id,
            shown_name(row.author_name, row.author_address),
            row.author_message_id,
            row.subject,
            row.text,
            row.html,
            row.language,
            tuple(files.get(row.id, ())),
            row.created_at,
            row.forwarded,
        )
        for row in tx.execute(query)
    }


_chain_start = (
    select(posts.c.id, posts.c.parent_id, posts.c.content_id, literal(0).label("height"))
    .where(posts.c.id == bindparam("post"))
    .cte("chain", recursive=True)
)
_above = posts.alias("above")
_chain = _chain_start.union_all(
    select(_above.c.id, _above.c.parent_id, _above.c.content_id, _chain_start.c.height + 1)
    .join(_chain_start, _chain_start.c.parent_id == _above.c.id)
    .where(_chain_start.c.height < 9)
)
_ancestry = (
    select(contents.c.message_id, contents.c.author_message_id)
    .join(_chain, _chain.c.content_id == contents.c.id)
    .order_by(_chain.c.height.desc())
)


def ancestry(tx: Connection, post_id: int) -> list[tuple[str, str]]:
    """(our Message-ID, the author's) of this post and up to nine posts above it, oldest first."""
    return [(row.message_id, row.author_message_id) for row in tx.execute(_ancestry, {"post": post_id})]


def latest_texts(tx: Connection, author_ids: Iterable[int], most: int) -> dict[int, list[str]]:
    """By author, the text of their latest contents with the signature that was cut from it, newest first."""
    found = {}
    for author_id in author_ids:
        latest = (
            select(contents.c.text, contents.c.signature)
            .where(contents.c.author_id == author_id)
            .order_by(contents.c.id.desc())
            .limit(most)
        )
        found[author_id] = [f"{text}\n{signature}" for text, signature in tx.execute(latest)]
    return found


def community_names(tx: Connection, content_ids: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
    """By content, the (id, name) of every community it stands in, in the order of its posts."""
    query = (
        select(posts.c.content_id, communities.c.id, communities.c.name)
        .join(communities, communities.c.id == posts.c.community_id)
        .where(posts.c.content_id.in_(list(content_ids)), posts.c.withdrawn_at.is_(None))
        .order_by(posts.c.id)
    )
    names: dict[int, list[tuple[int, str]]] = {}
    for content_id, community_id, name in tx.execute(query):
        names.setdefault(content_id, []).append((community_id, name))
    return names


def file_for(tx: Connection, attachment_id: int, person_id: int) -> StoredFile | None:
    """The attachment, if this person may read it now: an active member of a community where it stands (I11)."""
    readable = (
        select(attachments)
        .join(posts, posts.c.content_id == attachments.c.content_id)
        .join(memberships, memberships.c.community_id == posts.c.community_id)
        .join(people, people.c.id == memberships.c.person_id)
        .where(attachments.c.id == attachment_id, posts.c.withdrawn_at.is_(None))
        .where(people.c.id == person_id, people.c.state == PersonState.ACTIVE.value)
        .limit(1)
    )
    row = tx.execute(readable).first()
    if row is None:
        return None
    return StoredFile(row.id, row.name, row.content_type, row.size, row.sha256, row.inline, row.cid)


def withdraw(tx: Connection, post_id: int, now: datetime) -> bool:
    """Withdraws a post: what was not sent is dropped when its turn comes. Returns whether it was visible."""
    query = update(posts).where(posts.c.id == post_id, posts.c.withdrawn_at.is_(None)).values(withdrawn_at=now)
    return tx.execute(query).rowcount == 1


def _to_place(row: Any) -> Place:
    post = Post(
        row.id,
        row.community_id,
        row.topic_id,
        row.content_id,
        row.number,
        row.parent_id,
        row.author_id,
        row.withdrawn_at is not None,
    )
    return Place(post, Topic(row.topic_id, row.community_id, row.title, row.closed))
