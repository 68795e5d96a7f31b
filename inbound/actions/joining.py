"""Joining: how somebody comes into a community, and what they are asked before they do.

Called by obeying, inside T3. Whoever asks is asked back: what a forged From began, only the mailbox itself can go on
with. The first answer settles the row of join_requests, not the notice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.core.command import Verb
from gateway.core.community import Community, JoinPolicy, Membership, Person, PersonState, Role
from gateway.core.decision import Reason
from gateway.core.joining import Register, Registration, RequestKind, RequestState
from gateway.core.notice import Obeyed, Result
from gateway.core.question import Asks, Question
from inbound.actions import admitting, telling
from inbound.case import Decided
from inbound.route import House
from store import arrivals, communities, memberships, people, requests, welcomes
from store.requests import NewRequest

MOST_A_DAY = 10
"""Requests about one person: who is asked more often has not asked themself."""
_DAY = timedelta(days=1)


def ask(tx: Connection, item: Decided, house: House, registration: Registration, now: datetime) -> None:
    """JOIN: asks the author whether they mean it, or says why they cannot come in like this."""
    command, person = item.case.facts.command, item.case.facts.person
    assert command and person
    left = item.case.obeyed
    community = meant(tx, item) if left and left.community_ids else named(tx, command.name)
    if community is None or community.archived:
        telling.obeyed(tx, item, Obeyed(Verb.JOIN, result=Result.NO_PLACE), house, now)
    elif refusal := _refusal(tx, community, person.id, now):
        telling.obeyed(tx, item, about(community, Verb.JOIN, refusal), house, now, community_id=community.id)
    elif (registration.register is Register.OPEN and item.case.facts.proof.proven) or (
        community.join is JoinPolicy.REQUEST and person.state is PersonState.ACTIVE
    ):
        come_in(tx, item, community, house, now)
    else:
        request, is_new = requests.begin(tx, NewRequest(community.id, person.id, RequestKind.CONFIRM), now)
        # Who is no person of the network yet is asked once, whatever somebody does with their address.
        if is_new or person.state is PersonState.ACTIVE:
            asked = Question(Asks.JOIN, community_id=community.id, request_id=request.id)
            telling.question(tx, item, person, asked, house, now, once=once(asked, now))


def named(tx: Connection, name: str) -> Community | None:
    """The community that is called so, held; None where there is none, or more than one."""
    found = communities.named(tx, name) if name else []
    held = communities.lock(tx, ids=found) if found else []
    return held[0].community if held else None


def meant(tx: Connection, item: Decided) -> Community | None:
    """The community that the command names, that the answered notice was about, or the only one its author is in."""
    command, person = item.case.facts.command, item.case.facts.person
    assert command and person
    if command.name:
        return named(tx, command.name)
    ids = item.case.obeyed.community_ids if item.case.obeyed else ()
    if len(ids) != 1:
        ids = tuple(place.id for place, _ in memberships.of_person(tx, person.id))
    held = communities.lock(tx, ids=ids) if len(ids) == 1 else []
    return held[0].community if held else None


def about(community: Community, verb: Verb, result: Result, person_id: int | None = None) -> Obeyed:
    """What came of a command about this community."""
    return Obeyed(verb, (community.name,), community_ids=(community.id,), result=result, person_id=person_id)


def once(question: Question, now: datetime) -> str:
    """What says that it was asked within this hour."""
    return f"ask:{question.request_id}:{now:%Y%m%d%H}"


def _refusal(tx: Connection, community: Community, person_id: int, now: datetime) -> Result | None:
    if memberships.get_all(tx, [(community.id, person_id)]):
        return Result.IS_MEMBER
    if community.join is JoinPolicy.INVITE:
        return Result.CLOSED
    if requests.count_of_person(tx, person_id, now - _DAY) >= MOST_A_DAY:
        return Result.TOO_MANY
    return None


def settle(tx: Connection, item: Decided, question: Question, house: House, now: datetime) -> None:
    """The answer to JOIN, to an invitation, or to the offer that came with a mail that was not posted."""
    facts = item.case.facts
    assert facts.command and facts.person
    place = facts.community
    request = requests.lock(tx, question.request_id) if question.request_id is not None else None
    is_open = question.asks is Asks.OFFER or (request is not None and request.is_open(now))
    if place is None or place.archived or not is_open:
        told = about(place, Verb.JOIN, Result.OVER) if place else Obeyed(Verb.JOIN, result=Result.OVER)
        telling.obeyed(tx, item, told, house, now, community_id=question.community_id)
        return
    said_no = facts.command.verb is Verb.NO
    if request is not None:
        state = RequestState.REFUSED if said_no else RequestState.GRANTED
        requests.settle(tx, request.id, state, facts.person.id, now)
    if said_no:
        telling.obeyed(tx, item, about(place, Verb.JOIN, Result.DECLINED), house, now, community_id=place.id)
    elif request is not None and request.kind is RequestKind.INVITATION:
        enter(tx, item, place, facts.person, house, now)
    else:
        come_in(tx, item, place, house, now, arrival_id=question.arrival_id)


def come_in(
    tx: Connection, item: Decided, place: Community, house: House, now: datetime, *, arrival_id: int | None = None
) -> None:
    """Somebody who has said that they want in: at once where it is open, else those who run it are asked."""
    person = item.case.facts.person
    assert person
    if memberships.get_all(tx, [(place.id, person.id)]):
        telling.obeyed(tx, item, about(place, Verb.JOIN, Result.IS_MEMBER), house, now, community_id=place.id)
    elif place.join is JoinPolicy.OPEN:
        enter(tx, item, place, person, house, now, arrival_id=arrival_id)
    elif place.join is JoinPolicy.INVITE:
        telling.obeyed(tx, item, about(place, Verb.JOIN, Result.CLOSED), house, now, community_id=place.id)
    else:
        _activate(tx, person)
        admitting.ask(tx, item, place, house, now, arrival_id=arrival_id)
        telling.obeyed(tx, item, about(place, Verb.JOIN, Result.ASKED), house, now, community_id=place.id)


def enter(
    tx: Connection,
    item: Decided,
    place: Community,
    person: Person,
    house: House,
    now: datetime,
    *,
    arrival_id: int | None = None,
) -> None:
    """Makes a member, who hears of what comes from now on, and welcomes them; a mail that waited is decided anew."""
    communities.lock(tx, ids=[place.id])
    _activate(tx, person)
    memberships.add(tx, [Membership(place.id, person.id, Role.MEMBER, None)], now)
    if arrival_id is not None:
        arrivals.reopen(tx, arrival_id)
        # What they wrote within the hour of that was not sent back, and waits with it.
        for waiting in arrivals.held(tx, person.id, Reason.NOT_A_MEMBER, community_id=place.id):
            arrivals.retry(tx, waiting)
    best = welcomes.best_topics(tx, place.id, now)
    welcome = Obeyed(Verb.JOIN, (place.name,), community_ids=(place.id,), topic_ids=tuple(best))
    telling.obeyed(tx, item, welcome, house, now, community_id=place.id, reader=person)


def _activate(tx: Connection, person: Person) -> None:
    if person.state is PersonState.PENDING:
        people.set_state(tx, person.id, PersonState.ACTIVE)
