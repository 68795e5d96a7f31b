from __future__ import annotations

from collections.abc import Callable

import pytest

from inbound.signed import Wrapping, open_cms, unwrap_pgp

SIGNED = bytes.fromhex("2a864886f70d010702")
ENVELOPED = bytes.fromhex("2a864886f70d010703")
DATA = bytes.fromhex("2a864886f70d010701")


def der(tag: int, content: bytes) -> bytes:
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes(4, "big")
    return bytes([tag, 0x84]) + length + content


def endless(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x80]) + content + b"\0\0"


def definite(inside: bytes) -> bytes:
    content = der(0x30, der(6, DATA) + der(0xA0, der(4, inside)))
    data = der(0x30, der(2, b"\1") + der(0x31, der(0x30, b"")) + content + der(0x31, b"\1" * 200))
    return der(0x30, der(6, SIGNED) + der(0xA0, data))


def indefinite(inside: bytes) -> bytes:
    pieces = b"".join(der(4, inside[at : at + 7]) for at in range(0, len(inside), 7))
    content = endless(0x30, der(6, DATA) + endless(0xA0, endless(0x24, pieces)))
    data = endless(0x30, der(2, b"\1") + endless(0x31, der(0x30, b"")) + content + der(0x31, b"\1" * 200))
    return endless(0x30, der(6, SIGNED) + endless(0xA0, data))


@pytest.mark.parametrize("wrap", [definite, indefinite])
@pytest.mark.parametrize("inside", [b"Content-Type: text/plain\r\n\r\nwords", b"x" * 5000])
def test_what_is_signed_is_opened(wrap: Callable[[bytes], bytes], inside: bytes) -> None:
    assert open_cms(wrap(inside)) == (Wrapping.SIGNED, inside)


def test_what_is_encrypted_is_recognised() -> None:
    assert open_cms(endless(0x30, der(6, ENVELOPED) + b"\xa0\x80")) == (Wrapping.ENCRYPTED, b"")


def test_damage_never_raises() -> None:
    whole = indefinite(b"words " * 20)
    for cut in range(len(whole)):
        open_cms(whole[:cut])
    assert open_cms(b"") == (Wrapping.OTHER, b"")
    assert open_cms(b"%PDF-1.4") == (Wrapping.OTHER, b"")


def test_inline_armor_of_a_signature_goes() -> None:
    text = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nBonjour\n- -- \nAlice\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\nbelow"
    )
    assert unwrap_pgp(text) == ("Bonjour\n-- \nAlice\nbelow", "signed")
    assert unwrap_pgp("Bonjour") == ("Bonjour", "")
    assert unwrap_pgp("-----BEGIN PGP MESSAGE-----\n\nhQ\n-----END PGP MESSAGE-----")[1] == "encrypted"
    assert unwrap_pgp("the words -----BEGIN PGP SIGNED MESSAGE----- alone")[1] == ""
