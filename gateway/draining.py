"""Work until nothing is left to be done: `relais drain`, for scripts, for tests, and before a machine is taken away.

Part of the wiring: it runs the worker and the sender of this process, or waits for those of the process that has the
database. A database or a relay that hangs costs no more than the time that was given.
"""

from __future__ import annotations

import asyncio
import math

from gateway import presence
from gateway.app import App
from gateway.core.errors import ConfigurationError, GatewayError
from gateway.deadline import Deadline
from gateway.node import STOP_S
from gateway.roles import Role
from store import queues

_ROLES = (Role.WORKER, Role.SENDER)
_LOOK_EVERY_S = 0.1
_OVERTIME_S = 1.5
"""When the time is over, what is on the wire has so much to land and be recorded."""


async def drain(app: App, timeout_s: float | None) -> bool:
    """Returns whether the spool and the due deliveries were empty before `timeout_s` seconds were over, None for never.

    Raises ConfigurationError where there is no schema, StoreError where the database does not answer, GatewayError
    where the work is another process's and that one does not do it.
    """
    deadline = Deadline(math.inf if timeout_s is None else timeout_s)
    app.require_schema()
    while not await _is_idle_in_time(app, deadline):
        if not deadline.left():
            return False
        if _hold(app):
            return await _work(app, deadline)
        # Another process has this SQLite database: it does the work, and if it ends we take over.
        _require_workers(app)
        await asyncio.sleep(_LOOK_EVERY_S)
    return True


async def _work(app: App, deadline: Deadline) -> bool:
    running = asyncio.create_task(app.run(_ROLES))
    looking = asyncio.create_task(_until_idle(app))
    await asyncio.wait([running, looking], timeout=_seconds(deadline), return_when=asyncio.FIRST_COMPLETED)
    idle = looking.done()
    app.stop(STOP_S if idle else _OVERTIME_S)
    looking.cancel()
    await running
    if idle:
        # Raises where the store did not answer.
        looking.result()
    return idle


async def _until_idle(app: App) -> None:
    while True:
        if await _is_idle(app):
            return
        await asyncio.sleep(_LOOK_EVERY_S)


def _hold(app: App) -> bool:
    try:
        app.database.hold(presence.note(_ROLES))
    except ConfigurationError:
        return False
    return True


def _require_workers(app: App) -> None:
    """Raises GatewayError where the process that has the database says that it never does this work."""
    there = presence.roles_of_holder(app.database)
    if there is None or there.issuperset(_ROLES):
        return
    missing = " and ".join(role for role in _ROLES if role not in there)
    raise GatewayError(
        f"the Relais that has this SQLite database runs without the role {missing}, so nobody does the work: "
        "stop it and drain again, or serve that role in it, too"
    )


async def _is_idle_in_time(app: App, deadline: Deadline) -> bool:
    # Where there is no time at all, a look is worth a moment: there may be nothing to do.
    within_s = _seconds(deadline)
    try:
        async with asyncio.timeout(None if within_s is None else max(within_s, _OVERTIME_S)):
            return await _is_idle(app)
    except TimeoutError:
        return False


def _seconds(deadline: Deadline) -> float | None:
    left = deadline.left()
    return None if left == math.inf else left


async def _is_idle(app: App) -> bool:
    def look() -> bool:
        with app.database.reading() as tx:
            return queues.is_idle(tx, app.clock())

    return await asyncio.to_thread(look)
