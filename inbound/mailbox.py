"""One connection to a mailbox: log in, look, fetch, move away, wait for more. The only file that knows imapclient.

Used by inbound.pickup on one thread; `cut` may be called from another. Everything raises MailboxError, and after that,
but for CommandRefusedError, the connection is of no more use. RFC 3501; 2177 (IDLE), 4315 (UIDPLUS), 6851 (MOVE).
"""

from __future__ import annotations

import imaplib
import select
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

from inbound.account import Account, CommandRefusedError, LoginRefusedError, MailboxError, Security

PART_OCTETS = 1 << 20
"""How much of a mail is fetched at a time."""
_CONNECT_S = 10.0
_FAREWELL_S = 2.0
_LITERAL_OCTETS = 4 * PART_OCTETS
"""A server that announces more than this at once did not listen to what it was asked."""
_SILENT_S = 60
_PROBES = 4
_PROBE_EVERY_S = 15
# A no that may be a yes in a while (RFC 5530 §3).
_PASSING = ("[UNAVAILABLE]", "[SERVERBUG]", "[INUSE]", "[LIMIT]", "[CONTACTADMIN]")


@dataclass(frozen=True, slots=True)
class Opened:
    """A mailbox as it was when it was opened."""

    uidvalidity: int
    mails: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail in the mailbox. `size` is what the server says, which some only guess."""

    uid: int
    size: int


class Mailbox:
    """A connection that is logged in. `close` it in the end, whatever happened to it."""

    def __init__(self, account: Account) -> None:
        """Connects and logs in. Raises MailboxError, LoginRefusedError."""
        self._account = account
        self._idles = False
        with _translated():
            self._client = _connect(account)
        try:
            with _translated():
                _keep_alive(self._socket)
                self._secure()
            self._log_in()
            with _translated():
                names = {name.decode("ascii", "replace") for name in self._client.capabilities()}
        except BaseException:
            self.close()
            raise
        self._can_move = "MOVE" in names
        self.can_idle = "IDLE" in names
        if not self._can_move and "UIDPLUS" not in names:
            self.close()
            raise MailboxError("the server has neither MOVE nor UIDPLUS: no mail can be taken out of it alone")

    @property
    def _socket(self) -> socket.socket:
        found: socket.socket = self._client.socket()
        return found

    def _secure(self) -> None:
        if self._account.security is Security.STARTTLS:
            self._client.starttls(_tls(self._account))

    def _log_in(self) -> None:
        tokens = self._account.tokens
        if tokens is None:
            self._authenticate(None)
            return
        try:
            self._authenticate(tokens.get())
        except LoginRefusedError:
            # It may have been revoked before its time; a new one is asked for once, at the next try.
            tokens.forget()
            raise

    def _authenticate(self, token: str | None) -> None:
        account = self._account
        try:
            with _translated():
                if token is not None:
                    self._client.sasl_login("XOAUTH2", _XOAuth2(account.username, token))
                elif b"AUTH=PLAIN" in self._client.capabilities():
                    self._client.plain_login(account.username, account.password)
                else:
                    self._client.login(account.username, account.password)
        except CommandRefusedError as error:
            raise LoginRefusedError(f"login refused: {error}") from error

    def open(self) -> Opened:
        """Opens the mailbox anew, and so hears of all that happened. Raises CommandRefusedError where it is gone."""
        with _translated():
            found = self._client.select_folder(self._account.folder)
            return Opened(int(found[b"UIDVALIDITY"]), int(found[b"EXISTS"]))

    def look(self, first: int, last: int) -> list[Waiting]:
        """The mails in these places of the mailbox, counted from 1, oldest first; fewer where some have gone."""
        with _translated():
            # By place, not by UID: the answer is as short as the question, however many mails wait.
            self._client.use_uid = False
            try:
                found = self._client.fetch(list(range(first, last + 1)), ["UID", "RFC822.SIZE"])
            finally:
                self._client.use_uid = True
            return [
                Waiting(int(item[b"UID"]), int(item[b"RFC822.SIZE"]))
                for _, item in sorted(found.items())
                if b"UID" in item and b"RFC822.SIZE" in item
            ]

    def fetch(self, uids: Sequence[int], octets: int) -> dict[int, bytes]:
        """Up to so many octets of the beginning of each of these mails, unread as before; those that have gone miss."""
        return self._fetch_part(uids, 0, octets)

    def fetch_part(self, uid: int, offset: int) -> bytes | None:
        """Up to PART_OCTETS of a mail from `offset` on; fewer at its end, None where it has gone."""
        return self._fetch_part([uid], offset, PART_OCTETS).get(uid)

    def _fetch_part(self, uids: Sequence[int], offset: int, octets: int) -> dict[int, bytes]:
        with _translated():
            answer = self._client.fetch(list(uids), [f"BODY.PEEK[]<{offset}.{octets}>"])
            # NIL is what is left of a mail that somebody took away meanwhile; behind its end a mail is an empty string.
            parts = (
                (uid, value) for uid, item in answer.items() for key, value in item.items() if key.startswith(b"BODY[]")
            )
            return {uid: bytes(value) for uid, value in parts if value is not None}

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Moves these mails away, and makes the folder where it is missing. Those that have gone do not matter."""
        if not uids:
            return
        try:
            self._move(uids, folder)
        except CommandRefusedError:
            # Either the folder is missing, or some of these mails have gone and the mailbox is to be opened anew. To
            # make what is there already is refused too, and is no trouble: the move tells how it stands.
            with suppress(CommandRefusedError):
                self._make(folder)
            self.open()
            self._move(uids, folder)

    def _move(self, uids: Sequence[int], folder: str) -> None:
        with _translated():
            if self._can_move:
                self._client.move(list(uids), folder)
                return
            self._client.copy(list(uids), folder)
            self._client.delete_messages(list(uids), silent=True)
            # Never a bare EXPUNGE: it would take away what others have marked.
            self._client.uid_expunge(list(uids))

    def _make(self, folder: str) -> None:
        with _translated():
            self._client.create_folder(folder)
            self._client.subscribe_folder(folder)

    def begin_idle(self) -> None:
        """Asks to be told when something happens (RFC 2177)."""
        with _translated():
            self._idles = True
            self._client.idle()

    def has_word(self, timeout_s: float) -> bool:
        """Whether, while idle, the server said something within so many seconds, or hung up."""
        with _translated():
            if self._has_unread():
                return True
            poller = select.poll()
            poller.register(self._socket.fileno(), select.POLLIN)
            return bool(poller.poll(timeout_s * 1000))

    def end_idle(self) -> None:
        """Ends it. A server that hung up, or is silently gone, is found out here."""
        with _translated():
            self._client.idle_done()
        self._idles = False

    def ask(self) -> None:
        """Asks for a sign of life."""
        with _translated():
            self._client.noop()

    def _has_unread(self) -> bool:
        # What came in one packet with the last answer has left the socket already, and no poll would tell of it.
        own = self._socket
        own.setblocking(False)
        try:
            return bool(self._client._imap.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            own.settimeout(self._account.timeout_s)

    def cut(self) -> None:
        """Ends the connection under whoever waits on it; from any thread."""
        with suppress(OSError):
            # Not by the method of a TLS socket, which is not made for being called while another thread reads.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Lets go of the connection. Never raises."""
        with suppress(Exception):
            self._socket.settimeout(_FAREWELL_S)
            if self._idles:
                self._client.idle_done()
            self._client.logout()
        with suppress(Exception):
            self._client.shutdown()


class _XOAuth2:
    """The mechanism XOAUTH2: one answer, and an empty one to the explanation of a refusal."""

    def __init__(self, username: str, token: str) -> None:
        self._answers: Iterator[str] = iter((f"user={username}\x01auth=Bearer {token}\x01\x01",))

    def __call__(self, _challenge: bytes) -> str:
        return next(self._answers, "")


class _Bounded:
    """Refuses literals that would not fit into memory, whatever a server announces."""

    def read(self, size: int) -> bytes:
        if size > _LITERAL_OCTETS:
            raise imaplib.IMAP4.abort(f"a literal of {size} octets, which nobody asked for")
        data: bytes = super().read(size)  # type: ignore[misc]
        return data


class _Plain(_Bounded, IMAP4WithTimeout):  # type: ignore[misc]
    """In clear, or until STARTTLS."""


class _Secured(_Bounded, IMAP4_TLS):  # type: ignore[misc]
    """By TLS from the beginning."""


class _Client(IMAPClient):  # type: ignore[misc]
    """imapclient with bounded literals."""

    def _create_IMAP4(self) -> Any:  # noqa: N802 (the library's name)
        if self.ssl:
            return _Secured(self.host, self.port, self.ssl_context, self._timeout.connect)
        return _Plain(self.host, self.port, self._timeout.connect)


def _connect(account: Account) -> IMAPClient:
    secured = account.security is Security.TLS
    return _Client(
        account.host,
        account.port,
        ssl=secured,
        ssl_context=_tls(account) if secured else None,
        timeout=SocketTimeout(connect=_CONNECT_S, read=account.timeout_s),
    )


def _tls(account: Account) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=account.ca_file)


