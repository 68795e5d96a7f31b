"""Joining: how somebody comes into a community, and the questions that are asked before they do.

Called by obeying, inside T3, with the community held. Whoever asks is asked back: what a forged From started, only the
mailbox itself can go on with. The first answer settles the row of join_requests, not the notice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.core.command import Verb
from gateway.core.community import Community, JoinPolicy, Membership, Role
from gateway.core.joining import RequestKind, RequestState
from gateway.core.notice import Obeyed, Result
from gateway.core.question import Asks, Question
from inbound.actions import telling
from inbound.case import Decided
from inbound.route import House
from store import communities, memberships, requests
from store.requests import NewRequest

MOST_A_DAY = 10
"""Requests about one person: who is asked more often has not asked themself."""


def ask(tx: Connection, item: Decided, house: House, now: datetime) -> None:
    """JOIN: asks the author whether they mean it, or says why they cannot come in like this."""
    command, person = item.case.facts.command, item.case.facts.person
    assert command and person
    community = _meant(tx, command.name)
    if community is None or community.archived:
        telling.obeyed(tx, item, Obeyed(Verb.JOIN, result=Result.NO_PLACE), house, now)
        return
    if refusal := _refusal(tx, community, person.id, now):
        done = Obeyed(Verb.JOIN, (community.name,), community_ids=(community.id,), result=refusal)
        telling.obeyed(tx, item, done, house, now, community_id=community.id)
        return
    request = requests.begin(tx, NewRequest(community.id, person.id, RequestKind.CONFIRM), now)
    asked = Question(Asks.JOIN, community_id=community.id, request_id=request.id)
    telling.question(tx, item, person, asked, house, now)


def _meant(tx: Connection, name: str) -> Community | None:
    found = communities.named(tx, name)
    held = communities.lock(tx, ids=found) if found else []
    return held[0].community if held else None


def _refusal(tx: Connection, community: Community, person_id: int, now: datetime) -> Result | None:
    if memberships.get_all(tx, [(community.id, person_id)]):
        return Result.IS_MEMBER
    if community.join is JoinPolicy.INVITE:
        return Result.CLOSED
    if requests.count_of_person(tx, person_id, now - timedelta(days=1)) >= MOST_A_DAY:
        return Result.TOO_MANY
    return None


def settle(tx: Connection, item: Decided, question: Question, house: House, now: datetime) -> None:
    """An answer to one of the questions about joining."""
    facts = item.case.facts
    assert facts.command and facts.person and question.request_id is not None
    request = requests.lock(tx, question.request_id)
    place = facts.community
    if request is None or place is None or place.archived or not request.is_open(now):
        names, ids = ((place.name,), (place.id,)) if place else ((), ())
        told = Obeyed(Verb.JOIN, names, community_ids=ids, result=Result.OVER)
    elif facts.command.verb is Verb.NO:
        requests.settle(tx, request.id, RequestState.REFUSED, facts.person.id, now)
        told = Obeyed(Verb.JOIN, (place.name,), community_ids=(place.id,), result=Result.DECLINED)
    else:
        requests.settle(tx, request.id, RequestState.GRANTED, facts.person.id, now)
        memberships.add(tx, [Membership(place.id, request.person_id, Role.MEMBER, None)], now)
        told = Obeyed(Verb.JOIN, (place.name,), community_ids=(place.id,))
    telling.obeyed(tx, item, told, house, now, community_id=question.community_id)
