"""Sharing out: the parts of an answer to a digest, each decided as if it had been mailed to its topic. Pure.

Called by the pipeline between the verdicts and the effects, which are inbound/actions/parts.py. Nothing is ever
published in a guessed place: what has none is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.core.command import Command, Place, Verb
from gateway.core.decision import Verdict
from gateway.core.digest import Part, PartState, PlacedBy
from gateway.core.message import Body
from gateway.core.notice import Result
from inbound import policy
from inbound.case import Decided, PartCase
from inbound.commands import read_command
from inbound.facts import Facts, Rules

_LONGEST_COMMAND = 100
_OF_A_TOPIC = frozenset((Verb.MUTE, Verb.FOLLOW, Verb.STOP, Verb.LEAVE))


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """One part with what is to become of it. `facts` are those of its topic, or of the whole mail without one."""

    item: Decided
    number: int
    """From 1, as the receipt counts."""
    part: Part
    state: PartState
    reason: str
    facts: Facts
    command: Command | None = None
    content_id: int | None = None
    """Its words and files, where they are kept already."""


def plan(decided: Sequence[Decided], rules: Rules) -> list[PlannedPart]:
    """The parts of every answer to a digest that is to be shared out, but for those that were before."""
    planned = []
    for item in decided:
        if item.decision.verdict is Verdict.SHARE_OUT:
            planned += _plan_mail(item, rules)
    return planned


def _plan_mail(item: Decided, rules: Rules) -> list[PlannedPart]:
    done = item.case.done
    parts = [
        _plan_part(item, number, case, rules) for number, case in enumerate(item.case.parts, 1) if number not in done
    ]
    return _with_files(item, parts)


def _plan_part(item: Decided, number: int, case: PartCase, rules: Rules) -> PlannedPart:
    planned = _decide_part(item, number, case, rules)
    return replace(planned, content_id=case.content_id)


def _decide_part(item: Decided, number: int, case: PartCase, rules: Rules) -> PlannedPart:
    part, facts = case.part, case.facts
    if part.topic_id is None:
        return PlannedPart(item, number, part, PartState.ASKED, "", facts)
    command = _command(part.text, facts)
    if command is not None and facts.membership is not None:
        return PlannedPart(item, number, part, PartState.OBEYED, _outcome(command, facts), facts, command)
    decision = policy.decide(facts, rules)
    match decision.verdict:
        case Verdict.PUBLISH:
            return PlannedPart(item, number, part, PartState.POSTED, "", facts)
        case Verdict.THANK:
            return PlannedPart(item, number, part, PartState.THANKED, "", facts)
        case Verdict.HOLD:
            return PlannedPart(item, number, part, PartState.HELD, decision.reason.value, facts)
        case _:
            return PlannedPart(item, number, part, PartState.RETURNED, decision.reason.value, facts)


def divide(part: Part, facts: Facts) -> list[Part]:
    """The part, and apart from it each run of it that is only a word of command for its topic."""
    runs = part.runs if part.topic_id is not None else ()
    commands = [run for run in dict.fromkeys(runs) if _command(run, facts)]
    if not commands:
        return [part]
    words = tuple(run for run in runs if run not in commands)
    said = [replace(part, text="\n\n".join(words), runs=words)] if words else []
    return [*said, *(replace(part, text=command, runs=()) for command in commands)]


def _outcome(command: Command, facts: Facts) -> str:
    """The word by which the receipt tells what was done: the verb, or that nobody leaves such a place."""
    leaves = command.verb in (Verb.STOP, Verb.LEAVE)
    is_kept = leaves and facts.community is not None and facts.community.mandatory
    return Result.MANDATORY.value if is_kept else command.verb.value


def _command(text: str, facts: Facts) -> Command | None:
    if facts.person is None or len(text) > _LONGEST_COMMAND:
        return None
    command = read_command(text, "", Place.POST, facts.today, facts.person.locale)
    return command if command is not None and command.verb in _OF_A_TOPIC else None


def _with_files(item: Decided, parts: list[PlannedPart]) -> list[PlannedPart]:
    """Files go with the one part that is words; among several, they wait for their writer to say with which.

    A part that is held takes them along, and gets them when it is approved. They go once.
    """
    files = item.case.facts.reading.parsed.attachments
    if not files or item.case.filed:
        return parts
    asked = [part for part in parts if part.state is PartState.ASKED]
    words = [part for part in parts if part.state in (PartState.POSTED, PartState.HELD)]
    if asked or len(words) == 1:
        takes = asked[0] if asked else words[0]
        return [replace(p, facts=_carrying(p.facts, item)) if p is takes else p for p in parts]
    number = len(item.case.parts) + 1
    alone = Part(None, "", PlacedBy.NOWHERE)
    facts = replace(item.case.facts, reading=replace(item.case.facts.reading, body=Body("", None)))
    return [*parts, PlannedPart(item, number, alone, PartState.ASKED, "", facts)]


def _carrying(facts: Facts, item: Decided) -> Facts:
    whole = item.case.facts.reading.parsed
    reading = facts.reading
    return replace(facts, reading=replace(reading, parsed=replace(reading.parsed, attachments=whole.attachments)))