def _keep_alive(own: socket.socket) -> None:
    """A peer that vanished without a word is noticed within two minutes, where the system can look for it."""
    own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", _SILENT_S), ("TCP_KEEPINTVL", _PROBE_EVERY_S), ("TCP_KEEPCNT", _PROBES)):
        if hasattr(socket, name):
            own.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


@contextmanager
def _translated() -> Iterator[None]:
    """What the library, the socket and TLS raise, as our own errors."""
    try:
        yield
    except CapabilityError as error:
        raise MailboxError(str(error)) from error
    except LoginError as error:
        # A connection lost while logging in is reported as a refusal; what the library was handling tells.
        cause = error.__context__ or error
        if isinstance(cause, IMAPClientAbortError) or any(word in str(error) for word in _PASSING):
            raise MailboxError(_words(cause)) from error
        raise CommandRefusedError(_words(cause)) from error
    except IMAPClientAbortError as error:
        raise MailboxError(_words(error)) from error
    except IMAPClientError as error:
        raise CommandRefusedError(_words(error)) from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
        # The library does not guard its parsers, and a socket that was cut leaves it in any state.
        raise MailboxError(_words(error)) from error


def _words(error: BaseException) -> str:
    """On one line, of bearable length, for the log and the administrator."""
    found: object = error.args[0] if error.args and isinstance(error, imaplib.IMAP4.error) else error
    text = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
    return " ".join(text.split())[:300] or type(error).__name__
