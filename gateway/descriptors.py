"""File descriptors: a process that runs out of them stops taking mail, so what the settings allow must fit.

Asked by the wiring before anything starts. Every connection is one descriptor, and a large mail on its way in is a
file besides.
"""

from __future__ import annotations

import resource

from gateway.core.errors import ConfigurationError
from gateway.roles import Role
from gateway.settings import Settings
from gateway.web import server as web
from inbound import sockets

RESERVE = 128
"""For the database, the reader process, blobs being read, the log: what is open besides connections."""


def raise_limit() -> int:
    """Takes as many descriptors as the system lets this process have; returns how many. Never raises."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):
            return soft
    return hard


def require(settings: Settings, roles: tuple[Role, ...], limit: int) -> None:
    """Raises ConfigurationError where the connections that these roles may have do not fit into `limit`."""
    wanted = _wanted(settings, roles)
    total = sum(wanted.values())
    # Without a limit the system says so by a negative number.
    if 0 <= limit < total:
        parts = ", ".join(f"{number} for {what}" for what, number in wanted.items())
        key = "smtp.connections" if Role.LISTENER in roles else "web.connections"
        mend = (
            "raise the limit (LimitNOFILE= in a unit of systemd, ulimit -n) or lower smtp.connections, web.connections"
        )
        raise ConfigurationError([(key, f"{total} file descriptors are wanted ({parts}), {limit} are allowed: {mend}")])


def _wanted(settings: Settings, roles: tuple[Role, ...]) -> dict[str, int]:
    """How many at most, by what they are for. Whoever is refused or gives way is closed a moment later."""
    wanted = {"everything else": RESERVE}
    if Role.LISTENER in roles:
        for name, listen in (("smtp", settings.smtp.listen), ("lmtp", settings.lmtp.listen)):
            if listen:
                wanted[name] = 2 * (settings.smtp.connections + sockets.BACKLOG)
    if Role.SENDER in roles:
        wanted["relay"] = settings.relay.connections
    if Role.WEB in roles and settings.web.listen:
        wanted["web"] = settings.web.connections + 2 * web.BACKLOG
    return wanted
