"""Signed tokens for addresses and links: one purpose each, a ring of keys, short enough for a local part.

A token is lower-case base32 (relays fold case) of: key id (1 octet), day of issue (2 octets), the ids as varints, and
a truncated HMAC-SHA-256 of 96 bits over the purpose and all of it. It gives the place, never the person; whoever
answers with it is checked on their own. Expiry is the reader's business: `issued` says how old a token is.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

MAC_OCTETS = 12
_EPOCH = date(2024, 1, 1)
_LARGEST = 2**63 - 1
"""No database counts further: a larger number is no id."""
_MAX_TOKEN = 56


class Purpose(StrEnum):
    """What a token is for. The value is part of what is signed, so no token serves two ends."""

    REPLY = "reply"
    """(post id, person id): an answer to that post, or to its author alone."""
    BOUNCE = "bounce"
    """(delivery id): the reverse-path of one delivery."""
    LEAVE = "leave"
    """(community id, person id): unsubscribe, by link or by mail."""
    FILE = "file"
    """(attachment id, person id): a link to one attachment for one person."""
    DIGEST = "digest"
    """(digest id, person id): an answer to that digest."""
    QUIET = "quiet"
    """(ordinal of the cadence, person id): no more digests of that cadence, by link or by mail."""
    ANSWER = "answer"
    """(notice id, person id): an answer to what a notice of ours asked or offered."""


@dataclass(frozen=True, slots=True)
class Token:
    """A verified token: its ids in the order of its Purpose, and the day it was issued."""

    purpose: Purpose
    ids: tuple[int, ...]
    issued: date


class KeyRing:
    """The signing keys by id, newest signs. Old keys verify until they are taken out of the secret file."""

    def __init__(self, keys: dict[int, bytes]) -> None:
        if not keys or any(len(key) < 32 for key in keys.values()) or not all(0 < i < 256 for i in keys):
            raise ValueError("a key ring needs keys of at least 32 octets under ids 1 to 255")
        self._keys = dict(keys)
        self.current = max(keys)

    def sign(self, purpose: Purpose, ids: tuple[int, ...], *, issued: datetime, key_id: int | None = None) -> str:
        """The token as text. The same arguments give the same token, so a retry repeats its reverse-path."""
        return self.signer(purpose, issued=issued, key_id=key_id)(*ids)

    def signer(self, purpose: Purpose, *, issued: datetime, key_id: int | None = None) -> Signer:
        """A function from ids to token with all else fixed: what a fan-out to 50,000 people pays for once."""
        # A delivery born under a key that was since taken out is signed by the current one: its old bounces are
        # lost with the key, which is what taking it out means.
        chosen = key_id if key_id in self._keys else self.current
        assert chosen is not None
        day = (issued.astimezone(UTC).date() - _EPOCH).days
        return Signer(self._keys[chosen], purpose, bytes([chosen]) + day.to_bytes(2, "big"))

    def verify(self, purpose: Purpose, text: str) -> Token | None:
        """The token, or None if it is not one of ours for this purpose. Compares in constant time."""
        raw = _decode(text)
        if raw is None or len(raw) < 4 + MAC_OCTETS:
            return None
        body, mac = raw[:-MAC_OCTETS], raw[-MAC_OCTETS:]
        key = self._keys.get(body[0])
        if key is None or not hmac.compare_digest(mac, _mac(key, purpose, body)):
            return None
        ids = _read_varints(body[3:])
        if ids is None:
            return None
        return Token(purpose, ids, _EPOCH + timedelta(days=int.from_bytes(body[1:3], "big")))


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs tokens of one purpose, day and key."""

    key: bytes
    purpose: Purpose
    head: bytes

    def __call__(self, *ids: int) -> str:
        """The token for these ids."""
        body = self.head + b"".join(map(_varint, ids))
        return _encode(body + _mac(self.key, self.purpose, body))


def _mac(key: bytes, purpose: Purpose, body: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\0" + body, "sha256")[:MAC_OCTETS]


def _encode(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()


def _decode(text: str) -> bytes | None:
    if not text or len(text) > _MAX_TOKEN or not text.isascii():
        return None
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        return None
    # Only the one spelling that we write is a token: spare bits of the last letter carry nothing.
    return raw if _encode(raw) == text.lower() else None


def _varint(number: int) -> bytes:
    if number < 0:
        raise ValueError("ids are not negative")
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varints(data: bytes) -> tuple[int, ...] | None:
    ids, number, shift = [], 0, 0
    for octet in data:
        number |= (octet & 0x7F) << shift
        if number > _LARGEST:
            return None
        shift += 7
        if octet < 0x80:
            ids.append(number)
            number, shift = 0, 0
        elif shift > 63:
            return None
    return tuple(ids) if shift == 0 and ids else None
