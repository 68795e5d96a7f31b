"""Facts for a batch of messages: one query a noun, however many messages, and the locks of all communities concerned.

Called by pipeline.process inside the transaction of the effects: what is read here still holds when they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from gateway.core.command import Command, Verb
from gateway.core.community import Membership, Person
from gateway.core.digest import Part, PartState
from gateway.core.message import Arrival, ParsedMessage
from gateway.core.notice import Obeyed
from inbound import asking, route
from inbound.case import Case, PartCase, ReadMail
from inbound.haste import needs_time
from inbound.policy import Facts
from inbound.route import Destination, House, ToCommunity, ToDigest, ToManagers, ToNobody, ToParent, ToPost, ToQuestion
from store import answer_parts, communities, digests, handovers, memberships, notices, people, posts
from store.answer_parts import StoredPart
from store.communities import Locked
from store.digests import ClosedDigest
from store.posts import Place

_NUMBERS = re.compile(r"[1-9][0-9]{0,8}")
_LONGEST_ANSWER = 300


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
class _Answered:
    """What the store said of the digests and receipts that the batch answers."""

    digests: dict[int, ClosedDigest]
    parts: dict[int, list[StoredPart]]
    """By receipt."""
    obeyed: dict[int, Obeyed]
    """By notice."""
    titles: dict[int, str]
    """Of the topics that a receipt may offer."""
    by_topic: dict[int, Place]
    """Where an answer to a topic goes that no post is named of."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store said about the whole batch."""

    people: dict[str, Person]
    by_name: dict[str, Locked]
    locked: dict[int, Locked]
    memberships: dict[tuple[int, int], Membership]
    by_post: dict[int, Place]
    by_message_id: dict[str, list[Place]]
    answered: _Answered


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


def gather(tx: Connection, batch: Sequence[ReadMail], house: House) -> Gathered:
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
    )
    return Gathered(
        tuple(_case(stop, locked, place, known, seen, house) for stop, locked, place in settled), known.locked
    )


def _stops(read: ReadMail, house: House) -> list[_Stop]:
    """The arrivals of one message: tokens before posting addresses, these in the order in which the mail names them."""
    named = {address: place for place, address in enumerate(read.reading.parsed.recipients)}
    stops = [_Stop(arrival, read, _destination(arrival, read, house)) for arrival in read.mail.arrivals]
    return sorted(
        stops,
        key=lambda stop: (
            not isinstance(stop.destination, ToPost | ToParent | ToDigest | ToQuestion),
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
    answered = _look_up_answered(tx, stops)
    by_post = _places(tx, stops, answered)
    references = {i for stop in stops if not isinstance(stop.destination, ToPost) for i in _answered(stop.read)}
    by_message_id = posts.places_by_message_id(tx, references) if references else {}
    names = {stop.destination.name for stop in stops if isinstance(stop.destination, ToCommunity)}
    ids = {place.post.community_id for place in (*by_post.values(), *answered.by_topic.values())}
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
    )


def _look_up_answered(tx: Connection, stops: Sequence[_Stop]) -> _Answered:
    digest_ids = {stop.destination.digest_id for stop in stops if isinstance(stop.destination, ToDigest)}
    notice_ids = {stop.destination.notice_id for stop in stops if isinstance(stop.destination, ToQuestion)}
    if not digest_ids and not notice_ids:
        return _Answered({}, {}, {}, {}, {})
    parts = answer_parts.of_notices(tx, notice_ids) if notice_ids else {}
    digest_ids |= {part.digest_id for found in parts.values() for part in found}
    closed = digests.get_all(tx, digest_ids)
    shown = {item.topic_id for digest in closed.values() for item in digest.items}
    typed = {
        topic_id
        for stop in stops
        if isinstance(stop.destination, ToDigest | ToQuestion)
        for topic_id in _topics_named(stop.read)
    }
    by_topic = posts.latest_of_topics(tx, shown | typed)
    obeyed = notices.obeyed(tx, notice_ids) if notice_ids else {}
    return _Answered(closed, parts, obeyed, {i: place.topic.title for i, place in by_topic.items()}, by_topic)


def _topics_named(read: ReadMail) -> set[int]:
    parts = {part.topic_id for part in read.reading.parts or () if part.topic_id is not None}
    text = read.reading.body.text
    return parts | {int(number) for number in _NUMBERS.findall(text[:_LONGEST_ANSWER])}


def _shared_out(tx: Connection, stops: Sequence[_Stop], known: _Known) -> dict[tuple[int, str], list[StoredPart]]:
    keys = {
        (person.id, stop.read.dedup_key)
        for stop in stops
        if isinstance(stop.destination, ToDigest) and (person := _author(stop.read, known))
    }
    return answer_parts.of_mails(tx, keys) if keys else {}


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


def _places(tx: Connection, stops: Iterable[_Stop], answered: _Answered) -> dict[int, Place]:
    post_ids = {stop.destination.post_id for stop in stops if isinstance(stop.destination, ToPost)}
    post_ids |= {item.last for digest in answered.digests.values() for item in digest.items}
    post_ids |= {part.post_id for parts in answered.parts.values() for part in parts if part.post_id}
    return posts.places(tx, post_ids) if post_ids else {}


def _settle(stop: _Stop, known: _Known) -> tuple[Locked | None, Place | None]:
    """The community of this arrival and the post it answers there."""
    match stop.destination:
        case ToPost(post_id):
            place = known.by_post.get(post_id)
            return (known.locked.get(place.post.community_id), place) if place else (None, None)
        case ToCommunity(name):
            locked = known.by_name.get(name)
            return locked, _place_within(stop.read, known, locked)
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
    locked: Locked | None,
    place: Place | None,
    known: _Known,
    seen: _Seen,
    house: House,
) -> Case:
    parsed = stop.read.reading.parsed
    person = _author(stop.read, known)
    community = locked.community if locked else None
    both = (community.id, person.id) if community and person else None
    sent = seen.handed_over.get((place.post.content_id, person.id)) if place and person else None
    duplicate = community is not None and (community.id, stop.read.dedup_key) in seen.copies
    facts = Facts(
        destination=stop.destination,
        addressed=_is_addressed(parsed, house),
        reading=stop.read.reading,
        proof=stop.read.proof,
        person=person,
        community=community,
        membership=known.memberships.get(both) if both else None,
        place=place,
        duplicate=duplicate,
        served=False,
        approved=stop.arrival.approved,
        # The same words to another place are no reuse.
        reused_id=not duplicate and not seen.keys.get(parsed.message_id, set()) <= {stop.read.dedup_key},
        after=stop.read.mail.envelope.received_at - sent if sent else None,
        today=asking.local_day(person, stop.read.mail.envelope.received_at) if person else date.min,
    )
    return _with_answers(Case(stop.arrival, stop.read, facts), known, seen)


