"""Hurrying: a post that who runs the community marks as urgent reaches also those who sleep, if they allow it.

Called by the pipeline inside T3: weighed before the posts are made, recorded after. A mark counts where somebody would
wait for the post; where nobody would it changes nothing and costs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.core.audit import Act, Entry
from gateway.core.decision import Verdict
from gateway.core.quiet import Peace
from gateway.core.rights import Right, may
from gateway.core.ruling import Ruling
from gateway.core.urgency import WEEK, Urgency
from inbound.actions.publishing import Published
from inbound.case import Decided
from inbound.facts import Rules
from inbound.urgency import is_marked
from store import audit, quiet, urgency

_ON_THE_WAY = timedelta(minutes=15)
"""A post of shortly before the hours begin may be fanned out within them."""


@dataclass(frozen=True, slots=True)
class _Hour:
    """When the copies of what is decided now leave, and whose peace that is."""

    peace: Peace
    now: datetime
    leaves_at: datetime

    def matters(self, tx: Connection, item: Decided) -> bool:
        """Whether anybody there would wait for this post."""
        facts = item.case.facts
        assert facts.community and facts.person
        whose = facts.community.id, facts.person.id
        moments = (self.leaves_at, self.leaves_at + _ON_THE_WAY)
        return any(quiet.waiting(tx, *whose, self.peace, at).readers for at in moments)


def weigh(tx: Connection, decided: Sequence[Decided], rules: Rules, now: datetime) -> tuple[Decided, ...]:
    """The same, in order, each with what becomes of its mark; a mail to several communities counts once.

    Holds the authors of marked mails until the transaction ends. The caller holds the locks of their communities.
    """
    marked: dict[tuple[int, int], list[Decided]] = defaultdict(list)
    for item in decided if rules.peace is not None and rules.urgent_per_week else ():
        if _may_hurry(item, rules):
            assert item.case.facts.person
            marked[item.case.facts.person.id, item.case.read.mail.id].append(item)
    if not marked or rules.peace is None:
        return tuple(decided)
    hour = _Hour(rules.peace, now, now + rules.hold)
    fates: dict[int, Urgency] = {}
    granted: dict[int, int] = defaultdict(int)
    for (author_id, _), items in sorted(marked.items()):
        if not any(hour.matters(tx, item) for item in items):
            continue
        is_within = urgency.count(tx, author_id, now - WEEK) + granted[author_id] < rules.urgent_per_week
        granted[author_id] += is_within
        fates |= {item.case.arrival.id: Urgency.GRANTED if is_within else Urgency.SPENT for item in items}
    return tuple(replace(item, urgency=fates.get(item.case.arrival.id, Urgency.NONE)) for item in decided)


def _may_hurry(item: Decided, rules: Rules) -> bool:
    """A new topic by who runs the community, who is who they say they are."""
    facts = item.case.facts
    if item.decision.verdict is not Verdict.PUBLISH or facts.place or not (facts.community and facts.person):
        return False
    is_theirs = facts.proof.proven or Ruling.OWNED in facts.rulings or rules.require == "none"
    names = (facts.community.name, facts.community.address)
    return is_theirs and may(facts.person, facts.membership, Right.HURRY) and is_marked(facts.reading.parsed, names)


def record(tx: Connection, made: Sequence[tuple[Decided, Published]], now: datetime) -> None:
    """Puts each urgent post into the audit log."""
    for item, post in made:
        facts = item.case.facts
        if item.urgency is Urgency.GRANTED:
            assert facts.community and facts.person
            person_id, community_id = facts.person.id, facts.community.id
            arrival_id = item.case.arrival.id
            entry = Entry(
                Act.POST_HURRIED, person_id, community_id, person_id, post_id=post.post_id, arrival_id=arrival_id
            )
            audit.record(tx, entry, now)
