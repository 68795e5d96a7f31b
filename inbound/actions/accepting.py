"""Accepting: the charter's yes. What its author wrote before it takes the way of every other mail, all of it.

Called by obeying, inside T3. Who says no goes on reading; their mails wait, and the next one asks again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gateway.core.command import Verb
from gateway.core.decision import Reason
from gateway.core.notice import Obeyed, Result
from inbound.actions import telling
from inbound.case import Decided
from inbound.route import House
from store import arrivals, charters


def settle(tx: Connection, item: Decided, house: House, now: datetime) -> None:
    """An answer to the charter's question."""
    facts = item.case.facts
    assert facts.command and facts.person
    if facts.command.verb is Verb.NO:
        telling.obeyed(tx, item, Obeyed(Verb.NO, result=Result.DECLINED), house, now)
        return
    charters.accept(tx, facts.person.id, now)
    for arrival_id in arrivals.held(tx, facts.person.id, Reason.CHARTER):
        arrivals.retry(tx, arrival_id)
    telling.obeyed(tx, item, Obeyed(Verb.YES), house, now)
