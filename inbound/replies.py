"""What the listener says, each answer once. Text to a peer is generic; detail goes to the log."""

from __future__ import annotations

import errno

from gateway.core.reply import Reply

OK = Reply(250, "2.0.0", "Ok")
SENDER_OK = Reply(250, "2.1.0", "Sender ok")
RECIPIENT_OK = Reply(250, "2.1.5", "Recipient ok")
CANNOT_VERIFY = Reply(252, "2.0.0", "Send the mail and see")
HELP = Reply(214, "2.0.0", "See RFC 5321 and RFC 2033; a person answers at postmaster")
BYE = Reply(221, "2.0.0", "Bye")

SYNTAX = Reply(501, "5.5.4", "Syntax error in the argument")
BAD_LINE = Reply(500, "5.5.2", "Not a command line")
LINE_TOO_LONG = Reply(500, "5.5.2", "Command line too long")
UNKNOWN_COMMAND = Reply(500, "5.5.1", "Command not recognised")
NOT_IMPLEMENTED = Reply(502, "5.5.1", "Command not implemented")
OUT_OF_ORDER = Reply(503, "5.5.1", "Bad sequence of commands")
NO_RECIPIENT_YET = Reply(503, "5.5.1", "No valid recipients")
NON_ASCII = Reply(553, "5.6.7", "Non-ASCII address without SMTPUTF8")
BAD_SENDER = Reply(553, "5.1.7", "That is no sender address")
EARLY = Reply(554, "5.5.1", "You spoke before the greeting")

TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "Too many recipients, send the rest again")
TROUBLE = Reply(451, "4.3.0", "Temporary trouble on our side, try again later")
NO_ROOM = Reply(452, "4.3.1", "No room just now, try again later")

# Said before we close.
IDLE = Reply(421, "4.4.2", "Idle for too long")
TOO_SLOW = Reply(421, "4.4.2", "Too slow")
SESSION_OVER = Reply(421, "4.7.0", "Session too long, connect again")
ENOUGH_MAILS = Reply(421, "4.7.0", "Enough mails for one session, connect again")
TOO_MANY_COMMANDS = Reply(421, "4.7.0", "Too many commands without a mail")
TOO_MANY_ERRORS = Reply(421, "4.7.0", "Too many errors")
NOT_HTTP = Reply(421, "4.7.0", "This is not a web server")
SHUTTING_DOWN = Reply(421, "4.3.2", "Shutting down, try again later")


def trouble(error: Exception) -> Reply:
    """What to say of our own trouble: temporary, whatever it is, and without its detail (invariant I9)."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return NO_ROOM if full else TROUBLE
