"""Whom a mail in a mailbox was for, and who sent it: what is left of its envelope in the header. Pure.

Used by inbound.harvest. The server that delivered it noted the recipient (Delivered-To and its kin) and the sender
(Return-Path, RFC 5321 §4.4); To and Cc say whom else of ours the author meant. A stranger may have written any of it:
it says where a mail goes, never who somebody is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.core import address
from gateway.core.address import Address, AddressError
from inbound.paths import reverse_path
from inbound.sender import read_sender

MOST = 100
"""Recipients of one mail; those beyond are not read."""
_TRACE = (b"delivered-to", b"x-original-to", b"x-envelope-to", b"envelope-to", b"x-delivered-to")
_WRITTEN = (b"to", b"cc")
_FIELD_OCTETS = 65_536
_FIELD = re.compile(rb"^([!-9;-~]{1,78})[ \t]*:((?:[^\n]*\n[ \t])*[^\n]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Heading:
    """What a header says of the mail's way."""

    reverse_path: str
    """As the server noted it, "" for the null one; where it noted none, the address of the one author, or ""."""
    recipients: tuple[Address, ...]
    """Those of the trace first, then those of To and Cc, whosever they are."""
    hops: int


@dataclass(frozen=True, slots=True)
class Place:
    """What makes an address ours: our domain, and where one mailbox serves it by subaddress, that mailbox's own."""

    domain: str
    separator: str
    mailbox: Address | None = None

    def own(self, recipient: Address) -> Address | None:
        """The address of ours that this one is: `relais+projets@…` of the mailbox is our `projets`; None for none."""
        base, detail = recipient.split(self.separator)
        if self.mailbox is None or not detail or f"{base}@{recipient.domain}" != self.mailbox.key:
            return recipient if recipient.domain == self.domain else None
        try:
            return address.parse(f"{detail}@{self.domain}")
        except AddressError:
            return None


def read(head: bytes) -> Heading:
    """Reads a header section, or the beginning of a mail. Never raises; linear in its length."""
    traced: dict[str, Address] = {}
    written: dict[str, Address] = {}
    paths: list[str] = []
    authors: list[str] = []
    hops = 0
    for name, value in _fields(head):
        if name in _TRACE:
            _gather(value, traced)
        elif name in _WRITTEN:
            _gather(value, written)
        elif name == b"return-path":
            paths.append(value)
        elif name == b"from":
            authors.append(value)
        elif name == b"received":
            hops += 1
    merged = tuple({**traced, **written}.values())[:MOST]
    return Heading(_sender(paths, authors), merged, hops)


def section(raw: bytes) -> bytes:
    """The header section of the beginning of a mail, all of it where it does not end there."""
    text = raw.replace(b"\r\n", b"\n")
    return text[1:1] if text.startswith(b"\n") else text.partition(b"\n\n")[0] + b"\n"


def _fields(head: bytes) -> Iterator[tuple[bytes, str]]:
    for name, value in _FIELD.findall(section(head)):
        yield name.lower(), " ".join(value[:_FIELD_OCTETS].decode("utf-8", "replace").split())


def _sender(paths: list[str], authors: list[str]) -> str:
    # Each server on the way may have left one; the topmost is of the server that delivered it.
    for path in paths[:1]:
        if (found := reverse_path(path.strip().removeprefix("<").removesuffix(">").strip())) is not None:
            return found
    author = read_sender(authors).address
    return str(author) if author else ""


def _gather(value: str, into: dict[str, Address]) -> None:
    for text in _addresses(value):
        if len(into) >= MOST:
            return
        try:
            found = address.parse(text)
        except AddressError:
            continue
        into.setdefault(found.key, found)


def _addresses(value: str) -> Iterator[str]:
    """The addr-specs of a list of mailboxes (RFC 5322 §3.4), each as it is written; what is quoted names nobody."""
    bare: list[str] = []
    angled: list[str] | None = None
    closing, depth, escaped = "", 0, False
    for character in value:
        if escaped:
            escaped = False
        elif closing or depth:
            escaped = character == "\\"
            if closing and character == closing:
                closing = ""
            elif depth and not closing:
                depth += (character == "(") - (character == ")")
        elif character == '"':
            closing = '"'
            # A local part in quotes is none of ours: what is left of it must not become one.
            (bare if angled is None else angled).append(" ")
        elif character == "(":
            depth = 1
        elif character == "<":
            bare, angled = [], []
        elif character == ">" and angled is not None:
            yield "".join(angled).strip()
            # Words behind the brackets belong to no mailbox.
            bare, angled = ["<"], None
        elif character in ",;:" and angled is None:
            yield "".join(bare).strip()
            bare = []
        else:
            (bare if angled is None else angled).append(character)
    if angled is None:
        yield "".join(bare).strip()
