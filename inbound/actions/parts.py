"""Parts of an answer to a digest, carried out: thanks, words of command, rows that say where each part is, the receipt.

Called by the pipeline inside T3, after the posts are made. What waits for its writer's word keeps its words and files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.digest import PartState
from inbound.actions import mending, obeying
from inbound.actions.publishing import Publication, Published, content_of, part_key
from inbound.actions.telling import receipt
from inbound.route import House, ToDigest
from inbound.sharing import PlannedPart
from store import answer_parts, choices, posts
from store.answer_parts import NewPart


def publications(planned: Sequence[PlannedPart], house: House) -> list[Publication]:
    """The posts among the parts, in their order."""
    return [_publication(part, house) for part in planned if part.state is PartState.POSTED]


def _publication(part: PlannedPart, house: House) -> Publication:
    words = part.content_id if part.content_id is not None else content_of(part.facts, house)
    return Publication(_key(part), words, part.facts, part_key(dedup_key(part), part.number))


def dedup_key(part: PlannedPart) -> str:
    """That of the mail."""
    return part.item.case.read.dedup_key


def _key(part: PlannedPart) -> tuple[int, int]:
    return part.item.case.arrival.id, part.number


def carry_out(
    tx: Connection, planned: Sequence[PlannedPart], published: Sequence[Published], house: House, now: datetime
) -> dict[int, str]:
    """Everything but the posts, which are `published` in the order of `publications`.

    Returns the arrivals of which a part waits for somebody's agreement, each with the flag that says so.
    """
    if not planned:
        return {}
    made = dict(zip((_key(p) for p in planned if p.state is PartState.POSTED), published, strict=True))
    kept = _keep_asked(tx, planned, house, now)
    for part in planned:
        facts = part.facts
        assert facts.person
        if part.state is PartState.THANKED and facts.place:
            choices.thank(tx, facts.place.post.id, facts.person.id, now)
        elif part.state is PartState.OBEYED and part.command:
            obeying.obey_in_topic(tx, part.command, facts, now)
    answer_parts.add(tx, [_row(part, made, kept) for part in planned], now)
    for item in {part.item.case.arrival.id: part.item for part in planned}.values():
        receipt(tx, item, house, now)
    return {part.item.case.arrival.id: mending.PART_HELD for part in planned if part.state is PartState.HELD}


def _keep_asked(
    tx: Connection, planned: Sequence[PlannedPart], house: House, now: datetime
) -> dict[tuple[int, int], int]:
    """The words and files of parts without a place become contents that stand nowhere yet."""
    asked = [part for part in planned if part.state is PartState.ASKED]
    if not asked:
        return {}
    ids = posts.add_contents(tx, [content_of(part.facts, house) for part in asked], now)
    return {_key(part): content_id for part, content_id in zip(asked, ids, strict=True)}


def _row(part: PlannedPart, made: Mapping[tuple[int, int], Published], kept: Mapping[tuple[int, int], int]) -> NewPart:
    facts, post = part.facts, made.get(_key(part))
    to = part.item.case.facts.destination
    assert facts.person and isinstance(to, ToDigest)
    return NewPart(
        arrival_id=part.item.case.arrival.id,
        digest_id=to.digest_id,
        person_id=facts.person.id,
        dedup_key=dedup_key(part),
        ordinal=part.number,
        state=part.state,
        reason=part.reason,
        topic_id=facts.place.topic.id if facts.place else None,
        post_id=post.post_id if post else None,
        content_id=post.content_id if post else part.content_id or kept.get(_key(part)),
        text=part.part.text,
        typed=part.part.topic_id if facts.place is None else None,
    )
