"""Leaving: one click, by mail or by link, sets the pace of a community to off; a word of command ends the membership.

Called by obeying, the pipeline and the web. Nobody leaves a mandatory community: it is slowed down as far as it goes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.audit import Act, Entry
from gateway.core.command import Verb
from gateway.core.community import Pace
from gateway.core.digest import Cadence
from gateway.core.notice import Obeyed, Result
from inbound.route import Destination, ToLeave, ToQuiet
from store import audit, communities, memberships, paces, silence

PACE_OF = {Cadence.DAILY: Pace.DAILY, Cadence.WEEKLY: Pace.WEEKLY, Cadence.CATCH_UP: Pace.EACH}
"""The pace that a cadence serves; a catch-up goes to who hears of posts at once."""


def leave(tx: Connection, community_id: int, person_id: int, now: datetime) -> bool:
    """Stops the posts of one community for one person, or slows them down where that is not allowed.

    Idempotent; False where there is no such membership.
    """
    held = communities.lock(tx, ids=[community_id])
    left = bool(held) and paces.choose(tx, community_id, person_id, held[0].community.slowest, now)
    return left and _noted(tx, person_id, now)


def depart(tx: Connection, community_id: int, person_id: int, now: datetime) -> Obeyed:
    """LEAVE or STOP where one community is meant: the membership ends at once, and the receipt knows what it was."""
    held = communities.lock(tx, ids=[community_id])
    if not held:
        return Obeyed(Verb.LEAVE, result=Result.NO_PLACE)
    place = held[0].community
    told = Obeyed(Verb.LEAVE, (place.name,), community_ids=(place.id,))
    if place.mandatory:
        return replace(told, result=Result.MANDATORY)
    ended = memberships.end(tx, held[0], person_id)
    if ended is None:
        return replace(told, result=Result.NO_PLACE)
    audit.record(tx, Entry(Act.MEMBER_LEFT, person_id, place.id, person_id), now)
    return replace(told, ended=ended)


def go_back(tx: Connection, left: Obeyed, person_id: int, now: datetime) -> Obeyed:
    """CANCEL in answer to that receipt: they are a member again, as they were."""
    held = communities.lock(tx, ids=left.community_ids)
    if left.ended is None or not held:
        return Obeyed(Verb.CANCEL, result=Result.NO_PLACE)
    place = held[0].community
    told = Obeyed(Verb.CANCEL, (place.name,), community_ids=(place.id,))
    is_back = memberships.restore(tx, held[0], person_id, left.ended, now)
    return told if is_back else replace(told, result=Result.IS_MEMBER)


def end_digests(tx: Connection, cadence: Cadence, person_id: int, now: datetime) -> bool:
    """Stops the digests of a cadence: what is followed at it is off. Idempotent; False where nothing was.

    A catch-up tells of what is heard at once, so that is what it ends.
    """
    ended = paces.choose_everywhere(tx, person_id, Pace.OFF, now, only=PACE_OF[cadence])
    return bool(ended) and _noted(tx, person_id, now)


def _noted(tx: Connection, person_id: int, now: datetime) -> bool:
    # Whoever clicks has looked at it: what they still hear of is not to be slowed down for their silence.
    silence.note_heard(tx, [person_id], now)
    return True


def unsubscribe(tx: Connection, destination: Destination, now: datetime) -> None:
    """What a List-Unsubscribe by mail asks for."""
    match destination:
        case ToLeave(community_id, person_id):
            leave(tx, community_id, person_id, now)
        case ToQuiet(cadence, person_id):
            end_digests(tx, cadence, person_id, now)
        case _:
            raise AssertionError("only these two are ever unsubscribed from")
