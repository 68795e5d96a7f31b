"""The HTTP door: GET shows, POST acts (I12); no cookie, no script, nothing from elsewhere.

Built by gateway.app, which hands in everything it knows: the store, the keys, a way to render a page.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol
from urllib.parse import quote

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.core.clock import utc_now
from gateway.core.community import Community
from gateway.core.errors import StoreError
from gateway.core.post import StoredFile
from gateway.core.token import KeyRing, Purpose
from gateway.observe import Metrics, Readiness
from gateway.web import unsubscribe
from gateway.web.connections import Connections
from gateway.web.unsubscribe import Asked, Wish
from store import posts
from store.blobs import Blobs
from store.database import Database

log = structlog.get_logger(__name__)

BACKLOG = 64
"""So many connections may come in at one moment, beyond those that are counted."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_SAFE_TO_SHOW = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"))


class RenderPage(Protocol):
    """Renders templates/web/<name>.html in the language of a locale."""

    def __call__(self, name: str, locale: str, **words: str) -> str: ...


@dataclass(frozen=True, slots=True)
class WebSetup:
    """What the web role is made of."""

    database: Database
    blobs: Blobs
    keys: KeyRing
    metrics: Metrics
    readiness: Callable[[], Readiness]
    dead: Callable[[], Sequence[str]]
    """The parts of this process that ended by themselves."""
    render: RenderPage
    managers: Callable[[Community | None], str]
    """The address where a human answers for a community."""
    network: str
    """What the network is called."""
    locale: str
    """Of pages for nobody in particular."""
    connections: int
    """At a time."""


class Web:
    """The pages, and the server that serves them on the running event loop."""

    def __init__(self, setup: WebSetup) -> None:
        self._setup = setup
        self._server: uvicorn.Server | None = None
        self.app = Starlette(
            routes=[
                Route("/u/{token}", self._unsubscribe, methods=["GET", "POST"]),
                Route("/files/{token}", self._file, methods=["GET"]),
                Route("/healthz", self._healthz, methods=["GET"]),
                Route("/readyz", self._readyz, methods=["GET"]),
                Route("/metrics", self._metrics, methods=["GET"]),
            ],
            exception_handlers={
                404: self._not_found,
                HTTPException: self._refused,
                StoreError: self._trouble,
                Exception: self._trouble,
            },
        )
        # A link with a slash too many is no link of ours: nothing here ever redirects (RFC 8058 §3.1).
        self.app.router.redirect_slashes = False

    async def serve(self, sockets: Sequence[socket.socket]) -> None:
        """Serves on these bound sockets until stop(), then closes them."""
        connections = Connections(self._setup.connections, asyncio.get_running_loop().time)
        config = uvicorn.Config(
            self.app,
            http=partial(_Connection, connections),  # type: ignore[arg-type]  # It is called, and so need not be a class.
            ws="none",
            backlog=BACKLOG,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
        )
        self._server = _Server(config)
        patrol = asyncio.create_task(connections.patrol())
        try:
            await self._server.serve(list(sockets))
        finally:
            patrol.cancel()

    def stop(self) -> None:
        """Lets requests under way finish, then ends serve()."""
        if self._server is not None:
            self._server.should_exit = True

    async def _unsubscribe(self, request: Request) -> Response:
        wish = unsubscribe.read_wish(self._setup.keys, request.path_params["token"])
        if wish is None:
            return await self._not_found(request, None)
        acts = request.method == "POST"
        asked = await run_in_threadpool(self._act if acts else self._look, wish)
        if asked is None:
            return await self._not_found(request, None)
        managers = self._setup.managers(asked.community)
        if asked.community is None:
            page = "silenced" if acts else "silence"
            return self._page(page, asked.locale, cadence=str(asked.cadence), managers=managers)
        page = "left" if acts else "leave"
        return self._page(page, asked.locale, community=asked.community.name, managers=managers)

    def _look(self, wish: Wish) -> Asked | None:
        return unsubscribe.look(self._setup.database, wish)

    def _act(self, wish: Wish) -> Asked | None:
        return unsubscribe.act(self._setup.database, wish, utc_now())

    async def _file(self, request: Request) -> Response:
        token = self._setup.keys.verify(Purpose.FILE, request.path_params["token"])
        if token is None or len(token.ids) != 2:
            return await self._not_found(request, None)
        found = await run_in_threadpool(self._read_file, *token.ids)
        if found is None:
            return await self._not_found(request, None)
        file, data = found
        plain = file.name.encode("ascii", "replace").decode().replace('"', "'").replace("\\", "_").replace("?", "_")
        headers = {
            **_HEADERS,
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        }
        kind = file.content_type if file.content_type in _SAFE_TO_SHOW else "application/octet-stream"
        return Response(data, headers=headers, media_type=kind)

    def _read_file(self, attachment_id: int, person_id: int) -> tuple[StoredFile, bytes] | None:
        # The link was made for one person: the right to read is theirs, and is looked up at each use (I11).
        with self._setup.database.reading() as tx:
            file = posts.file_for(tx, attachment_id, person_id)
        if file is None:
            return None
        return file, self._setup.blobs.read(file.sha256)

    async def _healthz(self, request: Request) -> Response:
        dead = self._setup.dead()
        words = f"ended by itself: {', '.join(dead)}" if dead else "ok"
        return Response(f"{words}\n", 503 if dead else 200, media_type="text/plain", headers=_HEADERS)

    async def _readyz(self, request: Request) -> Response:
        readiness = await run_in_threadpool(self._setup.readiness)
        words = json.dumps({"ready": readiness.ready, "troubles": list(readiness.troubles)})
        status = 200 if readiness.ready else 503
        return Response(words + "\n", status, media_type="application/json", headers=_HEADERS)

    async def _metrics(self, request: Request) -> Response:
        page = await run_in_threadpool(self._setup.metrics.page)
        return Response(page, media_type="text/plain; version=0.0.4", headers=_HEADERS)

    async def _not_found(self, request: Request, error: Exception | None) -> Response:
        return self._page("not_found", self._setup.locale, status=404)

    async def _refused(self, request: Request, error: Exception) -> Response:
        """A method that a page does not have."""
        assert isinstance(error, HTTPException)
        headers = {**_HEADERS, **(error.headers or {})}
        return Response(f"{error.detail}\n", error.status_code, media_type="text/plain", headers=headers)

    async def _trouble(self, request: Request, error: Exception) -> Response:
        log.error("web_trouble", path=request.url.path.split("/")[1], trouble=str(error))
        return self._page("trouble", self._setup.locale, status=503)

    def _page(self, name: str, locale: str, *, status: int = 200, **words: str) -> Response:
        html = self._setup.render(name, locale, network=self._setup.network, **words)
        return Response(html, status, media_type="text/html", headers=_HEADERS)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: stopping is gateway.app's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Connection(H11Protocol):
    """uvicorn's connection, which tells of itself: its own bound counts requests, and half of one is none."""

    def __init__(self, connections: Connections, **given: Any) -> None:
        super().__init__(**given)
        self._connections = connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection."""
        super().connection_made(transport)
        if not self._connections.enter(self):
            transport.abort()

    def handle_events(self) -> None:
        """Octets came in: perhaps the end of a request head."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._connections.begin(self)

    def on_response_complete(self) -> None:
        """The answer is written; a request that came in behind it is begun at once."""
        self._connections.rest(self)
        super().on_response_complete()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self._connections.leave(self)
        super().connection_lost(error)

    def cut(self) -> None:
        """Without a word: who has not asked anything hears nothing."""
        self.transport.abort()
