"""Closing: a topic takes no more answers, or takes them again, by the word of somebody who runs its community."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gateway.core.audit import Act, Entry
from gateway.core.command import Command, Verb
from gateway.core.community import NetworkRole, Person
from gateway.core.notice import Obeyed, Result
from gateway.core.rights import Right, may
from store import audit, communities, memberships, topics


def close(tx: Connection, command: Command, person: Person, now: datetime) -> Obeyed:
    """Does what CLOSE or REOPEN says, where this person may; idempotent.

    Of a topic that the person may not even read nothing is told: its title is then "".
    """
    topic = topics.get(tx, command.topic) if command.topic is not None else None
    membership = None
    if topic is not None:
        membership = memberships.get_all(tx, [(topic.community_id, person.id)]).get((topic.community_id, person.id))
    if topic is None or (membership is None and person.role is not NetworkRole.ADMIN):
        return Obeyed(command.verb, topic_id=command.topic)
    names = (communities.get_all(tx, [topic.community_id])[topic.community_id].name,)
    told = Obeyed(command.verb, names, topic.id, topic.title, community_ids=(topic.community_id,))
    if not may(person, membership, Right.CLOSE_TOPICS):
        return Obeyed(
            command.verb, names, topic.id, topic.title, community_ids=told.community_ids, result=Result.NOT_ALLOWED
        )
    closed = command.verb is Verb.CLOSE
    if topics.set_closed(tx, topic.id, closed):
        act = Act.TOPIC_CLOSED if closed else Act.TOPIC_REOPENED
        audit.record(tx, Entry(act, person.id, topic.community_id, topic_id=topic.id), now)
    return told
