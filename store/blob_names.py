"""Which blobs are named by a row: the raw mails of the spool, the attachments of posts, the files of notices.

A new column that names blobs is a line here, or housekeeping deletes what it names.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select, text

from gateway.core.notice import NoticeKind
from store.schema import attachments, notices, spool

_AT_ONCE = 200


def unnamed(tx: Connection, candidates: Collection[str]) -> set[str]:
    """Those of these blobs (sha256) that no row names, as this transaction sees it.

    A blob is put before it is named, so one that is put by now may be named by the next transaction: delete only what
    was put long ago.
    """
    left = set(candidates)
    if left:
        left -= set(tx.scalars(select(spool.c.blob).where(text("spool.blob <> ''"), spool.c.blob.in_(left))))
    if left:
        left -= set(tx.scalars(select(attachments.c.sha256).where(attachments.c.sha256.in_(left))))
    if not left:
        return left
    # JSON has no index. Forwarded notices are few beside posts, and are asked only about what nothing else names.
    forwarded = select(notices.c.files).where(notices.c.kind.in_((NoticeKind.FORWARDED.value, NoticeKind.LETTER.value)))
    for files in tx.scalars(forwarded.execution_options(yield_per=_AT_ONCE)):
        left.difference_update(file["sha256"] for file in files)
    return left
