"""Preview: the next digest of one reader as it would be closed, without closing it.

Called by `relais digest preview`. Writes nothing and holds nothing. The same rules as digests.close: whoever runs a
round at the moment that is told gets that digest, unless somebody posts or chooses meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from digests.close import Closer, Plan, rhythm_of_reader
from digests.rounds import LOOK_BACK
from digests.schedule import latest_due, next_due, opening
from digests.select import Explained, explain
from gateway.core.community import PersonState
from gateway.core.digest import Cadence, Period, Rhythm
from store import digests, rhythms
from store.digests import ClosedDigest

UNSTORED = 0
"""The id of a digest that has no row: no row ever has it."""


class Silence(StrEnum):
    """Why somebody would get no digest."""

    SUSPENDED = "suspended"
    PAUSED = "paused"
    FOLLOWS_NOTHING = "follows_nothing"
    """No community reaches them at this cadence."""
    NOTHING_NEW = "nothing_new"
    TOO_LITTLE = "too_little"
    """Fewer topics than a digest has at least: they wait for the next one."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A digest that could be closed. `digest.created_at` is when it would leave."""

    digest: ClosedDigest
    explained: tuple[Explained, ...]
    """For each item, in the order of the mail."""


def preview(tx: Connection, plan: Plan, person_id: int, cadence: Cadence, now: datetime) -> Preview | Silence:
    """The next digest of this person, as seen at `now` (aware); a catch-up, which goes by no clock, is a ValueError."""
    reader = digests.readers(tx, [person_id])[person_id]
    standing = rhythms.standing_of(tx, person_id)
    if standing.state is not PersonState.ACTIVE:
        return Silence.SUSPENDED
    rhythm = rhythm_of_reader(plan.network, reader)
    leaves_at, period = _leaving(tx, rhythm, person_id, cadence, now)
    if standing.paused and (standing.until is None or standing.until > leaves_at):
        return Silence.PAUSED
    if not digests.followed(tx, cadence, [person_id]):
        return Silence.FOLLOWS_NOTHING
    told = digests.following(tx, cadence, [person_id], hold=False)
    closer = Closer(plan, leaves_at, leaves_at)
    chosen = closer.offer(tx, told)
    selection = chosen.get(person_id)
    if selection is None or not selection.items:
        return Silence.NOTHING_NEW
    if closer.waiting(tx, chosen, {person_id: next_due(cadence, rhythm, leaves_at).at}):
        return Silence.TOO_LITTLE
    digest = ClosedDigest(
        id=UNSTORED,
        person_id=person_id,
        cadence=cadence,
        period=period.key,
        locale=reader.locale,
        items=selection.items,
        left_out=selection.left_out,
        created_at=leaves_at,
    )
    return Preview(digest, explain(selection))


def _leaving(
    tx: Connection, rhythm: Rhythm, person_id: int, cadence: Cadence, now: datetime
) -> tuple[datetime, Period]:
    """When the next digest leaves, and which period it covers."""
    clock = rhythms.clock_of(tx, person_id, cadence) or next_due(cadence, rhythm, now - LOOK_BACK).at
    at = clock if clock > now else max(now, opening(rhythm, now))
    due = latest_due(cadence, rhythm, at)
    if digests.had(tx, cadence, [(person_id, due.period.key)]):
        due = next_due(cadence, rhythm, at)
        at = due.at
    return at, due.period
