"""The bridge from a mailbox: one thread that empties it, waits for more, and comes back whatever breaks.

Started and stopped by the node. One node works on a mailbox at a time, by a lease in the store; what another does
beside it all the same does no harm (inbound.harvest). Trouble is told once, when it begins and when it ends.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from gateway.core.errors import StoreError
from inbound.account import LoginRefusedError, MailboxError
from inbound.harvest import Harvest, Source, Store
from inbound.mailbox import Mailbox
from store import pickups

log = structlog.get_logger(__name__)

IDLE_S = 240.0
"""So long nothing is heard before the server is asked anew: well below the 29 minutes of RFC 2177, so that a
connection that died without a word costs minutes."""
_RENEW_S = 30.0
"""The lease lasts two minutes."""
_ELSEWHERE_S = 15.0
"""So often it is looked whether the node that has the mailbox has let it go."""
_SLICE_S = 1.0
"""No wait takes longer before it is looked whether the end was asked for."""
_CALM_S = 1.0
"""Between two wake-ups that brought nothing: a server may talk all day."""
_SOON_S, _LATER_S, _MOST_S = 1.0, 30.0, 300.0


class _TakenOverError(Exception):
    """Another node has the mailbox by now."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Who hears what happens: counts by outcome, and whether the mailbox can be worked on."""

    counted: Callable[[str, int], None]
    well: Callable[[bool | None], None]
    """None: another node has it."""


class Pickup:
    """One mailbox. `start` once, `stop` once, from any thread."""

    def __init__(self, source: Source, store: Store, node: str, reports: Reports) -> None:
        """`node` names this process among those that share the store."""
        self._source = source
        self._store = store
        self._node = node
        self._reports = reports
        self._harvest = Harvest(source, store, reports.counted)
        self._thread = threading.Thread(target=self._run, name=f"pickup-{source.number}", daemon=True)
        self._stopping = threading.Event()
        self._box: Mailbox | None = None
        self._mailbox_id: int | None = None
        self._renew_at = 0.0
        self._tries = 0
        self._down: bool | None = None

    @property
    def name(self) -> str:
        """For the supervisor and the log of the node."""
        return f"mailbox {self._source.number}"

    def start(self) -> None:
        """Starts the thread; whether the server can be reached shows in the store, the metrics and the log."""
        self._thread.start()

    def stop(self, grace_s: float) -> None:
        """Ends after the mails in hand, or after `grace_s` seconds by cutting the connection."""
        self._stopping.set()
        if self._thread.ident is None:
            return
        self._thread.join(grace_s)
        box = self._box
        if self._thread.is_alive() and box is not None:
            box.cut()
        self._thread.join()

    def has_died(self) -> bool:
        """Whether the thread ended without being asked to."""
        return self._thread.ident is not None and not self._thread.is_alive() and not self._stopping.is_set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(self._turn())
        self._let_go()

    def _turn(self) -> float:
        """One connection, from its beginning to its end; returns how many seconds to wait before the next."""
        try:
            if not self._hold():
                return _ELSEWHERE_S
            self._work()
        except _TakenOverError:
            return _ELSEWHERE_S
        except (MailboxError, StoreError) as error:
            if self._stopping.is_set():
                return 0.0
            self._tell(str(error))
            return self._pause(isinstance(error, LoginRefusedError) and self._source.account.tokens is None)
        except Exception as error:
            log.exception("pickup_failed", mailbox=self._mailbox_id)
            self._tell(f"{type(error).__name__}, see the log")
            return self._pause(False)
        return 0.0

    def _pause(self, long: bool) -> float:
        """Doubled at each try, never the same for two nodes; longer where the account might get locked."""
        doubled = (_LATER_S if long else _SOON_S) * 2.0 ** min(self._tries, 10)
        self._tries += 1
        return random.uniform(0.5, 1.0) * min(doubled, _MOST_S)  # noqa: S311 (no secret)

    def _work(self) -> None:
        """Until the end is asked for. Raises what ends the connection."""
        box = Mailbox(self._source.account)
        self._box = box
        try:
            while not self._stopping.is_set():
                taken = self._harvest.empty(box, self._require_id(), self._goes_on)
                self._tries = 0
                self._tell("")
                if self._rest(box) and not taken:
                    self._stopping.wait(_CALM_S)
        finally:
            self._box = None
            box.close()

    def _goes_on(self) -> bool:
        """Whether to take the next mails: not after the end was asked for. Raises where another node has taken over."""
        if not self._hold():
            raise _TakenOverError
        return not self._stopping.is_set()

    def _rest(self, box: Mailbox) -> bool:
        """Waits until the server says something, or for as long as it may be silent; returns whether it spoke."""
        if not box.can_idle:
            self._wait(self._source.poll_s, lambda: not self._stopping.wait(_SLICE_S))
            return False
        box.begin_idle()
        spoke = self._wait(IDLE_S, lambda: not box.has_word(_SLICE_S))
        if not self._stopping.is_set():
            box.end_idle()
        return spoke

    def _wait(self, seconds: float, slept: Callable[[], bool]) -> bool:
        """Sleeps by slices while `slept` says that nothing happened; returns whether something did."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._goes_on():
            if not slept():
                return True
        return False

    def _hold(self) -> bool:
        """Whether the mailbox is ours for another while."""
        if self._mailbox_id is not None and time.monotonic() < self._renew_at:
            return True
        account = self._source.account
        with self._store.database.transaction() as tx:
            held = pickups.lease(tx, account.name, account.folder, self._node, self._now())
        if held is None:
            self._mailbox_id, self._down = None, None
            self._reports.well(None)
            return False
        self._mailbox_id = held
        self._renew_at = time.monotonic() + _RENEW_S
        return True

    def _require_id(self) -> int:
        assert self._mailbox_id is not None
        return self._mailbox_id

    def _now(self) -> datetime:
        return self._store.clock()

    def _tell(self, trouble: str) -> None:
        """Writes down how it is, and says so where that is news."""
        down = bool(trouble)
        if self._mailbox_id is not None and (down or self._down is not False):
            try:
                with self._store.database.transaction() as tx:
                    pickups.note(tx, self._mailbox_id, trouble, self._now())
            except StoreError:
                # The store is the trouble, perhaps: it is told by whoever works with it.
                pass
        if down != self._down:
            self._reports.well(not down)
            told = {"mailbox": self._mailbox_id, "account": self._source.number, "host": self._source.account.host}
            if down:
                log.warning("mailbox_down", **told, trouble=trouble)
            else:
                log.info("mailbox_up", **told)
        self._down = down

    def _let_go(self) -> None:
        if self._mailbox_id is not None:
            try:
                with self._store.database.transaction() as tx:
                    pickups.release(tx, self._mailbox_id, self._node)
            except StoreError:
                # The lease ends by itself.
                log.warning("mailbox_not_released", mailbox=self._mailbox_id)
