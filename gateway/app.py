"""The wiring: the only place that knows all parts. Builds them from settings, starts the roles, stops them in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog

from digests.calendar import is_working_day
from digests.candidate import Budget
from digests.close import Plan
from digests.housekeeping import Retention
from digests.reach import Bounds, Reach
from digests.reports import Morning
from digests.rounds import Rounds
from digests.step_down import StepDown
from digests.waiting import Origin
from digests.worker import Scheduler
from gateway import bridges, descriptors, edges, keys, presence
from gateway.core.address import Address
from gateway.core.clock import Clock, utc_now
from gateway.core.delivery import Outcome
from gateway.core.joining import Registration
from gateway.core.notice import Receipts
from gateway.core.quiet import Peace
from gateway.core.reply import Reply
from gateway.core.rhythm import parse_hour
from gateway.core.token import KeyRing
from gateway.deadline import watched
from gateway.node import STOP_S, Node, OpenListener, Parts
from gateway.observe import Metrics, Readiness, check
from gateway.roles import Role as Role
from gateway.settings import Bounces, Settings
from gateway.starting import Mistakes, require_free
from gateway.supervision import RelayWatch, Supervisor
from gateway.web.server import Web, WebSetup
from inbound.authenticity import Border
from inbound.facts import Rules
from inbound.files import FileRules
from inbound.harvest import Store as PickupStore
from inbound.hints import SentDigests
from inbound.job import ReaderSetup
from inbound.listener import Listener
from inbound.pickup import Pickup, Reports
from inbound.route import House, Recipients
from inbound.spool import Spool
from inbound.verification import Verifying
from inbound.worker import Worker, WorkerSetup
from outbound.compose import Composer
from outbound.composing import Pressroom
from outbound.contents import Contents
from outbound.contents import Limits as ContentLimits
from outbound.digest import DigestComposer
from outbound.digest_contents import DigestContents, Press
from outbound.fan_out import Restraint
from outbound.headers import Site
from outbound.render import Renderer
from outbound.sent import SentTexts
from outbound.worker import Sender, SenderSetup
from store import arrivals, deliveries, migrations
from store import pickups as mailbox_leases
from store.blobs import open_blobs
from store.database import Database
from store.failures import Endurance
from store.silence import Patience
from store.wakeups import Wakeups, Work

log = structlog.get_logger(__name__)

ALL_ROLES = tuple(Role)
_SLACK_S = 5.0
"""So long after its deadline an end that hangs, event loop and all, is cut."""


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
        elsewhere = settings.ours.mailboxes
        self.house = House(settings.gateway.domain, settings.smtp.separator, self.keys, elsewhere)
        self.listeners: Sequence[OpenListener] = ()
        self._renderer = Renderer()
        self._stop_asked = asyncio.Event()
        self._stop_s = STOP_S

    def _look_ahead(self, mistakes: Mistakes) -> None:
        """Tries what needs neither the store nor the secret."""
        with mistakes:
            edges.tls_context(self.settings)
        with mistakes:
            edges.signer(self.settings, self.clock)
        with mistakes:
            bridges.sources(self.settings)
        # Outside of an event loop a relay that is well described still cannot be made.
        with mistakes, suppress(RuntimeError):
            edges.courier(self.settings, self.clock)

    def require_schema(self) -> None:
        """Raises ConfigurationError where the database is empty or of another version."""
        migrations.require(self.database)

    def rules(self) -> Rules:
        """What the house rules read of the settings."""
        own, people, posting = self.settings.gateway, self.settings.people, self.settings.posting
        return Rules(
            self.settings.authentication.require,
            FileRules(posting.max_attachment_bytes, posting.barred_files),
            posting.require_addressed,
            timedelta(hours=posting.review_hours),
            timedelta(seconds=posting.hold_seconds),
            Receipts(posting.receipts),
            posting.audience_moderation,
            Registration(frozenset(people.domains), people.register, own.locale, own.timezone, self.settings.ours),
            self.peace(),
            self.settings.digests.urgent_per_week,
            posting.topic_per_minute,
            posting.author_per_hour,
        )

    def reader_setup(self) -> ReaderSetup:
        """What a reader process needs."""
        own = self.settings
        stated = own.authentication
        border = Border(
            stated.authserv_id,
            stated.proofs,
            bridges.borders(own),
            bridges.of_exchange(own),
            frozenset(own.people.domains),
            Verifying(stated.nameservers, frozenset(stated.trusted_sealers)) if stated.verify else None,
        )
        return ReaderSetup(own.store.blobs, own.store.blobs_endpoint, own.gateway.domain, border)

    def make_worker(self) -> Worker:
        """The inbound worker."""
        setup = WorkerSetup(
            house=self.house,
            rules=self.rules(),
            reader=self.reader_setup(),
            readers=1,
            sent_texts=self.sent_texts(),
            sent_digests=self.sent_digests(),
            decided=lambda item: self.metrics.decided(item.decision, item.urgency),
        )
        return Worker(setup, self.database, self.wakeups, self.clock)

    def site(self) -> Site:
        """Who we are in mails and pages."""
        own = self.settings
        daily_at = parse_hour(own.digests.daily_at)
        return Site(own.gateway.domain, own.gateway.name, own.web.base_url, own.smtp.separator, daily_at)

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
            press=self.pressroom(),
            courier=courier,
            signer=signer,
            unrecorded=own.relay.unrecorded,
            counted=self._attempted,
            restraint=Restraint(own.budget.mails_per_day, own.posting.storms),
            peace=self.peace(),
        )
        return Sender(setup, self.database, self.wakeups, self.clock)

    def peace(self) -> Peace:
        """When who is left in peace."""
        return Peace(self.settings.digests.rhythm(self.settings.gateway.timezone), is_working_day)

    def _attempted(self, outcome: Outcome) -> None:
        self.metrics.attempted(outcome)
        self._relay_watch.attempted(outcome)

    def pressroom(self, keyring: KeyRing | None = None) -> Pressroom:
        """What makes digests. With a ring of others' keys none of its tokens opens anything."""
        own = self.settings
        press = Press(own.gateway.domain, own.gateway.name, own.digests.rhythm(own.gateway.timezone))
        # Its composer and what it remembers belong to one thread.
        composer = DigestComposer(self.site(), keyring or self.keys, self._renderer)
        return Pressroom(DigestContents(press, composer, self.database), composer, self.clock)

    def rounds(self) -> Rounds:
        """What closes digests."""
        own = self.settings.digests
        budget = Budget(own.max_bytes, own.max_topics, own.min_items)
        spread = timedelta(minutes=own.spread_minutes)
        plan = Plan(own.rhythm(self.settings.gateway.timezone), budget, self.keys.current, spread)
        return Rounds(self.database, plan, self.wakeups)

    def sent_digests(self) -> SentDigests:
        """The digests that were sent, for whoever reads the answers."""
        return self.pressroom().contents.sent

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
            connections=self.settings.web.connections,
        )
        return Web(setup)

    def readiness(self) -> Readiness:
        """Whether this node can do its work."""
        return check(self.database, self.clock, self._relay_watch.trouble())

    def make_listeners(self, spool: Spool) -> list[OpenListener]:
        """SMTP and LMTP, as far as the settings name them."""
        recipients = Recipients(self.house, self.database)
        return [
            OpenListener(f"{config.protocol}.listen", config.listen, Listener(config, spool, recipients, self.clock))
            for config in edges.listener_configs(self.settings)
        ]

    def make_pickups(self, spool: Spool) -> list[Pickup]:
        """What empties the mailboxes that the settings name."""
        own = self.settings
        store = PickupStore(
            database=self.database,
            spool=spool,
            recipients=Recipients(self.house, self.database),
            clock=self.clock,
            domain=own.gateway.domain,
            separator=own.smtp.separator,
            max_message_bytes=own.smtp.max_message_bytes,
            header_bytes=own.smtp.header_bytes,
        )
        return bridges.pickups(bridges.sources(own), store, presence.name(), self._mailbox_reports)

    def _mailbox_reports(self, mailbox: str) -> Reports:
        return Reports(partial(self.metrics.picked_up, mailbox), partial(self.metrics.mailbox_is_up, mailbox))

    def check_recipient(self, path: Address) -> Reply:
        """Whether this forward-path is ours, as a sender would be told at RCPT. Raises StoreError."""
        recipients = Recipients(self.house, self.database)
        return recipients.quick(path) or recipients.ask(path)

    async def run(self, roles: Sequence[Role] = ALL_ROLES) -> None:
        """Starts the roles, serves until SIGTERM, SIGINT or stop(), then stops them all by one deadline.

        Raises ConfigurationError before anything is served, PartDiedError where a part ended by itself.
        """
        node = Node(self._prepare(tuple(roles)), self.database, self.wakeups, self.supervisor)
        self._recover()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            await node.start()
            await node.wait(self._stop_asked, self._relay_watch)
        finally:
            with watched(self._stop_s + _SLACK_S):
                await node.end(self._stop_s)
        node.require_good_end()

    def _prepare(self, roles: tuple[Role, ...]) -> Parts:
        """Makes the parts of these roles; what is wrong anywhere is named at once."""
        spool = self.make_spool()
        worker = self.make_worker() if Role.WORKER in roles else None
        sender: Sender | None = None
        mistakes = Mistakes()
        with mistakes:
            self.require_schema()
        with mistakes:
            self.database.hold(presence.note(roles))
        with mistakes:
            descriptors.require(self.settings, roles, descriptors.raise_limit())
        with mistakes:
            sender = self.make_sender() if Role.SENDER in roles else None
        with mistakes:
            self.listeners = self.make_listeners(spool) if Role.LISTENER in roles else ()
        pickups: Sequence[Pickup] = ()
        with mistakes:
            pickups = self.make_pickups(spool) if Role.MAILBOX in roles else ()
        for key, listen in edges.sockets(self.settings, roles):
            with mistakes:
                require_free(key, listen)
        if mistakes.found:
            self.database.close()
            mistakes.raise_all()
        web = self.make_web() if Role.WEB in roles and self.settings.web.listen else None
        scheduler = self._make_scheduler() if Role.SCHEDULER in roles else None
        return Parts(spool, self.listeners, pickups, worker, sender, web, self.settings.web.listen, scheduler)

    def stop(self, within_s: float = STOP_S) -> None:
        """Asks run() to end, by then. On its event loop only."""
        self._stop_s = within_s
        self._stop_asked.set()

    def _recover(self) -> None:
        """On SQLite nobody else can be at work: what the last process had claimed is free at once."""
        if self.database.is_sqlite:
            now = self.clock()
            with self.database.transaction() as tx:
                mails = arrivals.release_all(tx, now)
                outgoing = deliveries.release_all(tx, now)
                mailbox_leases.release_all(tx)
            log.info("recovered", messages=mails, deliveries=outgoing)

    def _make_scheduler(self) -> Scheduler:
        own = self.settings.retention
        failing = self.settings.bounces
        retention = Retention(
            own.raw_days, own.sent_days, own.log_days, self.settings.digests.answer_days, failing.within_days
        )
        review = timedelta(hours=self.settings.posting.review_hours)
        late = timedelta(minutes=self.settings.gateway.late_minutes)
        origin = Origin(self.settings.gateway.domain, self.keys.current, review, late)
        rounds, patience = self.rounds(), self.settings.step_down
        step_down = None
        if patience.after_days:
            limits = Patience(patience.after_days, patience.after_mails)
            step_down = StepDown(self.database, rounds.plan.network, limits, origin, self.metrics.stepped_down)
        morning = None
        if self.settings.digests.manager_report:
            morning = Morning(rounds.plan.network.timezone, rounds.plan.network.daily_at)
        reach = Reach(self.database, _bounds(failing), origin, self.settings.gateway.timezone)
        return Scheduler(self.database, self.blobs, retention, origin, rounds, self.clock, step_down, morning, reach)


def _bounds(own: Bounces) -> Bounds:
    return Bounds(
        Endurance(own.failing_days, own.within_days),
        timedelta(days=own.probe_days),
        timedelta(days=own.quiet_days),
        own.refusals_told,
    )
