"""The shape of a mail, read with limits before any library sees it.

parse calls limit(): one linear pass over the raw octets finds header fields and MIME parts the way the standard library
would, cuts what is over a limit and says so, and takes nested mails and large parts out (they are handed back as they
came). What is left costs any MIME parser little. RFC 5322 §2.2, RFC 2045, RFC 2046 §5.1.
"""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import re
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

MAX_FIELD = 8192
MAX_ADDRESS_FIELD = 65536
MAX_HEADER = 262144
MAX_FIELDS = 1000
MAX_DEPTH = 20
MAX_PARTS = 200
MAX_ADDRESSES = 500
MAX_PARAMETERS = 200
MAX_ENCODED_WORDS = 1500
LARGE_PART = 65536

_ADDRESS_FIELDS = frozenset({b"to", b"cc", b"bcc", b"reply-to", b"delivered-to", b"resent-to", b"resent-cc"})
_PARAMETER_FIELDS = frozenset({b"content-type", b"content-disposition"})
# What the standard library takes for a header line (RFC 5322 §2.2); the first other line ends the header.
_HEADER_LINE = re.compile(rb"(From |[\x21-\x39\x3b-\x7e]*:|[\t ])")
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_BLANK_LINE = re.compile(rb"(?:\r\n|\r|\n)(?:\r\n|\r|\n)")
_MULTIPART = re.compile(rb"\s*multipart/", re.IGNORECASE)
_FOLD = re.compile(rb"\r\n(?=[ \t])|[\r\n](?=[ \t])")
_BOUNDARY = re.compile(rb'boundary\s?=\s?(?:"([^"\r\n\\]{1,200})"|([^\s";,]{1,200}))', re.IGNORECASE)
_FROM_LIKE = re.compile(rb"from[ \t]*:", re.IGNORECASE)


@dataclass(slots=True)
class Field:
    """One header field: lower-case name and the raw value with its folds, cut to the limits."""

    name: bytes
    value: bytes


@dataclass(slots=True)
class Limited:
    """What limit() hands over. `slim` is the raw mail itself where nothing had to be cut or taken out."""

    slim: bytes
    fields: list[Field]
    """The fields of the top header, in order."""
    body_at: int
    """Where the body of the raw mail begins, in octets."""
    taken: dict[bytes, bytes] = field(default_factory=dict)
    """Placeholder → the octets, still transfer-encoded, of the part whose place it holds."""
    defects: list[str] = field(default_factory=list)
    froms: int = 0
    """Lines that some parser may take for a From field."""


@dataclass(slots=True)
class _Scan:
    raw: bytes
    out: list[bytes] = field(default_factory=list)
    copied: int = 0
    taken: dict[bytes, bytes] = field(default_factory=dict)
    defects: dict[str, None] = field(default_factory=dict)
    words: int = 0
    froms: int = 0
    key: bytes = b""

    def replace(self, start: int, end: int, octets: bytes) -> None:
        self.out += (self.raw[self.copied : start], octets)
        self.copied = end

    def take(self, start: int, end: int, *, delimited: bool) -> None:
        """Take octets out; the line end before a delimiter is the delimiter's (RFC 2046 §5.1.1) and stays."""
        # No mail can contain its own digest, so none can forge a placeholder, and the same mail always reads the same.
        # Hexadecimal is valid under every transfer encoding.
        self.key = self.key or hashlib.blake2b(self.raw, digest_size=16).hexdigest().encode()
        placeholder = b"%s%08x" % (self.key, len(self.taken))
        tail = self.raw[max(start, end - 2) : end] if delimited else b""
        line_end = b"\r\n" if tail == b"\r\n" else tail[-1:] if tail[-1:] in (b"\r", b"\n") else b""
        self.taken[placeholder] = self.raw[start : end - len(line_end)]
        self.replace(start, end, placeholder + line_end)


@dataclass(frozen=True, slots=True)
class _Part:
    multipart: bytes | None
    """The boundary, where the part is a multipart that has one."""
    nested: bool
    """message/*: a mail inside the mail."""
    digest: bool
    report: bool = False
    """What a machine says to a machine: read, never kept as a file."""


