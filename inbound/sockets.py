"""The socket of a listener: "host:port" or "unix:/path", opened, named and taken away again.

Used by the listener, which says what is spoken on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from inbound.limits import ListenerConfig

BACKLOG = 128
"""So many connections may come in at one moment, beyond those that are counted."""


async def open_socket(config: ListenerConfig, session: Callable[[], asyncio.Protocol]) -> asyncio.Server:
    """Listens. Raises OSError where the address is taken or forbidden, ValueError where it is none."""
    loop = asyncio.get_running_loop()
    path = config.unix_path
    if path is None:
        host, port = config.host_and_port
        return await loop.create_server(session, host, port, backlog=BACKLOG)
    server = await loop.create_unix_server(session, path, backlog=BACKLOG)
    _open_to_others(path)
    return server


def address(server: asyncio.Server | None) -> tuple[str, int]:
    """(host, port) really listened on, (path, 0) for a Unix socket. Raises RuntimeError when not listening."""
    if server is None or not server.sockets:
        raise RuntimeError("not listening")
    name = server.sockets[0].getsockname()
    return (name, 0) if isinstance(name, str) else (name[0], name[1])


def forget(config: ListenerConfig) -> None:
    """Takes the file of a Unix socket away."""
    if config.unix_path is not None:
        Path(config.unix_path).unlink(missing_ok=True)


def _open_to_others(path: str) -> None:
    # The mail server connects as another user; who may come near is what the rights of the folder say.
    Path(path).chmod(0o666)
