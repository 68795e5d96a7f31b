"""Empties a mailbox into the spool: what is waiting is fetched, stored, and only then moved away.

Called by inbound.pickup with an open connection. Between any two steps the process may die: a mail that was stored is
known by where it was found (T1 writes both), and is then only moved. What nobody can take goes to the failed folder.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from queue import SimpleQueue

import structlog

from gateway.core.address import Address
from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.core.message import Envelope
from gateway.core.reply import Reply
from inbound import addressees
from inbound.account import Account, CommandRefusedError, MailboxError
from inbound.addressees import Place
from inbound.authenticity import PICKED_UP
from inbound.dots import MAX_HOPS
from inbound.mailbox import PART_OCTETS, Mailbox, Waiting
from inbound.route import OURS, Recipients
from inbound.spool import ACCEPTED, IN_ROW, Intake, Spool
from store import pickups
from store.database import Database
from store.pickups import Pickup

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""Mails looked at, and moved, together."""
_TOGETHER_OCTETS = 1 << 20
_REFUSALS = 3
"""So often a mail may be refused to us, or by our store alone, before it is put aside."""
_DEATHS = 5
"""So often the connection may be lost over a mail that is fetched alone."""


class Refusal(StrEnum):
    """Why a mail goes to the failed folder."""

    TOO_LARGE = "too_large"
    HEADER_TOO_LARGE = "header_too_large"
    TOO_MANY_HOPS = "too_many_hops"
    NO_RECIPIENT = "no_recipient"
    NOT_FETCHED = "not_fetched"
    NOT_STORED = "not_stored"


class SpoolRefusedError(MailboxError):
    """The spool takes nothing just now (4yz): the mails stay where they are."""


@dataclass(frozen=True, slots=True)
class Source:
    """One mailbox to be emptied. `community` is whose mail it is where a mail names no address of ours, "" for none.

    `authserv_id` is under what name its server writes Authentication-Results (inbound.authenticity), None for nobody's
    word; `poll_s` how many seconds lie between two looks at a server that cannot tell by itself.
    """

    number: int
    account: Account
    address: Address | None
    community: str
    authserv_id: str | None
    poll_s: float


@dataclass(frozen=True, slots=True)
class Store:
    """Where mails go, and what is asked about them."""

    database: Database
    spool: Spool
    recipients: Recipients
    clock: Clock
    domain: str
    separator: str
    max_message_bytes: int
    header_bytes: int


@dataclass(slots=True)
class _Sorted:
    """What became of the mails looked at. Who is in none of them stays in the mailbox, or has gone from it."""

    done: list[int] = field(default_factory=list)
    failed: dict[int, Refusal] = field(default_factory=dict)
    refused: Reply | None = None


