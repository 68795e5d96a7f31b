"""bytes → ParsedMessage: everything one mail says about itself, read with every guard up.

Called by reading and by nothing else. parse() never raises, whatever the bytes: what is damaged is empty or replaced,
and named in `defects`. The only file that knows mail-parser; it gets the mail after structure.limit() made it harmless.
RFC 5322, RFC 2045-2047, RFC 2231, RFC 3676, RFC 6532.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message

import mailparser

from gateway.core.address import AddressError
from gateway.core.address import parse as parse_address
from gateway.core.message import Attachment, ParsedMessage
from inbound import charset, structure
from inbound.parts import Leaf, read_leaves
from inbound.sender import read_sender

MAX_MESSAGE_ID = 900
MAX_REFERENCES = 100
MAX_RECIPIENTS = 500
_MESSAGE_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{3,898}>")
_CHARSET = re.compile(rb"charset\s?=\s?\"?([A-Za-z0-9._-]{2,40})", re.IGNORECASE)
_NO_ADDRESS = re.compile(r"[\s<>(),;:\"\[\]]+")
_FOLD = re.compile(rb"(?:\r\n|\r|\n)(?=[ \t])")
_TRAILING_BLANKS = re.compile(rb"(?<![ \t\r])[ \t\r]+(?=\n)")
_DAEMONS = ("mailer-daemon", "mailerdaemon", "mail-daemon", "postmaster", "mdaemon", "maildelivery", "mmdf")

# mail-parser logs header fields of strangers at warning level; what is wrong with a mail is in its defects instead.
logging.getLogger("mailparser").setLevel(logging.CRITICAL + 1)


@dataclass(slots=True)
class _Library:
    """What mail-parser made of the mail."""

    message: Message
    date: datetime | None = None
    recipients: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)


def parse(raw: bytes) -> ParsedMessage:
    """Read one mail as it came from the wire. Never raises; linear in the length of `raw`."""
    return _parse(raw, _parse_with_library)


def parse_archived(raw: bytes) -> ParsedMessage:
    """The same of a mail from an archive, in half the time: without the date, which stands in the archive's index, and
    without defects that say how to distrust a stranger."""
    return _parse(raw, _parse_plainly)


def _parse(raw: bytes, understand: Callable[[structure.Limited], _Library]) -> ParsedMessage:
    limited = structure.limit(raw)
    label = _declared_charset(limited)
    headers = [(f.name.decode("ascii", "replace"), _unfold(f.value, label)) for f in limited.fields]
    library = understand(limited)
    utf8 = all(_is_utf8(f.value) for f in limited.fields if f.name == b"from")
    sender = read_sender(_values(headers, "from"), utf8=utf8)
    defect = sender.defect
    if not defect and limited.froms != 1:
        defect = "from_repeated"
    if not defect and _header_cut(limited):
        defect = "header_cut"
    if not defect and _has_stray_cr(raw[: limited.body_at]):
        defect = "header_bare_cr"
    leaves = read_leaves(library.message, limited.taken)
    defects = dict.fromkeys((*limited.defects, *library.defects, *leaves.defects, *filter(None, [defect])))
    text, html = leaves.text, leaves.html
    return ParsedMessage(
        author=sender.address if not defect else None,
        author_name=sender.name if not defect else "",
        author_defect=defect,
        subject=charset.clean_line(charset.decode_words(next(iter(_values(headers, "subject")), ""))),
        message_id=next(iter(_message_ids(_values(headers, "message-id"))), ""),
        in_reply_to=_message_ids(_values(headers, "in-reply-to")),
        references=_message_ids(_values(headers, "references")),
        date=library.date,
        recipients=_recipients(library.recipients),
        headers=tuple(headers),
        text=text,
        html=html,
        attachments=tuple(_attachment(leaf, html or "") for leaf in leaves.attachments),
        report=limited.slim if _looks_like_report(headers, limited, sender.address is None) else None,
        content_digest=_digest(raw[limited.body_at :]),
        defects=tuple(defects),
    )


def _parse_with_library(limited: structure.Limited) -> _Library:
    # The library meets whatever strangers send: should it fail on the tree, the standard library has built the same
    # tree, and the address and date fields are read from a mail without a body.
    try:
        return _read_library(mailparser.parse_from_bytes(limited.slim))
    except Exception:
        header = b"".join(
            b"%s:%s\r\n" % (f.name, f.value.rstrip(b"\r\n"))
            for f in limited.fields
            if f.name in (b"to", b"cc", b"date")
        )
    try:
        library = _read_library(mailparser.parse_from_bytes(header + b"\r\n"))
    except Exception:
        library = _Library(Message(), defects=["UnreadableAddresses"])
    library.message = structure.read_tree(limited.slim)
    library.defects.append("UnreadableStructure")
    return library


def _parse_plainly(limited: structure.Limited) -> _Library:
    named = (f.value.decode("utf-8", "replace") for f in limited.fields if f.name in (b"to", b"cc"))
    found = [word for value in named for word in _NO_ADDRESS.split(value) if "@" in word]
    return _Library(structure.read_tree(limited.slim), recipients=found)


def _read_library(mail: mailparser.MailParser) -> _Library:
    date = mail.date
    if isinstance(date, datetime):
        date = date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    else:
        date = None
    recipients = [address for pairs in (mail.to, mail.cc) if isinstance(pairs, list) for _, address in pairs]
    return _Library(mail.message, date, recipients, sorted(mail.defects_categories))


def _values(headers: list[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in headers if key == name]


def _declared_charset(limited: structure.Limited) -> str:
    """What the top Content-Type says of the body, which raw octets in the header are mostly written in too."""
    kind = next((f.value for f in limited.fields if f.name == b"content-type"), b"")
    found = _CHARSET.search(kind)
    return found[1].decode("ascii") if found else ""


def _unfold(value: bytes, label: str) -> str:
    """The raw value on one line (RFC 5322 §2.2.3); `label` is the charset of octets that are not UTF-8 (RFC 6532)."""
    value = value.strip(b" \t\r\n")
    if b"\n" in value or b"\r" in value:
        value = _FOLD.sub(b"", value)
    try:
        return value.decode("ascii")
    except UnicodeDecodeError:
        return charset.decode_header(value, label)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _has_stray_cr(header: bytes) -> bool:
    """A CR stands alone in a header of other line ends: our border read other fields there than we do."""
    return b"\n" in header and b"\r" in header.replace(b"\r\n", b"")


def _header_cut(limited: structure.Limited) -> bool:
    # Beyond the cut another From may stand, which somebody else would believe.
    return bool({"header_too_large", "too_many_fields"} & set(limited.defects))


def _message_ids(values: list[str]) -> tuple[str, ...]:
    """The msg-id tokens (RFC 5322 §3.6.4), first and latest kept where there are more than MAX_REFERENCES."""
    ids: dict[str, None] = {}
    for value in values:
        for token in _MESSAGE_ID.findall(value):
            left, at, right = token[1:-1].partition("@")
            if left and at and right and len(token.encode("utf-8", "replace")) <= MAX_MESSAGE_ID:
                ids[token] = None
    found = list(ids)
    if len(found) > MAX_REFERENCES:
        found = found[:1] + found[1 - MAX_REFERENCES :]
    return tuple(found)


def _recipients(addresses: list[str]) -> tuple[str, ...]:
    keys: dict[str, None] = {}
    for address in addresses[:MAX_RECIPIENTS]:
        try:
            keys[parse_address(address).key] = None
        except AddressError:
            continue
    return tuple(keys)


def _attachment(leaf: Leaf, html: str) -> Attachment:
    referred = bool(leaf.content_id) and f"cid:{leaf.content_id}" in html
    return Attachment(
        name=leaf.name,
        content_type=leaf.content_type,
        size=len(leaf.content),
        sha256=hashlib.sha256(leaf.content).hexdigest(),
        inline=referred or leaf.disposition == "inline",
        content_id=leaf.content_id,
        content=leaf.content,
        named=leaf.named,
    )


def _looks_like_report(headers: list[tuple[str, str]], limited: structure.Limited, anonymous: bool) -> bool:
    values = dict(reversed(headers))
    kind = values.get("content-type", "").lower()
    if kind.startswith("multipart/report") or b"message/delivery-status" in limited.slim.lower():
        return True
    if values.get("return-path", "").replace(" ", "") == "<>" or "x-failed-recipients" in values:
        return True
    author = values.get("from", "").lower()
    return any(daemon in author for daemon in _DAEMONS) or (anonymous and "from" not in values)


def _digest(body: bytes) -> str:
    """sha256 over the body with line ends and trailing blanks folded, which hops on the way may change."""
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n")
    if b" \n" in body or b"\t\n" in body or b"\r" in body:
        body = _TRAILING_BLANKS.sub(b"", body)
    return hashlib.sha256(body.rstrip(b" \t\r\n")).hexdigest()
