"""What must hold before anything starts: every mistake is looked for, and all are named at once.

Used by the wiring. A mistake that is found at start costs a minute, one that is found by a mail costs the mail a day.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from types import TracebackType

from gateway.core.errors import ConfigurationError


class Mistakes:
    """Gathers what ConfigurationErrors say: `with mistakes:` around each thing to try, then `raise_all()`."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, ConfigurationError):
            return False
        self.found += [mistake for mistake in error.mistakes if mistake not in self.found]
        return True

    def raise_all(self) -> None:
        """Raises one ConfigurationError of all that was found, if anything was."""
        if self.found:
            raise ConfigurationError(self.found)


def host_and_port(listen: str) -> tuple[str, int]:
    """The parts of "HOST:PORT" or "[::1]:PORT"."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def require_free(key: str, listen: str) -> None:
    """Raises ConfigurationError where "HOST:PORT", "[::1]:PORT" or "unix:/PATH" cannot be listened on just now."""
    if listen.startswith("unix:"):
        try:
            _require_folder(listen.removeprefix("unix:"))
        except OSError as error:
            raise ConfigurationError([(key, cannot_listen(listen, error))]) from error
        return
    for held in bound(key, listen):
        held.close()


def bound(key: str, listen: str) -> list[socket.socket]:
    """Sockets bound to each address that "HOST:PORT" stands for, to be listened on. Raises ConfigurationError."""
    sockets: list[socket.socket] = []
    try:
        host, port = host_and_port(listen)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            if family == socket.AF_INET6 and len(found) > 1 and not socket.has_ipv6:
                continue
            held = socket.socket(family, kind, protocol)
            sockets.append(held)
            # As every server does: a port whose last connections are just being forgotten is free.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            held.bind(address)
    except (OSError, UnicodeError) as error:
        for held in sockets:
            held.close()
        raise ConfigurationError([(key, cannot_listen(listen, error))]) from error
    return sockets


def cannot_listen(listen: str, error: OSError | ValueError) -> str:
    """What keeps us from listening there, in words for the administrator."""
    words = str(error)
    if isinstance(error, OSError):
        # The event loop adds words of its own; what a name server says has no number of the system.
        words = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or words
    return f"cannot listen at {listen}: {words[:1].lower()}{words[1:]}"


def _require_folder(path: str) -> None:
    folder = Path(path).parent
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"the folder {folder} cannot be written to")
