"""The spool: messages that were promised a 250, and what became of each of their forward-paths.

Written by inbound.spool (accept), worked on by inbound.worker (claim, close, fail), read by the command line.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto

from sqlalchemy import Connection, and_, bindparam, exists, func, insert, or_, select, update

from gateway.core.decision import Reason, Verdict
from gateway.core.errors import StoreError
from gateway.core.message import Arrival, Envelope, Mail
from gateway.core.ruling import Ruling
from store.database import storable
from store.schema import OPEN_ARRIVAL, SPOOLED, arrivals, raw_mails, spool
from store.times import LEASE as LEASE

MAX_FAILURES = 3
RECHECK_EVERY = timedelta(minutes=10)
RECHECK_FOR = timedelta(hours=4)
"""So long after it came in an author is looked for again who could not be checked."""
_RETRY_AFTER = (timedelta(seconds=5), timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message on its way into the spool: `raw` up to 64 KiB, else `blob`."""

    envelope: Envelope
    size: int
    raw: bytes | None
    blob: str


@dataclass(frozen=True, slots=True)
class Closing:
    """What is written about one decided arrival. `state` is closed or held."""

    arrival_id: int
    state: str
    verdict: str
    reason: str
    flag: str
    person_id: int | None
    community_id: int | None
    post_id: int | None
    returns: date | None = None
    """The day an automatic answer gives for the end of an absence."""
    proof: str = ""
    """How the author was proven, or why not."""


class AfterFailure(Enum):
    """What becomes of a message that failed. LOST: somebody else has it by now, and nothing was written."""

    AGAIN = auto()
    ASIDE = auto()
    LOST = auto()


class LostLeaseError(StoreError):
    """Somebody else has the message by now; the transaction must roll back."""


def add(tx: Connection, batch: Sequence[Accepted]) -> None:
    """Puts messages into the spool, one arrival per forward-path. The caller commits, then answers 250 (I1)."""
    rows = [
        {
            "reverse_path": item.envelope.reverse_path,
            "peer": item.envelope.peer,
            "trusted": item.envelope.trusted,
            "protocol": item.envelope.protocol,
            "helo": item.envelope.helo[:255],
            "received_at": item.envelope.received_at,
            "size": item.size,
            "blob": item.blob,
            "state": "spooled",
        }
        for item in batch
    ]
    ids = list(tx.scalars(insert(spool).returning(spool.c.id, sort_by_parameter_order=True), rows))
    raws = [{"spool_id": i, "data": item.raw} for i, item in zip(ids, batch, strict=True) if item.raw is not None]
    if raws:
        tx.execute(insert(raw_mails), raws)
    paths = [
        {"spool_id": i, "forward_path": path, "state": "spooled"}
        for i, item in zip(ids, batch, strict=True)
        for path in dict.fromkeys(item.envelope.forward_paths)
    ]
    tx.execute(insert(arrivals), paths)


