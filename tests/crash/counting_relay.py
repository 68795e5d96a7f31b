"""A relay that counts: what it took, for whom, under which names. One thread a connection, nothing kept but figures."""

from __future__ import annotations

import re
import socketserver
import threading
from collections import Counter
from contextlib import suppress

_NUMBER = re.compile(rb"^Subject:.*?mail-(\d+)", re.MULTILINE | re.DOTALL)
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.MULTILINE | re.IGNORECASE)


class CountingRelay:
    """Listens on a free loopback port from its birth to stop()."""

    def __init__(self) -> None:
        self.copies: Counter[tuple[int, str]] = Counter()
        """By (number of the mail, recipient)."""
        self.names: dict[tuple[int, str], set[bytes]] = {}
        """The Message-IDs and reverse-paths under which they came."""
        self._lock = threading.Lock()
        relay = self

        class Session(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self) -> None:
                with suppress(ConnectionError):
                    _talk(self, relay)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Session)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def stop(self) -> None:
        """Takes nothing any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, reverse_path: bytes, forward_path: bytes, data: bytes) -> None:
        """One copy, to be answered with 250."""
        head = data.partition(b"\r\n\r\n")[0]
        number, message_id = _NUMBER.search(head), _MESSAGE_ID.search(head)
        assert number and message_id, head
        key = (int(number[1]), forward_path.decode())
        with self._lock:
            self.copies[key] += 1
            self.names.setdefault(key, set()).add(message_id[1] + b" " + reverse_path)


def _talk(session: socketserver.StreamRequestHandler, relay: CountingRelay) -> None:
    say, lines = session.wfile.write, session.rfile
    say(b"220 relay.test\r\n")
    reverse_path = forward_path = b""
    while line := lines.readline():
        match line[:4].upper():
            case b"EHLO":
                say(b"250-relay.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            case b"MAIL":
                reverse_path = line.partition(b"<")[2].partition(b">")[0]
                say(b"250 2.1.0 ok\r\n")
            case b"RCPT":
                forward_path = line.partition(b"<")[2].partition(b">")[0]
                say(b"250 2.1.5 ok\r\n")
            case b"DATA":
                say(b"354 go ahead\r\n")
                data = b""
                while (part := lines.readline()) != b".\r\n":
                    if not part:
                        return
                    data += part
                relay.take(reverse_path, forward_path, data)
                say(b"250 2.0.0 taken\r\n")
            case b"QUIT":
                say(b"221 2.0.0 bye\r\n")
                return
            case _:
                say(b"250 2.0.0 ok\r\n")
