"""Mail addresses: a strict addr-spec, its canonical form, its subaddress.

Called at every edge where an address comes in (envelope, From, CSV, command line). Two spellings of one mailbox have
one canonical form; anything doubtful is refused, because a lenient address parser is how strangers become colleagues.
RFC 5321 §4.1.2 (grammar, no quoted local parts and no literals for people), RFC 6531 (UTF-8), RFC 5891 (IDNA2008).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import idna

_ATEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")
MAX_LOCAL_OCTETS = 64
MAX_DOMAIN_OCTETS = 255


class AddressError(ValueError):
    """The text is not one plain address. The message says why, in words fit for a log."""


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox in canonical form: local part as written (NFC), domain as lower-case A-labels."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def key(self) -> str:
        """What two spellings of one mailbox share: the form under which people are stored and compared.

        Only ASCII letters are folded: Unicode case folding would make `bıb` into `bib` (RFC 6532 §3.1).
        """
        return f"{_ascii_lower(self.local)}@{self.domain}"

    @property
    def is_ascii(self) -> bool:
        """False where handing this address on needs SMTPUTF8 (RFC 6531 §3.2)."""
        return self.local.isascii()

    def split(self, separator: str) -> tuple[str, str | None]:
        """(base, detail) of the local part, both ASCII-lower; detail is None without a separator (RFC 5233)."""
        base, found, detail = _ascii_lower(self.local).partition(separator)
        return (base, detail) if found and base else (_ascii_lower(self.local), None)


@dataclass(frozen=True, slots=True)
class Ours:
    """What makes an address the gateway's own, and therefore nobody's: who writes to it writes to us."""

    domain: str
    """"" for none."""
    separator: str = "+"
    mailboxes: frozenset[str] = frozenset()
    """The address keys of mailboxes elsewhere that mail to us is picked up from."""

    def holds(self, key: str) -> bool:
        """Whether this address, perhaps with a subaddress, is one of them."""
        local, _, domain = key.rpartition("@")
        return domain == self.domain or f"{local.partition(self.separator)[0]}@{domain}" in self.mailboxes


@lru_cache(maxsize=4096)
def parse(text: str) -> Address:
    """The address that `text` is, whole: no display name, no comment, no quoting, no route, no literal.

    Raises AddressError.
    """
    local, at, domain = text.rpartition("@")
    if not at:
        raise AddressError("no @")
    return Address(_local(local), canonical_domain(domain))


@lru_cache(maxsize=4096)
def canonical_domain(text: str) -> str:
    """The domain as lower-case A-labels (UTS-46 mapping, IDNA2008). Raises AddressError."""
    domain = text.lower() if text.isascii() else _to_ascii(text)
    if not domain or len(domain) > MAX_DOMAIN_OCTETS:
        raise AddressError("domain empty or longer than 255 octets")
    labels = domain.split(".")
    if not all(_LABEL.match(label) for label in labels):
        raise AddressError("domain has an impossible label")
    if labels[-1].isdigit():
        raise AddressError("an IP address is not a mail domain")
    if any(label.startswith("xn--") for label in labels):
        _check_a_labels(domain)
    return domain


def _local(text: str) -> str:
    local = unicodedata.normalize("NFC", text)
    if not local or len(local.encode("utf-8", "surrogatepass")) > MAX_LOCAL_OCTETS:
        raise AddressError("local part empty or longer than 64 octets")
    # Letters, marks and digits of any script may stand where ASCII atext may; everything invisible may not.
    skeleton = "".join("x" if _is_utf8_atext(c) else c for c in local)
    if not _ATEXT.match(skeleton):
        raise AddressError("local part is not a dot-atom")
    return local


def _is_utf8_atext(character: str) -> bool:
    return character > "\x7f" and unicodedata.category(character)[0] in "LMN"


def _to_ascii(text: str) -> str:
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise AddressError(f"not a domain under IDNA2008: {error}") from error


def _check_a_labels(domain: str) -> None:
    try:
        idna.decode(domain)
    except (idna.IDNAError, UnicodeError) as error:
        raise AddressError(f"not an IDNA2008 A-label: {error}") from error


def _ascii_lower(text: str) -> str:
    return text.lower() if text.isascii() else "".join(c.lower() if c.isascii() else c for c in text)
