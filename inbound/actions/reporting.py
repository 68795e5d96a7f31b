"""Reporting: what failure and feedback reports change, inside the transaction of the verdict.

Called by the pipeline for what is no person's mail. Only a signed reverse-path says which delivery a report is about;
its words say no more than what became of it. Nobody is answered (RFC 3464 §2, RFC 5965 §8).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import Connection

from gateway.core.delivery import DeliveryKind
from gateway.core.digest import Cadence
from gateway.core.failure import BounceCause, Failure, FailureKind, failure
from gateway.core.message import Classification, Feedback, Kind
from inbound.actions import leaving
from inbound.case import Decided
from inbound.route import Destination, House, ToBounce, route
from store import failures

log = structlog.get_logger(__name__)

_UNWANTED = ("abuse", "opt-out", "opt-out-list")
"""The feedback that asks for no more (RFC 5965 §7.3); what is called fraud or no spam at all is not about us."""


def take(tx: Connection, decided: Sequence[Decided], house: House, now: datetime) -> None:
    """Counts what reports tell of deliveries of ours, and ends what their readers complain of."""
    told: list[Failure] = []
    for item in decided:
        facts = item.case.facts
        found = facts.reading.classification
        if found.feedback is not None:
            told += _complaints(tx, found.feedback, facts.destination, house, now)
        elif isinstance(facts.destination, ToBounce) and (read := _failure(facts.destination.delivery_id, found)):
            told.append(read)
    for counted in failures.note(tx, told, now) if told else ():
        log.info("delivery_came_back", delivery=counted.delivery_id, kind=counted.kind.value, reason=counted.cause)


def _failure(delivery_id: int, found: Classification) -> Failure | None:
    """What the report says of its delivery; None where the mail is no report, or somebody still tries."""
    if found.kind is not Kind.BOUNCE:
        return None
    if not found.bounced:
        return Failure(delivery_id, FailureKind.SOFT, "", BounceCause.UNKNOWN)
    over = [failure(delivery_id, one.status, permanent=one.permanent) for one in found.bounced if one.over]
    # Where it went on to several addresses and one of them may live, its person may read us.
    return next((one for one in over if one.kind is not FailureKind.HARD), over[0] if over else None)


def _complaints(
    tx: Connection, feedback: Feedback, destination: Destination, house: House, now: datetime
) -> list[Failure]:
    """Ends the pace of the community, or the digests, that each delivery was of."""
    if feedback.kind not in _UNWANTED:
        return []
    signed = [destination, *(route(path, house) for path in feedback.reverse_paths)]
    about = failures.sent(tx, {to.delivery_id for to in signed if isinstance(to, ToBounce)})
    for sent in about.values():
        if sent.kind is DeliveryKind.DIGEST and sent.cadence:
            leaving.end_digests(tx, Cadence(sent.cadence), sent.person_id, now)
        elif sent.kind is DeliveryKind.POST and sent.community_id is not None:
            leaving.leave(tx, sent.community_id, sent.person_id, now)
    return [Failure(delivery_id, FailureKind.COMPLAINT, "", feedback.kind) for delivery_id in sorted(about)]