_due = (
    select(spool.c.id)
    .where(SPOOLED, or_(spool.c.lease_until.is_(None), spool.c.lease_until <= bindparam("now")))
    .order_by(spool.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_claim = (
    update(spool)
    .where(spool.c.id.in_(select(_due.c.id)))
    .values(attempts=spool.c.attempts + 1, lease_until=bindparam("lease"))
    .returning(spool)
)


def claim(tx: Connection, now: datetime, most: int) -> list[Mail]:
    """Takes up to `most` messages for two minutes, oldest first. The caller commits before it touches them (T2).

    A worker renews nothing, so it must be done by then.
    """
    rows = tx.execute(_claim, {"now": now, "lease": now + LEASE, "most": most}).all()
    if not rows:
        return []
    ids = [row.id for row in rows]
    raws = {row.spool_id: row.data for row in tx.execute(select(raw_mails).where(raw_mails.c.spool_id.in_(ids)))}
    paths: dict[int, list[Arrival]] = {i: [] for i in ids}
    query = (
        select(arrivals.c.id, arrivals.c.spool_id, arrivals.c.forward_path, arrivals.c.rulings)
        .where(arrivals.c.spool_id.in_(ids), arrivals.c.state == "spooled")
        .order_by(arrivals.c.id)
    )
    for arrival_id, spool_id, path, said in tx.execute(query):
        paths[spool_id].append(Arrival(arrival_id, path, frozenset(Ruling(word) for word in said.split())))
    mails = []
    for row in sorted(rows, key=lambda row: row.id):
        own = tuple(paths[row.id])
        envelope = Envelope(
            row.reverse_path,
            tuple(arrival.forward_path for arrival in own),
            row.peer,
            row.trusted,
            row.protocol,
            row.helo,
            row.received_at,
        )
        mails.append(Mail(row.id, envelope, row.size, row.blob, raws.get(row.id), own, row.attempts, row.failures))
    return mails


_finish = (
    update(spool)
    .where(spool.c.id == bindparam("mail"), spool.c.attempts == bindparam("fence"), spool.c.state == "spooled")
    .values(state="closed", lease_until=None, trouble="")
)
_close = (
    update(arrivals)
    .where(arrivals.c.id == bindparam("arrival"))
    .values(
        state=bindparam("to_state"),
        verdict=bindparam("verdict"),
        reason=bindparam("reason"),
        flag=bindparam("flag"),
        person_id=bindparam("person"),
        community_id=bindparam("community"),
        post_id=bindparam("post"),
        returns=bindparam("until"),
        proof=bindparam("proven"),
        closed_at=bindparam("now"),
    )
)


def close(tx: Connection, mails: Sequence[Mail], closings: Sequence[Closing], now: datetime) -> None:
    """Ends claimed messages with an outcome for each arrival, inside the transaction of their effects (I2, I3).

    Raises LostLeaseError where a message was claimed again meanwhile: the caller rolls back and has done nothing.
    """
    for mail in mails:
        if tx.execute(_finish, {"mail": mail.id, "fence": mail.attempts}).rowcount != 1:
            raise LostLeaseError(f"message {mail.id} is no longer ours")
    tx.execute(
        _close,
        [
            {
                "arrival": item.arrival_id,
                "to_state": item.state,
                "verdict": item.verdict,
                "reason": item.reason,
                "flag": item.flag,
                "person": item.person_id,
                "community": item.community_id,
                "post": item.post_id,
                "until": item.returns,
                "proven": storable(item.proof),
                "now": now,
            }
            for item in closings
        ],
    )


def fail(tx: Connection, mail: Mail, trouble: str, now: datetime) -> AfterFailure:
    """Counts one failure of processing; after three the message is set aside, whole.

    A restart is not a failure: it leaves the lease to run out. Does nothing where the lease was lost.
    """
    aside = mail.failures + 1 >= MAX_FAILURES
    values = {
        "failures": mail.failures + 1,
        "trouble": storable(trouble[:2000]),
        "state": "set_aside" if aside else "spooled",
        "lease_until": None if aside else now + _RETRY_AFTER[mail.failures],
    }
    fence = and_(spool.c.id == mail.id, spool.c.attempts == mail.attempts, spool.c.state == "spooled")
    if tx.execute(update(spool).where(fence).values(values)).rowcount != 1:
        return AfterFailure.LOST
    if not aside:
        return AfterFailure.AGAIN
    tx.execute(
        update(arrivals)
        .where(arrivals.c.spool_id == mail.id, arrivals.c.state == "spooled")
        .values(state="set_aside", closed_at=now)
    )
    return AfterFailure.ASIDE


def release(tx: Connection, mails: Sequence[Mail]) -> None:
    """Gives claimed messages back at once, untouched: on a clean stop and after trouble of the database."""
    for mail in mails:
        tx.execute(
            update(spool)
            .where(spool.c.id == mail.id, spool.c.attempts == mail.attempts, spool.c.state == "spooled")
            .values(lease_until=None)
        )


def release_all(tx: Connection, now: datetime) -> int:
    """Ends every running lease: only where this process is known to be alone (SQLite, at start).

    A message that waits after a failure has no worker and waits on.
    """
    running = and_(SPOOLED, spool.c.lease_until > now, spool.c.failures == 0)
    return tx.execute(update(spool).where(running).values(lease_until=None)).rowcount


def retry(tx: Connection, arrival_id: int, states: Collection[str] = ("held", "set_aside")) -> bool:
    """Puts an arrival in one of these states back into the spool, to be decided anew as every other mail is.

    Returns whether there was one, of which the bytes are still kept.
    """
    kept = or_(spool.c.blob != "", exists().where(raw_mails.c.spool_id == spool.c.id))
    row = tx.execute(
        update(arrivals)
        .where(arrivals.c.id == arrival_id, arrivals.c.state.in_(list(states)))
        .where(arrivals.c.spool_id.in_(select(spool.c.id).where(spool.c.id == arrivals.c.spool_id, kept)))
        .values(state="spooled", verdict=None, reason=None, closed_at=None, asked_at=None, reminded_at=None)
        .returning(arrivals.c.spool_id)
    ).first()
    if row is None:
        return False
    tx.execute(
        update(spool)
        .where(spool.c.id == row.spool_id)
        .values(state="spooled", failures=0, lease_until=None, attempts=spool.c.attempts + 1)
    )
    return True


def recheck(tx: Connection, flag: str, now: datetime) -> int:
    """Has mails decided anew whose author could not be checked for this reason, ten minutes after the last try.

    For four hours after they came in; then they wait for somebody. Returns how many it were, a hundred at most.
    """
    query = (
        select(arrivals.c.id)
        .join(spool, spool.c.id == arrivals.c.spool_id)
        .where(OPEN_ARRIVAL, arrivals.c.state == "held", arrivals.c.flag == flag)
        .where(arrivals.c.reason == Reason.SENDER_NOT_CHECKED.value, arrivals.c.closed_at <= now - RECHECK_EVERY)
        .where(spool.c.received_at > now - RECHECK_FOR, spool.c.state == "closed")
        .order_by(arrivals.c.id)
        .limit(100)
    )
    return sum(retry(tx, arrival_id, ("held",)) for arrival_id in list(tx.scalars(query)))


def held(tx: Connection, person_id: int, reason: Reason, *, community_id: int | None = None) -> list[int]:
    """The arrivals of this author that are held for this reason, in one community where it is given; oldest first."""
    query = select(arrivals.c.id).where(OPEN_ARRIVAL, arrivals.c.state == "held", arrivals.c.person_id == person_id)
    if community_id is not None:
        query = query.where(arrivals.c.community_id == community_id)
    return list(tx.scalars(query.where(arrivals.c.reason == reason.value).order_by(arrivals.c.id)))


def reopen(tx: Connection, arrival_id: int) -> bool:
    """Has a rejected mail decided anew, its author having come in since. False where its bytes are no longer kept."""
    kept = or_(spool.c.blob != "", exists().where(raw_mails.c.spool_id == spool.c.id))
    row = tx.execute(
        update(arrivals)
        .where(arrivals.c.id == arrival_id, arrivals.c.state == "closed", arrivals.c.verdict == Verdict.REJECT.value)
        .where(exists().where(spool.c.id == arrivals.c.spool_id, spool.c.state == "closed", kept))
        .values(state="held")
        .returning(arrivals.c.id)
    ).first()
    return row is not None and retry(tx, arrival_id)


def hold_again(tx: Connection, arrival_id: int, flag: str, now: datetime) -> bool:
    """Makes an arrival that was closed wait for somebody's agreement; False where its bytes are forgotten."""
    kept = or_(spool.c.blob != "", exists().where(raw_mails.c.spool_id == spool.c.id))
    return (
        tx.execute(
            update(arrivals)
            .where(arrivals.c.id == arrival_id, arrivals.c.state.in_(("closed", "held")))
            .where(arrivals.c.spool_id.in_(select(spool.c.id).where(spool.c.id == arrivals.c.spool_id, kept)))
            .values(state="held", flag=flag, closed_at=now)
        ).rowcount
        == 1
    )


def drop(tx: Connection, arrival_id: int, now: datetime) -> bool:
    """Ends a held or set-aside arrival by hand, without effect. Returns whether there was one."""
    row = tx.execute(
        update(arrivals)
        .where(arrivals.c.id == arrival_id, arrivals.c.state.in_(("held", "set_aside")))
        .values(state="closed", verdict="discard", closed_at=now)
        .returning(arrivals.c.spool_id)
    ).first()
    if row is None:
        return False
    # With its last open arrival a message that was set aside is over; only then may its bytes be forgotten.
    others = exists().where(arrivals.c.spool_id == row.spool_id, arrivals.c.state != "closed")
    ended = and_(spool.c.id == row.spool_id, spool.c.state == "set_aside", ~others)
    tx.execute(update(spool).where(ended).values(state="closed"))
    return True


def counts(tx: Connection, now: datetime) -> dict[str, int]:
    """Open arrivals by what they wait for: spooled, claimed, set_aside, held."""
    found = dict.fromkeys(("spooled", "claimed", "set_aside", "held"), 0)
    by_state = select(arrivals.c.state, func.count()).where(OPEN_ARRIVAL).group_by(arrivals.c.state)
    for state, number in tx.execute(by_state):
        found[state] = number
    claimed = (
        select(func.count())
        .select_from(spool.join(arrivals))
        .where(SPOOLED, spool.c.lease_until > now, OPEN_ARRIVAL, arrivals.c.state == "spooled")
    )
    found["claimed"] = tx.scalar(claimed) or 0
    found["spooled"] -= found["claimed"]
    return found


def oldest(tx: Connection) -> datetime | None:
    """When the oldest undecided message came in."""
    # By id, which the index of open work has: received_at would walk through all that was ever closed.
    found: datetime | None = tx.scalar(select(spool.c.received_at).where(SPOOLED).order_by(spool.c.id).limit(1))
    return found
