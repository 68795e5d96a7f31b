"""The leaves of a MIME tree: which parts are the author's words and which are attachments.

parse hands in the tree and the octets that structure.limit() took out of it. A nested mail is never the author's words:
it is one attachment. What wraps a mail is opened: signatures, winmail.dat, files in the text; what is encrypted is
named in the defects. Never raises on a tree whose size is limited. RFC 2046 §5.1, RFC 2183, RFC 2387, RFC 1847.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from email.message import Message

from inbound import calendar, charset, embedded, signed, structure, tnef
from inbound.filename import declared_name, nested_subject, safe_name
from inbound.flowed import unwrap
from inbound.sniffing import UNKNOWN, sniff

# Of the author's words in all plain parts together, and in all HTML parts together; what is more is a file, too.
MAX_TEXT = 1024 * 1024
MAX_WRAPPINGS = 3
# Other renderings of the same words, for watches and for interactive clients.
_RENDERINGS = frozenset({"text/x-amp-html", "text/watch-html"})
# The same words without marks, or with marks that are readable as they are.
_PLAIN = frozenset({"text/plain", "text/markdown", "text/x-markdown", "text/enriched", "text/richtext"})
_ENRICHED = frozenset({"text/enriched", "text/richtext"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_VIEWED = frozenset({"content-type", "content-disposition", "content-id", "content-transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """One attachment with its content decoded. `named` is false where the name is ours, for the sender gave none."""

    name: str
    content_type: str
    disposition: str
    content_id: str
    content: bytes = field(repr=False)
    named: bool = True


@dataclass(slots=True)
class Leaves:
    """The author's words and the attachments, in the order of the mail."""

    attachments: list[Leaf] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _htmls: list[str] = field(default_factory=list)
    _first: bool = True
    _lone_html: bool = False
    _lone_text: bool = False
    _wrappings: int = 0
    _plain_room: int = MAX_TEXT
    _html_room: int = MAX_TEXT

    @property
    def text(self) -> str | None:
        """The words as plain text; None without any, and where some words stand only in HTML beside plain ones."""
        if not self._texts or (self._lone_html and self._lone_text):
            return None
        return "\n".join(self._texts)

    @property
    def html(self) -> str | None:
        """The words as HTML, not yet clean."""
        return "\n".join(self._htmls) if self._lone_html or len(self._htmls) else None

    def note(self, defect: str) -> None:
        """Name something once."""
        if defect not in self.defects:
            self.defects.append(defect)

    def admit(self, kind: str, content: bytes) -> bytes:
        """As much of a part's words as there is still room for."""
        if kind == "text/html":
            admitted = content[: self._html_room]
            self._html_room -= len(admitted)
        else:
            admitted = content[: self._plain_room]
            self._plain_room -= len(admitted)
        return admitted

    def wordless(self) -> bool:
        """No part so far had words."""
        return not any(words.strip() for words in (*self._texts, *self._htmls))


def read_leaves(message: Message, taken: dict[bytes, bytes]) -> Leaves:
    """Sort the parts of `message`; `taken` holds what stands behind the placeholders (structure.Limited)."""
    leaves = Leaves()
    _walk(leaves, message, taken, alternative=False)
    if leaves.wordless() and (words := next(filter(None, map(_entry_words, leaves.attachments)), "")):
        leaves._texts = [words]
        leaves._htmls.clear()
    if not leaves._lone_html and not any(h for h in leaves._htmls if not h.startswith("<pre>")):
        leaves._htmls.clear()
    return leaves


def _entry_words(leaf: Leaf) -> str:
    return calendar.entry_words(leaf.content) if leaf.content_type in ("text/calendar", "application/ics") else ""


