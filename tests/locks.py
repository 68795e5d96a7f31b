"""Two workers at once: waiting until the second one waits for what the first one holds."""

from __future__ import annotations

from threading import Thread

from sqlalchemy import text

from store.database import Database


def wait_for_lock(database: Database, thread: Thread) -> None:
    """Until the thread waits for a lock of ours, or has ended without one.

    On SQLite it waits before its first statement, as all writers do.
    """
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
    while thread.is_alive() and not database.is_sqlite:
        with database.reading() as tx:
            if tx.scalar(waits):
                return
