"""Whether the world has what it asks for of who sends: MX, SPF, DKIM, DMARC and PTR in the DNS.

Checks of `relais doctor`, run by gateway.diagnosis. Pure but for the questions to the DNS.
RFC 5321 §5.1, RFC 7208, RFC 6376 §3.6, RFC 7489; Gmail, Yahoo and Microsoft refuse bulk mail without them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path

from gateway.finding import State
from gateway.settings import Settings
from inbound.resolver import Ask
from outbound.dkim import Signer

# RFC 2606 and RFC 6761: names that mean nothing in the world.
_RESERVED = re.compile(
    r"(?:^|\.)(?:localhost|test|invalid|example(?:\.(?:com|net|org))?|local|internal)$", re.IGNORECASE
)
_SHOWN = 120

_PATIENCE_S = 4.0

Verdict = tuple[State, str]


class Names:
    """What the DNS has under a name, [] where it has nothing. Each question raises NotAnsweredError."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def texts(self, name: str) -> list[str]:
        """The TXT records, the strings of each joined (RFC 7208 §3.3)."""
        found = self._ask(name, "TXT", _PATIENCE_S)
        return [b"".join(s for s in record if isinstance(s, bytes)).decode("utf-8", "replace") for record in found]

    def mail_exchangers(self, name: str) -> list[str]:
        """The hosts of the MX records; "" is the host of a null MX (RFC 7505)."""
        found = self._ask(name, "MX", _PATIENCE_S)
        return [str(record[1]).rstrip(".").lower() for record in found if isinstance(record, tuple)]

    def addresses(self, host: str) -> list[str]:
        """The A and AAAA records."""
        return [str(record) for kind in ("A", "AAAA") for record in self._ask(host, kind, _PATIENCE_S)]

    def pointers(self, address: str) -> list[str]:
        """The names of an IP address (PTR)."""
        name = ipaddress.ip_address(address).reverse_pointer
        return [str(record).rstrip(".").lower() for record in self._ask(name, "PTR", _PATIENCE_S)]


def check_mx(settings: Settings, names: Names) -> Verdict:
    """Where answers and failure reports to our addresses go."""
    domain = settings.gateway.domain
    if _is_private(domain):
        return State.OK, _nothing_to_ask(domain)
    hosts = names.mail_exchangers(domain)
    if hosts == [""]:
        return State.FAIL, f"{domain} has a null MX: it says that it takes no mail"
    if hosts:
        return State.OK, f"mail for {domain} goes to {', '.join(sorted(hosts))}"
    if names.addresses(domain):
        return State.WARN, f"{domain} has no MX: mail for it goes to its address (RFC 5321 §5.1)"
    return State.FAIL, f"{domain} has neither MX nor address: no answer comes back"


def check_spf(settings: Settings, names: Names) -> Verdict:
    """The one SPF record of our reverse-paths. That it names the relay is for a human to see."""
    domain = settings.gateway.domain
    if _is_private(domain):
        return State.OK, _nothing_to_ask(domain)
    found = [text for text in names.texts(domain) if re.match(r"v=spf1(?: |$)", text, re.IGNORECASE)]
    if not found:
        return State.FAIL, f'{domain} has no SPF record: add a TXT record like "v=spf1 ip4:ADDRESS-OF-THE-RELAY -all"'
    if len(found) > 1:
        return State.FAIL, f"{domain} has {len(found)} SPF records, which count as none (RFC 7208 §4.5)"
    terms = found[0].lower().split()[1:]
    if "+all" in terms or "all" in terms:
        return State.FAIL, f"{found[0][:_SHOWN]!r} lets everybody send in our name"
    ends = any(term in ("-all", "~all") or term.startswith("redirect=") for term in terms)
    words = f"{found[0][:_SHOWN]!r}"
    if not ends:
        return State.WARN, f"{words} has no end: write -all behind it, or who else sends in our name is not refused"
    return State.OK, f"{words}: see that it names the relay"