def _walk(leaves: Leaves, part: Message, taken: dict[bytes, bytes], *, alternative: bool) -> None:
    view = _view(part)
    kind = view.get_content_type()
    payload = structure.payload_of(part)
    if isinstance(payload, list) and kind.startswith("multipart/"):
        if kind == "multipart/encrypted":
            leaves.note("encrypted")
            return
        children = payload
        if kind == "multipart/alternative":
            alternative, children = True, _without_twins(children)
        for child in children:
            _walk(leaves, child, taken, alternative=alternative)
        return
    if kind.startswith("multipart/"):
        # A multipart that nobody can take apart is read as the text it is.
        kind = "text/plain"
    if (kind in _RENDERINGS and alternative) or kind == "application/applefile":
        return
    if kind in signed.SIGNATURE_TYPES:
        leaves.note("signed")
        return
    _read_leaf(leaves, part, view, kind, taken, alternative=alternative)


def _without_twins(children: list[Message]) -> list[Message]:
    """Of several plain alternatives the first of the plainest kind: all say the same (RFC 2046 §5.1.4)."""
    plain = [child for child in children if child.get_content_type() in _PLAIN and not child.get_filename("")]
    if len(plain) < 2:
        return children
    best = next((child for child in plain if child.get_content_type() == "text/plain"), plain[0])
    return [child for child in children if child is best or child not in plain]


def _read_leaf(
    leaves: Leaves, part: Message, view: Message, kind: str, taken: dict[bytes, bytes], *, alternative: bool
) -> None:
    declared = declared_name(view)
    disposition = _disposition(view)
    is_words = (kind in _PLAIN or kind == "text/html") and disposition != "attachment"
    is_words = is_words and (not declared or leaves._first)
    leaves._first = False
    content = _content(part, view, taken)
    if is_words:
        taken_in = leaves.admit(kind, content)
        _add_words(leaves, view, kind, taken_in, alternative=alternative)
        if len(taken_in) == len(content):
            return
        leaves.note("text_too_long")
    if kind in signed.SMIME_TYPES and _unwrap_cms(leaves, content, alternative=alternative):
        return
    if kind in _TNEF or (kind in UNKNOWN and declared.lower() == "winmail.dat"):
        package = tnef.unpack(content)
        if package is not None and (package.text.strip() or package.html.strip() or package.files):
            _add_package(leaves, package)
            return
    if kind in ("message/delivery-status", "message/feedback-report"):
        return
    if content or declared or disposition == "attachment":
        _add_attachment(leaves, view, kind, content, declared)


def _unwrap_cms(leaves: Leaves, content: bytes, *, alternative: bool) -> bool:
    """Walk what an S/MIME part wraps; False where it is to be kept as a file."""
    wrapping, inside = signed.open_cms(content)
    if wrapping is signed.Wrapping.OTHER:
        return False
    leaves.note(wrapping.value)
    leaves._wrappings += 1
    if wrapping is signed.Wrapping.SIGNED and inside and leaves._wrappings <= MAX_WRAPPINGS:
        limited = structure.limit(inside)
        _walk(leaves, structure.read_tree(limited.slim), limited.taken, alternative=alternative)
    return True


def _add_package(leaves: Leaves, package: tnef.Package) -> None:
    """The files of a winmail.dat, and its words where the mail has none."""
    if leaves.wordless():
        if package.text.strip():
            leaves._texts.append(charset.clean_text(package.text[:MAX_TEXT]))
        if package.html.strip():
            leaves._htmls.append(charset.clean_text(package.html[:MAX_TEXT]))
            leaves._lone_html = not package.text.strip()
    for file in package.files:
        kind = file.content_type.lower().split(";")[0].strip()
        if "/" not in kind or not kind.isascii() or not kind.isprintable() or len(kind) > 100:
            kind = ""
        _add_file(leaves, file.name, kind, file.content, "", file.content_id.strip("<>")[:250])


