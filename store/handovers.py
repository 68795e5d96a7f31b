"""When a content was handed to the relay for a person: what tells an answer that came too soon to be a person's.

Read by the flow that decides mails, a batch at a time, inside the transaction of the effects.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, case, literal, select, tuple_

from gateway.core.delivery import DeliveryState
from store.deliveries import LEASE
from store.schema import deliveries

_SENT = deliveries.c.state == DeliveryState.DELIVERED.value
# An answer may overtake the record of what it answers: then the mail left after it was claimed.
_IN_HAND = and_(deliveries.c.state == DeliveryState.PENDING.value, deliveries.c.attempts == 1)


def handed_over(tx: Connection, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], datetime]:
    """(content, person) → when the relay took that mail for that person, or, in its first try, when it was claimed.

    What was tried more than once and is still under way tells nothing: an earlier try may have arrived long ago.
    """
    if not pairs:
        return {}
    at = case((_SENT, deliveries.c.finished_at), else_=deliveries.c.next_attempt_at)
    query = select(deliveries.c.content_id, deliveries.c.person_id, at, case((_SENT, literal(1)), else_=literal(0)))
    wanted = tuple_(deliveries.c.content_id, deliveries.c.person_id).in_(list(pairs))
    found = {}
    for content_id, person_id, when, sent in tx.execute(query.where(wanted, _SENT | _IN_HAND)):
        found[content_id, person_id] = when if sent else when - LEASE
    return found
