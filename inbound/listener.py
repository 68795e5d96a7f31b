"""SMTP and LMTP sockets → Envelope + bytes: the way in for mail, and the only file that knows aiosmtpd.

Called by the wiring. aiosmtpd gives the connection, session and transaction, the greetings and STARTTLS; the commands
are in conversation.py, because its own read a whole mail into memory, forget it when the client hangs up after the
dot, and answer LMTP once. Any number of sessions share one event loop, and nothing here blocks it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog
from aiosmtpd.smtp import SMTP, TLSSetupException
from aiosmtpd.smtp import Envelope as Transaction
from aiosmtpd.smtp import Session as Greeted

from gateway.core.address import canonical_domain
from gateway.core.clock import Clock
from inbound import replies, sockets
from inbound.conversation import Conversation
from inbound.door import House, Recipients
from inbound.limits import Limits, ListenerConfig, Protocol, Turnstile, peer_of
from inbound.reception import Handover
from inbound.sessions import Sessions
from inbound.spool import Spool
from inbound.wire import Wire

__all__ = ["Limits", "Listener", "ListenerConfig", "Protocol", "Recipients"]

log = structlog.get_logger(__name__)

_LINGER_S = 1.0
_NEVER_S = 10.0 * 365 * 86400


class Listener:
    """One socket and its sessions. Lives in the event loop it is started in."""

    def __init__(self, config: ListenerConfig, spool: Spool, recipients: Recipients, clock: Clock) -> None:
        self._config = config
        self._parts = (spool, recipients, clock)
        self._server: asyncio.Server | None = None
        self.turnstile = Turnstile(config)
        self.sessions = Sessions(config.limits)
        self.stopping = False

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) really listened on, (path, 0) for a Unix socket. Raises RuntimeError when not listening."""
        return sockets.address(self._server)

    async def start(self) -> None:
        """Listen. Raises OSError where the address is taken or forbidden, ValueError where it is none."""
        loop = asyncio.get_running_loop()
        config = self._config
        spool, recipients, clock = self._parts
        house = House(config, canonical_domain(config.domain), spool, Handover(spool, loop), recipients, clock)
        self._server = await sockets.open_socket(config, lambda: _Session(self, house))
        self.sessions.start()

    async def stop(self, grace_s: float) -> None:
        """Stop listening; 421 to who waits, mails in flight finish within `grace_s` seconds, then cut the rest."""
        self.stopping = True
        if self._server is not None:
            self._server.close()
        await self.sessions.stop(grace_s)
        sockets.forget(self._config)


