"""The arguments of EHLO, MAIL and RCPT: strict grammar, plain answers. Pure; called by the listener.

A reverse-path is anything RFC 5321 §4.1.2 allows, kept as text, because bounces must find their way. A forward-path
is one of our own addresses or is refused: no source route, no quoted @, no %-hack relays through us.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from gateway.core import address
from gateway.core.address import Address, AddressError
from gateway.core.reply import Reply

RELAYING = Reply(550, "5.7.1", "We do not relay mail")
_NO_RECIPIENT = Reply(553, "5.1.3", "That is no recipient address")
_UNKNOWN = Reply(550, "5.1.1", "No such address here")
_BAD_PARAMETER = Reply(501, "5.5.4", "Syntax error in the parameters")
_UNKNOWN_PARAMETER = Reply(555, "5.5.4", "Parameter not recognised")

_ARGUMENT = re.compile(r'(FROM|TO): *<((?:[^"<>\\]|"(?:[^"\\]|\\.)*")*)>(?: (.*))?\Z', re.IGNORECASE | re.DOTALL)
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20=\x7f]+))?\Z")
_HELO = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_.])?\Z|\[[A-Za-z0-9.:-]{1,100}\]\Z")
_QUOTED = re.compile(r'("(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*")@(.*)\Z', re.DOTALL)
_ROUTE = re.compile(r"@[A-Za-z0-9.-]+(?:,@[A-Za-z0-9.-]+)*:")
_DIGITS = re.compile(r"[0-9]{1,20}\Z")


def is_helo(name: str) -> bool:
    """True for a host name or address literal that can stand in a Received field (RFC 5321 §4.1.1.1)."""
    return bool(_HELO.match(name))


def split_argument(argument: str, keyword: str) -> tuple[str, str] | None:
    """(path, parameters) of "FROM:<path> parameters" or "TO:<path> …", None where it is neither."""
    match = _ARGUMENT.match(argument)
    if match is None or match[1].upper() != keyword:
        return None
    return match[2], match[3] or ""


def parameters(text: str, known: frozenset[str]) -> dict[str, str] | Reply:
    """ESMTP parameters by upper-case keyword, "" for one without value (RFC 5321 §4.1.2); each may stand once."""
    found: dict[str, str] = {}
    for word in text.split():
        match = _PARAMETER.match(word)
        if match is None or match[1].upper() in found:
            return _BAD_PARAMETER
        keyword = match[1].upper()
        if keyword not in known:
            return _UNKNOWN_PARAMETER
        found[keyword] = match[2] or ""
    return found


def mail_parameters(text: str, extended: bool, max_octets: int) -> dict[str, str] | Reply:
    """The parameters of MAIL, checked: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531); none after HELO."""
    found = parameters(text, frozenset({"SIZE", "BODY", "SMTPUTF8"}) if extended else frozenset())
    if isinstance(found, Reply):
        return found
    if "SIZE" in found:
        if not _DIGITS.match(found["SIZE"]):
            return _BAD_PARAMETER
        if int(found["SIZE"]) > max_octets:
            return Reply(552, "5.3.4", f"Message larger than {max_octets} octets")
    if "BODY" in found and found["BODY"].upper() not in ("7BIT", "8BITMIME"):
        return _UNKNOWN_PARAMETER
    if found.get("SMTPUTF8"):
        return _BAD_PARAMETER
    return found


@lru_cache(maxsize=4096)
def reverse_path(text: str) -> str | None:
    """The reverse-path as canonical text, "" for the null one; None where it is malformed (RFC 5321 §4.1.2)."""
    # A source route is accepted and ignored (RFC 5321 appendix C).
    route = _ROUTE.match(text)
    text = text[route.end() :] if route else text
    if not text:
        return None if route else ""
    try:
        if text.startswith('"'):
            return _quoted_path(text)
        local, _, domain = text.rpartition("@")
        if domain.startswith("["):
            # The local part obeys the same grammar whatever stands after the @.
            return f"{address.parse(f'{local}@literal.invalid').local}@{_literal(domain)}"
        return str(address.parse(text))
    except (AddressError, AddressValueError):
        return None


@lru_cache(maxsize=4096)
def forward_path(text: str, domain: str) -> Address | Reply:
    """The address of ours that `text` names, or the refusal. `domain` is ours, canonical."""
    if text.lower() == "postmaster":
        return Address("postmaster", domain)
    if text.startswith("@"):
        return RELAYING
    quoted = _QUOTED.match(text)
    local, at, host = ("", "", "") if quoted else text.rpartition("@")
    if quoted:
        local, at, host = re.sub(r"\\(.)", r"\1", quoted[1][1:-1]), "@", quoted[2]
    if not at or not local or not host:
        return _NO_RECIPIENT
    if host.startswith("[") or any(sign in local for sign in "@%!"):
        return RELAYING
    try:
        if address.canonical_domain(host) != domain:
            return RELAYING
        return address.parse(f"{local}@{host}")
    except AddressError:
        return _UNKNOWN if quoted else _NO_RECIPIENT


def _quoted_path(text: str) -> str:
    match = _QUOTED.match(text)
    if match is None or len(match[1].encode()) > address.MAX_LOCAL_OCTETS:
        raise AddressError("quoted local part malformed or longer than 64 octets")
    domain = _literal(match[2]) if match[2].startswith("[") else address.canonical_domain(match[2])
    return f"{match[1]}@{domain}"


def _literal(text: str) -> str:
    """An address literal (RFC 5321 §4.1.3). Raises AddressValueError or AddressError."""
    if not text.endswith("]"):
        raise AddressError("address literal without its bracket")
    inner = text[1:-1]
    if inner[:5].upper() == "IPV6:":
        return f"[IPv6:{IPv6Address(inner[5:])}]"
    return f"[{IPv4Address(inner)}]"
