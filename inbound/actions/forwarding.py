"""Forwarding: mail to the people who run a place really reaches them, whoever wrote it (RFC 5321 §4.5.1).

Called by the pipeline inside T3. One notice to each manager of the community, else to each administrator, up to a
bound an hour for one person; a second copy of a mail is no second notice. Nothing is lost beyond the bound: an arrival
that reached nobody stays held.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.community import Community, Person
from gateway.core.notice import Author, NamedFile, NoticeKind
from inbound.actions.publishing import scrub, title
from inbound.case import Decided
from inbound.route import House, ToCommand, ToManagers
from store import communities, memberships, notices, people
from store.notices import NewNotice

MOST_AN_HOUR = 60
"""Forwarded notices to one person. Workers that count at the same moment may go beyond it by a batch each."""
FLOOD = "flood"
"""The flag of an arrival that was kept from somebody who had enough of them."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What became of one arrival: whether it reached anybody, and what was odd about it."""

    reached: bool
    flag: str
    community_id: int | None


@dataclass(frozen=True, slots=True)
class _House:
    """Who runs what, as far as a batch asks."""

    places: Mapping[str, Community]
    managers: Mapping[int, Sequence[Person]]
    admins: Sequence[Person]


def forward(tx: Connection, decided: Sequence[Decided], house: House, now: datetime) -> dict[int, Forwarded]:
    """Adds a notice of each of these arrivals for everybody who runs the place; returns what became of them, by id."""
    if not decided:
        return {}
    known = _look_up(tx, decided)
    readers = [_readers(item, known) for item in decided]
    wanted = {reader.id for those in readers for reader in those}
    reason = decided[0].decision.reason
    sent = notices.counts(tx, wanted, NoticeKind.FORWARDED, (reason,), now) if wanted else {}
    # A mail to two addresses of one place is one mail to those who run it, and so is a mail that comes twice (I5).
    had = notices.told(tx, wanted, {_once(item, known) for item in decided}) if wanted else set()
    fresh: list[NewNotice] = []
    outcomes = {}
    for item, those in zip(decided, readers, strict=True):
        place = _place(item, known)
        place_id, once = place.id if place else None, _once(item, known)
        flooded = False
        for reader in those:
            if (reader.id, once) in had:
                continue
            if sent.get(reader.id, 0) >= MOST_AN_HOUR:
                flooded = True
                continue
            had.add((reader.id, once))
            sent[reader.id] = sent.get(reader.id, 0) + 1
            fresh.append(replace(_notice(item, reader, place_id, house), once=once))
        reached = any((reader.id, once) in had for reader in those)
        outcomes[item.case.arrival.id] = Forwarded(reached, FLOOD if flooded else "", place_id)
    notices.add(tx, fresh, house.keys.current, now)
    return outcomes


def _look_up(tx: Connection, decided: Sequence[Decided]) -> _House:
    names = {name for item in decided if (name := _name(item))}
    places = communities.find_all(tx, names) if names else {}
    managers = memberships.managers(tx, [place.id for place in places.values()]) if places else {}
    return _House(places, managers, people.admins(tx))


def _name(item: Decided) -> str | None:
    assert isinstance(item.case.facts.destination, ToManagers | ToCommand)
    return item.case.facts.destination.name


def _place(item: Decided, known: _House) -> Community | None:
    return known.places.get(_name(item) or "")


def _once(item: Decided, known: _House) -> str:
    """What two copies of a mail to one place share."""
    place = _place(item, known)
    return f"{place.id if place else 0}:{item.case.read.dedup_key}"


def _readers(item: Decided, known: _House) -> list[Person]:
    """Who runs the place, without the author: nobody's own mail comes back to them.

    Only a proven author is left out, or a forged From would keep a mail from the very person it speaks for.
    """
    place = _place(item, known)
    facts = item.case.facts
    author = facts.person.id if facts.person and facts.proof.proven else None
    for those in (known.managers.get(place.id, ()) if place else (), known.admins):
        if others := [person for person in those if person.id != author]:
            return others
    return []


def _notice(item: Decided, reader: Person, place_id: int | None, house: House) -> NewNotice:
    facts = item.case.facts
    parsed, body = facts.reading.parsed, facts.reading.body
    # All of it: what was cut as a signature says who they are, what was cut as a quote says what it is about.
    words = "\n\n".join(part for part in (body.text, body.signature, body.forwarded, body.quoted) if part.strip())
    return NewNotice(
        person_id=reader.id,
        kind=NoticeKind.FORWARDED,
        reason=item.decision.reason,
        message_id=f"<{uuid.uuid4().hex}@{house.domain}>",
        in_reply_to=parsed.message_id,
        community_id=place_id,
        arrival_id=item.case.arrival.id,
        # Such an address holds no token, so it is told whole.
        sent_to=item.case.arrival.forward_path,
        topic_title="",
        subject=parsed.subject or title("", words),
        text=scrub(words),
        files=tuple(NamedFile(file.name, file.size, file.content_type, file.sha256) for file in parsed.attachments),
        # Ours, not that of the mail: a stranger's clock proves nothing.
        sent_at=item.case.read.mail.envelope.received_at,
        author=_author(item),
    )


def _author(item: Decided) -> Author:
    facts = item.case.facts
    parsed, proven = facts.reading.parsed, facts.proof.proven
    known = facts.person is not None and proven
    name = facts.person.name if facts.person and known else ""
    return Author(
        name=name or parsed.author_name,
        address=str(parsed.author) if parsed.author else "",
        proven=proven,
        known=known,
    )
