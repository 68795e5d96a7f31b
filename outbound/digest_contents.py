"""What claimed digests say: their items as fragments, made once and kept, and what frames them for their readers.

Used by the composing thread, and by whoever has to know a sent digest word for word. A fragment that was sent is never
made anew while it is stored: whatever becomes of its posts, the answer finds the words that were quoted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from gateway.core.digest import Cadence, Item, Rhythm, SentDigest, Why
from gateway.core.rhythm import parse_hour
from gateway.core.zones import zone_named
from outbound.digest import DigestComposer
from outbound.digest_parts import DigestMail, Fragment, FragmentSource, fragment_key, waiting_for
from store import communities, digests, fragments
from store.database import Database
from store.digests import ClosedDigest, Reader
from store.fragments import ToldTopic

_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Press:
    """What is the same in all digests of a network."""

    domain: str
    network: str
    rhythm: Rhythm
    """The network's; its zone is that of the moments in the items."""


@dataclass(frozen=True, slots=True)
class LoadedDigest:
    """A digest ready to be composed. `locale` is the one it was closed in."""

    mail: DigestMail
    locale: str


class DigestContents:
    """Loads digests. Not thread-safe, as its composer is."""

    def __init__(self, press: Press, composer: DigestComposer, database: Database) -> None:
        self._press = press
        self._composer = composer
        self._database = database
        self._fragments: OrderedDict[str, Fragment] = OrderedDict()

    def load(self, tx: Connection, ids: Iterable[int], *, all_items: bool = False) -> dict[int, LoadedDigest]:
        """Digests by id, with the items their readers may still be sent; with `all_items` as they were closed."""
        closed = digests.get_all(tx, ids)
        return self._framed(tx, closed if all_items else _readable(tx, closed))

    def draft(self, tx: Connection, digest: ClosedDigest) -> LoadedDigest | None:
        """A digest that has no row, as load() would give it; None where its reader is gone."""
        return self._framed(tx, _readable(tx, {digest.id: digest})).get(digest.id)

    def _framed(self, tx: Connection, closed: Mapping[int, ClosedDigest]) -> dict[int, LoadedDigest]:
        people = digests.readers(tx, {digest.person_id for digest in closed.values()})
        names = _names(tx, closed.values())
        return {
            digest.id: LoadedDigest(self._mail(digest, people[digest.person_id], names[digest.id]), digest.locale)
            for digest in closed.values()
            if digest.person_id in people
        }

    def fragments(self, loaded: Sequence[LoadedDigest], now: datetime, *, keep: bool = True) -> dict[str, Fragment]:
        """The fragments of all these digests by key, made and stored where they are not yet. Own transactions.

        One that tells of nothing visible any more is not there. Without `keep` nothing is stored or remembered: what
        was only looked at may still change before it is sent.
        """
        wanted = {
            fragment_key(item, one.locale, one.mail.zone): (item, one.locale)
            for one in loaded
            for item in one.mail.items
        }
        found = self._remembered(wanted)
        missing = wanted.keys() - found.keys()
        if missing:
            with self._database.reading() as tx:
                found.update(self._stored(tx, missing))
            missing = wanted.keys() - found.keys()
        if missing:
            made = self._make({key: wanted[key] for key in missing})
            if not keep:
                return found | {key: fragment for key, (_, fragment) in made.items()}
            found.update(self._keep(made, now))
        self._remember(found)
        return found

    def compose_ready(self, one: LoadedDigest, found: Mapping[str, Fragment]) -> DigestMail | None:
        """The mail with the items that there are fragments of; None where nothing is left to say."""
        items = tuple(item for item in one.mail.items if fragment_key(item, one.locale, one.mail.zone) in found)
        return replace(one.mail, items=items) if items else None

    def sent(self, tx: Connection, ids: Iterable[int]) -> dict[int, SentDigest]:
        """Digests as they were sent, by id, for those whose words are all kept."""
        sent = {}
        for digest_id, one in self.load(tx, ids, all_items=True).items():
            keys = {fragment_key(item, one.locale, one.mail.zone) for item in one.mail.items}
            found = self._remembered(keys)
            found.update(self._stored(tx, keys - found.keys()))
            mail = self.compose_ready(one, found)
            if mail is not None:
                sent[digest_id] = self._composer.sent_digest(mail, found, one.locale)
        return sent

    def _mail(self, digest: ClosedDigest, reader: Reader, names: tuple[str, ...]) -> DigestMail:
        rhythm = self._press.rhythm
        return DigestMail(
            digest_id=digest.id,
            message_id=f"<digest.{digest.id}@{self._press.domain}>",
            cadence=digest.cadence,
            day=_day(digest, reader.timezone),
            timezone=reader.timezone,
            zone=rhythm.timezone,
            network=self._press.network,
            items=digest.items,
            communities=names,
            daily_at=parse_hour(reader.at) if reader.at else rhythm.daily_at,
            weekly_on=rhythm.weekly_on if reader.on is None else reader.on,
            left_out=digest.left_out,
            created_at=digest.created_at,
            working_days=rhythm.working_days,
        )

    def _remembered(self, keys: Iterable[str]) -> dict[str, Fragment]:
        return {key: self._fragments[key] for key in keys if key in self._fragments}

    def _remember(self, found: Mapping[str, Fragment]) -> None:
        for key, fragment in found.items():
            self._fragments[key] = fragment
            self._fragments.move_to_end(key)
        while len(self._fragments) > _KEPT:
            self._fragments.popitem(last=False)

    @staticmethod
    def _stored(tx: Connection, keys: Iterable[str]) -> dict[str, Fragment]:
        return {key: Fragment(*words) for key, words in fragments.get(tx, keys).items()}

    def _make(self, wanted: Mapping[str, tuple[Item, str]]) -> dict[str, tuple[int, Fragment]]:
        with self._database.reading() as tx:
            told = fragments.told(tx, [item for item, _ in wanted.values()])
        zone = self._press.rhythm.timezone
        return {
            key: (
                item.topic_id,
                self._composer.render_fragment(_source(item, told[item], zone), item.shape, locale),
            )
            for key, (item, locale) in wanted.items()
            if item in told
        }

    def _keep(self, made: Mapping[str, tuple[int, Fragment]], now: datetime) -> dict[str, Fragment]:
        """What is stored after all: where another node was faster, its words, for somebody may have got them."""
        rows = {key: (topic_id, fragment.html, fragment.text) for key, (topic_id, fragment) in made.items()}
        with self._database.transaction() as tx:
            fragments.add(tx, rows, now)
        with self._database.reading() as tx:
            return self._stored(tx, rows)


