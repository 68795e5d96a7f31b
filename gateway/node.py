"""Node: the parts that run in this process, started in the order of the mail's path and stopped by one deadline.

Made and used by gateway.app. Whatever hangs, the end comes in time: what was promised is in the store, and what was
only claimed is free again when its lease is over, or at the next start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from digests.worker import Scheduler
from gateway.core.errors import ConfigurationError, PartDiedError
from gateway.deadline import Deadline, ended
from gateway.roles import Role
from gateway.starting import bound, cannot_listen
from gateway.supervision import RelayWatch, Supervisor
from gateway.web.server import Web
from inbound.listener import Listener
from inbound.pickup import Pickup
from inbound.spool import Spool
from inbound.worker import Worker
from outbound.worker import Sender
from store.database import Database
from store.wakeups import Wakeups

log = structlog.get_logger(__name__)

STOP_S = 25.0
"""From the wish to stop to its end, at the most."""
_COMMIT = 4 / 25
"""The share of it that is kept for committing the mails that were just finished."""
_CANCEL = 2 / 25
_CANCEL_S = 0.8
"""The share, or if that is more the seconds, kept for tasks to record what they have when their time is over."""
_LET_GO_S = 0.1
"""Kept for letting go of what is left."""


@dataclass(frozen=True, slots=True)
class OpenListener:
    """A listener and where the settings say that it listens."""

    key: str
    listen: str
    listener: Listener


@dataclass(frozen=True, slots=True)
class Parts:
    """What the roles of this node are made of. `web_listen` is where the web role listens, "" for nowhere."""

    spool: Spool
    listeners: Sequence[OpenListener]
    pickups: Sequence[Pickup]
    worker: Worker | None
    sender: Sender | None
    web: Web | None
    web_listen: str
    scheduler: Scheduler | None


class Node:
    """Runs parts on the running event loop. `start`, `wait`, `end`: each once, the last whatever the others did."""

    def __init__(self, parts: Parts, database: Database, wakeups: Wakeups, supervisor: Supervisor) -> None:
        self._parts = parts
        self._database = database
        self._wakeups = wakeups
        self._supervisor = supervisor
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Starts what works before what brings it work. Raises ConfigurationError where a socket is taken by now."""
        parts = self._parts
        loop = asyncio.get_running_loop()
        self._wakeups.start()
        self._supervisor.watch("wake-ups", self._wakeups)
        self._begin("spool writer", parts.spool)
        if parts.worker:
            self._begin("inbound worker", parts.worker)
        if parts.sender:
            self._tasks.append(loop.create_task(parts.sender.run(), name="sender"))
            self._supervisor.watch("fan-out", parts.sender)
        if parts.web:
            sockets = bound("web.listen", parts.web_listen)
            self._tasks.append(loop.create_task(parts.web.serve(sockets), name="web"))
        if parts.scheduler:
            parts.scheduler.start()
        for place in parts.listeners:
            try:
                await place.listener.start()
            except OSError as error:
                raise ConfigurationError([(place.key, cannot_listen(place.listen, error))]) from error
        for pickup in parts.pickups:
            self._begin(pickup.name, pickup)
        log.info(
            "started",
            roles=[role.value for role, part in self._running() if part],
            addresses=[str(place.listener.address) for place in parts.listeners],
            web=parts.web_listen if parts.web else None,
        )

    def _begin(self, name: str, part: Spool | Worker | Pickup) -> None:
        part.start()
        self._supervisor.watch(name, part)

    def _running(self) -> list[tuple[Role, object]]:
        parts = self._parts
        return [
            (Role.LISTENER, parts.listeners),
            (Role.MAILBOX, parts.pickups),
            (Role.WORKER, parts.worker),
            (Role.SENDER, parts.sender),
            (Role.SCHEDULER, parts.scheduler),
            (Role.WEB, parts.web),
        ]

    async def wait(self, stop_asked: asyncio.Event, relay_watch: RelayWatch) -> None:
        """Until somebody asks for the end. Raises PartDiedError where a part that should never end has ended."""

        def look() -> None:
            if self._parts.sender:
                relay_watch.look(self._parts.sender.resting_s)

        asked = asyncio.ensure_future(stop_asked.wait())
        watching = asyncio.ensure_future(self._supervisor.wait(look))
        await asyncio.wait([asked, watching, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        watching.cancel()
        if dead := self._supervisor.dead():
            log.critical("part_died", parts=dead)
            raise PartDiedError(f"ended by itself: {', '.join(dead)}")

    async def end(self, within_s: float) -> None:
        """Stops all parts at once, only the spool after the listeners that bring it mail. Never takes longer."""
        deadline = Deadline(within_s)
        cancel_s = max(_CANCEL * within_s, _CANCEL_S)
        parts = self._parts
        log.info("stopping")
        if parts.web:
            parts.web.stop()
        if parts.sender:
            parts.sender.stop()
        stopping = [self._end_way_in(deadline, cancel_s + _COMMIT * within_s), self._end_tasks(deadline, cancel_s)]
        if parts.worker:
            stopping.append(_end("inbound worker", parts.worker.stop, deadline))
        if parts.scheduler:
            stopping.append(_end("scheduler", parts.scheduler.stop, deadline))
        late = [name for names in await asyncio.gather(*stopping) for name in names]
        if not await ended(self._wakeups.stop, deadline.left()):
            late.append("wake-ups")
        if late:
            # Under one that lives on nobody closes the database: what it still records would be lost, and mails
            # would go twice.
            log.error("not_stopped", parts=sorted(late))
        else:
            self._database.close()
        log.info("stopped")

    def require_good_end(self) -> None:
        """Raises what a part raised while it ended."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()

    async def _end_way_in(self, deadline: Deadline, keep_s: float) -> list[str]:
        """A mail in flight has its time, and then the commit."""
        grace_s = deadline.left(keep=keep_s)
        parts = self._parts
        pickups = (_end(pickup.name, partial(pickup.stop, grace_s), deadline) for pickup in parts.pickups)
        listeners = (place.listener.stop(grace_s) for place in parts.listeners)
        late, _ = await asyncio.gather(asyncio.gather(*pickups), asyncio.gather(*listeners))
        return [*(name for names in late for name in names), *await _end("spool writer", parts.spool.stop, deadline)]

    async def _end_tasks(self, deadline: Deadline, cancel_s: float) -> list[str]:
        return sorted(task.get_name() for task in await end_tasks(self._tasks, deadline, cancel_s))


async def _end(name: str, stop: Callable[[], None], deadline: Deadline) -> list[str]:
    """The name, where it did not end in time."""
    return [] if await ended(stop, deadline.left(keep=_LET_GO_S)) else [name]


async def end_tasks(
    tasks: Sequence[asyncio.Task[None]], deadline: Deadline, cancel_s: float
) -> set[asyncio.Task[None]]:
    """Gives tasks that were asked to stop their time, then cancels them; returns those that live on all the same.

    Once cancelled they have `cancel_s` seconds to record what became of what they had in hand.
    """
    if not tasks:
        return set()
    _, late = await asyncio.wait(tasks, timeout=deadline.left(keep=cancel_s))
    if not late:
        return set()
    for task in late:
        task.cancel()
    _, alive = await asyncio.wait(late, timeout=deadline.left(keep=_LET_GO_S))
    return alive
