"""The SMTP and LMTP commands of one connection: line in, reply out, mail data to the spool.

Driven by the listener, which owns the socket and gives itself as the Door. Promises: every command gets one reply, in
order (RFC 2920); LMTP gets one per recipient after the dot (RFC 2033 §4.2); 250 after the dot means stored; each
limit ends in a reply, never in silence. RFC 5321 §4.1, 1870, 2034, 6531.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import Enum, auto
from typing import assert_never

import structlog

from gateway.core.address import Address
from gateway.core.address import parse as parse_address
from gateway.core.message import Envelope
from gateway.core.reply import Reply
from inbound import paths, replies
from inbound.door import Door, House, Transaction
from inbound.dots import Dots
from inbound.limits import Protocol
from inbound.reception import receive
from inbound.spool import Intake
from inbound.trace import new_queue_id, received_field, with_word
from inbound.wire import Fault, Wire

log = structlog.get_logger(__name__)

HANDOVER_S = 55.0
"""The client hears from us within a minute of its final dot, whatever the store does."""
STUCK_S = 10.0
"""How long a peer that does not read, or does not hang up, is borne when its time is over."""

# Recipients refused for their number in one transaction, as a multiple of the number allowed.
_PATIENCE = 10
_NOT_COUNTED = frozenset(("RCPT", "DATA", "QUIT"))
_HTTP_WORDS = frozenset(("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "HOST:"))
_GREETINGS = {Protocol.SMTP: frozenset(("EHLO", "HELO")), Protocol.LMTP: frozenset(("LHLO",))}
_CONSTANT = {
    "NOOP": replies.OK,
    "VRFY": replies.CANNOT_VERIFY,
    "EXPN": replies.NOT_IMPLEMENTED,
    "HELP": replies.HELP,
}


class Phase(Enum):
    """What a conversation is at, which decides how long it may take."""

    COMMANDS = auto()
    DATA = auto()
    HANDOVER = auto()
    CLOSING = auto()


class Conversation:
    """One connection from its first command to its last; `over` is set when there is no more to say."""

    def __init__(self, house: House, wire: Wire, door: Door) -> None:
        self._house = house
        self._limits = house.config.limits
        self._wire = wire
        self._door = door
        self._exempt = house.config.exempts(door.peer)
        self._lmtp = house.config.protocol is Protocol.LMTP
        self._greetings = _GREETINGS[house.config.protocol]
        self._commands: dict[str, Callable[[str], Awaitable[None]]] = {
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "STARTTLS": self._starttls,
            "QUIT": self._quit,
        }
        self._out: list[str] = []
        self._answer: asyncio.Future[Reply] | None = None
        self._mails = self._idle_commands = self._errors = self._excess = 0
        self._now = asyncio.get_running_loop().time
        self._began = self._since = self._now()
        self._octets_then = 0
        self._phase = Phase.COMMANDS
        self.over = False

    async def next(self) -> None:
        """Obey one command, or wait for it."""
        if self._wire.verdict is not None:
            self.hang_up(self._wire.verdict)
            return
        line = self._wire.line()
        if line is None:
            await self.flush()
            self.over = not await self._wire.more() and self._wire.verdict is None
        elif line is Fault.TOO_LONG:
            self._tell(replies.LINE_TOO_LONG)
        elif isinstance(line, Fault):
            self.hang_up(replies.BAD_LINE)
        else:
            self._since = self._now()
            await self._obey(line)

    async def _obey(self, line: bytes) -> None:
        word, _, rest = line.partition(b" ")
        verb = word.decode("ascii", "replace").upper()
        if verb in _HTTP_WORDS:
            self.hang_up(replies.NOT_HTTP)
            return
        if verb not in _NOT_COUNTED:
            self._idle_commands += 1
            if self._idle_commands > self._limits.commands_without_mail:
                self.hang_up(replies.TOO_MANY_COMMANDS)
                return
        try:
            argument = rest.decode("utf-8").strip(" ")
        except UnicodeDecodeError:
            self._tell(replies.SYNTAX)
            return
        command = self._commands.get(verb)
        try:
            if command is not None:
                await command(argument)
            elif verb in self._greetings:
                await self._greet(verb, argument)
            else:
                self._tell(_CONSTANT.get(verb, replies.UNKNOWN_COMMAND))
        except Exception as error:
            log.exception("command_failed", verb=verb, peer=self._door.peer)
            self._tell(replies.trouble(error))

    async def _greet(self, verb: str, name: str) -> None:
        # The name goes into our Received field, so it must be one (RFC 5321 §4.1.1.1).
        if paths.is_helo(name):
            await self._door.greet(verb, name)
        else:
            self._tell(replies.SYNTAX)

    async def _mail(self, argument: str) -> None:
        """RFC 5321 §4.1.1.2."""
        if not self._door.helo or self._door.transaction.mail_from is not None:
            self._tell(replies.OUT_OF_ORDER)
            return
        if self._mails >= self._limits.mails_per_session and not self._exempt:
            self.hang_up(replies.ENOUGH_MAILS)
            return
        split = paths.split_argument(argument, "FROM")
        if split is None:
            self._tell(replies.SYNTAX)
            return
        path, rest = split
        given = paths.mail_parameters(rest, self._door.extended, self._house.config.max_message_bytes)
        if isinstance(given, Reply):
            self._tell(given)
            return
        sender = paths.reverse_path(path)
        if not path.isascii() and "SMTPUTF8" not in given:
            self._tell(replies.NON_ASCII)
        elif sender is None:
            self._tell(replies.BAD_SENDER)
        else:
            transaction = self._door.transaction
            transaction.mail_from, transaction.smtp_utf8 = sender, "SMTPUTF8" in given
            self._excess = 0
            self._tell(replies.SENDER_OK)

    async def _rcpt(self, argument: str) -> None:
        """RFC 5321 §4.1.1.3. A recipient named again is answered again (RFC 2033 §4.2)."""
        transaction = self._door.transaction
        if transaction.mail_from is None:
            self._tell(replies.OUT_OF_ORDER)
            return
        if len(transaction.rcpt_tos) >= self._limits.recipients:
            self._excess += 1
            if self._excess > _PATIENCE * self._limits.recipients:
                self.hang_up(replies.TOO_MANY_COMMANDS)
            else:
                self._tell(replies.TOO_MANY_RECIPIENTS)
            return
        split = paths.split_argument(argument, "TO")
        if split is None:
            self._tell(replies.SYNTAX)
            return
        path, rest = split
        given = paths.parameters(rest, frozenset())
        if isinstance(given, Reply):
            self._tell(given)
        elif not path.isascii() and not transaction.smtp_utf8:
            self._tell(replies.NON_ASCII)
        else:
            self._tell(await self._judge(transaction, paths.forward_path(path, self._house.domain)))

    async def _judge(self, transaction: Transaction, path: Address | Reply) -> Reply:
        if isinstance(path, Reply):
            return path
        reply = self._house.recipients.quick(path)
        if reply is None:
            reply = await asyncio.to_thread(self._house.recipients.ask, path)
        if not reply.ok:
            return reply
        transaction.rcpt_tos.append(str(path))
        return replies.RECIPIENT_OK

    async def _data(self, argument: str) -> None:
        """RFC 5321 §4.1.1.4."""
        if self._door.transaction.mail_from is None or not self._door.transaction.rcpt_tos:
            self._tell(replies.NO_RECIPIENT_YET)
            return
        if argument:
            self._tell(replies.SYNTAX)
            return
        envelope, queue_id = self._seal(), new_queue_id()
        intake = self._house.spool.intake()
        dots = Dots(self._house.config.max_message_bytes, self._limits.header_bytes)
        handed_over = False
        try:
            intake.write(received_field(envelope, self._house.config.hostname, queue_id))
            self.say("354 End with a dot on a line by itself")
            await self.flush()
            self._enter(Phase.DATA)
            await receive(self._wire, intake, dots)
            reply = dots.fault
            if dots.done and reply is None:
                handed_over = True
                reply = await self._hand_over(envelope, intake, queue_id)
        finally:
            self._enter(Phase.COMMANDS)
            if not handed_over:
                intake.discard()
        self._conclude(reply, dots)

    def _seal(self) -> Envelope:
        """The transaction as the rest of the house knows it; a recipient named twice is one."""
        transaction, config = self._door.transaction, self._house.config
        distinct: dict[str, str] = {}
        for path in transaction.rcpt_tos:
            distinct.setdefault(parse_address(path).key, path)
        return Envelope(
            reverse_path=transaction.mail_from or "",
            forward_paths=tuple(distinct.values()),
            peer=self._door.peer,
            trusted=config.trusts(self._door.peer),
            protocol=with_word(
                config.protocol,
                extended=self._door.extended,
                tls=self._door.secured,
                utf8=transaction.smtp_utf8,
            ),
            helo=self._door.helo,
            received_at=self._house.clock(),
        )

    async def _hand_over(self, envelope: Envelope, intake: Intake, queue_id: str) -> Reply:
        self._enter(Phase.HANDOVER)
        try:
            self._answer = self._house.handover.submit(envelope, intake)
            reply = await self._answer
        except Exception as error:
            log.exception("handover_failed", id=queue_id)
            return replies.trouble(error)
        finally:
            self._answer = None
        if not reply.ok:
            log.warning("mail_deferred", id=queue_id, reply=str(reply))
            return reply
        log.info("mail_kept", id=queue_id, octets=intake.size, recipients=len(envelope.forward_paths))
        return replace(reply, text=f"Ok, kept as {queue_id}")

    def _conclude(self, reply: Reply | None, dots: Dots) -> None:
        """Answer the mail and make ready for the next. `reply` is None where the mail was cut off."""
        recipients = len(self._door.transaction.rcpt_tos)
        self._door.forget()
        self.over = self.over or not dots.done or dots.bare
        if reply is None:
            if self._wire.verdict is not None:
                self.say(str(self._wire.verdict))
            return
        # LMTP answers for each RCPT it accepted, in order, whatever became of the mail (RFC 2033 §4.2).
        for _ in range(recipients if self._lmtp else 1):
            self.say(str(reply))
        if reply.ok:
            self._mails += 1
            self._idle_commands = self._errors = 0

    async def _rset(self, argument: str) -> None:
        """RFC 5321 §4.1.1.5."""
        self._door.forget()
        self._tell(replies.OK)

    async def _starttls(self, argument: str) -> None:
        """RFC 3207 §4."""
        if self._house.config.tls is None:
            self._tell(replies.NOT_IMPLEMENTED)
        elif argument or self._door.secured:
            self._tell(replies.SYNTAX if argument else replies.OUT_OF_ORDER)
        else:
            self.over = not await self._door.secure()

    async def _quit(self, argument: str) -> None:
        """RFC 5321 §4.1.1.10."""
        self.hang_up(replies.BYE)
        # Who says QUIT sends no more.
        self._wire.end()

    # Speaking.

    def say(self, line: str) -> None:
        """Answers to pipelined commands leave together, when there is nothing more to read (RFC 2920 §3.2)."""
        self._out.append(line)

    def hang_up(self, reply: Reply) -> None:
        """Say a last word."""
        self.over = True
        self.say(str(reply))

    def _tell(self, reply: Reply) -> None:
        """Answer a command. The one refusal too many becomes a good-bye."""
        if reply.code >= 500:
            self._errors += 1
            if self._errors >= self._limits.errors:
                self.hang_up(replies.TOO_MANY_ERRORS)
                return
        self.say(str(reply))

    async def flush(self) -> None:
        """Send what was said."""
        if self._out:
            data = "".join([f"{line}\r\n" for line in self._out]).encode()
            self._out.clear()
            await self._door.write(data)

    # Time.

    def close(self) -> None:
        """The last words are said: the peer has a moment to hear them."""
        self._enter(Phase.CLOSING)

    def shut_down(self) -> None:
        """Say 421 and close, at once or after the mail in flight."""
        if self._phase is Phase.COMMANDS:
            self._wire.hang_up(replies.SHUTTING_DOWN)

    def give_up(self) -> None:
        """Wait no longer for the spool: it may still keep the mail, and a copy sent again is known as such."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(replies.TROUBLE)

    def look_at_the_clock(self, now: float) -> None:
        """Hang up where something has taken too long (RFC 5321 §4.5.3.2.7)."""
        took = now - self._since
        match self._phase:
            case Phase.COMMANDS:
                if took > self._limits.idle_s:
                    self._wire.hang_up(replies.IDLE)
                elif now - self._began > self._limits.session_s:
                    self._wire.hang_up(replies.SESSION_OVER)
                if took > self._limits.idle_s + STUCK_S:
                    self._door.abort()
            case Phase.DATA:
                if took >= self._limits.min_rate_window_s:
                    if self._wire.octets - self._octets_then < self._limits.min_rate * took:
                        self._wire.hang_up(replies.TOO_SLOW)
                    self._since, self._octets_then = now, self._wire.octets
            case Phase.HANDOVER:
                if took > HANDOVER_S:
                    self.give_up()
            case Phase.CLOSING:
                if took > STUCK_S:
                    self._door.abort()
            case _:
                assert_never(self._phase)

    def _enter(self, phase: Phase) -> None:
        self._phase, self._since, self._octets_then = phase, self._now(), self._wire.octets
