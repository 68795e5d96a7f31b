"""Withdrawing: an author takes a post back before it has left.

Called by obeying, inside T3: CANCEL in answer to the receipt of the post or to the post itself, or the recall that a
mail program sends. Copies that were not sent yet are dropped when their turn comes (store.objections).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.core.audit import Act, Entry
from gateway.core.command import Verb
from gateway.core.notice import Obeyed, Result
from inbound.actions import telling
from inbound.case import Decided
from inbound.facts import Rules
from inbound.route import House
from store import audit, communities, posts


def withdraw(tx: Connection, item: Decided, house: House, rules: Rules, now: datetime) -> None:
    """Takes back the post that the mail is about, if it is its author's and its hold has not run out."""
    facts = item.case.facts
    assert facts.command and facts.person
    own = posts.own(tx, facts.person.id, _meant(tx, item, rules.hold, now))
    if own is None:
        telling.obeyed(tx, item, Obeyed(Verb.CANCEL, result=Result.NO_PLACE), house, now)
        return
    place = communities.get_all(tx, [own.community_id])[own.community_id]
    told = Obeyed(Verb.CANCEL, (place.name,), own.topic_id, own.subject, community_ids=(place.id,), result=Result.OVER)
    if now < own.created_at + rules.hold and posts.withdraw(tx, own.id, now):
        entry = Entry(Act.POST_WITHDRAWN, facts.person.id, place.id, facts.person.id, own.topic_id, own.id)
        audit.record(tx, entry, now)
        told = Obeyed(Verb.CANCEL, (place.name,), own.topic_id, own.subject, community_ids=(place.id,))
    elif own.is_withdrawn:
        told = Obeyed(Verb.CANCEL, (place.name,), own.topic_id, own.subject, community_ids=(place.id,))
    telling.obeyed(tx, item, told, house, now, community_id=place.id)


def _meant(tx: Connection, item: Decided, hold: timedelta, now: datetime) -> int | None:
    """The post that is asked about, answered, or named by a recall."""
    facts = item.case.facts
    if facts.question:
        return facts.question.post_id
    if facts.place:
        return facts.place.post.id
    assert facts.command and facts.person and facts.community
    return posts.latest_own(tx, facts.person.id, facts.community.id, facts.command.words, now - hold)
