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
    """Tries whether we could listen at "HOST:PORT" or "unix:/PATH", accepting nobody. Raises ConfigurationError."""
    try:
        if listen.startswith("unix:"):
            _require_folder(listen.removeprefix("unix:"))
            return
        host, port = host_and_port(listen)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            if family == socket.AF_INET6 and len(found) > 1 and not socket.has_ipv6:
                continue
            with socket.socket(family, kind, protocol) as probe:
                # As every server does: a port whose last connections are just being forgotten is free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
    except OSError as error:
        raise ConfigurationError([(key, cannot_listen(listen, error))]) from error


def cannot_listen(listen: str, error: OSError) -> str:
    """What keeps us from listening there, in words for the administrator."""
    words = error.strerror or str(error)
    return f"cannot listen at {listen}: {words[:1].lower()}{words[1:]}"


def _require_folder(path: str) -> None:
    folder = Path(path).parent
    if not folder.is_dir():
        raise FileNotFoundError(2, f"there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(13, f"the folder {folder} cannot be written to")
