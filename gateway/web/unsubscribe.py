"""Unsubscribing by a link: what its token asks for, who asks, and doing it. RFC 8058: POST acts, GET only shows.

Called by the web server, in a thread. The token alone decides: whoever has the mail may stop it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from gateway.core.community import Community
from gateway.core.digest import CADENCES, Cadence
from gateway.core.token import KeyRing, Purpose
from inbound.actions import leaving
from store import communities, people
from store.database import Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """No more of this, for this person: the posts of a community, or the digests of a cadence."""

    person_id: int
    community_id: int | None
    cadence: Cadence | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page says of a wish."""

    locale: str
    community: Community | None
    cadence: Cadence | None


def read_wish(keys: KeyRing, token: str) -> Wish | None:
    """What this token asks for; None where it is none of ours for this."""
    if (leave := keys.verify(Purpose.LEAVE, token)) and len(leave.ids) == 2:
        return Wish(leave.ids[1], leave.ids[0], None)
    if (quiet := keys.verify(Purpose.QUIET, token)) and len(quiet.ids) == 2 and quiet.ids[0] < len(CADENCES):
        return Wish(quiet.ids[1], None, CADENCES[quiet.ids[0]])
    return None


def look(database: Database, wish: Wish) -> Asked | None:
    """Whom and what the wish is about; None where either is gone."""
    with database.reading() as tx:
        person = people.get_all(tx, [wish.person_id]).get(wish.person_id)
        community = None
        if wish.community_id is not None:
            community = communities.get_all(tx, [wish.community_id]).get(wish.community_id)
    if person is None or (wish.community_id is not None and community is None):
        return None
    return Asked(person.locale, community, wish.cadence)


def act(database: Database, wish: Wish, now: datetime) -> Asked | None:
    """Does it, at once and as often as it is asked."""
    with database.transaction() as tx:
        if wish.community_id is not None:
            changed = leaving.leave(tx, wish.community_id, wish.person_id, now)
        elif wish.cadence is not None:
            changed = leaving.end_digests(tx, wish.cadence, wish.person_id, now)
    log.info("unsubscribed", community=wish.community_id, cadence=wish.cadence, person=wish.person_id, changed=changed)
    return look(database, wish)
