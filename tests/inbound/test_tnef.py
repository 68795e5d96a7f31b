from __future__ import annotations

import struct
import time

import pytest

from inbound.tnef import unpack

HEAD = struct.pack("<IH", 0x223E9F78, 1)


def attribute(level: int, name: int, value: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, 6, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*values: tuple[int, int, bytes]) -> bytes:
    out = struct.pack("<I", len(values))
    for kind, identity, value in values:
        out += struct.pack("<HHII", kind, identity, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return out


def attached(name: str, content: bytes) -> bytes:
    long_name = properties((0x1F, 0x3707, name.encode("utf-16-le") + b"\0\0"))
    return (
        attribute(2, 0x9002, b"\0" * 14)
        + attribute(2, 0x8010, b"SHORT~1.TXT\0")
        + attribute(2, 0x800F, content)
        + attribute(2, 0x9005, long_name)
    )


def test_the_files_and_the_words_inside() -> None:
    body = attribute(1, 0x9003, properties((0x1F, 0x1000, "Bonjour à tous\0".encode("utf-16-le"))))
    package = unpack(HEAD + body + attached("Procès-verbal.txt", b"one") + attached("b.txt", b"two"))
    assert package is not None
    assert package.text == "Bonjour à tous"
    assert [(file.name, file.content) for file in package.files] == [("Procès-verbal.txt", b"one"), ("b.txt", b"two")]


def test_words_in_the_old_code_page() -> None:
    package = unpack(HEAD + attribute(1, 0x9007, struct.pack("<II", 1252, 0)) + attribute(1, 0x800C, b"d\xe9j\xe0\0"))
    assert package is not None
    assert package.text == "déjà"


def test_fixed_and_named_properties_are_passed_over() -> None:
    named = struct.pack("<HH", 3, 0x8001) + b"\0" * 16 + struct.pack("<II", 1, 6) + b"a\0b\0\0\0\0\0" + b"\1\0\0\0"
    fixed = struct.pack("<HHQ", 0x40, 0x3007, 5)
    html = struct.pack("<HHII", 0x102, 0x1013, 1, 8) + b"<p>x</p>"
    package = unpack(HEAD + attribute(1, 0x9003, struct.pack("<I", 3) + named + fixed + html))
    assert package is not None
    assert package.html == "<p>x</p>"


@pytest.mark.parametrize("octets", [b"", b"x" * 100, HEAD[:4]])
def test_what_is_no_package_is_none(octets: bytes) -> None:
    assert unpack(octets) is None


def test_damage_ends_the_reading() -> None:
    whole = HEAD + attached("a.txt", b"one") + attached("b.txt", b"two")
    for cut in range(len(whole)):
        package = unpack(whole[:cut])
        assert package is None or len(package.files) <= 2


def test_many_attributes_cost_linear_time() -> None:
    began = time.process_time()
    unpack(HEAD + attribute(1, 0x8005, b"") * 200_000)
    unpack(HEAD + attribute(1, 0x9003, struct.pack("<I", 0xFFFFFFFF) + struct.pack("<HHII", 0x102, 1, 0, 0) * 5))
    assert time.process_time() - began < 1.0
