"""A store with a long past: posts by the million, with everything that a post leaves behind, made by SQL alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from gateway.core import address
from store import communities, people
from store.database import Database

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
_STEPS = (
    """INSERT INTO spool (id, reverse_path, peer, trusted, protocol, helo, received_at, size, blob, state, attempts,
         failures, trouble)
       {n} SELECT i, 'w@client.example', '127.0.0.1', :yes, 'LMTP', 'c', :past, 4000, '', 'closed', 1, 0, '' FROM n""",
    """INSERT INTO contents (id, message_id, author_message_id, author_id, subject, text, quoted, signature, forwarded,
         language, created_at)
       {n} SELECT i, '<past-' || i || '@talk.example.com>', '<past-' || i || '@client.example>', :author,
         'Past ' || i, 'Words of the past, as many as people write on an ordinary day. ' || i, '', '', '', 'en', :past
       FROM n""",
    """INSERT INTO topics (id, community_id, title, closed, created_at)
       {n} SELECT i, :community, 'Past ' || i, :no, :past FROM n WHERE i % 4 = 0""",
    """INSERT INTO posts (id, community_id, topic_id, content_id, number, author_id, dedup_key, created_at)
       {n} SELECT i, :community, (i / 4) * 4, i, i, :author, 'past-' || i, :past FROM n""",
    """INSERT INTO arrivals (id, spool_id, forward_path, state, rulings, ruling_words, verdict, reason, flag, person_id,
         community_id, post_id, closed_at)
       {n} SELECT i, i, 'small@talk.example.com', 'closed', '', '', 'publish', 'member_post', '', :author, :community,
         i, :past FROM n""",
    """INSERT INTO fan_outs (id, post_id, content_id, community_id, author_id, key_id, cursor, created_at, due_at,
         closed_at)
       {n} SELECT i, i, i, :community, :author, 1, 0, :past, :past, :past FROM n""",
    """INSERT INTO deliveries (id, kind, content_id, post_id, community_id, person_id, state, attempts, bulk,
         key_id, created_at, next_attempt_at, finished_at, answer)
       {n} SELECT i, 'post', i, i, :community, :reader, 'delivered', 1, :no, 1, :past, :past, :past, '' FROM n""",
)
_STEP = 20_000
_TABLES = ("spool", "contents", "topics", "posts", "arrivals", "fan_outs", "deliveries")


def posts(url: str, count: int) -> None:
    """Adds `count` posts of the past to the community `small`, above every id that is there."""
    database = Database(url)
    with database.reading() as tx:
        place = communities.find(tx, "small")
        writer = people.find(tx, address.parse("writer@client.example"))
        reader = people.find(tx, address.parse("reader@client.example"))
        last = max(tx.execute(text(f"SELECT max(id) FROM {table}")).scalar() or 0 for table in _TABLES)
    assert place and writer and reader
    start = (last // 4 + 1) * 4
    words = {"community": place.id, "author": writer.id, "reader": reader.id, "yes": True, "no": False}
    words["past"] = datetime.now(UTC) - timedelta(days=20)
    for first in range(start, start + count, _STEP):
        span = {**words, "first": first, "last": min(first + _STEP, start + count) - 1}
        with database.transaction() as tx:
            for step in _STEPS:
                tx.execute(text(step.format(n=_NUMBERS)), span)
    with database.transaction() as tx:
        communities.set_last_number(tx, place.id, start + count)
        if not database.is_sqlite:
            for table in _TABLES:
                query = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                tx.execute(text(query))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    database.close()