class _Extensions:
    """What aiosmtpd asks when it answers EHLO."""

    async def handle_EHLO(  # noqa: N802 - the name is aiosmtpd's.
        self, server: SMTP, session: Greeted, envelope: Transaction, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # HELP is not worth a line. AUTH, which aiosmtpd adds under TLS, is not ours to offer: who may write is decided
        # by what the mail proves.
        kept = [line for line in responses if not line.startswith(("250-AUTH", "250 HELP"))]
        return [*kept, "250-PIPELINING", "250 ENHANCEDSTATUSCODES"]


class _Session(SMTP):
    """One connection, from connect to close: the Door of a Conversation.

    Octets go to a Wire, not to aiosmtpd's reader, and commands are obeyed by a task of ours that the loss of the
    connection does not cancel, so that a mail whose dot has come in is always handed over.
    """

    session: Greeted
    envelope: Transaction

    def __init__(self, listener: Listener, house: House) -> None:
        config = house.config
        super().__init__(
            _Extensions(),
            data_size_limit=config.max_message_bytes,
            enable_SMTPUTF8=True,
            hostname=config.hostname,
            tls_context=config.tls,
            # Time is kept by look_at_the_clock(); aiosmtpd's own timer would cut a mail in steady progress.
            timeout=_NEVER_S,
            loop=asyncio.get_running_loop(),
        )
        self._listener = listener
        self._house = house
        self._wire = Wire()
        self._writable = asyncio.Event()
        self._writable.set()
        self._gone = asyncio.Event()
        self._socket: asyncio.Transport | None = None
        self.conversation: Conversation | None = None
        self.peer = ""

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A new connection, or the same one under TLS: aiosmtpd then forgets the session, as RFC 3207 §4.2 wants."""
        assert isinstance(transport, asyncio.Transport)
        if self._socket is None:
            self._socket = transport
            self.peer = peer_of(transport.get_extra_info("peername"))
            self.conversation = Conversation(self._house, self._wire, self)
        self._wire.attach(transport)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Octets for the wire; the stream reader of aiosmtpd stays empty."""
        self._wire.feed(data)

    def eof_received(self) -> bool:
        """The peer closed its sending half and may still want our answer. (Under TLS there are no halves.)"""
        self._wire.end()
        return not self.secured

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone; the conversation finds out when it next waits, and finishes what it has in hand."""
        if not self._gone.is_set():
            self._gone.set()
            self._wire.end()
            self._writable.set()
            super().connection_lost(error)

    def pause_writing(self) -> None:
        """The peer does not read."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._writable.set()

    # What the listener calls.

    def shut_down(self) -> None:
        """Say 421 and close, at once or after the mail in flight."""
        if self.conversation is not None:
            self.conversation.shut_down()

    def look_at_the_clock(self, now: float) -> None:
        """Hang up where something has taken too long."""
        if self.conversation is not None:
            self.conversation.look_at_the_clock(now)

    async def _handle_client(self) -> None:
        # aiosmtpd runs this as the task that it cancels when the connection is lost. It is private, but it is the one
        # place where its command loop can be replaced; no test of this listener passes if it is no longer called.
        self._listener.sessions.keep(self, self.loop.create_task(self._serve()))

    async def _serve(self) -> None:
        talk = self.conversation
        assert talk is not None
        refusal = self._listener.turnstile.enter(self.peer)
        try:
            if refusal is not None:
                talk.hang_up(refusal)
                self._wire.end()
            elif await self._welcome(talk):
                while not talk.over:
                    await talk.next()
                    if self._listener.stopping:
                        talk.shut_down()
            await self._close(talk)
        except Exception:
            log.exception("session_failed", peer=self.peer)
            self.abort()
        finally:
            if refusal is None:
                self._listener.turnstile.leave(self.peer)

    async def _welcome(self, talk: Conversation) -> bool:
        """Greet, after a while: a mail client waits for its turn, a spam robot or a browser does not."""
        config = self._house.config
        if not config.exempts(self.peer) and config.limits.banner_delay_s > 0:
            try:
                async with asyncio.timeout(config.limits.banner_delay_s):
                    await self._wire.more()
            except TimeoutError:
                pass
            if self._wire.pending:
                talk.hang_up(replies.EARLY)
            if self._wire.pending or self._wire.ended:
                return False
        talk.say(f"220 {config.hostname} {'LMTP' if config.protocol is Protocol.LMTP else 'ESMTP'} Relais")
        return True

    async def _close(self, talk: Conversation) -> None:
        talk.close()
        await talk.flush()
        transport = self.transport
        if not isinstance(transport, asyncio.Transport):
            return
        if not self._wire.ended and transport.can_write_eof():
            # Closing with octets unread would take our last words away from the peer: let it hang up first.
            # A probe of the port may be gone already.
            with suppress(OSError):
                transport.write_eof()
            self._wire.discard()
            try:
                async with asyncio.timeout(_LINGER_S):
                    while await self._wire.more():
                        pass
            except TimeoutError:
                pass
        transport.close()
        await self._gone.wait()

    # What the conversation calls.

    @property
    def helo(self) -> str:
        """The name the peer gave, "" before it did."""
        return self.session.host_name or ""

    @property
    def extended(self) -> bool:
        """It said EHLO or LHLO."""
        return self.session.extended_smtp

    @property
    def secured(self) -> bool:
        """TLS is on."""
        return self.session.ssl is not None

    @property
    def transaction(self) -> Transaction:
        """aiosmtpd's envelope: it makes a new one at every greeting."""
        return self.envelope

    def forget(self) -> None:
        """Begin a new transaction."""
        self.envelope = Transaction()

    def abort(self) -> None:
        """Cut the connection. A mail already handed over is stored all the same."""
        self._wire.end()
        self._writable.set()
        if self.conversation is not None:
            self.conversation.give_up()
        if self._socket is not None:
            self._socket.abort()

    async def greet(self, verb: str, name: str) -> None:
        """Answer EHLO, LHLO (RFC 2033 §4.1) or HELO."""
        if verb == "HELO":
            await self.smtp_HELO(name)
        else:
            await self.smtp_EHLO(name)

    async def secure(self) -> bool:
        """RFC 3207: aiosmtpd answers, shakes hands, replaces the transport and forgets the session."""
        try:
            async with asyncio.timeout(self._house.config.limits.tls_s):
                await self.smtp_STARTTLS("")
        except (TimeoutError, TLSSetupException):
            log.info("tls_refused", peer=self.peer)
            self.abort()
            # The TLS layer does not pass on the loss of a connection that it never announced.
            self.connection_lost(None)
            return False
        return True

    async def push(self, status: str | bytes) -> None:
        """What aiosmtpd says itself: the greetings, and the reply to STARTTLS, which lacks its enhanced code."""
        assert self.conversation is not None
        line = status if isinstance(status, str) else status.decode()
        if line.startswith("220 "):
            # The handshake follows at once: nothing may be left to say in clear.
            self.conversation.say(f"220 2.0.0 {line[4:]}")
            await self.conversation.flush()
        else:
            self.conversation.say(line)

    async def write(self, data: bytes) -> None:
        """Send, and wait while the peer does not read. Into a closed connection, nothing."""
        if isinstance(self.transport, asyncio.Transport) and not self.transport.is_closing():
            self.transport.write(data)
            await self._writable.wait()
