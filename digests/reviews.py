"""Reviews: those who were asked about a mail and said nothing are reminded once, and then it goes back to its author.

Called by the scheduler every minute, on any number of nodes: what one has locked, another leaves alone.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digests.waiting import Origin
from gateway.core.audit import Hand
from gateway.core.community import NetworkRole, Person, PersonState
from gateway.core.question import Asks
from gateway.core.rights import Right, may
from gateway.core.ruling import Ruling, Waiting
from store import memberships, notices, people, rulings

_A_DAY = timedelta(days=1)
_AT_ONCE = 100


def remind(tx: Connection, origin: Origin, now: datetime) -> int:
    """Asks once more about mails of yesterday, or of half the time that there is; returns how many questions."""
    due = rulings.to_remind(tx, now - min(_A_DAY, origin.review / 2), _AT_ONCE)
    asked = 0
    for arrival_id in due:
        found = rulings.waiting(tx, arrival_id)
        questions = notices.asked_about(tx, arrival_id, Asks.MODERATE)
        known = people.get_all(tx, {question.person_id for question in questions})
        for question in questions:
            if found and _runs(tx, found, known[question.person_id]):
                notices.ask_again(tx, question, f"<{uuid.uuid4().hex}@{origin.domain}>", origin.key_id, now)
                asked += 1
    if due:
        rulings.reminded(tx, due, now)
    return asked


def _runs(tx: Connection, found: Waiting, person: Person) -> bool:
    """Whether they still do what they were asked for."""
    if found.community_id is None:
        return person.role is NetworkRole.ADMIN and person.state is PersonState.ACTIVE
    pair = (found.community_id, person.id)
    return may(person, memberships.get_all(tx, [pair]).get(pair), Right.MODERATE)


def expire(tx: Connection, origin: Origin, now: datetime) -> int:
    """Sends back what nobody answered about in all the time there was; returns how many mails."""
    expired = 0
    for arrival_id in rulings.to_expire(tx, now - origin.review, _AT_ONCE):
        found = rulings.waiting(tx, arrival_id)
        expired += found is not None and rulings.settle(tx, found, Ruling.EXPIRED, Hand.RELAIS, now)
    return expired
