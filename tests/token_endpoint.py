"""Who gives out access tokens, for tests: an endpoint of OAuth 2.0 on loopback, and where a server asks about them.

`answer` may be told to refuse; every question is remembered. RFC 6749 §4.4, §6; introspection after RFC 7662.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class TokenEndpoint:
    """Listens until `stop`. Tokens are good until `revoke`."""

    def __init__(self, username: str) -> None:
        self.username = username
        self.questions: list[dict[str, str]] = []
        self.lifetime: object = 3600
        self.refresh_token = ""
        self.refusal: tuple[int, str] | None = None
        self._good: set[str] = set()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                words = {key: values[0] for key, values in parse_qs(self.rfile.read(length).decode()).items()}
                self.say(*endpoint.answer(words))

            def do_GET(self) -> None:
                bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
                self.say(200, json.dumps({"active": bearer in endpoint._good, "username": endpoint.username}))

            def say(self, code: int, text: str) -> None:
                self.send_response(code)
                if code == 302:
                    self.send_header("Location", endpoint.url + "?elsewhere")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where tokens are asked for, and about."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/token"

    def answer(self, words: dict[str, str]) -> tuple[int, str]:
        """What is said to a question."""
        self.questions.append(words)
        if self.refusal:
            return self.refusal
        token = f"token-{len(self.questions)}"
        self._good.add(token)
        told: dict[str, object] = {"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime}
        if self.refresh_token:
            told["refresh_token"] = self.refresh_token
        return 200, json.dumps(told)

    def revoke(self) -> None:
        """No token given so far is good any more."""
        self._good.clear()

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
