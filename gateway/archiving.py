"""Filing: understood mails of an archive → posts of one community, a batch a transaction.

Called by gateway.archives under no lock; takes the community's. Finds for each mail its author, what it answers, and
whether it is there already. An answer that names nothing belongs to the topic of its subject, if that was alive then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.core import address
from gateway.naming import MAX_NAME
from inbound.actions import publishing
from inbound.archived import ArchivedMail, Author, made_up_key
from inbound.route import House
from store import archives, authors, communities, posts
from store.archives import ArchivedPost, Known, OpenTopic
from store.authors import NewAuthor, Origin

_ALIVE = timedelta(days=90)
"""Somebody who writes "Re: Lunch" a year later means another lunch."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, its number in the archive, when it was written, and by which time it is ordered."""

    number: int
    mail: ArchivedMail
    written_at: datetime
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class Filed:
    """What was added."""

    posts: int
    topics: int
    authors_added: int


class Filing:
    """Files mails into one community."""

    def __init__(
        self, community_id: int, names: Sequence[str], renamed: Mapping[str, str], origin: Origin, house: House
    ) -> None:
        self._community_id = community_id
        self._names = tuple(names)
        self._renamed = renamed
        self._origin = origin
        self._house = house

    def file(self, tx: Connection, batch: Sequence[Letter], now: datetime) -> Filed:
        """Adds what is not there yet, in this order."""
        communities.lock(tx, ids=[self._community_id])
        fresh, known = self._fresh(tx, batch)
        if not fresh:
            return Filed(0, 0, 0)
        who = [known_as(item.mail.author, self._renamed) for item in fresh]
        people, added = self._people(tx, who, now)
        titles = {item.mail.title for item in fresh if item.mail.answers and item.mail.title}
        alive = archives.find_topics(tx, self._community_id, titles)
        threads = _Threads(known, alive)
        rows = []
        for item, writer in zip(fresh, who, strict=True):
            row = self._post(item, people[writer.key], threads.answered(item))
            threads.note(item, row)
            rows.append(row)
        archives.add(tx, self._community_id, rows, now)
        opened = sum(row.answered is None for row in rows)
        return Filed(len(rows), opened, added)

    def _fresh(self, tx: Connection, batch: Sequence[Letter]) -> tuple[list[Letter], dict[str, Known]]:
        """The mails that are not there yet, and by Message-ID the posts that they may answer."""
        wanted = {i for item in batch for i in (item.mail.reading.parsed.message_id, *item.mail.parents) if i}
        known: dict[str, Known] = {}
        for message_id, places in posts.places_by_message_id(tx, wanted).items():
            for place in places:
                if place.post.community_id == self._community_id:
                    known.setdefault(message_id, Known(place.post.id, place.topic.id))
        copies = posts.duplicates(tx, {(self._community_id, item.mail.dedup_key) for item in batch})
        fresh: dict[str, Letter] = {}
        for item in batch:
            there = item.mail.reading.parsed.message_id in known
            if not there and (self._community_id, item.mail.dedup_key) not in copies:
                fresh.setdefault(item.mail.dedup_key, item)
        return list(fresh.values()), known

    def _people(self, tx: Connection, who: Sequence[Author], now: datetime) -> tuple[dict[str, int], int]:
        """Person ids by author key, and how many had to be added."""
        people = authors.find(tx, {writer.key for writer in who})
        unknown = {writer.key: writer for writer in who if writer.key not in people}
        # An address that somebody claims and never proved is theirs no more than anybody's.
        contested = authors.claimed(tx, unknown)
        made_up = {key: made_up_key(key) if key in contested else key for key in unknown}
        again = authors.find(tx, [made_up[key] for key in contested])
        new = [
            NewAuthor(made_up[key], str(writer.address or made_up[key]), writer.name[:MAX_NAME])
            for key, writer in unknown.items()
            if made_up[key] not in again
        ]
        added = authors.add(tx, new, self._origin, now)
        people.update({key: {**again, **added}[made_up[key]] for key in unknown})
        return people, len(added)

    def _post(self, item: Letter, author_id: int, answered: Known | int | None) -> ArchivedPost:
        reading = item.mail.reading
        content = replace(publishing.words_of(reading, author_id, self._house), written_at=item.written_at)
        title = publishing.title(item.mail.title, reading.body.text, self._names)
        return ArchivedPost(content, item.mail.dedup_key, title, item.written_at, item.placed_at, answered)


def known_as(found: Author, renamed: Mapping[str, str]) -> Author:
    """The author under the address that the map of authors gives, by address or by name, folded."""
    for name in (str(found.address) if found.address else "", found.name):
        if mapped := renamed.get(name.strip().casefold()):
            return Author(address.parse(mapped), found.name)
    return found


class _Threads:
    """What the mails of one batch answer: a post that is there, or an earlier one of the batch by its place in it."""

    def __init__(self, known: Mapping[str, Known], alive: Mapping[str, OpenTopic]) -> None:
        self._known = known
        self._ids: dict[str, int] = {}
        self._titles: dict[str, tuple[Known | int, datetime]] = {
            title: (topic.latest, topic.latest_at) for title, topic in alive.items()
        }
        self._count = 0

    def answered(self, item: Letter) -> Known | int | None:
        """What this mail answers; None where it opens a topic."""
        for message_id in item.mail.parents:
            if message_id in self._ids:
                return self._ids[message_id]
            if message_id in self._known:
                return self._known[message_id]
        if item.mail.answers and (found := self._titles.get(item.mail.title)):
            latest, latest_at = found
            if item.written_at - latest_at <= _ALIVE:
                return latest
        return None

    def note(self, item: Letter, row: ArchivedPost) -> None:
        """From here on this mail can be answered."""
        if message_id := item.mail.reading.parsed.message_id:
            self._ids.setdefault(message_id, self._count)
        self._titles[row.title] = (self._count, item.written_at)
        self._count += 1
