"""The wiring: the only place that knows all parts. Builds them from settings, starts the roles, stops them in order."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import structlog

from digests.housekeeping import Retention
from digests.waiting import Origin
from digests.worker import Scheduler
from gateway import keys
from gateway.core.address import Address
from gateway.core.clock import Clock, utc_now
from gateway.core.delivery import Outcome
from gateway.core.errors import ConfigurationError, PartDiedError
from gateway.core.reply import Reply
from gateway.observe import Metrics, Readiness, check
from gateway.roles import Role as Role
from gateway.settings import Settings
from gateway.starting import Mistakes, host_and_port, require_free
from gateway.supervision import RelayWatch, Supervisor
from gateway.web.server import Web, WebSetup
from inbound.authenticity import Border
from inbound.job import ReaderSetup
from inbound.limits import Limits, ListenerConfig, Protocol
from inbound.listener import Listener
from inbound.policy import Rules
from inbound.route import House, Recipients
from inbound.spool import Spool
from inbound.worker import Worker, WorkerSetup
from outbound.client import Relay, RelayConfig, Security
from outbound.compose import Composer
from outbound.contents import Contents
from outbound.contents import Limits as ContentLimits
from outbound.courier import Courier
from outbound.dkim import Signer
from outbound.headers import Site
from outbound.maildir import MaildirRelay
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
            self._tls()
        with mistakes:
            self._signer()
        # Outside of an event loop a relay that is well described still cannot be made.
        with mistakes, suppress(RuntimeError):
            self._courier()

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
            signer = self._signer()
        with mistakes:
            courier = self._courier()
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
        tls = self._tls()
        recipients = Recipients(self.house, self.database)
        wanted = ((Protocol.SMTP, self.settings.smtp.listen), (Protocol.LMTP, self.settings.lmtp.listen))
        return [
            Listener(self._listener_config(protocol, listen, tls), spool, recipients, self.clock)
            for protocol, listen in wanted
            if listen
        ]

    def check_recipient(self, path: Address) -> Reply:
        """Whether this forward-path is ours, as a sender would be told at RCPT. Raises StoreError."""
        recipients = Recipients(self.house, self.database)
        return recipients.quick(path) or recipients.ask(path)

    async def run(self, roles: Sequence[Role] = ALL_ROLES) -> None:
        """Starts the roles, serves until SIGTERM, SIGINT or stop(), then stops them in the order of the mail's path."""
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
        for key, listen in self._wanted_sockets(roles):
            with mistakes:
                require_free(key, listen)
        if mistakes.found:
            self.database.close()
            mistakes.raise_all()
        self._recover()
        self.wakeups.start()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        web = self.make_web() if Role.WEB in roles and self.settings.web.listen else None
        scheduler = self._make_scheduler() if Role.SCHEDULER in roles else None
        tasks: list[asyncio.Task[None]] = []
        try:
            spool.start()
            if worker:
                worker.start()
            if sender:
                tasks.append(loop.create_task(sender.run(), name="sender"))
            if web:
                tasks.append(loop.create_task(web.serve(*host_and_port(self.settings.web.listen)), name="web"))
            if scheduler:
                scheduler.start()
            for listener in self.listeners:
                await listener.start()
            idle = {Role.LISTENER if not self.listeners else None, Role.WEB if not web else None}
            log.info(
                "started",
                roles=[role.value for role in roles if role not in idle],
                addresses=[str(x.address) for x in self.listeners],
                web=self.settings.web.listen if web else None,
            )
            self.supervisor.watch("spool writer", spool)
            self.supervisor.watch("wake-ups", self.wakeups)
            if worker:
                self.supervisor.watch("inbound worker", worker)
            if sender:
                self.supervisor.watch("fan-out", sender)
            await self._until_stopped(tasks, sender)
            if dead := self.supervisor.dead():
                log.critical("part_died", parts=dead)
        finally:
            log.info("stopping")
            for listener in self.listeners:
                await listener.stop(GRACE_S)
            await asyncio.to_thread(spool.stop)
            if worker:
                await asyncio.to_thread(worker.stop)
            if scheduler:
                await asyncio.to_thread(scheduler.stop)
            if sender:
                sender.stop()
            if web:
                web.stop()
            alive = await _end(tasks)
            await asyncio.to_thread(self.wakeups.stop)
            if not alive:
                self.database.close()
            log.info("stopped")
        for task in tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error
        if dead:
            raise PartDiedError(f"ended by itself: {', '.join(dead)}")

    def _wanted_sockets(self, roles: Sequence[Role]) -> list[tuple[str, str]]:
        """(key, where) of each socket that these roles listen on."""
        own = self.settings
        wanted = [("smtp.listen", own.smtp.listen), ("lmtp.listen", own.lmtp.listen)] if Role.LISTENER in roles else []
        wanted += [("web.listen", own.web.listen)] if Role.WEB in roles else []
        return [(key, listen) for key, listen in wanted if listen]

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

    def _listener_config(self, protocol: Protocol, listen: str, tls: ssl.SSLContext | None) -> ListenerConfig:
        own = self.settings.smtp
        return ListenerConfig(
            protocol=protocol,
            listen=listen,
            hostname=own.hostname or self.settings.gateway.domain,
            domain=self.settings.gateway.domain,
            max_message_bytes=own.max_message_bytes,
            tls=tls,
            trusted_peers=tuple(ip_network(peer) for peer in self.settings.authentication.trusted_peers),
            limits=Limits(
                connections=own.connections,
                connections_per_peer=own.connections_per_peer,
                recipients=own.recipients,
                mails_per_session=own.mails_per_session,
                commands_without_mail=own.commands_without_mail,
                errors=own.errors,
                session_s=own.session_s,
                idle_s=own.idle_s,
                tls_s=own.tls_s,
                min_rate=own.min_rate,
                banner_delay_s=own.banner_delay_s,
                header_bytes=own.header_bytes,
            ),
        )

    def _tls(self) -> ssl.SSLContext | None:
        own = self.settings.smtp
        if not own.certificate:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(own.certificate, own.key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError([("smtp.certificate", f"cannot be used: {error}")]) from error
        return context

    def _courier(self) -> Courier:
        own = self.settings.relay
        if not own.host:
            own.outbox.mkdir(parents=True, exist_ok=True)
            return MaildirRelay(own.outbox, self.clock)
        config = RelayConfig(
            host=own.host,
            port=own.port,
            hostname=own.hostname or self.settings.gateway.domain,
            security=Security(own.security),
            username=own.username,
            password=own.password.get_secret_value(),
            connections=own.connections,
            ca_file=Path(own.ca_file) if own.ca_file else None,
        )
        return Relay(config, self.clock)

    def _signer(self) -> Signer | None:
        own = self.settings.dkim
        if not own.domain:
            return None
        try:
            key = Path(own.key_file).read_bytes()
        except OSError as error:
            raise ConfigurationError([("dkim.key_file", f"cannot be read: {error.strerror}")]) from error
        return Signer(own.domain, own.selector, key, self.clock)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
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
