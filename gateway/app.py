"""The wiring: the only place that knows all parts. Builds them from settings, starts the roles, stops them in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from digests.housekeeping import Retention
from digests.waiting import Origin
from digests.worker import Scheduler
from gateway import edges, keys
from gateway.core.address import Address
from gateway.core.clock import Clock, utc_now
from gateway.core.delivery import Outcome
from gateway.core.errors import PartDiedError
from gateway.core.reply import Reply
from gateway.observe import Metrics, Readiness, check
from gateway.roles import Role as Role
from gateway.settings import Settings
from gateway.starting import Mistakes, host_and_port, require_free
from gateway.supervision import RelayWatch, Supervisor
from gateway.web.server import Web, WebSetup
from inbound.authenticity import Border
from inbound.job import ReaderSetup
from inbound.listener import Listener
from inbound.policy import Rules
from inbound.route import House, Recipients
from inbound.spool import Spool
from inbound.worker import Worker, WorkerSetup
from outbound.compose import Composer
from outbound.contents import Contents
from outbound.contents import Limits as ContentLimits
from outbound.headers import Site
from outbound.render import Renderer
from outbound.sent import SentTexts
from outbound.worker import Sender, SenderSetup
from store import arrivals, deliveries, migrations
from store.blobs import open_blobs
from store.database import Database
from store.wakeups import Wakeups, Work

log = structlog.get_logger(__name__)

GRACE_S = 30.0
_CANCEL_S = 5.0
ALL_ROLES = tuple(Role)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the roles of this node are made of, beside the listeners."""

    spool: Spool
    worker: Worker | None
    sender: Sender | None
    web: Web | None
    scheduler: Scheduler | None


