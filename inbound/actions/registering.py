"""Registering: somebody of the company who writes becomes a person of the network, asked first where that is the rule.

Called by obeying and offering for newcomers alone (inbound.policy.is_newcomer), inside T3.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.community import Person, PersonState
from gateway.core.decision import Reason
from gateway.core.joining import Register, Registration
from inbound import policy
from inbound.case import Decided
from inbound.facts import Rules
from inbound.vocabulary import language_of
from store import people
from store.people import NewPerson

# A name stands in mails to others: nothing in it may be an address, a link or a sentence.
_NAME = re.compile(r"[^\W\d_]+(?:[ .'’-]{1,2}[^\W\d_]+\.?){0,5}")
_LONGEST_NAME = 60
_LANGUAGES = ("fr", "en")


def register(tx: Connection, item: Decided, registration: Registration, now: datetime) -> Decided:
    """The case with its author as a person of the network, pending until they have answered; known people stay."""
    facts = item.case.facts
    known = facts.person
    if known is not None and not (known.state is PersonState.PENDING and registration.register is Register.OPEN):
        return item
    if known is None:
        known = _add(tx, item, registration, now)
    else:
        people.set_state(tx, known.id, PersonState.ACTIVE)
        known = replace(known, state=PersonState.ACTIVE)
    return replace(item, case=replace(item.case, facts=replace(facts, person=known)))


def register_all(tx: Connection, decided: Sequence[Decided], rules: Rules, now: datetime) -> Sequence[Decided]:
    """The same cases, newcomers who wrote to a community registered: they are told how to come in."""
    return [
        register(tx, item, rules.registration, now)
        if item.decision.reason is Reason.NOT_A_MEMBER and policy.wants_in(item.case.facts, rules)
        else item
        for item in decided
    ]


def _add(tx: Connection, item: Decided, registration: Registration, now: datetime) -> Person:
    reading = item.case.facts.reading
    author = reading.parsed.author
    assert author is not None
    said = language_of(item.case.arrival.forward_path, reading.body.text or reading.parsed.subject) or reading.language
    new = NewPerson(
        address=author,
        name=name_of(reading.parsed.author_name),
        locale=said if said in _LANGUAGES else registration.locale,
        timezone=registration.timezone,
        state=PersonState.ACTIVE if registration.register is Register.OPEN else PersonState.PENDING,
    )
    people.add(tx, [new], now)
    # Another mail of theirs in the same batch may have been first.
    found = people.find(tx, author)
    assert found is not None
    return found


def name_of(written: str) -> str:
    """The name in a From, where it looks like one; else ""."""
    name = " ".join(written.split())
    return name if len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) else ""
