"""Inviting: a member asks somebody in, and their answer to the mail is their coming.

Called by obeying, inside T3. What the inviter is told is the same whether the address is anybody's or not: an
invitation is no way to find out who is a member. How many leave is bounded, by inviter and by address.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.core import address
from gateway.core.address import Address
from gateway.core.audit import Act, Entry
from gateway.core.command import Verb
from gateway.core.community import Community, JoinPolicy, Person, PersonState
from gateway.core.joining import Registration, RequestKind
from gateway.core.notice import Obeyed, Result
from gateway.core.question import Asks, Question
from gateway.core.rights import Right, may
from inbound.actions import joining, telling
from inbound.case import Decided
from inbound.route import House
from store import audit, memberships, people, requests
from store.people import NewPerson
from store.requests import NewRequest

MOST_OF_ONE_A_DAY = 20
"""Invitations by one person."""
MOST_TO_ONE_A_DAY = 3
"""Requests and invitations about one address; who is not in the network yet gets one."""
_DAY = timedelta(days=1)


def invite(tx: Connection, item: Decided, house: House, registration: Registration, now: datetime) -> None:
    """INVITE: asks whoever reads that address, unless the inviter may not or has asked enough."""
    command, person = item.case.facts.command, item.case.facts.person
    assert command and person
    place = joining.meant(tx, item)
    if place is None or place.archived:
        told = Obeyed(Verb.INVITE, result=Result.NO_PLACE, address=command.address)
    else:
        result = _invite(tx, item, place, address.parse(command.address), house, registration, now)
        told = Obeyed(Verb.INVITE, (place.name,), community_ids=(place.id,), result=result, address=command.address)
    telling.obeyed(tx, item, told, house, now, community_id=place.id if place else None)


def _invite(
    tx: Connection,
    item: Decided,
    place: Community,
    invited: Address,
    house: House,
    registration: Registration,
    now: datetime,
) -> Result:
    person = item.case.facts.person
    assert person
    membership = memberships.get_all(tx, [(place.id, person.id)]).get((place.id, person.id))
    if not may(person, membership, Right.ADMIT) and (membership is None or place.join is not JoinPolicy.OPEN):
        return Result.NOT_ALLOWED if membership else Result.NO_PLACE
    if requests.count_of_inviter(tx, person.id, now - _DAY) >= MOST_OF_ONE_A_DAY:
        return Result.TOO_MANY
    reader = people.find(tx, invited)
    if reader is None and not registration.knows(invited):
        return Result.FOREIGN
    if reader is None:
        new = NewPerson(invited, "", person.locale, registration.timezone, state=PersonState.PENDING)
        people.add(tx, [new], now)
        reader = people.find(tx, invited)
    assert reader is not None
    if _may_be_invited(tx, place, reader, now):
        request, is_new = requests.begin(tx, NewRequest(place.id, reader.id, RequestKind.INVITATION, person.id), now)
        asked = Question(Asks.INVITATION, community_id=place.id, person_id=person.id, request_id=request.id)
        if is_new:
            telling.question(tx, item, reader, asked, house, now)
            audit.record(tx, Entry(Act.INVITED, person.id, place.id, reader.id), now)
    return Result.ASKED


def _may_be_invited(tx: Connection, place: Community, reader: Person, now: datetime) -> bool:
    if memberships.get_all(tx, [(place.id, reader.id)]):
        return False
    most = {PersonState.ACTIVE: MOST_TO_ONE_A_DAY, PersonState.PENDING: 1}.get(reader.state, 0)
    return requests.count_of_person(tx, reader.id, now - _DAY) < most
