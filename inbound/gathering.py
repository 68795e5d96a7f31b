"""Facts for a batch of messages: one query a noun, however many messages, and the locks of all communities concerned.

Called by pipeline.process inside the transaction of the effects: what is read here still holds when they are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from gateway.core.community import Membership, Person, PostPolicy
from gateway.core.message import Arrival, ParsedMessage
from inbound import answers, asking, files, route
from inbound.answers import Answered, Around
from inbound.case import Case, ReadMail
from inbound.facts import Facts, Rules
from inbound.haste import needs_time
from inbound.route import Destination, House, ToCommand, ToCommunity, ToDigest, ToParent, ToPerson, ToPost, ToQuestion
from store import answer_parts, charters, communities, floods, handovers, memberships, people, posts
from store.answer_parts import StoredPart
from store.communities import Locked
from store.floods import Floods
from store.posts import Place


@dataclass(frozen=True, slots=True)
class Gathered:
    """The cases of a batch, in the order in which they are to be decided, and the communities held for them."""

    cases: tuple[Case, ...]
    locked: dict[int, Locked]


@dataclass(frozen=True, slots=True)
class _Stop:
    """One arrival and where it goes."""

    arrival: Arrival
    read: ReadMail
    destination: Destination


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store said about the whole batch."""

    people: dict[str, Person]
    by_name: dict[str, Locked]
    locked: dict[int, Locked]
    memberships: dict[tuple[int, int], Membership]
    by_post: dict[int, Place]
    by_message_id: dict[str, list[Place]]
    answered: Answered
    addressees: dict[int, Person]
    """To whom letters are written, by id."""
    owing: set[int]
    """Who has yet to accept the charter."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What came before: (community, dedup key) of posts, the dedup keys under a Message-ID, what we handed over."""

    copies: frozenset[tuple[int, str]]
    keys: dict[str, set[str]]
    """By the author's Message-ID."""
    handed_over: dict[tuple[int, int], datetime]
    """By (content, person), and only where somebody answered with what takes time to write."""
    shared_out: dict[tuple[int, str], list[StoredPart]]
    """By (person, dedup key), the parts of an answer to a digest that were dealt with before."""
    newcomers: frozenset[tuple[int, int]]
    """(community, person) where nothing of theirs stands, in communities that read the first post of everybody."""
    floods: Floods
    audiences: Mapping[int, int]
    """By community, how many would read a post; empty where the rules do not ask."""


def gather(tx: Connection, batch: Sequence[ReadMail], house: House, rules: Rules, now: datetime) -> Gathered:
    """Everything policy.decide wants to know about these messages. Takes the locks of their communities."""
    stops = [stop for read in batch for stop in _stops(read, house)]
    known = _look_up(tx, stops)
    settled = [(stop, *_settle(stop, known)) for stop in stops]
    keys = {(locked.community.id, stop.read.dedup_key) for stop, locked, _ in settled if locked}
    seen = _Seen(
        frozenset(posts.duplicates(tx, keys)) if keys else frozenset(),
        posts.keys_of_message_ids(tx, (read.reading.parsed.message_id for read in batch)),
        handovers.handed_over(tx, _answers_that_take_time(settled, known)),
        _shared_out(tx, stops, known),
        _newcomers(tx, settled, known),
        _floods(tx, settled, known, rules, now),
        memberships.readers(tx, known.locked) if rules.audience_moderation and known.locked else {},
    )
    return Gathered(
        tuple(_case(stop, (locked, place), known, seen, (house, rules)) for stop, locked, place in settled),
        known.locked,
    )


def _stops(read: ReadMail, house: House) -> list[_Stop]:
    """The arrivals of one message: tokens before posting addresses, these in the order in which the mail names them."""
    named = {address: place for place, address in enumerate(read.reading.parsed.recipients)}
    stops = [_Stop(arrival, read, _destination(arrival, read, house)) for arrival in read.mail.arrivals]
    return sorted(
        stops,
        key=lambda stop: (
            not isinstance(stop.destination, ToPost | ToPerson | ToParent | ToDigest | ToQuestion),
            named.get(stop.arrival.forward_path.lower(), len(named)),
            stop.arrival.id,
        ),
    )


