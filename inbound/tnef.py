"""winmail.dat taken apart: the body and the files that Outlook packs for Exchange (MS-OXTNEF, MS-OXCDATA §2.11).

parts asks for each application/ms-tnef part. One pass over at most MAX_SIZE octets; what is damaged ends the reading
and what was read till then counts. Compressed RTF, which always comes with a plain body, is left alone. Never raises.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from inbound import charset

MAX_SIZE = 50 * 1024 * 1024
MAX_FILES = 200
MAX_PROPERTIES = 20_000
_SIGNATURE = 0x223E9F78
_BODY, _PROPERTIES, _CODEPAGE = 0x800C, 0x9003, 0x9007
_FILE_BEGINS, _FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_PLAIN, _HTML = 0x1000, 0x1013
_DATA, _SHORT_NAME, _LONG_NAME, _DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x3001
_MIME_TYPE, _CONTENT_ID = 0x370E, 0x3712
_MULTIPLE, _STRING8, _UNICODE, _OBJECT, _BINARY = 0x1000, 0x1E, 0x1F, 0x0D, 0x102
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x0A: 4, 0x0B: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}


@dataclass(slots=True)
class PackedFile:
    """One file inside; `content_type` is "" where it names none."""

    name: str = ""
    content_type: str = ""
    content_id: str = ""
    content: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class Package:
    """What was inside: the words, where it has them, and the files."""

    text: str = ""
    html: str = ""
    files: list[PackedFile] = field(default_factory=list)


def unpack(octets: bytes) -> Package | None:
    """The content of a TNEF stream; None where it is none or too large."""
    if len(octets) > MAX_SIZE or len(octets) < 6 or struct.unpack_from("<I", octets)[0] != _SIGNATURE:
        return None
    package, codepage = Package(), "cp1252"
    for name, value in _attributes(octets):
        if name == _CODEPAGE and len(value) >= 4:
            codepage = charset.codec_name(f"cp{struct.unpack_from('<I', value)[0]}") or codepage
        elif name == _BODY:
            package.text = package.text or _string(bytes(value), codepage)
        elif name == _PROPERTIES:
            for identity, content in _read_properties(value, codepage):
                if identity == _PLAIN and isinstance(content, str):
                    package.text = content
                elif identity == _HTML:
                    package.html = content if isinstance(content, str) else charset.decode(content.rstrip(b"\0"))
        elif name == _FILE_BEGINS and len(package.files) < MAX_FILES:
            package.files.append(PackedFile())
        elif package.files and name in (_FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES):
            _read_file(package.files[-1], name, value, codepage)
    package.files = [file for file in package.files if file.content]
    return package


def _read_file(file: PackedFile, name: int, value: memoryview, codepage: str) -> None:
    if name == _FILE_TITLE:
        file.name = file.name or _string(bytes(value), codepage)
    elif name == _FILE_DATA:
        file.content = bytes(value)
    else:
        for identity, content in _read_properties(value, codepage):
            if isinstance(content, bytes):
                # An embedded message is an object whose first 16 octets name its class.
                file.content = content if identity == _DATA else file.content
            elif identity == _LONG_NAME or (identity in (_SHORT_NAME, _DISPLAY_NAME) and not file.name):
                file.name = content
            elif identity == _MIME_TYPE:
                file.content_type = content
            elif identity == _CONTENT_ID:
                file.content_id = content


def _attributes(octets: bytes) -> Iterator[tuple[int, memoryview]]:
    """Level, name, type, length, value and checksum, one after the other (MS-OXTNEF §2.1.3)."""
    view, at = memoryview(octets), 6
    while at + 9 <= len(view):
        name, _, length = struct.unpack_from("<HHI", view, at + 1)
        at += 9
        if at + length > len(view):
            return
        yield name, view[at : at + length]
        at += length + 2


def _read_properties(value: memoryview, codepage: str) -> Iterator[tuple[int, str | bytes]]:
    try:
        yield from _properties(value, codepage)
    except (struct.error, _DamagedError):
        return


class _DamagedError(Exception):
    """A length that points outside, or a type that nobody knows."""


def _properties(value: memoryview, codepage: str) -> Iterator[tuple[int, str | bytes]]:
    (count,) = struct.unpack_from("<I", value)
    at = 4
    for _ in range(min(count, MAX_PROPERTIES)):
        kind, identity = struct.unpack_from("<HH", value, at)
        at += 4
        if identity >= 0x8000:
            at = _skip_name(value, at)
        variable = kind & ~_MULTIPLE in (_STRING8, _UNICODE, _OBJECT, _BINARY)
        values = 1
        if kind & _MULTIPLE or variable:
            (values,) = struct.unpack_from("<I", value, at)
            at += 4
        kind &= ~_MULTIPLE
        if not variable:
            if kind not in _FIXED:
                raise _DamagedError
            at += _FIXED[kind] * values
            continue
        for _ in range(values):
            (length,) = struct.unpack_from("<I", value, at)
            at += 4
            if at + length > len(value):
                raise _DamagedError
            content = bytes(value[at : at + length])
            at += length + -length % 4
            yield identity, _typed(content, kind, codepage)


def _skip_name(value: memoryview, at: int) -> int:
    (by_text,) = struct.unpack_from("<I", value, at + 16)
    if not by_text:
        return at + 24
    length = int.from_bytes(value[at + 20 : at + 24], "little")
    return at + 24 + length + -length % 4


def _typed(content: bytes, kind: int, codepage: str) -> str | bytes:
    if kind == _UNICODE:
        return content.decode("utf-16-le", "replace").rstrip("\0")
    if kind == _STRING8:
        return _string(content, codepage)
    return content[16:] if kind == _OBJECT else content


def _string(content: bytes, codepage: str) -> str:
    return charset.decode(content.rstrip(b"\0"), codepage)
