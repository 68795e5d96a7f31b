"""The path of a mail, top to bottom: read, gather, decide, act, close. The table of contents of this folder.

Everything before the verdict is a function of bytes and facts; everything after it is one transaction (T3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.decision import Reason, Verdict
from inbound import policy, sharing
from inbound.actions import (
    absences,
    answering,
    claiming,
    confirming,
    forwarding,
    hurrying,
    leaving,
    letters,
    meeting,
    moderating,
    obeying,
    parts,
    publishing,
    registering,
    reporting,
    telling,
    thanking,
    vouching,
)
from inbound.actions.forwarding import Forwarded
from inbound.case import Case, Decided, ReadMail
from inbound.facts import Rules
from inbound.gathering import gather
from inbound.route import House
from store import arrivals, floods, silence
from store.arrivals import Closing

_OF_PEOPLE = (Verdict.PUBLISH, Verdict.SHARE_OUT, Verdict.OBEY, Verdict.THANK)


def process(
    tx: Connection, batch: Sequence[ReadMail], house: House, rules: Rules, now: datetime
) -> tuple[Decided, ...]:
    """Decides a batch of claimed messages and carries the verdicts out.

    The messages must not answer or repeat one another (see `independent`). The caller commits, or rolls all of it back.
    """
    gathered = gather(tx, batch, house, rules, now)
    decided = hurrying.weigh(tx, decide(gathered.cases, rules), rules, now)
    planned = sharing.plan(decided, rules)
    published = _with(decided, Verdict.PUBLISH)
    wanted = publishing.of_arrivals(tx, published, house)
    first = confirming.first_timers(tx, published, rules)
    wanted += parts.publications(planned, house)
    made = publishing.publish(tx, wanted, gathered.locked, house, now, hold=rules.hold)
    out = list(zip(published, made, strict=False))
    hurrying.record(tx, out, now)
    confirming.confirm(tx, out, first, (house, rules), now)
    posted = {item.case.arrival.id: post.post_id for item, post in out}
    held = parts.carry_out(tx, planned, made[len(published) :], house, now)
    obeying.obey(tx, _with(decided, Verdict.OBEY), gathered, house, rules, now)
    for item in _with(decided, Verdict.UNSUBSCRIBE):
        leaving.unsubscribe(tx, item.case.facts.destination, now)
    thanking.thank(tx, _with(decided, Verdict.THANK), now)
    reporting.take(tx, _with(decided, Verdict.DISCARD), house, now)
    passed_on = letters.pass_on(tx, _with(decided, Verdict.PASS_ON), house, now)
    forwarded = forwarding.forward(tx, _with(decided, Verdict.FORWARD), house, now)
    moderating.ask(tx, decided, planned, (house, rules), now)
    floods.pause(tx, _flooded(decided), now)
    vouching.ask(tx, decided, house, now)
    claiming.ask(tx, decided, house, now)
    kept = answering.answer(tx, registering.register_all(tx, decided, rules, now), house, now)
    kept |= held | passed_on | telling.ask_again(tx, _with(decided, Verdict.ASK), house, now)
    meeting.tell(tx, decided, house, rules, now)
    away = absences.believed(tx, decided, rules)
    closings = [
        _closing(item, posted, forwarded.get(item.case.arrival.id), kept.get(item.case.arrival.id), away)
        for item in decided
    ]
    arrivals.close(tx, [read.mail for read in batch], closings, now)
    silence.note_heard(tx, _heard(decided), now)
    return decided


def decide(cases: Sequence[Case], rules: Rules) -> tuple[Decided, ...]:
    """The verdicts. Arrivals of one message are decided together: a reply-all is one answer, not two."""
    served: set[tuple[int, int]] = set()
    topics: Counter[int] = Counter()
    authors: Counter[int] = Counter()
    decided = []
    for case in cases:
        community = case.facts.community
        here = (case.read.mail.id, community.id) if community else None
        topic_id = case.facts.place.topic.id if case.facts.place else 0
        author_id = case.facts.person.id if case.facts.person else 0
        facts = replace(
            case.facts,
            served=here in served,
            topic_rate=case.facts.topic_rate + topics[topic_id],
            author_rate=case.facts.author_rate + authors[author_id],
        )
        decision = policy.decide(facts, rules)
        if here and decision.verdict is Verdict.PUBLISH:
            served.add(here)
            topics[topic_id] += 1
            authors[author_id] += 1
        decided.append(Decided(replace(case, facts=facts), decision))
    return tuple(decided)


def independent(batch: Sequence[ReadMail]) -> int:
    """How many messages from the front may be processed together: none answers or repeats an earlier one.

    Two that answer the same question are not: what the second asks for depends on what the first one did.
    """
    names: set[str] = set()
    for count, read in enumerate(batch):
        parsed = read.reading.parsed
        asked = {a.forward_path.lower() for a in read.mail.arrivals if a.forward_path.lower().startswith("answer")}
        own = {read.dedup_key, parsed.message_id, *parsed.in_reply_to, *parsed.references, *asked}
        if count and not names.isdisjoint(own):
            return count
        names |= {read.dedup_key, parsed.message_id or read.dedup_key, *asked}
    return len(batch)


def _flooded(decided: Sequence[Decided]) -> set[int]:
    """The topics for which more came than they take."""
    flooded = (item.case.facts for item in decided if item.decision.reason is Reason.TOPIC_FLOOD)
    return {facts.place.topic.id for facts in flooded if facts.place}


def _heard(decided: Sequence[Decided]) -> set[int]:
    """Who gave a sign of life: a machine gives none, nor does who may be somebody else."""
    return {
        item.case.facts.person.id for item in decided if item.case.facts.person and item.decision.verdict in _OF_PEOPLE
    }


def _with(decided: Sequence[Decided], verdict: Verdict) -> list[Decided]:
    return [item for item in decided if item.decision.verdict is verdict]


def _closing(
    item: Decided, posted: dict[int, int], forwarded: Forwarded | None, kept: str | None, away: frozenset[int]
) -> Closing:
    facts, decision = item.case.facts, item.decision
    # What waits for a human stays open: held arrivals keep their bytes and can be decided anew.
    waits, flag = decision.verdict is Verdict.HOLD or kept is not None, kept or decision.flag
    community_id = facts.community.id if facts.community else None
    if forwarded:
        waits, flag, community_id = not forwarded.reached, forwarded.flag or flag, forwarded.community_id
    return Closing(
        arrival_id=item.case.arrival.id,
        state="held" if waits else "closed",
        verdict=decision.verdict.value,
        reason=decision.reason.value,
        flag=flag,
        person_id=facts.person.id if facts.person else None,
        community_id=community_id,
        post_id=posted.get(item.case.arrival.id),
        returns=facts.reading.classification.returns if item.case.arrival.id in away else None,
        proof=f"{facts.proof.how} {facts.proof.seen}".strip(),
    )
