"""Tuning: a community's default pace, changed by who runs the network; all whom it moves are told of it once.

Called by the command line and the console, inside their transaction. Personal choices are never touched.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gateway.core.command import Verb
from gateway.core.community import Community, Pace
from gateway.core.notice import Obeyed, Result
from inbound.actions.publishing import new_message_id
from inbound.route import House
from store import announcements, paces

_VERBS = {Pace.EACH: Verb.ALL, Pace.DAILY: Verb.DAILY, Pace.WEEKLY: Verb.WEEKLY}


def change_default(tx: Connection, community: Community, pace: Pace, house: House, now: datetime) -> int:
    """Gives a community another default pace; returns how many people are told, 0 where it was that already.

    Raises ValueError for a default by which who never chose would miss something.
    """
    if pace not in _VERBS:
        raise ValueError(f"{pace.value}: who never chose would miss something")
    before = paces.change_default(tx, community.id, pace, now)
    if before is pace:
        return 0
    result = Result.SLOWED if before is Pace.EACH else Result.DEFAULT
    what = Obeyed(_VERBS[pace], (community.name,), community_ids=(community.id,), result=result)
    return announcements.tell_of_default(tx, what, new_message_id(house), house.keys.current, now)