def _destination(arrival: Arrival, read: ReadMail, house: House) -> Destination:
    to = route.route(arrival.forward_path, house)
    if isinstance(to, ToParent) and (digest_id := route.digest_answered(_answered(read), house)):
        # A relay dropped the token: which digest it was, the mail's own header says; whose it was, nothing does.
        return ToDigest(digest_id, 0)
    return to


def _look_up(tx: Connection, stops: Sequence[_Stop]) -> _Known:
    answered = answers.look_up(tx, [(stop.read, stop.destination) for stop in stops])
    by_post = _places(tx, stops, answered)
    references = {i for stop in stops if not isinstance(stop.destination, ToPost) for i in _answered(stop.read)}
    by_message_id = posts.places_by_message_id(tx, references) if references else {}
    names = {stop.destination.name for stop in stops if isinstance(stop.destination, ToCommunity | ToCommand)}
    ids = answered.community_ids | {
        place.post.community_id for place in (*by_post.values(), *answered.by_topic.values())
    }
    if any(isinstance(stop.destination, ToParent) for stop in stops):
        ids |= {place.post.community_id for places in by_message_id.values() for place in places}
    locked = communities.lock(tx, ids=ids, names=names) if ids or names else []
    authors = {stop.read.reading.parsed.author.key for stop in stops if stop.read.reading.parsed.author}
    known_people = people.find_all(tx, authors) if authors else {}
    pairs = [(c.community.id, person.id) for c in locked for person in known_people.values()]
    return _Known(
        people=known_people,
        by_name={c.community.address: c for c in locked},
        locked={c.community.id: c for c in locked},
        memberships=memberships.get_all(tx, pairs) if pairs else {},
        by_post=by_post,
        by_message_id=by_message_id,
        answered=answered,
        addressees=_addressees(tx, stops, by_post, answered),
        owing=charters.owing(tx, {person.id for person in known_people.values()}) if known_people else set(),
    )


def _addressees(
    tx: Connection, stops: Sequence[_Stop], by_post: Mapping[int, Place], answered: Answered
) -> dict[int, Person]:
    ids = {
        place.post.author_id
        for stop in stops
        if isinstance(to := stop.destination, ToPerson) and (place := by_post.get(to.post_id or 0))
    }
    ids |= {told.person_id for told in answered.letters if told.person_id}
    return people.get_all(tx, ids) if ids else {}


def _shared_out(tx: Connection, stops: Sequence[_Stop], known: _Known) -> dict[tuple[int, str], list[StoredPart]]:
    keys = {
        (person.id, stop.read.dedup_key)
        for stop in stops
        if isinstance(stop.destination, ToDigest) and (person := _author(stop.read, known))
    }
    return answer_parts.of_mails(tx, keys) if keys else {}


def _newcomers(
    tx: Connection, settled: Iterable[tuple[_Stop, Locked | None, Place | None]], known: _Known
) -> frozenset[tuple[int, int]]:
    pairs = {
        (locked.community.id, person.id)
        for stop, locked, _ in settled
        if locked and locked.community.post is PostPolicy.FIRST and (person := _author(stop.read, known))
    }
    return frozenset(pairs - posts.written(tx, pairs)) if pairs else frozenset()


def _floods(
    tx: Connection,
    settled: Iterable[tuple[_Stop, Locked | None, Place | None]],
    known: _Known,
    rules: Rules,
    now: datetime,
) -> Floods:
    topics = {place.topic.id for _, _, place in settled if place} if rules.topic_per_minute else set()
    authors = {person.id for person in known.people.values()} if rules.author_per_hour else set()
    return floods.find(tx, topics, authors, rules.author_per_hour, now)


def _answers_that_take_time(
    settled: Iterable[tuple[_Stop, Locked | None, Place | None]], known: _Known
) -> set[tuple[int, int]]:
    """(content, person) of the answers that nobody writes at once; most answers quote, and are none of these."""
    return {
        (place.post.content_id, person.id)
        for stop, _, place in settled
        if place and (person := _author(stop.read, known)) and needs_time(stop.read.reading)
    }


def _author(read: ReadMail, known: _Known) -> Person | None:
    author = read.reading.parsed.author
    return known.people.get(author.key) if author else None


def _places(tx: Connection, stops: Iterable[_Stop], answered: Answered) -> dict[int, Place]:
    post_ids = {to.post_id for stop in stops if isinstance(to := stop.destination, ToPost | ToPerson) and to.post_id}
    post_ids |= {item.last for digest in answered.digests.values() for item in digest.items}
    post_ids |= {part.post_id for parts in answered.parts.values() for part in parts if part.post_id}
    return posts.places(tx, post_ids) if post_ids else {}


