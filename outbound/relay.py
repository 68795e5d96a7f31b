"""The relay as the administrator describes it, and what a session needs to know to reach it.

Made by the wiring from the settings, taken by the pool in outbound/client.py.
"""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from gateway.core.errors import ConfigurationError
from outbound.connection import Timeouts
from outbound.handshake import Credentials, Peer

_HOSTNAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[A-Za-z0-9:.]+\]")


class Security(StrEnum):
    """How the way to the relay is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class RelayConfig:
    """The relay as the administrator describes it."""

    host: str
    port: int
    hostname: str
    """Our name in EHLO."""
    security: Security = Security.NONE
    username: str = ""
    password: str = field(default="", repr=False)
    connections: int = 4
    max_mails_per_session: int = 1000
    ca_file: Path | None = None
    """PEM certificates to trust instead of the system's."""
    timeouts: Timeouts = field(default_factory=Timeouts)


def make_peer(config: RelayConfig) -> Peer:
    """What a session is opened with. Raises ConfigurationError, every mistake at once."""
    mistakes = []
    if config.username and config.security is Security.NONE:
        mistakes.append(("relay.security", 'a password needs "starttls" or "tls"'))
    if not _HOSTNAME.fullmatch(config.hostname):
        mistakes.append(("relay.hostname", "a host name or an address literal, as EHLO says it"))
    if config.connections < 1:
        mistakes.append(("relay.connections", "at least 1"))
    context = None
    if config.security is not Security.NONE:
        try:
            context = ssl.create_default_context(cafile=config.ca_file)
        except OSError as error:
            mistakes.append(("relay.ca_file", f"cannot be read: {describe(error)}"))
    if mistakes:
        raise ConfigurationError(mistakes)
    return Peer(
        host=config.host,
        port=config.port,
        hostname=config.hostname,
        context=context,
        upgrade=config.security is Security.STARTTLS,
        credentials=Credentials(config.username, config.password) if config.username else None,
    )


def describe(error: Exception) -> str:
    """Why nobody could be reached, in a few words for the row and the log."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "time-out"
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__
