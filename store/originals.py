"""What is kept of a mail that came in: the words of its post, cut as they were, or its bytes as long as they are kept.

Read by the command line and the console for one arrival at a time; nothing here writes.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from store.schema import arrivals, contents, posts, raw_mails, spool


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one mail: the person's own, and what was cut from it."""

    text: str
    quoted: str
    forwarded: str
    signature: str


@dataclass(frozen=True, slots=True)
class Original:
    """A mail as it came: its bytes, or the sha256 of the blob that holds them."""

    reverse_path: str
    raw: bytes | None
    blob: str


def words_of_post(tx: Connection, arrival_id: int) -> Words | None:
    """The words that this arrival became a post with; None where it became none."""
    query = (
        select(contents.c.text, contents.c.quoted, contents.c.forwarded, contents.c.signature)
        .join(posts, posts.c.content_id == contents.c.id)
        .join(arrivals, arrivals.c.post_id == posts.c.id)
        .where(arrivals.c.id == arrival_id)
    )
    row = tx.execute(query).first()
    return Words(*row) if row else None


def original_of(tx: Connection, arrival_id: int) -> Original | None:
    """The mail of this arrival; None where its bytes are no longer kept (retention.raw_days)."""
    query = (
        select(spool.c.reverse_path, raw_mails.c.data, spool.c.blob)
        .join(arrivals, arrivals.c.spool_id == spool.c.id)
        .outerjoin(raw_mails, raw_mails.c.spool_id == spool.c.id)
        .where(arrivals.c.id == arrival_id)
    )
    row = tx.execute(query).first()
    return Original(*row) if row and (row.blob or row.data is not None) else None