class Harvest:
    """Empties one mailbox, again and again, over one connection after the other. Used by one thread."""

    def __init__(self, source: Source, store: Store, told: Callable[[str, int], None]) -> None:
        """`told` hears how many mails had which end: "taken", or the name of a Refusal."""
        self._source = source
        self._store = store
        self._told = told
        self._place = Place(store.domain, store.separator, source.address)
        # What went wrong with which mail; forgotten with the process, which costs another few tries.
        self._suspects: set[tuple[int, int]] = set()
        self._refusals: Counter[tuple[int, int]] = Counter()
        self._deaths: Counter[tuple[int, int]] = Counter()

    def empty(self, box: Mailbox, mailbox_id: int, go_on: Callable[[], bool]) -> int:
        """Takes all that waits, until `go_on` says no; returns how many mails were spooled.

        Raises MailboxError, SpoolRefusedError, StoreError; what was taken by then is safe.
        """
        taken = passed = 0
        while go_on():
            opened = box.open()
            if opened.mails <= passed:
                break
            left = opened.mails
            while left > passed and go_on():
                try:
                    waiting = box.look(passed + 1, min(passed + AT_ONCE, left))
                except CommandRefusedError:
                    if left == opened.mails:
                        raise
                    # Others take mails away beside us, and fewer are left than we count: it is opened anew.
                    break
                if not waiting:
                    return taken
                batch = _Batch(self, box, mailbox_id, opened.uidvalidity)
                try:
                    found = batch.sort(waiting)
                finally:
                    taken += self._tell_taken(mailbox_id, batch.taken)
                self._move(box, mailbox_id, opened.uidvalidity, found)
                moved = len(found.done) + len(found.failed)
                left -= moved
                passed += len(waiting) - moved
                if found.refused:
                    raise SpoolRefusedError(f"mail is not accepted at the moment: {found.refused}")
        return taken

    def _move(self, box: Mailbox, mailbox_id: int, uidvalidity: int, found: _Sorted) -> None:
        box.move(found.done, self._source.account.done_folder)
        box.move(list(found.failed), self._source.account.failed_folder)
        for uid, refusal in found.failed.items():
            self._told(refusal.value, 1)
            log.warning("mail_put_aside", mailbox=mailbox_id, uidvalidity=uidvalidity, uid=uid, reason=refusal.value)

    def _tell_taken(self, mailbox_id: int, mails: int) -> int:
        if mails:
            self._told("taken", mails)
            log.info("mails_taken", mailbox=mailbox_id, mails=mails)
        return mails

    @property
    def store(self) -> Store:
        """Where mails go."""
        return self._store

    def envelope(self, head: bytes) -> Envelope | Refusal:
        """The envelope of a mail, as far as its header still has it, or why there can be none. Raises StoreError."""
        if len(addressees.section(head)) > self._store.header_bytes:
            return Refusal.HEADER_TOO_LARGE
        heading = addressees.read(head)
        if heading.hops > MAX_HOPS:
            return Refusal.TOO_MANY_HOPS
        paths = dict.fromkeys(self._ours(heading.recipients))
        if not paths and self._source.community:
            paths = dict.fromkeys(self._ours([Address(self._source.community, self._store.domain)]))
        if not paths:
            return Refusal.NO_RECIPIENT
        return Envelope(
            reverse_path=heading.reverse_path,
            forward_paths=tuple(paths),
            peer="",
            trusted=self._source.authserv_id is not None,
            protocol=PICKED_UP,
            helo=self._source.account.name,
            received_at=self._store.clock(),
        )

    def _ours(self, recipients: Sequence[Address]) -> Iterator[str]:
        asked = self._store.recipients
        for recipient in recipients:
            path = self._place.own(recipient)
            if path and (asked.quick(path) or asked.ask(path)) == OURS:
                yield path.key

    def is_suspect(self, mail: tuple[int, int]) -> bool:
        """Something went wrong with it before: it is fetched alone."""
        return mail in self._suspects or mail in self._refusals or mail in self._deaths

    def suspect(self, mails: Iterable[tuple[int, int]]) -> None:
        """Over one of these the connection was lost: from now on each is fetched alone, and shows which it is."""
        self._suspects.update(mails)

    def is_given_up(self, mail: tuple[int, int]) -> bool:
        """It went wrong too often."""
        return self._refusals[mail] >= _REFUSALS or self._deaths[mail] >= _DEATHS

    def was_refused(self, mail: tuple[int, int]) -> bool:
        """It was refused once more; returns whether that was once too often."""
        self._refusals[mail] += 1
        return self.is_given_up(mail)

    def broke_off(self, mail: tuple[int, int]) -> None:
        """The connection was lost while it was fetched alone."""
        self._deaths[mail] += 1


