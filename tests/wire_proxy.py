"""A wire that can be cut: a TCP proxy before some server, for what networks and servers do to those who wait.

Each connection is two threads. `edit` sees what the server says; `cut_after` ends a connection after so many octets of
it, one number for each connection, and none for those after.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class WireProxy:
    """Listens on `port` of 127.0.0.1 until `stop`."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.connections = 0
        self.cut_after: list[int] = []
        self.edit: Callable[[bytes], bytes] = lambda data: data
        self._flowing = threading.Event()
        self._flowing.set()
        self._left: int | None = None
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._stopped = False
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        """From now on nothing gets through, and nobody is told."""
        self._flowing.clear()

    def freeze_after(self, octets: int) -> None:
        """The same, once the server has said so much more."""
        self._left = octets

    def is_frozen(self) -> bool:
        """Whether nothing gets through."""
        return not self._flowing.is_set()

    def thaw(self) -> None:
        """New connections get through again; what was frozen is cut."""
        self.cut()
        self._flowing.set()

    def cut(self) -> None:
        """Ends all connections."""
        for pair in self._pairs:
            _end(pair)
        self._pairs.clear()

    def stop(self) -> None:
        """Ends everything."""
        self._stopped = True
        self._flowing.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        while not self._stopped:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._upstream), timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self.connections += 1
            limit = self.cut_after.pop(0) if self.cut_after else None
            pair = (client, server)
            self._pairs.append(pair)
            threading.Thread(target=self._pump, args=(client, server, pair, None, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, pair, limit, True), daemon=True).start()

    def _pump(
        self,
        source: socket.socket,
        target: socket.socket,
        pair: tuple[socket.socket, socket.socket],
        limit: int | None,
        edited: bool,
    ) -> None:
        left = limit
        with suppress(OSError):
            while data := source.recv(65_536):
                if edited and self._left is not None:
                    self._left -= len(data)
                    if self._left <= 0:
                        self._left = None
                        self.freeze()
                self._flowing.wait()
                data = self.edit(data) if edited else data
                if left is not None:
                    data, left = data[:left], left - len(data)
                target.sendall(data)
                if left is not None and left <= 0:
                    break
        _end(pair)


def _end(pair: tuple[socket.socket, socket.socket]) -> None:
    for end in pair:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
