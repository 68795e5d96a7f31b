"""One HTTP request to an ASGI application in this process, without a socket."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are lower-case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def text(self) -> str:
        """The body, UTF-8."""
        return self.body.decode()

    def header(self, name: str) -> str:
        """The one value of that header; "" where there is none."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) < 2, values
        return values[0] if values else ""


async def ask(app: ASGIApp, method: str, path: str, body: bytes = b"", query: bytes = b"") -> Answer:
    """Sends one request and waits for the whole answer. An exception of the application passes through."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(b"host", b"relais.example.org"), (b"content-type", b"application/x-www-form-urlencoded")],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 40000),
    }
    messages: list[MutableMapping[str, Any]] = []
    unread = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        return unread.pop() if unread else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    await app(scope, receive, send)
    start, *rest = messages
    headers = tuple((key.decode().lower(), value.decode()) for key, value in start["headers"])
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in rest))
