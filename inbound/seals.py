"""What a mail is signed with, and whether it holds: DKIM and ARC.

Called by verification. The only file that knows dkimpy, and stricter than it: every signature is looked at and not the
first alone, one that leaves part of the body out (l=), uses SHA-1 or whose key is marked as a test is none, and the
From that was signed must be the one that we read. RFC 6376, RFC 8301, RFC 8617.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dkim

from gateway.core import address
from gateway.core.address import Address, AddressError
from inbound.resolver import Questions
from inbound.sender import read_sender

MOST = 4
"""Signatures of one mail, and sets of ARC, that are verified."""
_MOST_OCTETS = 32 << 20
"""Each signature costs as much as the mail is long: of a long mail fewer are verified, but always one."""
_ALGORITHMS = (b"rsa-sha256", b"ed25519-sha256")
_NAME = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")


@dataclass(frozen=True, slots=True)
class Seal:
    """The newest of a chain of ARC sets that holds: whose it is, and what they say they found."""

    domain: str
    results: str
    """The value of its ARC-Authentication-Results, without the instance."""


def signers(raw: bytes, author: Address, questions: Questions, is_of_interest: Callable[[str], bool]) -> list[str]:
    """The domains whose signatures hold over the whole mail with this author, in their order.

    Only those of interest are verified. What cannot be told for want of an answer is left out, and `questions` knows.
    """
    try:
        mail = dkim.DKIM(raw, minkey=1024)
    except Exception:
        # A mail that its parser cannot split is signed by nobody.
        return []
    if not _is_from(mail, author):
        return []
    count = sum(name.lower() == b"dkim-signature" for name, _ in mail.headers)
    found: list[str] = []
    tried = 0
    for index in range(min(count, 5 * MOST)):
        domain = _domain(mail, index)
        if domain is None or domain in found or not is_of_interest(domain):
            continue
        tried += 1
        if tried > MOST or (tried - 1) * len(raw) > _MOST_OCTETS:
            break
        if _holds(lambda index=index: mail.verify(index, dnsfunc=_keys(questions))):  # type: ignore[misc]
            found.append(domain)
    return found


def seal(raw: bytes, author: Address, questions: Questions, sealers: frozenset[str]) -> Seal | None:
    """The newest ARC set of a chain that holds and that one of these domains sealed."""
    try:
        mail = dkim.ARC(raw, minkey=1024)
        newest, _ = mail.sorted_arc_headers()
        seals = [value for name, value in mail.headers if name.lower() == b"arc-seal"]
    except Exception:
        return None
    if not 0 < newest <= MOST or len(seals) > MOST or (newest - 1) * len(raw) > _MOST_OCTETS:
        return None
    if not _is_from(mail, author):
        return None
    verdicts: list[dict[str, Any]] = []

    def chain_holds() -> bool:
        status, results, _ = mail.verify(dnsfunc=_keys(questions))
        verdicts.extend(results)
        return bool(status == dkim.CV_Pass)

    if not _holds(chain_holds) or not verdicts:
        return None
    top = verdicts[0]
    domain = _canonical(top["as-domain"])
    if domain is None or domain not in sealers or _canonical(top["ams-domain"]) != domain:
        return None
    _, _, results = top["aar-value"].decode("ascii", "replace").partition(";")
    return Seal(domain, results.strip())


def _holds(verify: Callable[[], bool]) -> bool:
    try:
        return bool(verify())
    except Exception:
        # NotAnsweredError among them, which `questions` remembers; the rest is what strangers put into signatures.
        return False


def _domain(mail: Any, index: int) -> str | None:
    """Whose signature this is, if it is one that could count."""
    try:
        prepared = mail.verify_headerprep(index)
    except Exception:
        return None
    if not prepared:
        return None
    tags, signed, _ = prepared
    whole = b"l" not in tags and b"from" in signed and tags[b"a"] in _ALGORITHMS
    return _canonical(tags[b"d"]) if whole and _NAME.match(tags[b"s"]) else None


def _canonical(domain: bytes) -> str | None:
    try:
        return address.canonical_domain(domain.decode("ascii"))
    except (AddressError, UnicodeDecodeError):
        return None


def _is_from(mail: Any, author: Address) -> bool:
    """What the signature covers as From names the author whom we read, and nobody else."""
    values = [value for name, value in mail.headers if name.lower() == b"from"]
    try:
        fields = [re.sub(r"\r?\n(?=[ \t])", "", value.decode("utf-8")).strip(" \t\r\n") for value in values]
    except UnicodeDecodeError:
        # The name may be in some old charset; then the address is told apart by its octets.
        fields = [re.sub(r"\r?\n(?=[ \t])", "", value.decode("latin-1")).strip(" \t\r\n") for value in values]
        return author.is_ascii and read_sender(fields, utf8=False).address == author
    return read_sender(fields).address == author


def _keys(questions: Questions) -> Callable[..., bytes | None]:
    def key(name: bytes, timeout: int = 0) -> bytes | None:
        texts = questions.texts(name.decode("ascii"))
        if len(texts) != 1 or _is_test(texts[0]):
            return None
        return texts[0]

    return key


def _is_test(record: bytes) -> bool:
    """RFC 6376 §3.6.1, t=y: a mail so signed is to be treated like one that is not."""
    tags = dict(tag.strip().partition(b"=")[::2] for tag in record.split(b";"))
    return b"y" in [flag.strip() for flag in tags.get(b"t", b"").split(b":")]