class _Batch:
    """Some mails of one mailbox under one UIDVALIDITY, from the look at them to the spool's answers."""

    def __init__(self, harvest: Harvest, box: Mailbox, mailbox_id: int, uidvalidity: int) -> None:
        self._harvest = harvest
        self._store = harvest.store
        self._box = box
        self._mailbox_id = mailbox_id
        self._uidvalidity = uidvalidity
        self._answers: SimpleQueue[tuple[int, Reply]] = SimpleQueue()
        self._submitted = 0
        self.taken = 0
        """How many the spool has accepted."""
        self._found = _Sorted()

    def sort(self, waiting: Sequence[Waiting]) -> _Sorted:
        """Fetches and spools what can be; raises what the connection raises, after the spool has answered."""
        with self._store.database.reading() as tx:
            known = pickups.known(tx, self._mailbox_id, self._uidvalidity, [mail.uid for mail in waiting])
        self._found.done += [mail.uid for mail in waiting if mail.uid in known]
        try:
            self._fetch([mail for mail in waiting if mail.uid not in known])
        finally:
            self._hear()
        return self._found

    def _fetch(self, waiting: Sequence[Waiting]) -> None:
        together: list[int] = []
        octets = 0
        for mail in waiting:
            name = (self._uidvalidity, mail.uid)
            if mail.size > self._store.max_message_bytes:
                self._found.failed[mail.uid] = Refusal.TOO_LARGE
            elif self._harvest.is_given_up(name):
                self._found.failed[mail.uid] = Refusal.NOT_FETCHED
            elif mail.size > IN_ROW or self._harvest.is_suspect(name):
                self._fetch_alone(mail)
            else:
                if octets + mail.size > _TOGETHER_OCTETS:
                    self._fetch_together(together)
                    together, octets = [], 0
                together.append(mail.uid)
                octets += mail.size
        self._fetch_together(together)

    def _fetch_together(self, uids: Sequence[int]) -> None:
        if not uids:
            return
        try:
            found = self._box.fetch(uids, IN_ROW + 1)
        except CommandRefusedError:
            # One of them cannot be fetched, perhaps: the others must not wait for it.
            for uid in uids:
                self._fetch_alone(Waiting(uid, 0))
            return
        except MailboxError:
            self._harvest.suspect((self._uidvalidity, uid) for uid in uids)
            raise
        for uid, raw in found.items():
            if len(raw) > IN_ROW or not raw:
                self._fetch_alone(Waiting(uid, len(raw)))
            else:
                intake = self._store.spool.intake()
                intake.write(raw)
                self._submit(uid, intake, raw, hashlib.sha256(raw).hexdigest())

    def _fetch_alone(self, mail: Waiting) -> None:
        name = (self._uidvalidity, mail.uid)
        intake = self._store.spool.intake()
        try:
            self._stream(mail, intake)
        except CommandRefusedError:
            intake.discard()
            if self._harvest.was_refused(name):
                self._found.failed[mail.uid] = Refusal.NOT_FETCHED
        except MailboxError:
            intake.discard()
            self._harvest.broke_off(name)
            raise
        except OSError as error:
            intake.discard()
            raise SpoolRefusedError(f"a mail cannot be written: {error.strerror}") from error

    def _stream(self, mail: Waiting, intake: Intake) -> None:
        digest = hashlib.sha256()
        head = bytearray()
        while part := self._box.fetch_part(mail.uid, intake.size):
            intake.write(part)
            digest.update(part)
            if len(head) <= self._store.header_bytes:
                head += part[: 2 * self._store.header_bytes]
            if intake.size > self._store.max_message_bytes:
                intake.discard()
                self._found.failed[mail.uid] = Refusal.TOO_LARGE
                return
            # Neither a short part nor the size alone says that this is the end: some servers only guess the size.
            if len(part) < PART_OCTETS and intake.size >= mail.size:
                break
        if part is None or not intake.size:
            # Somebody took it away; where it is still there the next time, it is none that can be fetched.
            raise CommandRefusedError("it has gone, or is empty")
        self._submit(mail.uid, intake, bytes(head), digest.hexdigest())

    def _submit(self, uid: int, intake: Intake, head: bytes, sha256: str) -> None:
        try:
            envelope = self._harvest.envelope(head)
        except StoreError:
            intake.discard()
            raise
        if isinstance(envelope, Refusal):
            intake.discard()
            self._found.failed[uid] = envelope
            return
        pickup = Pickup(self._mailbox_id, self._uidvalidity, uid, sha256)
        self._store.spool.submit(envelope, intake, lambda reply: self._answers.put((uid, reply)), pickup)
        self._submitted += 1

    def _hear(self) -> None:
        """Waits for the spool's answers: what it has is done, what it alone refuses is suspect."""
        answers = [self._answers.get() for _ in range(self._submitted)]
        accepted = [uid for uid, reply in answers if reply == ACCEPTED]
        self._found.done += accepted
        self.taken = len(accepted)
        for uid, reply in answers:
            if reply == ACCEPTED:
                continue
            # Where others are accepted beside it, it is this mail that cannot be stored.
            if accepted and self._harvest.was_refused((self._uidvalidity, uid)):
                self._found.failed[uid] = Refusal.NOT_STORED
            elif not accepted:
                self._found.refused = reply
