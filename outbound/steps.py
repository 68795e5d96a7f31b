"""Step: what the next reply of a relay answers, and with which of them a mail begins. RFC 5321, RFC 2920."""

from __future__ import annotations

from enum import Enum, auto

from gateway.core.delivery import Outgoing
from outbound.wire import Extensions, mail_command, rcpt_command


class Step(Enum):
    """What the next reply answers."""

    RSET = auto()
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    DOT = auto()
    EMPTY_DOT = auto()
    QUIT = auto()


def first_commands(mail: Outgoing, extensions: Extensions, *, after_another: bool) -> tuple[tuple[Step, ...], bytes]:
    """What can be said of a mail before anything is answered, and the steps of the replies to it.

    `after_another`: a transaction is open that nobody wants any more, and has to be reset first.
    """
    if extensions.pipelining:
        steps = (Step.MAIL, Step.RCPT, Step.DATA)
        lines = mail_command(mail, extensions) + rcpt_command(mail) + b"DATA\r\n"
        return ((Step.RSET, *steps), b"RSET\r\n" + lines) if after_another else (steps, lines)
    if after_another:
        return (Step.RSET,), b"RSET\r\n"
    return (Step.MAIL,), mail_command(mail, extensions)
