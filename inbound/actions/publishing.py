"""Publishing: contents, topics, posts and one fan-out row each, inside the transaction of the verdict."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Container, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.core.message import Attachment, Reading
from gateway.core.urgency import Urgency
from inbound.actions import mentioning
from inbound.actions.mentioning import Text
from inbound.case import Decided
from inbound.facts import Facts
from inbound.route import House
from store import communities, posts
from store.communities import Locked
from store.posts import NewContent, NewFile, NewPost

# Tokens of ours in what people quote are keys lying about: no post, search or digest may hand them on (PROMISES A8).
_ADDRESS_TOKEN = re.compile(r"\b(reply|digest|answer|author|leave|bounce)[^\s@a-z0-9][a-z2-7]{16,56}@", re.IGNORECASE)
_LINK_TOKEN = re.compile(r"(/(?:u|files)/)[a-z2-7]{16,56}", re.IGNORECASE)
# One mark at a time, at the front only: linear in the subject.
_ANSWER_MARK = re.compile(r"(?:re|aw|tr|fwd?|rép|sv|vs|antw|wg|odp|r|i|rif)\s*(?:\[\d+\])?\s*[:：]\s*", re.IGNORECASE)
_TAG = re.compile(r"\[([^\]]{1,200})\]\s*")
_TITLE_LENGTH = 200
# RFC 6838 §4.2 wants names far shorter; what is longer names no type that anybody knows, and fits no column.
_TYPE_LENGTH = 127


@dataclass(frozen=True, slots=True)
class Publication:
    """One post to be made: words to stand at a place. Those with the same `words_key` share one content."""

    words_key: Hashable
    words: NewContent | int
    """The id of a content that is stored already, or what is to be stored."""
    facts: Facts
    dedup_key: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """The post that was made of a Publication, and its content."""

    post_id: int
    content_id: int


def of_arrivals(tx: Connection, decided: Sequence[Decided], house: House) -> list[Publication]:
    """What published arrivals say. The arrivals of one message share one content."""
    if not decided:
        return []
    by_mail = {item.case.read.mail.id: item for item in reversed(decided)}
    # An arrival that was held while its sister was posted joins the sister's content: one mail per person all the same.
    stored = posts.contents_of_mails(tx, by_mail)
    words = {i: stored[i] if i in stored else content_of(item.case.facts, house) for i, item in by_mail.items()}
    return [
        Publication(
            item.case.read.mail.id,
            words[item.case.read.mail.id],
            item.case.facts,
            item.case.read.dedup_key,
            item.urgency is Urgency.GRANTED,
        )
        for item in decided
    ]


def publish(
    tx: Connection,
    wanted: Sequence[Publication],
    locked: dict[int, Locked],
    house: House,
    now: datetime,
    *,
    hold: timedelta = timedelta(0),
) -> list[Published]:
    """Makes posts, of which copies leave after `hold`; returns them in order.

    Numbers are allocated here, under the locks, and `locked` is told of them.
    """
    if not wanted:
        return []
    content_ids = _store_words(tx, wanted, now)
    numbers = {community_id: held.last_number for community_id, held in locked.items()}
    rows = []
    for item in wanted:
        facts = item.facts
        assert facts.community and facts.person
        names = (facts.community.name, facts.community.address)
        numbers[facts.community.id] += 1
        rows.append(
            NewPost(
                community_id=facts.community.id,
                content_id=content_ids[item.words_key],
                author_id=facts.person.id,
                number=numbers[facts.community.id],
                dedup_key=item.dedup_key,
                title=title(facts.reading.parsed.subject, facts.reading.body.text, names),
                topic_id=facts.place.topic.id if facts.place else None,
                parent_id=facts.place.post.id if facts.place else None,
                urgent=item.urgent,
            )
        )
    post_ids = posts.add_posts(tx, rows, house.keys.current, now, hold)
    for community_id, number in numbers.items():
        if number != locked[community_id].last_number:
            communities.set_last_number(tx, community_id, number)
            locked[community_id] = replace(locked[community_id], last_number=number)
    texts = [(new, item.facts.reading.body.text) for new, item in zip(rows, wanted, strict=True)]
    mentioning.note(
        tx,
        [Text(i, new.community_id, new.author_id, words) for i, (new, words) in zip(post_ids, texts, strict=True)],
    )
    return [Published(post_id, content_ids[item.words_key]) for item, post_id in zip(wanted, post_ids, strict=True)]


def _store_words(tx: Connection, wanted: Sequence[Publication], now: datetime) -> dict[Hashable, int]:
    """Content ids by words_key; what is not stored yet is, once."""
    ids: dict[Hashable, int] = {}
    fresh: dict[Hashable, NewContent] = {}
    for item in wanted:
        if isinstance(item.words, int):
            ids[item.words_key] = item.words
        else:
            fresh.setdefault(item.words_key, item.words)
    if fresh:
        ids.update(zip(fresh, posts.add_contents(tx, list(fresh.values()), now), strict=True))
    return ids


def title(subject: str, text: str, names: Iterable[str] = ()) -> str:
    """The title of a new topic: the subject without Re: and Fwd:, and without `[NAME]` of ours; else the first words.

    Other tags are the author's own: `[URGENT]` stays.
    """
    rest, _ = bare_subject(subject, names)
    words = rest or subject.strip() or next((line.strip() for line in text.splitlines() if line.strip()), "")
    return words if len(words) <= _TITLE_LENGTH else words[: _TITLE_LENGTH - 1].rstrip() + "…"


def bare_subject(subject: str, names: Iterable[str] = ()) -> tuple[str, bool]:
    """The subject without Re:, Fwd: and `[NAME]` of ours, "" where nothing is left; and whether there was a mark."""
    ours = {name.casefold() for name in names}
    rest, marked = subject, False
    while True:
        if found := _ANSWER_MARK.match(rest):
            marked = True
        elif not (found := _tag(rest, ours)):
            return rest.strip(), marked
        rest = rest[found.end() :]


def _tag(subject: str, ours: Container[str]) -> re.Match[str] | None:
    found = _TAG.match(subject)
    return found if found and found[1].strip().casefold() in ours else None


def scrub(text: str) -> str:
    """The text without our tokens: the address stays readable, its key is gone."""
    if "@" in text:
        text = _ADDRESS_TOKEN.sub(r"\1@", text)
    return _LINK_TOKEN.sub(r"\1…", text) if "/u/" in text or "/files/" in text else text


def new_message_id(house: House) -> str:
    """A Message-ID of ours that nobody had before."""
    return f"<{uuid.uuid4().hex}@{house.domain}>"


def part_key(mail_key: str, number: int) -> str:
    """What tells one part of a mail from the others among the posts of a community (I5)."""
    return hashlib.sha256(f"{mail_key}\0{number}".encode()).hexdigest()


def content_of(facts: Facts, house: House) -> NewContent:
    """What a mail says, as it is stored: without our tokens, under a Message-ID of ours."""
    assert facts.person
    return words_of(facts.reading, facts.person.id, house)


def words_of(reading: Reading, author_id: int, house: House) -> NewContent:
    """The same of a mail that was read, in the name of this person."""
    parsed, body = reading.parsed, reading.body
    return NewContent(
        message_id=new_message_id(house),
        author_message_id=parsed.message_id,
        author_id=author_id,
        subject=parsed.subject,
        text=scrub(body.text),
        html=scrub(body.html) if body.html is not None else None,
        quoted=scrub(body.quoted),
        signature=scrub(body.signature),
        forwarded=scrub(body.forwarded),
        language=reading.language,
        files=tuple(_file(attachment) for attachment in parsed.attachments),
    )


def _file(attachment: Attachment) -> NewFile:
    known = len(attachment.content_type) <= _TYPE_LENGTH
    return NewFile(
        attachment.name,
        attachment.content_type if known else "application/octet-stream",
        attachment.size,
        attachment.sha256,
        attachment.inline,
        attachment.content_id,
    )
