"""Dossier: what is stored about one person, for them to read (GDPR art. 15). Read by the command line; writes nothing.

Words of others are named, not given: a mention says in which post, a digest which day it was of.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Select, func, or_, select

from store.schema import (
    acceptances,
    addresses,
    answer_parts,
    arrivals,
    attachments,
    audit,
    communities,
    contents,
    deliveries,
    digest_clocks,
    digests,
    failures,
    join_requests,
    memberships,
    mentions,
    names,
    notices,
    people,
    posts,
    spool,
    thanks,
    topic_choices,
    topics,
    unreachable,
)

Value: TypeAlias = str | int | bool | date | datetime | None


def sections(tx: Connection, person_id: int) -> Iterator[tuple[str, Iterator[dict[str, Value]]]]:
    """(name, rows) of each kind of thing that is stored; read the rows of one before asking for the next.

    A thousand rows at a time are in memory.
    """
    for name, query in _queries(person_id):
        rows = tx.execute(query.execution_options(yield_per=1000))
        yield name, (row._asdict() for row in rows)


COUNTED = ("posts", "files", "parts", "choices", "thanks", "mentions", "digests", "notices", "deliveries")
"""Sections that can be counted at any time: each has an index that begins with the person."""


def counts(tx: Connection, person_id: int) -> dict[str, int]:
    """How much there is in each of COUNTED."""
    queries = dict(_queries(person_id))
    return {
        name: tx.scalar(select(func.count()).select_from(queries[name].order_by(None).subquery())) or 0
        for name in COUNTED
    }


def _queries(person_id: int) -> Iterator[tuple[str, Select[Any]]]:
    yield "person", select(people).where(people.c.id == person_id)
    yield "addresses", select(addresses.c.key, addresses.c.verified_at).where(addresses.c.person_id == person_id)
    yield "called", select(names.c.key).where(names.c.person_id == person_id).distinct().order_by(names.c.key)
    yield (
        "memberships",
        select(communities.c.address, memberships.c.role, memberships.c.pace, memberships.c.joined_at)
        .join(communities, communities.c.id == memberships.c.community_id)
        .where(memberships.c.person_id == person_id)
        .order_by(communities.c.address),
    )
    wished = ("id", "community_id", "kind", "state", "created_at", "expires_at", "decided_at")
    about = or_(join_requests.c.person_id == person_id, join_requests.c.invited_by == person_id)
    yield "requests", select(*(join_requests.c[name] for name in wished)).where(about).order_by(join_requests.c.id)
    yield "charter", _own(acceptances, ("version", "accepted_at"), person_id).order_by(acceptances.c.version)
    # Without what was said in them: that may be others' words, or about others.
    acted = or_(audit.c.actor_id == person_id, audit.c.person_id == person_id)
    done = ("at", "act", "actor_id", "person_id", "community_id", "topic_id", "post_id", "arrival_id")
    yield "acts", select(*(audit.c[name] for name in done)).where(acted).order_by(audit.c.id)
    yield from _written(person_id)
    yield from _chosen(person_id)
    yield from _received(person_id)


def _written(person_id: int) -> Iterator[tuple[str, Select[Any]]]:
    yield (
        "posts",
        select(posts.c.id, communities.c.address.label("community"), posts.c.topic_id, posts.c.created_at)
        .add_columns(posts.c.withdrawn_at, posts.c.content_id)
        .join(communities, communities.c.id == posts.c.community_id)
        .where(posts.c.author_id == person_id)
        .order_by(posts.c.id),
    )
    words = ("id", "subject", "text", "quoted", "forwarded", "signature", "language", "author_message_id", "created_at")
    yield (
        "words",
        select(*(contents.c[name] for name in words)).where(contents.c.author_id == person_id).order_by(contents.c.id),
    )
    files = ("content_id", "name", "content_type", "size", "sha256")
    yield (
        "files",
        select(*(attachments.c[name] for name in files))
        .join(contents, contents.c.id == attachments.c.content_id)
        .where(contents.c.author_id == person_id)
        .order_by(attachments.c.id),
    )
    parts = ("digest_id", "ordinal", "state", "reason", "topic_id", "post_id", "text", "created_at")
    yield "parts", _own(answer_parts, parts, person_id).order_by(answer_parts.c.id)
    own = select(addresses.c.key).where(addresses.c.person_id == person_id)
    yield (
        "mails",
        select(arrivals.c.id, spool.c.received_at, spool.c.reverse_path, arrivals.c.forward_path, spool.c.size)
        .add_columns(spool.c.peer, arrivals.c.state, arrivals.c.verdict, arrivals.c.reason, arrivals.c.post_id)
        .add_columns(arrivals.c.returns, arrivals.c.proof)
        .join(spool, spool.c.id == arrivals.c.spool_id)
        .where(or_(arrivals.c.person_id == person_id, func.lower(spool.c.reverse_path).in_(own)))
        .order_by(arrivals.c.id),
    )


def _chosen(person_id: int) -> Iterator[tuple[str, Select[Any]]]:
    yield (
        "choices",
        select(topic_choices.c.topic_id, topics.c.title, topic_choices.c.choice)
        .join(topics, topics.c.id == topic_choices.c.topic_id)
        .where(topic_choices.c.person_id == person_id)
        .order_by(topic_choices.c.topic_id),
    )
    yield "thanks", _own(thanks, ("post_id", "created_at"), person_id).order_by(thanks.c.post_id)
    yield "mentions", _own(mentions, ("post_id",), person_id).order_by(mentions.c.post_id)


def _received(person_id: int) -> Iterator[tuple[str, Select[Any]]]:
    yield "clocks", _own(digest_clocks, ("cadence", "next_due_at"), person_id)
    yield "digests", _own(digests, ("id", "cadence", "period", "created_at"), person_id).order_by(digests.c.id)
    told = ("id", "kind", "reason", "sent_to", "topic_title", "subject", "created_at")
    yield "notices", _own(notices, told, person_id).order_by(notices.c.id)
    sent = ("id", "kind", "post_id", "digest_id", "notice_id", "state", "created_at", "finished_at", "answer")
    yield "deliveries", _own(deliveries, sent, person_id).order_by(deliveries.c.id)
    failed = ("day", "kind", "delivery_id", "status", "cause")
    yield "failures", _own(failures, failed, person_id).order_by(failures.c.day, failures.c.kind)
    lost = ("since", "paused", "paused_until", "probes", "probed_at", "probe_due_at", "told_at", "met_at")
    yield "unreachable", _own(unreachable, lost, person_id)


def _own(table: Any, columns: tuple[str, ...], person_id: int) -> Select[Any]:
    return select(*(table.c[name] for name in columns)).where(table.c.person_id == person_id)
