"""What was picked up from mailboxes: who works on each, which of its mails are in the spool, how it is with it.

A mail is marked taken in the transaction that spools it (T1), so that whoever finds it again, after a crash or beside
another node, only moves it away. Used by inbound.spool and inbound.pickup; read by the command line.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, bindparam, case, delete, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from store.database import storable
from store.schema import mailboxes, pickups
from store.times import LEASE


@dataclass(frozen=True, slots=True)
class Pickup:
    """One mail where it was found (RFC 3501 §2.3.1.1), and the sha256 of its bytes, in hex."""

    mailbox_id: int
    uidvalidity: int
    uid: int
    sha256: str

    @property
    def place(self) -> tuple[int, int, int]:
        """What names it."""
        return self.mailbox_id, self.uidvalidity, self.uid


@dataclass(frozen=True, slots=True)
class MailboxState:
    """How it is with one mailbox. `trouble` is "" while all is well, `node` and `lease_until` of who works on it."""

    account: str
    folder: str
    node: str
    lease_until: datetime | None
    trouble: str
    since: datetime


_ours_or_free = or_(
    mailboxes.c.node == bindparam("own"),
    mailboxes.c.lease_until.is_(None),
    mailboxes.c.lease_until <= bindparam("now"),
)
_lease = (
    update(mailboxes)
    .where(mailboxes.c.account == bindparam("of"), mailboxes.c.folder == bindparam("within"), _ours_or_free)
    .values(node=bindparam("own"), lease_until=bindparam("until"))
    .returning(mailboxes.c.id)
)


def lease(tx: Connection, account: str, folder: str, node: str, now: datetime) -> int | None:
    """The id of this mailbox, which is this node's for two minutes from now; None where another node has it."""
    values = {"of": account, "within": folder, "own": node, "now": now, "until": now + LEASE}
    held: int | None = tx.scalar(_lease, values)
    if held is None and not _is_known(tx, account, folder):
        row = {"account": account, "folder": folder, "node": "", "trouble": "", "since": now}
        tx.execute(_insert_missing(tx, mailboxes).values(row))
        held = tx.scalar(_lease, values)
    return held


def _is_known(tx: Connection, account: str, folder: str) -> bool:
    query = select(mailboxes.c.id).where(mailboxes.c.account == account, mailboxes.c.folder == folder)
    return tx.scalar(query) is not None


def release(tx: Connection, mailbox_id: int, node: str) -> None:
    """Gives a mailbox back, for whoever comes next, where it is this node's."""
    ours = update(mailboxes).where(mailboxes.c.id == mailbox_id, mailboxes.c.node == node)
    tx.execute(ours.values(lease_until=None))


def release_all(tx: Connection) -> int:
    """Gives every mailbox back: at the start of the one process that a database has. Returns how many."""
    return tx.execute(update(mailboxes).where(mailboxes.c.lease_until.is_not(None)).values(lease_until=None)).rowcount


def note(tx: Connection, mailbox_id: int, trouble: str, now: datetime) -> None:
    """Writes down what is wrong with a mailbox, "" for nothing; since when, is since it began or ended to be wrong."""
    told = storable(trouble)
    changed = update(mailboxes).where(mailboxes.c.id == mailbox_id, mailboxes.c.trouble != told)
    was_well = mailboxes.c.trouble == ""
    since = case((was_well, now), else_=mailboxes.c.since) if told else now
    tx.execute(changed.values(trouble=told, since=since))


def states(tx: Connection) -> list[MailboxState]:
    """All mailboxes that were ever worked on, by account."""
    columns = (mailboxes.c[name] for name in MailboxState.__dataclass_fields__)
    query = select(*columns).order_by(mailboxes.c.account, mailboxes.c.folder)
    return [MailboxState(*row) for row in tx.execute(query)]


def known(tx: Connection, mailbox_id: int, uidvalidity: int, uids: Collection[int]) -> set[int]:
    """Those of these mails that are in the spool."""
    own = select(pickups.c.uid).where(pickups.c.mailbox_id == mailbox_id, pickups.c.uidvalidity == uidvalidity)
    return set(tx.scalars(own.where(pickups.c.uid.in_(list(uids)))))


def take(tx: Connection, found: Sequence[Pickup], now: datetime) -> set[Pickup]:
    """Marks these mails taken; returns those that nobody had taken before, which the caller spools in `tx`.

    Where a server began to count anew (another UIDVALIDITY, RFC 3501 §2.3.1.1), a mail of the same bytes was taken
    before. Under one UIDVALIDITY two mails are two, whatever they hold.
    """
    if not found:
        return set()
    earlier = _taken_under_other_numbers(tx, found)
    rows = [
        {
            "mailbox_id": item.mailbox_id,
            "uidvalidity": item.uidvalidity,
            "uid": item.uid,
            "sha256": item.sha256,
            "taken_at": now,
        }
        for item in found
    ]
    place = (pickups.c.mailbox_id, pickups.c.uidvalidity, pickups.c.uid)
    fresh = {tuple(row) for row in tx.execute(_insert_missing(tx, pickups).values(rows).returning(*place))}
    return {item for item in found if item.place in fresh and item not in earlier}


def _taken_under_other_numbers(tx: Connection, found: Sequence[Pickup]) -> set[Pickup]:
    same = tuple_(pickups.c.sha256, pickups.c.mailbox_id).in_([(item.sha256, item.mailbox_id) for item in found])
    numbers: dict[tuple[int, str], set[int]] = {}
    for mailbox_id, sha256, uidvalidity in tx.execute(
        select(pickups.c.mailbox_id, pickups.c.sha256, pickups.c.uidvalidity).where(same)
    ):
        numbers.setdefault((mailbox_id, sha256), set()).add(uidvalidity)
    return {item for item in found if numbers.get((item.mailbox_id, item.sha256), set()) - {item.uidvalidity}}


def purge(tx: Connection, before: datetime, most: int) -> int:
    """Forgets up to `most` mails that were taken before, and were moved away long since; returns how many."""
    old = select(*pickups.primary_key.columns).where(pickups.c.taken_at < before).limit(most)
    return tx.execute(delete(pickups).where(tuple_(*pickups.primary_key.columns).in_(old))).rowcount


def _insert_missing(tx: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that leaves alone what is there, and waits for whoever is just putting it there."""
    if tx.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()
