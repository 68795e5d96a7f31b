"""Our Received field: the first octets of every mail that came in by SMTP or LMTP. Pure; called by the listener.

RFC 5321 §4.4 (trace), RFC 3848 and RFC 6531 §4.3 (the word after `with`).
"""

from __future__ import annotations

import secrets
from email.utils import format_datetime

from gateway.core.message import Envelope
from inbound.limits import UNIX_PEER, Protocol


def new_queue_id() -> str:
    """A short name for one mail, the same in its Received field, in our 250 and in the log."""
    return secrets.token_hex(6)


def with_word(protocol: Protocol, *, extended: bool, tls: bool, utf8: bool) -> str:
    """SMTP, ESMTP, ESMTPS, UTF8SMTP, UTF8SMTPS, LMTP, LMTPS, UTF8LMTP or UTF8LMTPS."""
    secured = "S" if tls else ""
    if protocol is Protocol.LMTP:
        return ("UTF8LMTP" if utf8 else "LMTP") + secured
    if utf8:
        return "UTF8SMTP" + secured
    return "ESMTP" + secured if extended else "SMTP"


def received_field(envelope: Envelope, hostname: str, queue_id: str) -> bytes:
    """The field with its final CRLF. `for` is left out where there are several recipients: nobody learns of others."""
    origin = envelope.helo
    if envelope.peer != UNIX_PEER:
        literal = f"IPv6:{envelope.peer}" if ":" in envelope.peer else envelope.peer
        origin = f"{origin} ([{literal}])"
    recipient = f"\r\n\tfor <{envelope.forward_paths[0]}>" if len(envelope.forward_paths) == 1 else ""
    field = (
        f"Received: from {origin}\r\n\tby {hostname} with {envelope.protocol} id {queue_id}"
        f"{recipient};\r\n\t{format_datetime(envelope.received_at)}\r\n"
    )
    return field.encode()