def _add_words(leaves: Leaves, view: Message, kind: str, content: bytes, *, alternative: bool) -> None:
    label = _parameter(view, "charset")
    if kind == "text/html":
        words = charset.clean_text(charset.decode(content, label or _html_charset(content)))
        leaves._htmls.append(words)
        leaves._lone_html = leaves._lone_html or (not alternative and bool(words.strip()))
        return
    words = charset.clean_text(charset.decode(content, label))
    words, armor = signed.unwrap_pgp(words)
    if armor:
        leaves.note(armor)
    words, files = embedded.take_files(words)
    for name, octets in files:
        _add_file(leaves, name, "", octets, "attachment", "")
    if kind in _ENRICHED:
        words = embedded.plain_of_enriched(words)
    if _parameter(view, "format").lower() == "flowed":
        words = unwrap(words, delsp=_parameter(view, "delsp").lower() == "yes")
    leaves._texts.append(words)
    if not alternative and words.strip():
        leaves._lone_text = True
        leaves._htmls.append(f"<pre>{html.escape(words)}</pre>")


def _add_attachment(leaves: Leaves, view: Message, kind: str, content: bytes, declared: str) -> None:
    content_id = charset.clean_line(str(view.get("Content-ID", ""))).strip().strip("<>").strip()[:250]
    if kind == "text/plain" and "content-type" not in view:
        kind = ""
    _add_file(leaves, declared, kind, content, _disposition(view), content_id)


def _add_file(leaves: Leaves, declared: str, kind: str, content: bytes, disposition: str, content_id: str) -> None:
    if kind in UNKNOWN:
        kind = sniff(content, declared)
    named = bool(declared.strip())
    name = safe_name(declared or nested_subject(kind, content), kind, len(leaves.attachments) + 1)
    if kind == "message/rfc822" and "." not in name[-6:]:
        name = f"{name[:146]}.eml"
    leaves.attachments.append(Leaf(name, kind, disposition, content_id, content, named))


def _view(part: Message) -> Message:
    """The MIME fields of a part as plain text, first of each name; raw 8-bit octets are read as text first."""
    view = Message()
    view.set_default_type(part.get_default_type())
    for name, value in part.raw_items():
        lower = name.lower()
        if lower in _VIEWED and lower not in view:
            text = str(value)
            if not text.isascii():
                text = charset.decode(text.encode("utf-8", "surrogateescape"))
            view[lower] = text.replace("\r", "").replace("\n", "").replace("\0", "")
    return view


def _parameter(view: Message, name: str) -> str:
    value = view.get_param(name, "")
    if isinstance(value, tuple):
        value = value[2]
    return str(value or "").strip()


def _disposition(view: Message) -> str:
    return (view.get_content_disposition() or "").strip()


def _content(part: Message, view: Message, taken: dict[bytes, bytes]) -> bytes:
    """The decoded octets of a leaf or of a nested mail, placeholders replaced by what they stand for."""
    encoding = str(view.get("Content-Transfer-Encoding", "")).split(";")[0].strip().lower()
    payload = structure.payload_of(part)
    if isinstance(payload, list):
        nested = structure.payload_of(payload[0]) if payload else ""
        held = taken.get(_octets(nested).strip()) if isinstance(nested, str) else None
        return b"" if held is None else _transfer_decode(held, encoding)
    if len(payload) < 200 and (held := taken.get(_octets(payload).strip())) is not None:
        return _transfer_decode(held, encoding)
    if encoding == "base64" and not charset.is_base64(_octets(payload)):
        return _octets(payload)
    # Only the decoding form gives the octets as they came: the other has replaced what its charset does not know.
    octets = part.get_payload(decode=True)
    return octets if isinstance(octets, bytes) else b""


def _octets(payload: str) -> bytes:
    return payload.encode("utf-8", "surrogateescape")


def _transfer_decode(octets: bytes, encoding: str) -> bytes:
    match encoding:
        case "base64":
            return charset.decode_base64(octets) if charset.is_base64(octets) else octets
        case "quoted-printable":
            return charset.decode_quoted(octets)
        case "x-uuencode" | "uuencode" | "uue" | "x-uue":
            return structure.decode_uu(octets)
        case _:
            return octets


def _html_charset(content: bytes) -> str:
    head = content[:2048].lower()
    at = head.find(b"charset=")
    label = head[at + 8 : at + 60].strip(b" \"'") if at >= 0 else b""
    for end in b"\"' />;":
        label = label.split(bytes([end]))[0]
    return label.decode("ascii", "replace")