def _readable(tx: Connection, closed: Mapping[int, ClosedDigest]) -> dict[int, ClosedDigest]:
    allowed = fragments.readable(tx, {digest.person_id for digest in closed.values()})
    gone = fragments.withdrawn(tx, {item.last for digest in closed.values() for item in digest.items})
    return {
        i: replace(
            digest,
            items=tuple(
                item
                for item in digest.items
                if (digest.person_id, item.community_id) in allowed and item.last not in gone
            ),
        )
        for i, digest in closed.items()
    }


def _names(tx: Connection, closed: Iterable[ClosedDigest]) -> dict[int, tuple[str, ...]]:
    """By digest, the names of the communities that its reader follows at its cadence, or that a catch-up tells of."""
    by_cadence: dict[Cadence, list[ClosedDigest]] = {}
    for digest in closed:
        by_cadence.setdefault(digest.cadence, []).append(digest)
    names: dict[int, tuple[str, ...]] = {}
    for cadence, those in by_cadence.items():
        if cadence is Cadence.CATCH_UP:
            known = communities.get_all(tx, {item.community_id for digest in those for item in digest.items})
            for digest in those:
                told = {item.community_id for item in digest.items} & known.keys()
                names[digest.id] = tuple(sorted(known[i].name for i in told))
            continue
        followed = digests.followed(tx, cadence, {digest.person_id for digest in those})
        names.update((digest.id, followed.get(digest.person_id, ())) for digest in those)
    return names


def _day(digest: ClosedDigest, timezone: str) -> date:
    if digest.cadence is Cadence.CATCH_UP:
        return digest.created_at.astimezone(zone_named(timezone)).date()
    return date.fromisoformat(digest.period)


def _source(item: Item, topic: ToldTopic, zone: str) -> FragmentSource:
    first, last = topic.posts[0], topic.posts[-1]
    more = len(topic.posts) - (2 if last is not first else 1)
    return FragmentSource(
        topic_id=item.topic_id,
        post_id=last.id,
        title=topic.title,
        community_name=topic.community,
        opener=(first.author, first.at),
        excerpt_text=first.text,
        latest=(last.author, last.text) if last is not first else None,
        news=item.news,
        more=more,
        brought_back=Why.EVERYONE_MISSED in item.why,
        question=Why.QUESTION in item.why,
        waiting=waiting_for(item),
        zone=zone,
        is_answer=first.is_answer,
        files=first.files,
        latest_files=last.files if last is not first else (),
    )
