"""What domains publish, for tests of verification: a DNS in a dictionary, and mails that are signed for it."""

from __future__ import annotations

import base64
from functools import cache

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from inbound.resolver import NotAnsweredError, Record

SELECTOR = "k"


@cache
def _key(domain: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024 if domain.startswith("small.") else 2048)


@cache
def key_record(domain: str, more: str = "") -> str:
    """The TXT record of that domain's key."""
    public = _key(domain).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; {more}p={base64.b64encode(public).decode()}"


@cache
def _pem(domain: str) -> bytes:
    return _key(domain).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


class Zones:
    """A DNS: names with their records. A name in `silent`, or below a name there, is never answered."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], tuple[Record, ...]] = {}
        self.silent: set[str] = set()
        self.asked: list[tuple[str, str]] = []

    def text(self, name: str, *values: str) -> Zones:
        """Adds TXT records."""
        self.found[name, "TXT"] = tuple((value.encode(),) for value in values)
        return self

    def company(self, domain: str = "people.example", dmarc: str = "v=DMARC1; p=reject", more: str = "") -> Zones:
        """A domain that signs, says whose servers send for it, and wants others refused."""
        self.text(f"{SELECTOR}._domainkey.{domain}", key_record(domain, more))
        self.text(domain, "v=spf1 ip4:192.0.2.0/24 -all")
        return self.text(f"_dmarc.{domain}", dmarc) if dmarc else self

    def ask(self, name: str, kind: str, seconds: float) -> tuple[Record, ...]:
        """As Resolver.ask."""
        assert 0 < seconds <= 2
        self.asked.append((name, kind))
        if any(name == silent or name.endswith(f".{silent}") for silent in self.silent):
            raise NotAnsweredError(name)
        return self.found.get((name, kind), ())


def signed(raw: bytes, domain: str = "people.example", *, length: bool = False, algorithm: str = "rsa-sha256") -> bytes:
    """The mail under a signature of that domain."""
    fields = [b"from", b"subject", b"to", b"date", b"message-id"]
    signature = dkim.sign(
        raw,
        SELECTOR.encode(),
        domain.encode(),
        _pem(domain),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[name for name in fields if name + b":" in raw.lower()] + [b"from"],
        length=length,
        signature_algorithm=algorithm.encode(),
    )
    return bytes(signature) + raw


def sealed(raw: bytes, domain: str, results: str) -> bytes:
    """The mail as a forwarder passes it on: with its results, under its ARC set."""
    stated = f"Authentication-Results: {domain}; {results}\r\n".encode() + raw
    arc = dkim.arc_sign(
        stated, SELECTOR.encode(), domain.encode(), _pem(domain), domain.encode(), include_headers=[b"from", b"subject"]
    )
    return b"".join(arc) + raw
