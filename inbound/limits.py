"""What a listener is told: where it listens, whom it trusts, how much of everything it bears.

Built by the wiring from settings.toml ([smtp], [lmtp], [authentication]); `Turnstile` counts who is inside.
Trusted peers and LMTP are exempt from the limits per peer, the mails per session and the wait before the greeting,
from nothing else.
"""

from __future__ import annotations

import ssl
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from gateway.core.reply import Reply

Network: TypeAlias = IPv4Network | IPv6Network

UNIX_PEER = "unix"

_FULL = Reply(421, "4.3.2", "Too many connections, try again later")
_FULL_FOR_PEER = Reply(421, "4.7.0", "Too many connections from your address, try again later")


class Protocol(StrEnum):
    """What is spoken on a socket."""

    SMTP = "smtp"
    LMTP = "lmtp"


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit by the name it has in settings.toml. Times are seconds, sizes octets."""

    connections: int = 500
    connections_per_peer: int = 50
    recipients: int = 100
    mails_per_session: int = 20
    commands_without_mail: int = 100
    """Commands other than RCPT, DATA and QUIT since the last accepted mail."""
    errors: int = 20
    """Permanent refusals since the last accepted mail."""
    session_s: float = 1800
    """Counts between transactions: a mail that is coming in is cut by `min_rate` alone (RFC 5321 §4.5.3.2)."""
    idle_s: float = 300
    tls_s: float = 30
    min_rate: int = 100
    """Octets a second, over each `min_rate_window_s` of a mail coming in."""
    min_rate_window_s: float = 60
    banner_delay_s: float = 1.0
    header_bytes: int = 262_144


@dataclass(frozen=True, slots=True)
class ListenerConfig:
    """One socket. `listen` is "host:port", "[::1]:port" or "unix:/path"; `domain` is the one we take mail for.

    Raises ValueError for LMTP on port 25 (RFC 2033 §5).
    """

    protocol: Protocol
    listen: str
    hostname: str
    domain: str
    max_message_bytes: int = 52_428_800
    tls: ssl.SSLContext | None = None
    trusted_peers: tuple[Network, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.protocol is Protocol.LMTP and self.unix_path is None and self.host_and_port[1] == 25:
            raise ValueError("LMTP is not spoken on port 25")

    @property
    def unix_path(self) -> str | None:
        """The path of a Unix socket, None for TCP."""
        return self.listen.removeprefix("unix:") if self.listen.startswith("unix:") else None

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Of a TCP socket. Raises ValueError where `listen` is not "host:port"."""
        host, _, port = self.listen.rpartition(":")
        return host.removeprefix("[").removesuffix("]"), int(port)

    def trusts(self, peer: str) -> bool:
        """True for a peer whose Authentication-Results count. A Unix socket is as good as loopback, no better."""
        address = ip_address("127.0.0.1" if peer == UNIX_PEER else peer)
        return any(address in network for network in self.trusted_peers)

    def exempts(self, peer: str) -> bool:
        """True for a peer that may send as many mails over as many connections as it likes, at once."""
        return self.protocol is Protocol.LMTP or self.trusts(peer)


def peer_of(peername: object) -> str:
    """The IP address in a socket's peer name, plain IPv4 where it was mapped into IPv6; "unix" for a Unix socket."""
    if not isinstance(peername, tuple) or not peername:
        return UNIX_PEER
    address = ip_address(str(peername[0]).partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


class Turnstile:
    """Counts the connections inside, all together and per peer (for IPv6 per /64, which is one customer)."""

    def __init__(self, config: ListenerConfig) -> None:
        self._config = config
        self._inside: Counter[str] = Counter()
        self._total = 0

    def enter(self, peer: str) -> Reply | None:
        """Let a connection in, or say why not. Whoever was let in must leave() once."""
        limits, place = self._config.limits, _place(peer)
        if self._total >= limits.connections:
            return _FULL
        if self._inside[place] >= limits.connections_per_peer and not self._config.exempts(peer):
            return _FULL_FOR_PEER
        self._total += 1
        self._inside[place] += 1
        return None

    def leave(self, peer: str) -> None:
        """The connection is gone."""
        place = _place(peer)
        self._total -= 1
        self._inside[place] -= 1
        if not self._inside[place]:
            del self._inside[place]


def _place(peer: str) -> str:
    return str(ip_network(f"{peer}/64", strict=False)) if ":" in peer else peer