def limit(raw: bytes) -> Limited:
    """Read `raw` as far as the limits go. Never raises; linear in its length."""
    scan = _Scan(raw)
    body_at, fields = _read_header(scan, 0)
    top = _part(fields, in_digest=False)
    _read_parts(scan, body_at, top)
    slim = raw if not scan.out else b"".join((*scan.out, raw[scan.copied :]))
    return Limited(slim, fields, body_at, scan.taken, list(scan.defects), scan.froms)


def _read_parts(scan: _Scan, position: int, top: _Part) -> None:
    """Walk from delimiter to delimiter, keeping the stack of open multiparts."""
    raw, count = scan.raw, 1
    stack: list[tuple[bytes, bool]] = []
    current, start = top, position
    while True:
        if current.multipart is not None:
            if len(stack) >= MAX_DEPTH:
                return _cut(scan, start, "too_deep")
            stack.append((current.multipart, current.digest))
            current = _Part(None, False, False)
            pattern = _delimiter(stack)
        if not stack:
            return _close(scan, start, len(raw), current)
        # One octet back, for the line end that ends the header may also begin the delimiter's line.
        found = pattern.search(raw, max(0, start - 1))
        if found is None:
            return _close(scan, start, len(raw), current)
        _close(scan, start, found.start(1), current, delimited=True)
        while stack and found[1] != b"--" + stack[-1][0]:
            stack.pop()
        if not stack:
            return None
        position = found.end()
        if found[2]:
            # After a closing delimiter comes an epilogue, up to a delimiter of what lies around it.
            stack.pop()
            current, start = _Part(None, False, False), position
            if not stack:
                return None
            pattern = _delimiter(stack)
            continue
        count += 1
        if count > MAX_PARTS:
            return _cut(scan, found.start(1), "too_many_parts")
        pattern = _delimiter(stack)
        start, fields = _read_header(scan, _LINE.match(raw, position).end())  # type: ignore[union-attr]
        current = _part(fields, in_digest=stack[-1][1])


def _delimiter(stack: list[tuple[bytes, bool]]) -> re.Pattern[bytes]:
    # Longest first: a boundary may be the beginning of another one.
    names = sorted({name for name, _ in stack}, key=len, reverse=True)
    return re.compile(rb"[\r\n](--(?:" + b"|".join(map(re.escape, names)) + rb"))(--)?[ \t]*(?=[\r\n]|\Z)")


def _close(scan: _Scan, start: int, end: int, part: _Part, *, delimited: bool = False) -> None:
    """Take the body of a part out where it is a nested mail or large; of a large report the beginning stays."""
    if part.report and end - start > LARGE_PART:
        scan.defects["report_too_long"] = None
        scan.replace(start + LARGE_PART, end, b"\r\n" if delimited else b"")
    elif end > start and (part.nested or end - start > LARGE_PART):
        scan.take(start, end, delimited=delimited)


def _cut(scan: _Scan, position: int, defect: str) -> None:
    scan.defects[defect] = None
    scan.replace(position, len(scan.raw), b"")


def _read_header(scan: _Scan, start: int) -> tuple[int, list[Field]]:
    """(where the body begins, fields) of the header at `start`; over-long fields are cut in the copy."""
    raw, position, end = scan.raw, start, start
    beyond: int | None = None
    spans: list[tuple[int, int]] = []
    stop = start + MAX_HEADER
    while position < len(raw):
        line = _LINE.match(raw, position)
        assert line is not None
        end = line.end()
        first = raw[position : position + 1]
        if first in (b"\r", b"\n"):
            break
        if not _HEADER_LINE.match(raw, position, end):
            end = position
            break
        if end > stop or len(spans) >= MAX_FIELDS:
            scan.defects["header_too_large" if end > stop else "too_many_fields"] = None
            blank = _BLANK_LINE.search(raw, max(position - 2, 0))
            beyond, end = position, blank.end() if blank else len(raw)
            break
        if first in (b" ", b"\t") and spans:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((position, end))
        position = end
    fields = [_read_field(scan, at, to, top=start == 0) for at, to in spans]
    if beyond is not None:
        scan.replace(beyond, end, b"\r\n")
    return end, [field for field in fields if field is not None]


