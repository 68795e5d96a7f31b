"""The envelope, from the words of MAIL and RCPT to what the rest of the house knows.

Used by the conversation. Strict: what is no path or no parameter is a Reply. RFC 5321 §4.1.1.2, §4.1.1.3, 1870, 6531.
"""

from __future__ import annotations

from gateway.core.address import Address
from gateway.core.address import parse as parse_address
from gateway.core.message import Envelope
from gateway.core.reply import Reply
from inbound import paths, replies
from inbound.door import Door, House
from inbound.trace import with_word


def read_mail(argument: str, house: House, *, extended: bool) -> tuple[str, bool] | Reply:
    """(reverse-path, whether SMTPUTF8 was asked for) of MAIL's argument, or why not."""
    split = paths.split_argument(argument, "FROM")
    if split is None:
        return replies.SYNTAX
    path, rest = split
    given = paths.mail_parameters(rest, extended, house.config.max_message_bytes)
    if isinstance(given, Reply):
        return given
    if not path.isascii() and "SMTPUTF8" not in given:
        return replies.NON_ASCII
    sender = paths.reverse_path(path)
    return replies.BAD_SENDER if sender is None else (sender, "SMTPUTF8" in given)


def read_rcpt(argument: str, house: House, *, smtp_utf8: bool) -> Address | Reply:
    """The forward-path of RCPT's argument, or why not."""
    split = paths.split_argument(argument, "TO")
    if split is None:
        return replies.SYNTAX
    path, rest = split
    given = paths.parameters(rest, frozenset())
    if isinstance(given, Reply):
        return given
    if not path.isascii() and not smtp_utf8:
        return replies.NON_ASCII
    return paths.forward_path(path, house.domain)


def seal(house: House, door: Door) -> Envelope:
    """The transaction as the rest of the house knows it; a recipient named twice is one."""
    transaction, config = door.transaction, house.config
    distinct: dict[str, str] = {}
    for path in transaction.rcpt_tos:
        distinct.setdefault(parse_address(path).key, path)
    return Envelope(
        reverse_path=transaction.mail_from or "",
        forward_paths=tuple(distinct.values()),
        peer=door.peer,
        trusted=config.trusts(door.peer),
        protocol=with_word(config.protocol, extended=door.extended, tls=door.secured, utf8=transaction.smtp_utf8),
        helo=door.helo,
        received_at=house.clock(),
    )