def check_dkim(settings: Settings, names: Names) -> Verdict:
    """That the published key is the one that we sign with."""
    own = settings.dkim
    if not own.domain:
        return State.OK, "nothing to look for: the relay signs, or nobody"
    name = f"{own.selector}._domainkey.{own.domain}"
    if _is_private(own.domain):
        return State.OK, _nothing_to_ask(own.domain)
    wanted = Signer(own.domain, own.selector, Path(own.key_file).read_bytes()).dns_record
    found = names.texts(name)
    if not found:
        return State.FAIL, f"{name} has no record: add the TXT record {wanted!r}"
    if len(found) > 1:
        return State.FAIL, f"{name} has {len(found)} records, and which one counts is open (RFC 6376 §3.6.2.2)"
    tags = _tags(found[0])
    if not tags.get("p"):
        return State.FAIL, f"the key of {name} is revoked: its p= is empty"
    if tags["p"] != _tags(wanted)["p"]:
        return State.FAIL, f"{name} publishes another key than dkim.key_file has: every signature is broken"
    if "y" in tags.get("t", "").split(":"):
        return State.WARN, f"{name} says t=y, for testing: signatures may count for nothing"
    return State.OK, f"{name} publishes our key"


def check_dmarc(settings: Settings, names: Names) -> Verdict:
    """A policy for the domain in From, our own or that of a domain above, and a signature aligned with it."""
    domain = settings.gateway.domain
    if _is_private(domain):
        return State.OK, _nothing_to_ask(domain)
    policy = _find_policy(domain, names)
    if policy is None:
        return State.FAIL, f'no DMARC policy: add a TXT record "v=DMARC1; p=none" at _dmarc.{domain}'
    where, tags = policy
    asked = tags.get("sp", tags.get("p", "")) if where != domain else tags.get("p", "")
    words = f"_dmarc.{where} asks for {asked or 'nothing'}"
    signer = settings.dkim.domain
    if signer and not _aligned(signer, domain, strict=tags.get("adkim", "r") == "s"):
        return State.FAIL, f"{words}, and dkim.domain {signer} is not aligned with From at {domain}"
    return (State.OK if asked else State.WARN), words


def check_ptr(settings: Settings, names: Names) -> Verdict:
    """That each address of the relay has a name which has that address."""
    host = settings.relay.host
    if not host:
        return State.OK, "nothing to look for: relay.host is not set"
    addresses = [host] if _is_address(host) else [] if _is_private(host) else names.addresses(host)
    public = [address for address in addresses if ipaddress.ip_address(address).is_global]
    if not public:
        return State.OK, f"{host} has no public address: see that the one from which mail leaves it has a name (PTR)"
    for address in public:
        pointers = names.pointers(address)
        if not pointers:
            return State.FAIL, f"{address} of {host} has no name (PTR): large providers refuse its mail"
        if not any(address in names.addresses(pointer) for pointer in pointers):
            return State.FAIL, f"{address} is called {pointers[0]}, which has not that address"
    return State.OK, f"{', '.join(public)} of {host} has a name, and the name that address"


CHECKS: tuple[tuple[str, Callable[[Settings, Names], Verdict]], ...] = (
    ("mx", check_mx),
    ("spf", check_spf),
    ("dkim_record", check_dkim),
    ("dmarc", check_dmarc),
    ("ptr", check_ptr),
)


def _find_policy(domain: str, names: Names) -> tuple[str, dict[str, str]] | None:
    """(its domain, its tags): the nearest policy, from the domain upwards, but for top-level domains."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        above = ".".join(labels[start:])
        found = [_tags(text) for text in names.texts(f"_dmarc.{above}") if text.lower().startswith("v=dmarc1")]
        if len(found) == 1:
            return above, found[0]
    return None


def _tags(record: str) -> dict[str, str]:
    """tag=value; tag=value (RFC 6376 §3.2); blanks mean nothing."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): re.sub(r"\s", "", value) for name, _, value in pairs if value}


def _aligned(signer: str, domain: str, *, strict: bool) -> bool:
    return signer == domain or (not strict and (domain.endswith(f".{signer}") or signer.endswith(f".{domain}")))


def _is_private(name: str) -> bool:
    return _RESERVED.search(name) is not None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _nothing_to_ask(domain: str) -> str:
    return f"nothing to look for: {domain} is a name that the world does not know"
