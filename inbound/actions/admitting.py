"""Admitting: those who run a community are asked whether somebody may come in, and the first of them to answer decides.

Called by joining and obeying, inside T3. The others are told, and so is whoever asked.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gateway.core.audit import Act, Entry
from gateway.core.command import Verb
from gateway.core.community import Community, Person
from gateway.core.joining import JoinRequest, RequestKind, RequestState
from gateway.core.notice import Obeyed, Result
from gateway.core.question import Asks, Question
from gateway.core.rights import Right, may
from inbound.actions import joining, telling
from inbound.case import Decided
from inbound.route import House
from store import audit, memberships, people, requests
from store.requests import NewRequest


def ask(
    tx: Connection, item: Decided, place: Community, house: House, now: datetime, *, arrival_id: int | None = None
) -> None:
    """Asks everybody who may decide; a request that is open already is not asked about again."""
    person = item.case.facts.person
    assert person
    request, is_new = requests.begin(tx, NewRequest(place.id, person.id, RequestKind.REQUEST, None, arrival_id), now)
    if not is_new:
        return
    question = Question(Asks.REQUEST, community_id=place.id, person_id=person.id, request_id=request.id)
    for reader in deciders(tx, place.id, person.id):
        telling.question(tx, item, reader, question, house, now)


def deciders(tx: Connection, community_id: int, person_id: int) -> list[Person]:
    """Who is asked: the managers, else the administrators; nobody about themself."""
    for those in (memberships.managers(tx, [community_id]).get(community_id, ()), people.admins(tx)):
        if others := [person for person in those if person.id != person_id]:
            return others
    return []


def settle(tx: Connection, item: Decided, question: Question, house: House, now: datetime) -> None:
    """YES or NO of one of those who were asked."""
    facts = item.case.facts
    assert facts.command and facts.person and question.request_id is not None
    request = requests.lock(tx, question.request_id)
    place = facts.community
    if place is None or request is None:
        telling.obeyed(tx, item, Obeyed(Verb.YES, result=Result.OVER), house, now)
    elif not may(facts.person, facts.membership, Right.ADMIT):
        told = joining.about(place, Verb.YES, Result.NOT_ALLOWED, request.person_id)
        telling.obeyed(tx, item, told, house, now, community_id=place.id)
    elif not request.is_open(now):
        telling.obeyed(tx, item, _settled(place, request), house, now, community_id=place.id)
    else:
        _decide(tx, item, place, request, house, now)


def _settled(place: Community, request: JoinRequest) -> Obeyed:
    """Who decided it, and when."""
    return Obeyed(
        Verb.YES,
        (place.name,),
        until=request.decided_at.date() if request.decided_at else None,
        community_ids=(place.id,),
        result=Result.OVER,
        person_id=request.person_id,
        by_id=request.decided_by,
    )


def _decide(tx: Connection, item: Decided, place: Community, request: JoinRequest, house: House, now: datetime) -> None:
    command, by = item.case.facts.command, item.case.facts.person
    assert command and by
    granted = command.verb is Verb.YES
    state, result = (RequestState.GRANTED, Result.GRANTED) if granted else (RequestState.REFUSED, Result.REFUSED)
    requests.settle(tx, request.id, state, by.id, now)
    act = Act.MEMBER_ADDED if granted else Act.REQUEST_REFUSED
    audit.record(tx, Entry(act, by.id, place.id, request.person_id), now)
    told = Obeyed(
        Verb.YES, (place.name,), community_ids=(place.id,), result=result, person_id=request.person_id, by_id=by.id
    )
    for reader in (by, *(other for other in deciders(tx, place.id, request.person_id) if other.id != by.id)):
        telling.obeyed(tx, item, told, house, now, community_id=place.id, reader=reader)
    wanted = people.get_all(tx, [request.person_id])[request.person_id]
    if granted:
        joining.enter(tx, item, place, wanted, house, now, arrival_id=request.arrival_id)
    else:
        refused = joining.about(place, Verb.JOIN, Result.REFUSED)
        telling.obeyed(tx, item, refused, house, now, community_id=place.id, reader=wanted)
