"""The cost of one mail stays flat as the store grows: no hot statement reads a large table from end to end.

Small tables tempt a planner into scanning, so PostgreSQL is told that scanning is dear; what it scans all the same has
no index to go by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from gateway.core.delivery import Delivery, DeliveryKind, Lease
from gateway.core.digest import Cadence
from gateway.core.notice import NoticeKind
from store import (
    arrivals,
    audience,
    budgets,
    communities,
    deliveries,
    digests,
    memberships,
    notices,
    objections,
    paces,
    past_mails,
    people,
    posts,
    queues,
    silence,
    times,
)
from store.database import Database
from tests.network import PEACE

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PAST = NOW - timedelta(days=30)
LARGE = (
    "(?:"
    + "|".join(
        (
            "spool",
            "raw_mails",
            "arrivals",
            "contents",
            "attachments",
            "topics",
            "posts",
            "fan_outs",
            "notices",
            "deliveries",
        )
    )
    + "|people|addresses|memberships)"
)
# A partial index of open work is walked whole on purpose: it holds nothing but what is open.
SQLITE_SCAN = re.compile(rf"^SCAN {LARGE}(?! USING (?:COVERING )?INDEX ix_\w+_(?:due|open|unwound)$)")
POSTGRESQL_SCAN = re.compile(rf"Seq Scan on {LARGE}\b")

HELD = Delivery(1, DeliveryKind.POST, 1, None, None, 1, 1, 1, "a@client.example", "en", 1, 1, NOW, Lease(NOW))
STATEMENTS: dict[str, Callable[[Connection], object]] = {
    "arrivals.claim": lambda tx: arrivals.claim(tx, NOW, 32),
    "arrivals.counts": lambda tx: arrivals.counts(tx, NOW),
    "arrivals.oldest": arrivals.oldest,
    "arrivals.release_all": lambda tx: arrivals.release_all(tx, NOW),
    "past_mails.forget_bytes": lambda tx: past_mails.forget_bytes(tx, PAST, 100),
    "people.find_all": lambda tx: people.find_all(tx, ["a@client.example"]),
    "memberships.get_all": lambda tx: memberships.get_all(tx, [(1, 2), (3, 4)]),
    "communities.lock": lambda tx: communities.lock(tx, ids=[1], names=["projets"]),
    "posts.duplicates": lambda tx: posts.duplicates(tx, [(1, "a"), (2, "b")]),
    "posts.keys_of_message_ids": lambda tx: posts.keys_of_message_ids(tx, ["<a@client.example>"]),
    "posts.places": lambda tx: posts.places(tx, [1, 2]),
    "posts.places_by_message_id": lambda tx: posts.places_by_message_id(tx, ["<a@client.example>"]),
    "posts.ancestry": lambda tx: posts.ancestry(tx, 1),
    "posts.get_contents": lambda tx: posts.get_contents(tx, [1, 2]),
    "posts.community_names": lambda tx: posts.community_names(tx, [1, 2]),
    "posts.file_for": lambda tx: posts.file_for(tx, 1, 2),
    "notices.recent": lambda tx: notices.recent(tx, [1], NOW),
    "notices.told": lambda tx: notices.told(tx, [1, 2], ["1:a", "1:b"]),
    "notices.last_of_places": lambda tx: notices.last_of_places(tx, [NoticeKind.HELD, NoticeKind.SET_ASIDE]),
    "queues.waiting": queues.waiting,
    "audience.expand": lambda tx: audience.expand(tx, NOW, PEACE),
    "budgets.hold_back": lambda tx: list(budgets._spent(tx, [1, 2], NOW, 5)),
    "silence.note_heard": lambda tx: silence.note_heard(tx, [1, 2], NOW),
    "deliveries.claim": lambda tx: deliveries.claim(tx, NOW, 400, PEACE),
    "deliveries.waiting": deliveries.waiting,
    "deliveries.oldest": deliveries.oldest,
    "objections.move": lambda tx: objections.move(tx, [1, 2]),
    "objections.wanted": lambda tx: objections.wanted(tx, [HELD]),
    "deliveries.renew": lambda tx: deliveries.renew(tx, [HELD], NOW),
    "deliveries.release_all": lambda tx: deliveries.release_all(tx, NOW),
    "paces.ended_pauses": lambda tx: paces.ended_pauses(tx, NOW, 10),
    "digests.without_clocks": lambda tx: digests.without_clocks(tx, 10),
    "digests.due": lambda tx: digests.due(tx, Cadence.DAILY, NOW, 10),
    "digests.owed": lambda tx: digests.owed(tx, NOW, 10),
    "digests.following": lambda tx: digests.following(tx, Cadence.DAILY, [1, 2]),
    "times.set_right": lambda tx: times.set_right(tx, NOW),
    "deliveries.purge": lambda tx: deliveries.purge(tx, PAST, 100),
}


@contextmanager
def plans_of(tx: Connection) -> Iterator[list[str]]:
    """Collects the plan of every statement that runs inside."""
    plans: list[str] = []
    busy = False

    def explain(
        connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> None:
        nonlocal busy
        if busy or not statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")):
            return
        busy = True
        one = parameters[0] if executemany and parameters else parameters
        prefix = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        rows = connection.exec_driver_sql(prefix + statement, one).all()
        plans.extend(f"{row[-1]}" for row in rows)
        busy = False

    event.listen(tx, "before_cursor_execute", explain)
    yield plans
    event.remove(tx, "before_cursor_execute", explain)


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_hot_statement_reads_a_large_table_through(database: Database, name: str) -> None:
    with database.transaction() as tx:
        if not database.is_sqlite:
            tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        with plans_of(tx) as plans:
            STATEMENTS[name](tx)
    pattern = SQLITE_SCAN if database.is_sqlite else POSTGRESQL_SCAN
    assert plans
    assert [line for line in plans if pattern.search(line)] == []


def test_the_test_sees_a_scan(database: Database) -> None:
    with database.transaction() as tx:
        if not database.is_sqlite:
            tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        with plans_of(tx) as plans:
            tx.exec_driver_sql("SELECT count(*) FROM contents WHERE subject = 'x'")
    pattern = SQLITE_SCAN if database.is_sqlite else POSTGRESQL_SCAN
    assert any(pattern.search(line) for line in plans)
