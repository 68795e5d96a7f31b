"""Thanking: an answer that says nothing but thanks is counted for the post that it answers, once for each person.

Called by the pipeline inside T3. Nobody gets a mail of it: the digests show how many gave thanks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from inbound.case import Decided
from store import choices


def thank(tx: Connection, decided: Sequence[Decided], now: datetime) -> None:
    """Counts the thanks of these answers."""
    for item in decided:
        facts = item.case.facts
        assert facts.place and facts.person
        choices.thank(tx, facts.place.post.id, facts.person.id, now)