class App:
    """The gateway of these settings. Raises ConfigurationError for what the settings promise and the machine lacks."""

    def __init__(self, settings: Settings, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        mistakes = Mistakes()
        with mistakes:
            self.database = Database(settings.store.url)
        with mistakes:
            self.keys = keys.load(settings.gateway.secret_file)
        with mistakes:
            self.blobs = open_blobs(settings.store.blobs, endpoint=settings.store.blobs_endpoint)
        if mistakes.found:
            # There will be no App; what run() would find wrong is named now, so that all can be mended at once.
            self._look_ahead(mistakes)
            mistakes.raise_all()
        self.wakeups = Wakeups(self.database)
        self.metrics = Metrics(self.database, clock)
        self.supervisor = Supervisor()
        self._relay_watch = RelayWatch()
        self.house = House(settings.gateway.domain, settings.smtp.separator, self.keys)
        self.listeners: list[Listener] = []
        self._renderer = Renderer()
        self._stop_asked = asyncio.Event()

    def _look_ahead(self, mistakes: Mistakes) -> None:
        """Tries what needs neither the store nor the secret."""
        with mistakes:
            edges.tls_context(self.settings)
        with mistakes:
            edges.signer(self.settings, self.clock)
        # Outside of an event loop a relay that is well described still cannot be made.
        with mistakes, suppress(RuntimeError):
            edges.courier(self.settings, self.clock)

    def require_schema(self) -> None:
        """Raises ConfigurationError where the database is empty or of another version."""
        migrations.require(self.database)

    def rules(self) -> Rules:
        """What the house rules read of the settings."""
        posting = self.settings.posting
        return Rules(self.settings.authentication.require, posting.max_attachment_bytes, posting.require_addressed)

    def reader_setup(self) -> ReaderSetup:
        """What a reader process needs."""
        own = self.settings
        border = Border(own.authentication.authserv_id, own.authentication.proofs)
        return ReaderSetup(own.store.blobs, own.store.blobs_endpoint, own.gateway.domain, border)

    def make_worker(self) -> Worker:
        """The inbound worker."""
        setup = WorkerSetup(
            house=self.house,
            rules=self.rules(),
            reader=self.reader_setup(),
            readers=1,
            sent_texts=self.sent_texts(),
            decided=lambda item: self.metrics.decided(item.decision),
        )
        return Worker(setup, self.database, self.wakeups, self.clock)

    def site(self) -> Site:
        """Who we are in mails and pages."""
        own = self.settings
        return Site(own.gateway.domain, own.gateway.name, own.web.base_url, own.smtp.separator)

    def make_spool(self) -> Spool:
        """The durable hand-over."""
        disk = Path(self.database.url.database or ".").parent if self.database.is_sqlite else None
        return Spool(
            self.database,
            self.blobs,
            disk=disk,
            reserve_bytes=self.settings.store.reserve_bytes,
            committed=lambda: self.wakeups.ring(Work.ARRIVALS),
        )

    def make_sender(self) -> Sender:
        """The outbound worker."""
        own = self.settings
        mistakes = Mistakes()
        with mistakes:
            signer = edges.signer(own, self.clock)
        with mistakes:
            courier = edges.courier(own, self.clock)
        mistakes.raise_all()
        setup = SenderSetup(
            composer=self._composer(),
            contents=self._contents(),
            courier=courier,
            signer=signer,
            unrecorded=own.relay.unrecorded,
            counted=self._attempted,
        )
        return Sender(setup, self.database, self.wakeups, self.clock)

    def _attempted(self, outcome: Outcome) -> None:
        self.metrics.attempted(outcome)
        self._relay_watch.attempted(outcome)

    def sent_texts(self) -> SentTexts:
        """What was sent, for whoever reads the answers."""
        return SentTexts(self._composer(), self._contents())

    def _composer(self) -> Composer:
        return Composer(self.site(), self.keys, self.blobs.read, self._renderer)

    def _contents(self) -> Contents:
        own = self.settings.posting
        return Contents(ContentLimits(own.attach_bytes, own.max_attachment_bytes, None))

    def make_web(self) -> Web:
        """The HTTP door."""
        setup = WebSetup(
            database=self.database,
            blobs=self.blobs,
            keys=self.keys,
            metrics=self.metrics,
            readiness=self.readiness,
            dead=self.supervisor.dead,
            render=self._renderer.page,
            managers=self.site().managers,
            network=self.settings.gateway.name,
            locale=self.settings.gateway.locale,
        )
        return Web(setup)

    def readiness(self) -> Readiness:
        """Whether this node can do its work."""
        return check(self.database, self.clock, self._relay_watch.trouble())

    def make_listeners(self, spool: Spool) -> list[Listener]:
        """SMTP and LMTP, as far as the settings name them."""
        recipients = Recipients(self.house, self.database)
        configs = edges.listener_configs(self.settings)
        return [Listener(config, spool, recipients, self.clock) for config in configs]

    def check_recipient(self, path: Address) -> Reply:
        """Whether this forward-path is ours, as a sender would be told at RCPT. Raises StoreError."""
        recipients = Recipients(self.house, self.database)
        return recipients.quick(path) or recipients.ask(path)

    async def run(self, roles: Sequence[Role] = ALL_ROLES) -> None:
        """Starts the roles, serves until SIGTERM, SIGINT or stop(), then stops them in the order of the mail's path.

        Raises ConfigurationError before anything starts, PartDiedError where a part ended by itself.
        """
        parts = self._prepare(tuple(roles))
        self._recover()
        self.wakeups.start()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._start(parts, tasks)
            await self._until_stopped(tasks, parts.sender)
            if dead := self.supervisor.dead():
                log.critical("part_died", parts=dead)
        finally:
            await self._end(parts, tasks)
        for task in tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error
        if dead:
            raise PartDiedError(f"ended by itself: {', '.join(dead)}")

    def _prepare(self, roles: tuple[Role, ...]) -> _Parts:
        """Makes the parts of these roles; what is wrong anywhere is named at once."""
        spool = self.make_spool()
        worker = self.make_worker() if Role.WORKER in roles else None
        sender: Sender | None = None
        mistakes = Mistakes()
        with mistakes:
            self.require_schema()
        with mistakes:
            self.database.hold()
        with mistakes:
            sender = self.make_sender() if Role.SENDER in roles else None
        with mistakes:
            self.listeners = self.make_listeners(spool) if Role.LISTENER in roles else []
        for key, listen in edges.sockets(self.settings, roles):
            with mistakes:
                require_free(key, listen)
        if mistakes.found:
            self.database.close()
            mistakes.raise_all()
        web = self.make_web() if Role.WEB in roles and self.settings.web.listen else None
        scheduler = self._make_scheduler() if Role.SCHEDULER in roles else None
        return _Parts(spool, worker, sender, web, scheduler)

    async def _start(self, parts: _Parts, tasks: list[asyncio.Task[None]]) -> None:
        """Starts what works before what brings it work."""
        loop = asyncio.get_running_loop()
        self._begin("spool writer", parts.spool)
        self.supervisor.watch("wake-ups", self.wakeups)
        if parts.worker:
            self._begin("inbound worker", parts.worker)
        if parts.sender:
            tasks.append(loop.create_task(parts.sender.run(), name="sender"))
            self.supervisor.watch("fan-out", parts.sender)
        if parts.web:
            tasks.append(loop.create_task(parts.web.serve(*host_and_port(self.settings.web.listen)), name="web"))
        if parts.scheduler:
            parts.scheduler.start()
        for listener in self.listeners:
            await listener.start()
        log.info(
            "started",
            roles=[role.value for role, part in self._running(parts) if part],
            addresses=[str(listener.address) for listener in self.listeners],
            web=self.settings.web.listen if parts.web else None,
        )

    def _begin(self, name: str, part: Spool | Worker) -> None:
        part.start()
        self.supervisor.watch(name, part)

    def _running(self, parts: _Parts) -> list[tuple[Role, object]]:
        return [
            (Role.LISTENER, self.listeners),
            (Role.WORKER, parts.worker),
            (Role.SENDER, parts.sender),
            (Role.SCHEDULER, parts.scheduler),
            (Role.WEB, parts.web),
        ]

    async def _end(self, parts: _Parts, tasks: list[asyncio.Task[None]]) -> None:
        """Stops the parts in the order of the mail's path: what comes in first, what goes out last."""
        log.info("stopping")
        for listener in self.listeners:
            await listener.stop(GRACE_S)
        await asyncio.to_thread(parts.spool.stop)
        if parts.worker:
            await asyncio.to_thread(parts.worker.stop)
        if parts.scheduler:
            await asyncio.to_thread(parts.scheduler.stop)
        if parts.sender:
            parts.sender.stop()
        if parts.web:
            parts.web.stop()
        alive = await _end_tasks(tasks)
        await asyncio.to_thread(self.wakeups.stop)
        if not alive:
            self.database.close()
        log.info("stopped")

    def stop(self) -> None:
        """Asks run() to end. On its event loop only."""
        self._stop_asked.set()

    async def _until_stopped(self, tasks: list[asyncio.Task[None]], sender: Sender | None) -> None:
        """Until somebody asks, or a role that should never end has ended."""

        def look() -> None:
            if sender:
                self._relay_watch.look(sender.resting_s)

        asked = asyncio.ensure_future(self._stop_asked.wait())
        watching = asyncio.ensure_future(self.supervisor.wait(look))
        await asyncio.wait([asked, watching, *tasks], return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        watching.cancel()

    def _recover(self) -> None:
        """On SQLite nobody else can be at work: what the last process had claimed is free at once."""
        if self.database.is_sqlite:
            now = self.clock()
            with self.database.transaction() as tx:
                mails = arrivals.release_all(tx, now)
                outgoing = deliveries.release_all(tx, now)
            log.info("recovered", messages=mails, deliveries=outgoing)

    def _make_scheduler(self) -> Scheduler:
        own = self.settings.retention
        retention = Retention(own.raw_days, own.sent_days, own.log_days)
        origin = Origin(self.settings.gateway.domain, self.keys.current)
        return Scheduler(self.database, self.blobs, retention, origin, self.clock)


async def _end_tasks(tasks: Sequence[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Gives tasks that were asked to stop their time, then cancels them; returns those that live on all the same.

    Under such a one nobody closes the database: what it still records would be lost, and mails would go twice.
    """
    if not tasks:
        return set()
    _, late = await asyncio.wait(tasks, timeout=GRACE_S)
    if not late:
        return set()
    for task in late:
        task.cancel()
    _, alive = await asyncio.wait(late, timeout=_CANCEL_S)
    if alive:
        log.error("not_stopped", roles=sorted(task.get_name() for task in alive))
    return alive
