"""MIME parts as bytes with slots: what is the same for all readers, and the places where they differ.

Called by compose. Everything is 7-bit and CRLF, body lines are at most 76 characters (RFC 2045 §6.7, §6.8); a slot
in quoted-printable stands between soft line breaks, so that its text, at most 75 safe characters, needs no encoding.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from email.message import Message
from enum import StrEnum
from typing import TypeAlias

SOFT_BREAK = b"=\r\n"
_BASE64_LINE = 76
_BLANK_END = re.compile(rb"=(?:20|09)(?=\r\n)")
_WORD = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}"
_CONTENT_TYPE = re.compile(rf"{_WORD}/{_WORD}\Z")


class SlotKind(StrEnum):
    """What is filled in per delivery. The value is the letter of the mark."""

    TO = "T"
    REPLY = "R"
    """The token behind Reply-To."""
    LEAVE = "L"
    """The token that ends such mails."""
    FILE = "F"
    POST = "P"
    """The token to answer one post among several."""
    MESSAGE_ID = "I"
    DATE = "D"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a mail that differs per delivery. `id` is the attachment's for FILE, the post's for POST, else 0."""

    kind: SlotKind
    id: int = 0

    @property
    def mark(self) -> str:
        """The slot as text, to stand in a template's output: control characters, which no author's words contain."""
        return f"\x02{self.kind}{self.id}\x03"


Piece: TypeAlias = bytes | Slot
_MARK = re.compile(r"\x02([TRLFPID])(\d+)\x03")


def cut(text: str, encode: Callable[[str], bytes]) -> list[Piece]:
    """The text as pieces: encoded bytes, and a Slot for every mark."""
    pieces: list[Piece] = []
    end = 0
    for match in _MARK.finditer(text):
        pieces.append(encode(text[end : match.start()]))
        pieces.append(Slot(SlotKind(match[1]), int(match[2])))
        end = match.end()
    pieces.append(encode(text[end:]))
    return pieces


def without_marks(text: str) -> str:
    """The text with nothing in the places of its slots."""
    return _MARK.sub("", text)


def text_part(subtype: str, text: str, parameters: str = "") -> list[Piece]:
    """A text part of `\\n` lines with slot marks, header included, as quoted-printable UTF-8."""
    return [text_head(subtype, parameters), *quoted(text)]


def text_head(subtype: str, parameters: str = "") -> bytes:
    """The header of a text part as quoted-printable UTF-8, the empty line included."""
    head = f"Content-Type: text/{subtype}; charset=utf-8{parameters}\r\n"
    return f"{head}Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode("ascii")


def quoted(text: str) -> list[Piece]:
    """Text of `\\n` lines with slot marks as quoted-printable UTF-8; whole lines may stand before any others."""
    pieces: list[Piece] = []
    for piece in cut(text.replace("\n", "\r\n"), _quoted_printable):
        if isinstance(piece, Slot):
            pieces += [SOFT_BREAK, piece, SOFT_BREAK]
        else:
            pieces.append(_room_for_break(piece))
    return pieces


def file_part(content_type: str, name: str, data: bytes, content_id: str = "") -> list[Piece]:
    """A file as a base64 part, header included; `name` is clean. With a `content_id` it is inline (RFC 2392)."""
    lines = [
        f"Content-Type: {_safe_type(content_type)}{_parameter('name', name)}",
        f"Content-Disposition: {'inline' if content_id else 'attachment'}{_parameter('filename', name)}",
        "Content-Transfer-Encoding: base64",
        *([f"Content-ID: <{content_id}>"] if content_id else []),
    ]
    return ["\r\n".join([*lines, "", ""]).encode("ascii"), _base64(data)]


def multipart(subtype: str, boundary: str, parts: Sequence[Sequence[Piece]], parameters: str = "") -> list[Piece]:
    """Parts under one multipart, header included (RFC 2046 §5.1.1).

    A boundary that starts with `=_` can stand neither in quoted-printable nor in base64, so none needs to be random.
    """
    head = f'Content-Type: multipart/{subtype}{parameters};\r\n boundary="{boundary}"\r\n\r\n'
    pieces: list[Piece] = [head.encode("ascii")]
    for part in parts:
        pieces += [f"--{boundary}\r\n".encode("ascii"), *part, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode("ascii"))
    return pieces


def merge(pieces: Iterable[Piece]) -> list[Piece]:
    """The same pieces with neighbouring bytes joined, so that filling joins as few as possible."""
    merged: list[Piece] = []
    run: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, Slot):
            merged += [b"".join(run), piece]
            run = []
        else:
            run.append(piece)
    merged.append(b"".join(run))
    return merged


def _quoted_printable(text: str) -> bytes:
    encoded = binascii.b2a_qp(text.encode("utf-8", "replace"), istext=True)
    # The encoder takes its line ends from the first one it sees: a piece without any gets soft breaks of a bare LF.
    encoded = encoded if "\n" in text else encoded.replace(b"=\n", SOFT_BREAK)
    # And it counts a blank before a line end as one character, where `=20` may be the 77th and 78th.
    return _BLANK_END.sub(_within_line, encoded)


def _within_line(end: re.Match[bytes]) -> bytes:
    line_start = end.string.rfind(b"\n", 0, end.start()) + 1
    return SOFT_BREAK + end[0] if end.end() - line_start > 76 else end[0]


def _room_for_break(encoded: bytes) -> bytes:
    # The encoder may leave a last line of 76 characters, where the `=` of a soft break would be the 77th.
    if len(encoded) - (encoded.rfind(b"\n") + 1) < 76:
        return encoded
    last = 3 if encoded[-3:-2] == b"=" else 1
    return encoded[:-last] + SOFT_BREAK + encoded[-last:]


def _safe_type(content_type: str) -> str:
    # base64 is forbidden in multipart and message types (RFC 2045 §6.4): such a file travels as plain octets.
    if not _CONTENT_TYPE.match(content_type) or content_type.startswith(("multipart/", "message/")):
        return "application/octet-stream"
    return content_type


def _parameter(key: str, value: str) -> str:
    """A MIME parameter on a line of its own, encoded by RFC 2231 where it is not plain ASCII; "" without a value."""
    if not value:
        return ""
    head = Message()
    head.add_header("X", "x", **{key: value})
    return f";\r\n {str(head['X'])[3:]}"


def _base64(data: bytes) -> bytes:
    encoded = binascii.b2a_base64(data, newline=False)
    return b"\r\n".join(encoded[i : i + _BASE64_LINE] for i in range(0, len(encoded), _BASE64_LINE))