def _settle(stop: _Stop, known: _Known) -> tuple[Locked | None, Place | None]:
    """The community of this arrival and the post it answers there."""
    match stop.destination:
        case ToPost(post_id) | ToPerson(_, post_id):
            place = known.by_post.get(post_id or 0)
            return (known.locked.get(place.post.community_id), place) if place else (None, None)
        case ToCommunity(name):
            locked = known.by_name.get(name)
            return locked, _place_within(stop.read, known, locked)
        case ToCommand(name):
            return known.by_name.get(name), None
        case ToParent():
            return _place_by_headers(stop.read, known)
        case _:
            return None, None


def _answered(read: ReadMail) -> tuple[str, ...]:
    """The Message-IDs this mail may answer, the likeliest first (RFC 5322 §3.6.4)."""
    parsed = read.reading.parsed
    return tuple(dict.fromkeys((*parsed.in_reply_to, *reversed(parsed.references))))


def _place_within(read: ReadMail, known: _Known, locked: Locked | None) -> Place | None:
    """The answered post within this community; never another's, so nobody threads their way into a private place."""
    if locked is None:
        return None
    for message_id in _answered(read):
        for place in known.by_message_id.get(message_id, ()):
            if place.post.community_id == locked.community.id and not place.post.withdrawn:
                return place
    return None


def _place_by_headers(read: ReadMail, known: _Known) -> tuple[Locked | None, Place | None]:
    """The answered post in a community of the author's, where the address itself names no place."""
    person = _author(read, known)
    if person is None:
        return None, None
    for message_id in _answered(read):
        for place in known.by_message_id.get(message_id, ()):
            if (place.post.community_id, person.id) in known.memberships:
                return known.locked.get(place.post.community_id), place
    return None, None


def _case(
    stop: _Stop,
    where: tuple[Locked | None, Place | None],
    known: _Known,
    seen: _Seen,
    ours: tuple[House, Rules],
) -> Case:
    (locked, place), (house, rules) = where, ours
    parsed, rulings = stop.read.reading.parsed, stop.arrival.rulings
    reading, taken_off = files.without(stop.read.reading, rulings, rules.files)
    person = _author(stop.read, known)
    community = locked.community if locked else None
    both = (community.id, person.id) if community and person else None
    sent = seen.handed_over.get((place.post.content_id, person.id)) if place and person else None
    duplicate = community is not None and (community.id, stop.read.dedup_key) in seen.copies
    facts = Facts(
        destination=stop.destination,
        addressed=_is_addressed(parsed, house),
        reading=reading,
        proof=stop.read.proof,
        person=person,
        community=community,
        membership=known.memberships.get(both) if both else None,
        place=place,
        duplicate=duplicate,
        served=False,
        rulings=rulings,
        # The same words to another place are no reuse.
        reused_id=not duplicate and not seen.keys.get(parsed.message_id, set()) <= {stop.read.dedup_key},
        after=stop.read.mail.envelope.received_at - sent if sent else None,
        today=asking.local_day(person, stop.read.mail.envelope.received_at) if person else date.min,
        is_first=both in seen.newcomers,
        audience=seen.audiences.get(community.id, 0) if community else 0,
        is_paused=place is not None and place.topic.id in seen.floods.paused,
        topic_rate=seen.floods.by_topic.get(place.topic.id, 0) if place else 0,
        author_rate=seen.floods.by_author.get(person.id, 0) if person else 0,
        taken_off=taken_off,
        addressee=known.addressees.get(place.post.author_id) if place and _is_to_author(stop) else None,
        owes_charter=person is not None and person.id in known.owing,
    )
    around = Around(known.locked, known.memberships, known.by_post, known.answered, seen.shared_out, known.addressees)
    return answers.complete(Case(stop.arrival, stop.read, facts), around)


def _is_to_author(stop: _Stop) -> bool:
    return isinstance(stop.destination, ToPerson)


def _is_addressed(parsed: ParsedMessage, house: House) -> bool:
    """To or Cc names an address of ours, or names nobody: who was written to as Bcc is then all there is to know."""
    return not parsed.recipients or any(house.is_named_by(key) for key in parsed.recipients)
