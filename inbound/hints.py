"""Hints for the readers: before a mail is parsed, a glimpse of its envelope and header tells what it may answer and who
may have written it, and so which texts of ours and of theirs it may carry along.

Called by the worker for a claimed batch. A wrong hint does no harm: it only cuts what is word for word the same. Never
raises for a mail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Connection

from gateway.core.community import Person
from gateway.core.digest import SentDigest
from gateway.core.message import NOTHING_KNOWN, Hints, Mail
from inbound.route import Destination, House, ToDigest, ToParent, ToPost, ToQuestion, digest_answered, route
from store import people, posts

SentTexts: TypeAlias = Callable[[Connection, Iterable[tuple[int, str]]], dict[tuple[int, str], str]]
"""(post id, locale) → the text of that post's mail as it was sent."""

SentDigests: TypeAlias = Callable[[Connection, Iterable[int]], dict[int, SentDigest]]
"""digest id → that digest as its reader got it, for those whose words are kept."""

_GLIMPSE = 32_768
_EARLIER = 4
# What a signature may take at the end of a text; the rest need not travel.
_TAIL = 2400
_MOST_ANSWERED = 2
_FIELD = re.compile(rb"^(in-reply-to|references|from):((?:[^\n]*\n[ \t])*[^\n]*)", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(rb"<[^<>\s]{3,250}>")
_ADDRESS = re.compile(rb"[^\s<>()\",;:]{1,64}@[A-Za-z0-9.-]{1,250}")


@dataclass(frozen=True, slots=True)
class _Glimpse:
    """What a mail seems to answer and who seems to have written it."""

    post_ids: tuple[int, ...]
    token_person_id: int | None
    answered: tuple[str, ...]
    author: str
    digest_id: int | None


def collect(
    tx: Connection, mails: Sequence[Mail], house: House, sent_texts: SentTexts, sent_digests: SentDigests
) -> list[Hints]:
    """One Hints for each mail, in order."""
    glimpses = [_glimpse(mail, house) for mail in mails]
    by_id = posts.places_by_message_id(tx, {i for glimpse in glimpses for i in glimpse.answered})
    authors = people.find_all(tx, {glimpse.author for glimpse in glimpses if glimpse.author})
    readers = people.get_all(tx, {g.token_person_id for g in glimpses if g.token_person_id is not None})
    earlier = posts.latest_texts(tx, {person.id for person in authors.values()}, _EARLIER)
    wanted = [_wanted(glimpse, by_id, authors, readers) for glimpse in glimpses]
    sent = sent_texts(tx, {pair for pairs in wanted for pair in pairs})
    digest_ids = {glimpse.digest_id for glimpse in glimpses if glimpse.digest_id is not None}
    digests = sent_digests(tx, digest_ids) if digest_ids else {}
    hints = []
    for glimpse, pairs in zip(glimpses, wanted, strict=True):
        author = authors.get(glimpse.author)
        texts = tuple(sent[pair] for pair in pairs if pair in sent)
        tails = tuple(text[-_TAIL:] for text in earlier.get(author.id, ())) if author else ()
        digest = digests.get(glimpse.digest_id) if glimpse.digest_id is not None else None
        hints.append(Hints(texts, tails, digest) if texts or tails or digest else NOTHING_KNOWN)
    return hints


def _wanted(
    glimpse: _Glimpse, by_id: dict[str, list[posts.Place]], authors: dict[str, Person], readers: dict[int, Person]
) -> list[tuple[int, str]]:
    """The posts the mail may answer, each in the languages in which its writer may have got it."""
    answered = [place.post.id for message_id in glimpse.answered for place in by_id.get(message_id, ())]
    post_ids = list(dict.fromkeys((*glimpse.post_ids, *answered)))[:_MOST_ANSWERED]
    person = readers.get(glimpse.token_person_id or 0) or authors.get(glimpse.author)
    locales = (person.locale,) if person else ("fr", "en")
    return [(post_id, locale) for post_id in post_ids for locale in locales]


def _glimpse(mail: Mail, house: House) -> _Glimpse:
    destinations = [route(arrival.forward_path, house) for arrival in mail.arrivals]
    tokens = [to for to in destinations if isinstance(to, ToPost)]
    answered: list[str] = []
    author = ""
    # The header of a mail that is a blob is not worth reading it twice: its token tells enough.
    head = (mail.raw or b"")[:_GLIMPSE].partition(b"\r\n\r\n")[0] + b"\r\n"
    for name, value in _FIELD.findall(head):
        if name.lower() == b"from":
            found = _ADDRESS.findall(value)
            author = found[-1].decode("ascii", "replace").lower() if found else ""
        else:
            answered += [i.decode("ascii", "replace") for i in reversed(_MESSAGE_ID.findall(value))]
    latest = tuple(dict.fromkeys(answered))[:_MOST_ANSWERED]
    if any(isinstance(to, ToQuestion) for to in destinations):
        # It quotes a notice of ours: the posts that its thread also names would make the rest of that look typed.
        latest = ()
    person_id = tokens[0].token_person_id if tokens else None
    return _Glimpse(
        tuple(to.post_id for to in tokens), person_id, latest, author, _digest(destinations, answered, house)
    )


def _digest(destinations: Sequence[Destination], answered: Sequence[str], house: House) -> int | None:
    """The digest that the mail answers by its token or, where a relay dropped that, by its header."""
    for to in destinations:
        if isinstance(to, ToDigest):
            return to.digest_id
        if isinstance(to, ToParent):
            return digest_answered(answered, house)
    return None
