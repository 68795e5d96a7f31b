"""Absences: whether the day of return in an automatic answer is really that of the person it names.

Called by the pipeline inside T3; nobody is answered (RFC 3834 §2). The scheduler reads what is kept of it
(digests.absences) and asks once, later, whether they want a pause.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from gateway.core.message import Kind
from inbound.case import Decided
from inbound.facts import Rules
from inbound.route import ToBounce
from store import failures


def believed(tx: Connection, decided: Sequence[Decided], rules: Rules) -> frozenset[int]:
    """The arrivals that say so: their author is proven, or they came to the signed reverse-path of a mail to them.

    Where no proof is asked of anybody, each is taken at its word.
    """
    proven: set[int] = set()
    signed: dict[int, tuple[int, int]] = {}
    for item in decided:
        facts, arrival_id = item.case.facts, item.case.arrival.id
        found = facts.reading.classification
        if found.kind is not Kind.AUTO_REPLY or found.returns is None or facts.person is None:
            continue
        if facts.proof.proven or rules.require == "none":
            proven.add(arrival_id)
        elif isinstance(facts.destination, ToBounce):
            signed[arrival_id] = (facts.destination.delivery_id, facts.person.id)
    sent = failures.sent(tx, {delivery_id for delivery_id, _ in signed.values()}) if signed else {}
    known = {i for i, (delivery, person) in signed.items() if delivery in sent and sent[delivery].person_id == person}
    return frozenset(proven | known)
