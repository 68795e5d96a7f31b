"""The reference for accepting: bare aiosmtpd handing each mail to one thread that groups SQLite commits. No checks, no
limits, no LMTP replies of its own: what the libraries alone can do on this machine, in this run.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import sys
import threading
from typing import Any

from aiosmtpd.lmtp import LMTP


class Handler:
    """Answers 250 after the commit, like the gateway."""

    def __init__(self, path: str) -> None:
        self.loop = asyncio.get_running_loop()
        self.waiting: queue.SimpleQueue[tuple[bytes, asyncio.Future[str]]] = queue.SimpleQueue()
        self.path = path
        threading.Thread(target=self.write, daemon=True).start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        done = self.loop.create_future()
        self.waiting.put((envelope.content, done))
        return await done

    def write(self) -> None:
        database = sqlite3.connect(self.path, isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE mails (id INTEGER PRIMARY KEY, raw BLOB)")
        while True:
            batch = [self.waiting.get()]
            while len(batch) < 200:
                try:
                    batch.append(self.waiting.get_nowait())
                except queue.Empty:
                    break
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO mails (raw) VALUES (?)", [(raw,) for raw, _ in batch])
            database.execute("COMMIT")
            for _, done in batch:
                self.loop.call_soon_threadsafe(done.set_result, "250 2.0.0 Ok")


async def main(path: str) -> None:
    """Serves LMTP on a free port, which is printed."""
    loop = asyncio.get_running_loop()
    handler = Handler(path)
    server = await loop.create_server(lambda: LMTP(handler, loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
