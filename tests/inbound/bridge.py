"""The bridge from a mailbox for tests: a real Dovecot, a real spool, and the post office that decides what it got."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from gateway.core import address
from inbound.account import Account, Security
from inbound.harvest import Harvest, Source, Store
from inbound.mailbox import Mailbox
from inbound.pickup import Pickup, Reports
from inbound.route import Recipients
from inbound.spool import Spool
from store import pickups
from store.database import Database
from store.schema import raw_mails, spool
from tests.dovecot import PASSWORD, Dovecot
from tests.inbound.post_office import BORDER, HOUSE, RULES, PostOffice, mail
from tests.network import DOMAIN, SetClock

PATIENCE_S = 20.0
PROJETS = f"Delivered-To: projets@{DOMAIN}\r\n"


def until(happened: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Waits until something has happened."""
    deadline = time.monotonic() + patience_s
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def letter(number: int, *, to: str = PROJETS, text: str = "", headers: str = "", author: str = "ann") -> bytes:
    """A post of ann's to projets, as her server keeps it in a mailbox."""
    return f"Return-Path: <{author}@people.example>\r\n{to}".encode() + mail(
        author,
        subject=f"Letter {number}",
        text=text or f"Words of letter {number}.",
        message_id=f"<letter{number}@people.example>",
        headers=f"To: projets@{DOMAIN}\r\n{headers}",
    )


class Bridge:
    """One mailbox and the gateway behind it. `stop` it in the end."""

    def __init__(self, database: Database, clock: SetClock, dovecot: Dovecot, folder: Path, user: str) -> None:
        self.database, self.clock, self.dovecot, self.user = database, clock, dovecot, user
        self.office = PostOffice(
            database, clock, folder / "blobs", replace(RULES, files=replace(RULES.files, max_bytes=20 << 20))
        )
        ann, bob = self.office.network.persons("ann", "bob")
        self.office.network.join(self.office.network.community("projets"), ann, bob)
        self.spool = Spool(database, self.office.blobs, disk=folder, reserve_bytes=0, committed=lambda: None)
        self.spool.start()
        self.account = Account(
            "127.0.0.1", dovecot.port, Security.NONE, user, PASSWORD, None, "INBOX", "Relais-done", "Relais-failed"
        )
        self.source = Source(1, self.account, None, "", "mx.people.example", 0.1)
        self.outcomes: Counter[str] = Counter()
        self.well: list[bool | None] = []
        border = replace(BORDER, mailboxes=((self.account.name, "mx.people.example"),))
        self.office.setup = replace(self.office.setup, border=border)
        self.max_message_bytes = 5_000_000
        self._pickups: list[Pickup] = []

    @property
    def store(self) -> Store:
        """Where mails go."""
        recipients = Recipients(HOUSE, self.database)
        return Store(
            self.database, self.spool, recipients, self.clock, DOMAIN, "+", self.max_message_bytes, header_bytes=262_144
        )

    def by_subaddress(self, own: str) -> None:
        """The mailbox serves all communities."""
        self.source = replace(self.source, address=address.parse(own))

    def through(self, port: int, *, timeout_s: float = 60.0) -> None:
        """The server is reached by this port."""
        self.account = replace(self.account, port=port, timeout_s=timeout_s)
        self.source = replace(self.source, account=self.account)

    def harvest(self) -> Harvest:
        """What remembers, over several connections, what went wrong."""
        return Harvest(self.source, self.store, self._counted)

    def empty(self, harvest: Harvest | None = None) -> int:
        """One connection that empties the mailbox; returns how many mails were taken."""
        box = Mailbox(self.account)
        try:
            return (harvest or self.harvest()).empty(box, self.mailbox_id(), lambda: True)
        finally:
            box.close()

    def mailbox_id(self) -> int:
        """Of this mailbox, which is made ours."""
        with self.database.transaction() as tx:
            held = pickups.lease(tx, self.account.name, "INBOX", "test", self.clock())
        assert held is not None
        return held

    def start(self, node: str = "node-1") -> Pickup:
        """The bridge as a node runs it."""
        made = Pickup(self.source, self.store, node, Reports(self._counted, self.well.append))
        self._pickups.append(made)
        made.start()
        return made

    def stop(self) -> None:
        """Ends everything."""
        for made in self._pickups:
            made.stop(5.0)
        self.spool.stop()

    def posts(self) -> list[str]:
        """The words of all posts, once all that is in the spool is decided."""
        self.office.work()
        return [words for words, _, _ in self.office.posted()]

    def stored(self) -> list[bytes]:
        """The bytes of all mails in the spool, the shortest first."""
        with self.database.reading() as tx:
            rows = tx.execute(
                select(spool.c.blob, raw_mails.c.data)
                .outerjoin(raw_mails, raw_mails.c.spool_id == spool.c.id)
                .order_by(spool.c.id)
            ).all()
        raws = [self.office.blobs.read(blob) if blob else bytes(data) for blob, data in rows]
        return sorted(raws, key=len)

    def count(self, folder: str = "INBOX") -> int:
        """How many mails are in a folder."""
        return self.dovecot.count(self.user, folder)

    def put(self, *mails: bytes) -> None:
        """Delivers mails."""
        self.dovecot.put(self.user, *mails)

    def _counted(self, outcome: str, mails: int) -> None:
        self.outcomes[outcome] += mails
