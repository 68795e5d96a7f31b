"""Mail inside cryptographic wrappings: what is signed is opened, what is encrypted is recognised (RFC 8551, RFC 9580).

parts asks. Signatures are not checked here: who wrote a mail is told by authenticity. Never raises; linear.
"""

from __future__ import annotations

import re
from enum import StrEnum

_SIGNED_DATA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
_ENVELOPED = (b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17")
_SEQUENCE, _SET, _IDENTIFIER, _OCTETS, _CONTEXT, _CONSTRUCTED_OCTETS = 0x30, 0x31, 0x06, 0x04, 0xA0, 0x24
MAX_NESTED = 16
_BEGIN_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_BEGIN_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_END_SIGNATURE = "-----END PGP SIGNATURE-----"
_BEGIN_ENCRYPTED = "-----BEGIN PGP MESSAGE-----"
_ARMOR_FIELD = re.compile(r"[A-Za-z-]{1,30}: ")

SIGNATURE_TYPES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
SMIME_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})


class Wrapping(StrEnum):
    """How a CMS message is wrapped."""

    SIGNED = "signed"
    ENCRYPTED = "encrypted"
    OTHER = "other"


def open_cms(octets: bytes) -> tuple[Wrapping, bytes]:
    """(wrapping, the MIME entity inside) of an application/pkcs7-mime part; b"" where none can be read (RFC 5652)."""
    outer = _element(octets, 0)
    kind = _element(octets, outer[1]) if outer and outer[0] == _SEQUENCE else None
    if kind is None or kind[0] != _IDENTIFIER:
        return Wrapping.OTHER, b""
    name = octets[kind[1] : kind[2]]
    if name in _ENVELOPED:
        return Wrapping.ENCRYPTED, b""
    if name != _SIGNED_DATA:
        return Wrapping.OTHER, b""
    return Wrapping.SIGNED, _signed_content(octets, kind[2])


def _signed_content(octets: bytes, at: int) -> bytes:
    """[0] SignedData: version, digest algorithms, then the content's own type and [0] its octets."""
    wrapped = _element(octets, at)
    data = _element(octets, wrapped[1]) if wrapped else None
    version = _element(octets, data[1]) if data else None
    digests = _element(octets, version[2]) if version else None
    content = _element(octets, _end(octets, digests)) if digests and digests[0] == _SET else None
    kind = _element(octets, content[1]) if content and content[0] == _SEQUENCE else None
    inner = _element(octets, kind[2]) if kind and kind[0] == _IDENTIFIER else None
    if inner is None or inner[0] != _CONTEXT:
        return b""
    return b"".join(_pieces(octets, inner[1], inner[2]))


def _pieces(octets: bytes, at: int, end: int) -> list[bytes]:
    """The octets of an OCTET STRING, which may come in pieces (X.690 §8.7)."""
    pieces: list[bytes] = []
    while at < end:
        element = _element(octets, at)
        if element is None:
            break
        tag, begin, stop = element
        if tag == _OCTETS:
            pieces.append(octets[begin:stop])
            at = stop
        elif tag == _CONSTRUCTED_OCTETS:
            # Its pieces follow: step inside, which costs the same as reading them here.
            at = begin
        else:
            # The end of an indefinite length.
            if pieces:
                break
            at = max(stop, at + 2)
    return pieces


def _element(octets: bytes, at: int) -> tuple[int, int, int] | None:
    """(tag, where its content begins, where it ends) of the element at `at`; the end of an indefinite one is unknown,
    so it is that of the whole."""
    if at + 2 > len(octets):
        return None
    tag, length = octets[at], octets[at + 1]
    begin = at + 2
    if length == 0x80:
        return tag, begin, len(octets)
    if length > 0x80:
        count = length & 0x7F
        if count > 6 or begin + count > len(octets):
            return None
        length = int.from_bytes(octets[begin : begin + count], "big")
        begin += count
    return tag, begin, min(begin + length, len(octets))


def _end(octets: bytes, element: tuple[int, int, int]) -> int:
    """Where the element after this one begins; an indefinite one ends after two zero octets."""
    _, begin, end = element
    if end < len(octets) or octets[begin - 1 : begin] != b"\x80":
        return end
    at = begin
    for _ in range(MAX_NESTED):
        if octets[at : at + 2] == b"\0\0":
            return at + 2
        inner = _element(octets, at)
        if inner is None:
            break
        at = inner[2]
    return len(octets)


def unwrap_pgp(text: str) -> tuple[str, str]:
    """(the words, "signed", "encrypted" or "") of a text with inline PGP armor (RFC 9580 §7)."""
    if "-----BEGIN PGP " not in text:
        return text, ""
    lines = text.split("\n")
    if any(line.strip() == _BEGIN_ENCRYPTED for line in lines[:200]):
        return text, "encrypted"
    begin = next((at for at, line in enumerate(lines) if line.strip() == _BEGIN_SIGNED), None)
    if begin is None:
        return text, ""
    stop = next((at for at in range(begin, len(lines)) if lines[at].strip() == _BEGIN_SIGNATURE), len(lines))
    after = next((at + 1 for at in range(stop, len(lines)) if lines[at].strip() == _END_SIGNATURE), len(lines))
    first = begin + 1
    while first < stop and (not lines[first].strip() or _ARMOR_FIELD.match(lines[first])):
        first += 1
        if not lines[first - 1].strip():
            break
    words = [line[2:] if line.startswith("- ") else line for line in lines[first:stop]]
    return "\n".join([*lines[:begin], *words, *lines[after:]]), "signed"
