"""DKIM signatures for our own mails: relaxed/relaxed, rsa-sha256, on the final bytes.

Called where mails are composed, in worker threads: the RSA operation leaves the interpreter free, so two threads sign
about twice as fast as one. Fields that tell people who wrote what are signed once more than they occur, so that nobody
can add a second one. RFC 6376 §3.4.2, §3.4.4, §3.5, §5.4.2; RFC 8301 (keys); RFC 8058 §4 (one-click is covered).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from gateway.core.address import AddressError, canonical_domain
from gateway.core.clock import Clock, utc_now
from gateway.core.errors import ConfigurationError

MIN_KEY_BITS = 2048
_LINE = 76
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")

OVERSIGNED = (
    b"from",
    b"to",
    b"cc",
    b"subject",
    b"date",
    b"reply-to",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"list-id",
    b"list-post",
    b"list-help",
    b"list-archive",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"x-relais-kind",
)
"""Signed as often as they occur and once more: one that is added later breaks the signature."""

SIGNED = (
    b"sender",
    b"in-reply-to",
    b"references",
    b"content-transfer-encoding",
    b"content-language",
    b"auto-submitted",
    b"precedence",
    b"x-auto-response-suppress",
)
"""Signed as often as they occur."""

_NAMES = frozenset(OVERSIGNED + SIGNED)


class Signer:
    """One domain, one selector, one RSA key. Has no state that changes: threads may share it."""

    def __init__(self, domain: str, selector: str, private_key: bytes, clock: Clock = utc_now) -> None:
        """`private_key` is PEM, PKCS#1 or PKCS#8, not encrypted. Raises ConfigurationError naming every mistake."""
        mistakes = []
        try:
            domain = canonical_domain(domain)
        except AddressError as error:
            mistakes.append(("dkim.domain", str(error)))
        if not all(_LABEL.fullmatch(label) for label in selector.split(".")):
            mistakes.append(("dkim.selector", "letters, digits and hyphens, as in a host name"))
        key = _load_key(private_key)
        if isinstance(key, str):
            mistakes.append(("dkim.key_file", key))
        if mistakes or isinstance(key, str):
            raise ConfigurationError(mistakes)
        self._key = key
        self._clock = clock
        self._head = f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain};\r\n s={selector}; t=".encode()

    @property
    def dns_record(self) -> str:
        """The TXT record that SELECTOR._domainkey.DOMAIN must hold (RFC 6376 §3.6.1)."""
        public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode('ascii')}"

    def sign(self, data: bytes) -> bytes:
        """The DKIM-Signature field to put before `data`: folded, CRLF at its end.

        `data` is the mail as it will be sent, CRLF line ends, not yet dot-stuffed; any change after this breaks it.
        """
        head, _, body = data.partition(b"\r\n\r\n")
        fields = _select(head)
        names = _fold_names(tuple(name for name, _ in fields))
        digest = base64.b64encode(hashlib.sha256(relax_body(body)).digest())
        value = b"%b%d;\r\n h=%b;\r\n bh=%b;\r\n b=" % (self._head, self._clock().timestamp(), names, digest)
        # The field signs itself with an empty b= and without its line end (RFC 6376 §3.7).
        signed = b"".join([line for _, line in fields] + [b"dkim-signature:", value.replace(b"\r\n ", b" ")])
        signature = base64.b64encode(self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))
        lines = [signature[i : i + _LINE - 4] for i in range(0, len(signature), _LINE - 4)]
        return b"DKIM-Signature: %b%b\r\n" % (value, b"\r\n ".join(lines))

    def sign_many(self, mails: Iterable[bytes]) -> list[bytes]:
        """Each of `mails` with its signature before it: what one worker thread does for a chunk."""
        return [self.sign(data) + data for data in mails]


def relax_body(body: bytes) -> bytes:
    """The relaxed canonical form of a body with CRLF line ends (RFC 6376 §3.4.4), in time linear in its length."""
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    body = _squeeze(body).replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return body + b"\r\n" if body else b""


def _squeeze(text: bytes) -> bytes:
    """Every run of blanks and tabs as one blank. Rounds halve the runs, faster than any regular expression."""
    if b"\t" in text:
        text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


def _select(head: bytes) -> list[tuple[bytes, bytes]]:
    """The fields to sign as (name, canonical line with CRLF), from the last to the first (RFC 6376 §3.4.2, §5.4.2)."""
    unfolded = _squeeze(head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" "))
    fields = []
    for line in reversed(unfolded.split(b"\r\n")):
        name, _, value = line.partition(b":")
        name = name.rstrip().lower()
        if name in _NAMES:
            fields.append((name, b"%b:%b\r\n" % (name, value.strip(b" "))))
    return fields


@lru_cache(maxsize=256)
def _fold_names(present: tuple[bytes, ...]) -> bytes:
    """The value of h=: the names present in the order they are signed, then each oversigned one, folded."""
    lines, length = [b""], len("h=")
    for name in present + OVERSIGNED:
        if length + len(name) + 2 > _LINE:
            lines.append(b"")
            length = 1
        lines[-1] += name + b":"
        length += len(name) + 1
    return b"\r\n ".join(lines)[:-1]


def _load_key(private_key: bytes) -> rsa.RSAPrivateKey | str:
    """The key, or what is wrong with it."""
    try:
        key = load_pem_private_key(private_key, password=None)
    except TypeError:
        return "the private key is encrypted; it must be stored without a password"
    except (ValueError, UnsupportedAlgorithm):
        return "not a private key in PEM form"
    if not isinstance(key, rsa.RSAPrivateKey):
        return "not an RSA key"
    if key.key_size < MIN_KEY_BITS:
        return f"{key.key_size} bits are too short, {MIN_KEY_BITS} are needed"
    return key
