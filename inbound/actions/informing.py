"""Informing: HELP, LIST, SETTINGS, WHO and MY DATA, each one mail; and what answers a word that nobody understands.

Called by obeying, inside T3. The mail itself is filled in when it is composed (store.sheets).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gateway.core.command import Circle, Command, Place, Verb
from gateway.core.community import NetworkRole, Person, PersonState, Role
from gateway.core.decision import Reason
from gateway.core.notice import NoticeKind, Obeyed, Result
from inbound.actions import forwarding, joining, telling
from inbound.asking import AT_AN_ADDRESS
from inbound.case import Decided
from inbound.route import House
from inbound.vocabulary import help_lines
from store import memberships, notices


def tell(tx: Connection, item: Decided, command: Command, house: House, now: datetime) -> None:
    """Answers one of the five."""
    person = item.case.facts.person
    assert person
    if command.verb is Verb.WHO:
        _tell_members(tx, item, person, house, now)
    elif command.verb is Verb.HELP and command.words and _was_helped(tx, person, now):
        # Once is enough: whoever goes on writes to people.
        forwarding.forward(tx, [item], house, now)
    elif command.verb is Verb.HELP:
        lines = help_lines(person.locale, Place.ADDRESS, circles(tx, person), AT_AN_ADDRESS)
        telling.obeyed(tx, item, Obeyed(Verb.HELP, lines=lines, words=command.words), house, now)
    else:
        telling.obeyed(tx, item, Obeyed(command.verb), house, now)


def circles(tx: Connection, person: Person) -> frozenset[Circle]:
    """What this person is, by which the words they may use are chosen."""
    if person.state is PersonState.PENDING:
        return frozenset((Circle.ANYONE,))
    roles = {membership.role for _, membership in memberships.of_person(tx, person.id)}
    found = {Circle.ANYONE, Circle.PERSON, *({Circle.MEMBER, Circle.ASKED} if roles else ())}
    if Role.MANAGER in roles or person.role is NetworkRole.ADMIN:
        found.add(Circle.MANAGER)
    return frozenset(found)


def _tell_members(tx: Connection, item: Decided, person: Person, house: House, now: datetime) -> None:
    place = joining.meant(tx, item)
    if place is None or not memberships.get_all(tx, [(place.id, person.id)]):
        telling.obeyed(tx, item, Obeyed(Verb.WHO, result=Result.NO_PLACE), house, now)
        return
    told = Obeyed(Verb.WHO, (place.name,), community_ids=(place.id,))
    telling.obeyed(tx, item, told, house, now, community_id=place.id)


def _was_helped(tx: Connection, person: Person, now: datetime) -> bool:
    return (person.id, NoticeKind.OBEYED, Reason.NOT_UNDERSTOOD, None) in notices.recent(tx, [person.id], now)
