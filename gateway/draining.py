"""Work until nothing is left to be done: `relais drain`, for scripts, for tests, and before a machine is taken away.

Part of the wiring: it runs the worker and the sender of this process, or waits for those of the process that has the
database.
"""

from __future__ import annotations

import asyncio
import time

from gateway.app import App
from gateway.core.errors import ConfigurationError
from gateway.roles import Role
from store import queues

_LOOK_EVERY_S = 0.1


async def drain(app: App, timeout_s: float | None) -> bool:
    """Returns whether the spool and the due deliveries were empty before `timeout_s` seconds were over, None for never.

    Raises ConfigurationError where there is no schema, StoreError where the database does not answer.
    """
    app.require_schema()
    until = None if timeout_s is None else time.monotonic() + timeout_s
    while not await asyncio.to_thread(_is_idle, app):
        if _is_over(until):
            return False
        if _hold(app):
            return await _work(app, until)
        # Another process has this SQLite database: it does the work, and if it ends we take over.
        await asyncio.sleep(_LOOK_EVERY_S)
    return True


async def _work(app: App, until: float | None) -> bool:
    running = asyncio.create_task(app.run((Role.WORKER, Role.SENDER)))
    idle = False
    while not idle and not running.done() and not _is_over(until):
        await asyncio.wait([running], timeout=_LOOK_EVERY_S)
        idle = await asyncio.to_thread(_is_idle, app)
    app.stop()
    await running
    return idle


def _hold(app: App) -> bool:
    try:
        app.database.hold()
    except ConfigurationError:
        return False
    return True


def _is_idle(app: App) -> bool:
    with app.database.reading() as tx:
        return queues.is_idle(tx, app.clock())


def _is_over(until: float | None) -> bool:
    return until is not None and time.monotonic() >= until
