"""Choices: what a person made of a topic, and the thanks they gave for a post."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select

# Both databases read it; SQLAlchemy has the clause for each of them under the name of one.
from sqlalchemy.dialects.postgresql import insert

from gateway.core.community import Choice
from store.schema import thanks, topic_choices, topics

_OPPOSITE = {Choice.MUTED: Choice.FOLLOWED, Choice.FOLLOWED: Choice.MUTED}


def choose(tx: Connection, person_id: int, topic_id: int, choice: Choice) -> None:
    """Mutes or follows a topic; the one ends the other. Idempotent."""
    theirs = (topic_choices.c.person_id == person_id, topic_choices.c.topic_id == topic_id)
    gone = [choice.value, _OPPOSITE[choice].value]
    tx.execute(delete(topic_choices).where(*theirs, topic_choices.c.choice.in_(gone)))
    row = insert(topic_choices).values(person_id=person_id, topic_id=topic_id, choice=choice.value)
    tx.execute(row.on_conflict_do_nothing())


def thank(tx: Connection, post_id: int, person_id: int, now: datetime) -> bool:
    """Counts a person's thanks for a post, once, whoever else counts them now; returns whether it is new."""
    row = insert(thanks).values(post_id=post_id, person_id=person_id, created_at=now)
    return tx.execute(row.on_conflict_do_nothing().returning(thanks.c.post_id)).first() is not None


def titles(tx: Connection, topic_ids: Iterable[int]) -> dict[int, tuple[str, int]]:
    """By topic, its title and its community."""
    query = select(topics.c.id, topics.c.title, topics.c.community_id).where(topics.c.id.in_(list(topic_ids)))
    return {row.id: (row.title, row.community_id) for row in tx.execute(query)}