def _read_field(scan: _Scan, start: int, end: int, *, top: bool) -> Field | None:
    raw = scan.raw
    text = raw[start:end]
    if top and _FROM_LIKE.match(text):
        scan.froms += 1
    name, colon, value = text.partition(b":")
    if not colon or not name or b" " in name:
        return None
    name = name.lower()
    kept = _within_limits(scan, name, value)
    if name == b"content-type" and (repaired := _with_boundary(kept)) is not None:
        scan.replace(start, end, name + b": " + repaired + b"\r\n")
        return Field(name, repaired)
    if len(kept) < len(value):
        scan.replace(start, end, name + b":" + kept.rstrip(b"\r\n") + b"\r\n")
        value = kept
    return Field(name, value)


def _with_boundary(value: bytes) -> bytes | None:
    """The Content-Type of a multipart whose boundary a strict reader would miss: folded inside, or without a `;`."""
    if not _MULTIPART.match(value):
        return None
    view = Message()
    view["Content-Type"] = value.strip().decode("latin-1")
    boundary = view.get_boundary()
    if boundary is not None and "\n" not in boundary and "\r" not in boundary:
        return None
    unfolded = _FOLD.sub(b"", value).strip()
    found = _BOUNDARY.search(unfolded)
    if found is None:
        return None
    kind = unfolded[: found.start()].strip(b" \t;,")
    return kind + b'; boundary="' + (found[1] or found[2]) + b'"'


def _within_limits(scan: _Scan, name: bytes, value: bytes) -> bytes:
    longest = MAX_ADDRESS_FIELD if name in _ADDRESS_FIELDS else MAX_FIELD
    if len(value) > longest:
        scan.defects["field_too_long"] = None
        value = value[:longest]
    if name in _ADDRESS_FIELDS:
        value = _keep(scan, value, b",", MAX_ADDRESSES, "too_many_addresses")
    elif name in _PARAMETER_FIELDS:
        value = _keep(scan, value, b";", MAX_PARAMETERS + 1, "too_many_parameters")
    words = value.count(b"=?")
    if scan.words + words > MAX_ENCODED_WORDS:
        value = _keep(scan, value, b"=?", MAX_ENCODED_WORDS - scan.words + 1, "too_many_encoded_words")
        words = value.count(b"=?")
    scan.words += words
    return value


def _keep(scan: _Scan, value: bytes, separator: bytes, most: int, defect: str) -> bytes:
    if value.count(separator) < most:
        return value
    scan.defects[defect] = None
    return separator.join(value.split(separator, most)[:most])


def _part(fields: list[Field], *, in_digest: bool) -> _Part:
    """What the standard library makes of the Content-Type, so that both see the same parts."""
    value = next((field.value for field in fields if field.name == b"content-type"), None)
    if value is None:
        return _Part(None, in_digest, False)
    view = Message()
    view["Content-Type"] = value.strip().decode("latin-1")
    kind = view.get_content_type()
    if kind.startswith("multipart/"):
        boundary = view.get_boundary()
        if boundary is None:
            return _Part(None, False, False)
        return _Part(boundary.encode("latin-1", "replace"), False, kind == "multipart/digest")
    nested = kind in ("message/rfc822", "message/global", "message/news", "message/partial")
    return _Part(None, nested, False, report=kind in ("message/delivery-status", "message/feedback-report"))


def payload_of(part: Message) -> list[Message] | str:
    """The children of a part, or the text of a leaf with strange octets as surrogates. Never raises.

    The standard library decodes that text by the charset which the mail names, and some names are more than it bears.
    """
    try:
        payload = part.get_payload()
    except ValueError:
        octets = part.get_payload(decode=True)
        return octets.decode("ascii", "surrogateescape") if isinstance(octets, bytes) else ""
    if isinstance(payload, list):
        return [child for child in payload if isinstance(child, Message)]
    return payload if isinstance(payload, str) else ""


def read_tree(slim: bytes) -> Message:
    """The MIME tree of a limited mail, by the standard library alone."""
    return message_from_bytes(slim)


def decode_uu(octets: bytes) -> bytes:
    """The octets of a uuencoded part; its lines that are not uuencoded are left out."""
    out = []
    for line in octets.splitlines():
        if line == b"end":
            break
        if line and not line.startswith(b"begin "):
            try:
                out.append(binascii.a2b_uu(line))
            except binascii.Error:
                # Some encoders write a wrong length: the count of characters tells how many are real.
                kept = ((line[0] - 32 & 63) * 4 + 5) // 3
                with contextlib.suppress(binascii.Error):
                    out.append(binascii.a2b_uu(line[:kept]))
    return b"".join(out)
