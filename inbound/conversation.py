"""The SMTP and LMTP commands of one connection: line in, reply out, mail data to the spool.

Driven by the listener, which owns the socket and gives itself as the Door. Promises: every command gets one reply, in
order (RFC 2920); LMTP gets one per recipient after the dot (RFC 2033 §4.2); 250 after the dot means stored; each
limit ends in a reply, never in silence. RFC 5321 §4.1, 1870, 2034, 6531.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from gateway.core.address import Address
from gateway.core.message import Envelope
from gateway.core.reply import Reply
from inbound import envelope, paths, replies
from inbound.door import Door, House, Transaction
from inbound.dots import Dots
from inbound.limits import Protocol
from inbound.reception import receive
from inbound.spool import Intake
from inbound.trace import new_queue_id, received_field
from inbound.watch import Measure, Phase, Watch
from inbound.wire import Fault, Wire

log = structlog.get_logger(__name__)

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
        self._watch = Watch(self._limits, self._now())
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
            self._watch.hear(self._now())
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
        read = envelope.read_mail(argument, self._house, extended=self._door.extended)
        if isinstance(read, Reply):
            self._tell(read)
            return
        transaction = self._door.transaction
        transaction.mail_from, transaction.smtp_utf8 = read
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
        path = envelope.read_rcpt(argument, self._house, smtp_utf8=transaction.smtp_utf8)
        self._tell(path if isinstance(path, Reply) else await self._judge(transaction, path))

    async def _judge(self, transaction: Transaction, path: Address) -> Reply:
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
        sealed, queue_id = envelope.seal(self._house, self._door), new_queue_id()
        intake = self._house.spool.intake()
        dots = Dots(self._house.config.max_message_bytes, self._limits.header_bytes)
        handed_over = False
        try:
            intake.write(received_field(sealed, self._house.config.hostname, queue_id))
            self.say("354 End with a dot on a line by itself")
            await self.flush()
            self._enter(Phase.DATA)
            await receive(self._wire, intake, dots)
            reply = dots.fault
            if dots.done and reply is None:
                handed_over = True
                reply = await self._hand_over(sealed, intake, queue_id)
        finally:
            self._enter(Phase.COMMANDS)
            if not handed_over:
                intake.discard()
        self._conclude(reply, dots)

    async def _hand_over(self, sealed: Envelope, intake: Intake, queue_id: str) -> Reply:
        self._enter(Phase.HANDOVER)
        try:
            self._answer = self._house.handover.submit(sealed, intake)
            reply = await self._answer
        except Exception as error:
            log.exception("handover_failed", id=queue_id)
            return replies.trouble(error)
        finally:
            self._answer = None
        if not reply.ok:
            log.warning("mail_deferred", id=queue_id, reply=str(reply))
            return reply
        log.info("mail_kept", id=queue_id, octets=intake.size, recipients=len(sealed.forward_paths))
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
        if self._watch.phase is Phase.COMMANDS:
            self._wire.hang_up(replies.SHUTTING_DOWN)

    def give_up(self) -> None:
        """Wait no longer for the spool: it may still keep the mail, and a copy sent again is known as such."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(replies.TROUBLE)

    def look_at_the_clock(self, now: float) -> None:
        """Hang up where something has taken too long."""
        verdict = self._watch.verdict(now, self._wire.octets)
        if isinstance(verdict, Reply):
            self._wire.hang_up(verdict)
        elif verdict is Measure.GIVE_UP:
            self.give_up()
        elif verdict is Measure.ABORT:
            self._door.abort()

    def _enter(self, phase: Phase) -> None:
        self._watch.enter(phase, self._now(), self._wire.octets)