def _with_answers(case: Case, known: _Known, seen: _Seen) -> Case:
    """The case with what the whole mail asks for, and with the parts of an answer to a digest."""
    facts, person = case.facts, case.facts.person
    if person is None:
        return case
    to, answered = facts.destination, known.answered
    obeyed = answered.obeyed.get(to.notice_id) if isinstance(to, ToQuestion) else None
    if obeyed is not None:
        command = asking.after_obeying(facts.reading, person, facts.today)
        return _with_question(replace(case, obeyed=obeyed), command, known)
    receipt = tuple(answered.parts.get(to.notice_id, ())) if isinstance(to, ToQuestion) else ()
    offered = {topic for part in receipt for topic in _shown_in(part.digest_id, answered)}
    titles = {topic_id: answered.titles[topic_id] for topic_id in offered & answered.titles.keys()}
    command = asking.asked_for(to, facts.reading, person, facts.today, (receipt, titles))
    if isinstance(to, ToQuestion):
        return _with_question(replace(case, asked=receipt), command, known)
    if not isinstance(to, ToDigest):
        return replace(case, facts=replace(facts, command=command))
    before = seen.shared_out.get((person.id, case.read.dedup_key), ())
    done = frozenset(part.ordinal for part in before if part.state is not PartState.HELD)
    digest = answered.digests.get(to.digest_id)
    facts = replace(facts, command=command, digest=digest, duplicate=bool(done) and len(done) == len(before))
    parts = tuple(PartCase(part, _part_facts(part, facts, known)) for part in facts.reading.parts or ())
    return replace(case, facts=facts, parts=parts, done=done)


def _with_question(case: Case, command: Command | None, known: _Known) -> Case:
    facts = case.facts
    place = known.answered.by_topic.get(command.topic) if command and command.topic else None
    if command is None or (command.verb is Verb.MOVE and place is None):
        # Whatever else is answered to us, people read.
        return replace(case, facts=replace(facts, destination=ToManagers(None)))
    if place is None:
        return replace(case, facts=replace(facts, command=command))
    locked = known.locked.get(place.post.community_id)
    assert facts.person
    there = replace(
        facts,
        command=command,
        place=place,
        community=locked.community if locked else None,
        membership=known.memberships.get((place.post.community_id, facts.person.id)),
    )
    return replace(case, facts=there)


def _shown_in(digest_id: int, answered: _Answered) -> set[int]:
    closed = answered.digests.get(digest_id)
    return {item.topic_id for item in closed.items} if closed else set()


def _part_facts(part: Part, facts: Facts, known: _Known) -> Facts:
    """The facts as if this part alone had been mailed to its topic; files go with none of them unless that is said."""
    body = replace(facts.reading.body, text=part.text, html=None, quoted="", signature="", forwarded="")
    reading = replace(facts.reading, body=body, parsed=replace(facts.reading.parsed, attachments=()), parts=None)
    facts = replace(facts, reading=reading, command=None, digest=None)
    place = place_of_topic(part.topic_id, facts.destination, known)
    if place is None:
        return facts if part.topic_id is None else replace(facts, destination=ToNobody())
    to = facts.destination
    token_person_id = to.token_person_id if isinstance(to, ToDigest) else 0
    locked = known.locked.get(place.post.community_id)
    assert facts.person
    return replace(
        facts,
        destination=ToPost(place.post.id, token_person_id),
        place=place,
        community=locked.community if locked else None,
        membership=known.memberships.get((place.post.community_id, facts.person.id)),
    )


def place_of_topic(topic_id: int | None, to: Destination, known: _Known) -> Place | None:
    """The post that an answer to this topic answers: what the digest showed of it last, else its latest."""
    if topic_id is None:
        return None
    closed = known.answered.digests.get(to.digest_id) if isinstance(to, ToDigest) else None
    for item in closed.items if closed else ():
        place = known.by_post.get(item.last)
        if item.topic_id == topic_id and place and not place.post.withdrawn:
            return place
    return known.answered.by_topic.get(topic_id)


def _is_addressed(parsed: ParsedMessage, house: House) -> bool:
    """To or Cc names an address of ours, or names nobody: who was written to as Bcc is then all there is to know."""
    return not parsed.recipients or any(key.rpartition("@")[2] == house.domain for key in parsed.recipients)
