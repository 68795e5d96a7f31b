"""Urgency: how many urgent posts somebody has made, counted one author at a time.

Asked by actions.hurrying in the transaction in which the post is made, so that nobody has one more than is allowed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select, text

from store.schema import people, posts


def count(tx: Connection, author_id: int, since: datetime) -> int:
    """How many mails of this author were posted as urgent after that time: withdrawn ones too, each once.

    Holds the author until the transaction ends: two nodes never count at the same time. Taken after the locks of
    communities, and of several authors in the order of their ids.
    """
    tx.execute(select(people.c.id).where(people.c.id == author_id).with_for_update(key_share=True))
    # In the words of the partial index, which SQLite takes literally.
    query = select(func.count(posts.c.content_id.distinct())).where(
        text("posts.urgent"), posts.c.author_id == author_id, posts.c.created_at > since
    )
    return tx.scalar(query) or 0
