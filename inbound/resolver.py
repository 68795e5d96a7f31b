"""DNS as the verification of authors asks it: within bounds of time and number, and never for ever.

One Resolver lives in each reader process, one Questions is made for each mail. Who sends a mail chooses whom we ask, so
a zone that keeps us waiting is left alone for a minute. The only file that knows dnspython. RFC 7208 §11.1.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

Record: TypeAlias = str | tuple[int, str] | tuple[bytes, ...]
"""A and AAAA: the address; PTR: the name; MX: preference and name; TXT: its strings."""
Ask: TypeAlias = Callable[[str, str, float], tuple[Record, ...]]
"""(name, type, seconds) → the records, () for none. Raises NotAnsweredError."""

MAIL_S = 5.0
"""For all questions about one mail."""
LOOKUP_S = 2.0
MOST = 60
"""Questions about one mail: ten of SPF may take a hundred addresses, and no honest domain comes near."""
_SHUN_S = 60.0
_MOST_SHUNNED = 4096


class NotAnsweredError(Exception):
    """Nobody answered, or not in time: another day the answer may be there."""


class Resolver:
    """Asks name servers, remembers answers as long as they say, and for a minute who gave none."""

    def __init__(self, nameservers: tuple[str, ...] = ()) -> None:
        """`nameservers` as HOST:PORT, numeric; () for those of the system. Raises nothing: a host without any cannot
        be asked, and that is no mail's fault."""
        self._resolver = dns.resolver.Resolver(configure=False)
        if nameservers:
            split = [server.rpartition(":") for server in nameservers]
            self._resolver.nameservers = [
                dns.nameserver.Do53Nameserver(host.strip("[]"), int(port)) for host, _, port in split
            ]
        else:
            try:
                self._resolver.read_resolv_conf("/etc/resolv.conf")
            except dns.resolver.NoResolverConfiguration:
                self._resolver.nameservers = []
        self._resolver.cache = dns.resolver.LRUCache(10_000)
        self._shunned: dict[str, float] = {}

    def ask(self, name: str, kind: str, seconds: float) -> tuple[Record, ...]:
        """The records of that name and type, CNAMEs followed. Raises NotAnsweredError."""
        zone, now = zone_of(name), time.monotonic()
        if self._shunned.get(zone, 0.0) > now:
            raise NotAnsweredError(f"{zone} kept us waiting a moment ago")
        try:
            absolute = dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError):
            return ()
        try:
            answer = self._resolver.resolve(absolute, kind, lifetime=seconds, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return ()
        except dns.exception.DNSException as error:
            if isinstance(error, dns.exception.Timeout):
                self._shun(zone, now)
            raise NotAnsweredError(f"{name}: {type(error).__name__}") from error
        return tuple(record for data in answer.rrset or () for record in _records(data))

    def _shun(self, zone: str, now: float) -> None:
        if len(self._shunned) >= _MOST_SHUNNED:
            self._shunned = {other: until for other, until in self._shunned.items() if until > now}
        if len(self._shunned) < _MOST_SHUNNED:
            self._shunned[zone] = now + _SHUN_S


class Questions:
    """What is asked about one mail: each thing once, so many in all, within MAIL_S."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._until = time.monotonic() + MAIL_S
        self._known: dict[tuple[str, str], tuple[Record, ...] | NotAnsweredError] = {}
        self.unanswered = False
        """Something that was asked had no answer: what was not found may be there."""

    def records(self, name: str, kind: str) -> tuple[Record, ...]:
        """The records of that name and type. Raises NotAnsweredError, also where it is one question too many."""
        key = (name.lower().rstrip("."), kind)
        if key not in self._known:
            self._known[key] = self._fresh(*key)
        found = self._known[key]
        if isinstance(found, NotAnsweredError):
            self.unanswered = True
            raise found
        return found

    def texts(self, name: str) -> list[bytes]:
        """The TXT records of that name, the strings of each joined. Raises NotAnsweredError."""
        return [b"".join(record) for record in self.records(name, "TXT") if _is_text(record)]  # type: ignore[arg-type]

    def _fresh(self, name: str, kind: str) -> tuple[Record, ...] | NotAnsweredError:
        left = self._until - time.monotonic()
        if left <= 0 or len(self._known) >= MOST:
            return NotAnsweredError("too many questions about one mail")
        try:
            return self._ask(name, kind, min(left, LOOKUP_S))
        except NotAnsweredError as error:
            return error


def zone_of(name: str) -> str:
    """About where one owner's names begin: two labels, three below a short second one (co.uk)."""
    labels = name.lower().rstrip(".").split(".")
    return ".".join(labels[-3 if len(labels) > 2 and len(labels[-2]) <= 3 else -2 :])


def _is_text(record: Record) -> bool:
    return isinstance(record, tuple) and all(isinstance(piece, bytes) for piece in record)


def _records(data: object) -> tuple[Record, ...]:
    """What such data says; () of a kind that nobody asks for."""
    match data:
        case A() | AAAA():
            return (str(data.address),)
        case MX():
            return ((int(data.preference), data.exchange.to_text(omit_final_dot=True)),)
        case PTR():
            return (data.target.to_text(omit_final_dot=True),)
        case TXT():
            return (tuple(data.strings),)
        case _:
            return ()
