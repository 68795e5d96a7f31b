"""A headless Chromium that a test drives: it opens pages, runs their scripts, and its keys are really typed.

Spoken over W3C WebDriver, which is JSON over HTTP to the driver that comes with the browser: no library is needed.
"""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

_PATIENCE_S = 20.0
_KEYS = {"\n": "\ue007"}
"""What the driver calls the keys that make no sign: Enter."""


class BrowserError(Exception):
    """The driver could not do what it was told; the text is its own."""


class Browser:
    """One window of one person who reads in `language`. Ends with `close`."""

    def __init__(self, driver: str, chromium: str, folder: Path, language: str) -> None:
        port = free_port()
        # The browser's log is none of ours, but a full pipe would stop it.
        self._process = subprocess.Popen(
            [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._base = f"http://127.0.0.1:{port}"
        words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        options = {
            "binary": chromium,
            "args": [*words, "--window-size=1200,1600", f"--user-data-dir={folder}", f"--accept-lang={language}"],
            "prefs": {"intl.accept_languages": language},
        }
        # A half-written mail would ask whether to leave its page: the person leaves.
        wanted = {"goog:chromeOptions": options, "unhandledPromptBehavior": "accept"}
        try:
            await_port(port, self._process)
            answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        except BaseException:
            self._end()
            raise
        assert isinstance(answer, dict)
        self._base += f"/session/{answer['sessionId']}"

    def close(self) -> None:
        """Closes the window and ends the driver."""
        with suppress(BrowserError, URLError):
            self._call("DELETE", "")
        self._end()

    def open(self, url: str) -> None:
        """Goes to a page and waits until it is loaded."""
        self._call("POST", "/url", {"url": url})

    def run(self, script: str, *values: object) -> object:
        """What this body of a function returns in the page; `values` are its `arguments`."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(values)})

    def wait(self, condition: str) -> None:
        """Waits until this expression is true in the page. Raises BrowserError."""
        ends = time.monotonic() + _PATIENCE_S
        while not self.run(f"return Boolean({condition})"):
            if time.monotonic() > ends:
                raise BrowserError(f"never true: {condition}")
            time.sleep(0.05)

    def press(self, text: str) -> None:
        """Types this where the caret is, key by key; a line end is the Enter key."""
        keys = [_KEYS.get(sign, sign) for sign in text]
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def enter(self, frame: str = "") -> None:
        """Goes into the frame of this CSS selector; back to the whole page without one."""
        self._call("POST", "/frame", {"id": self._find(frame) if frame else None})

    def picture(self, file: Path) -> None:
        """Writes what the window shows, as PNG."""
        shown = self._call("GET", "/screenshot")
        assert isinstance(shown, str)
        file.write_bytes(base64.b64decode(shown))

    def _find(self, selector: str) -> object:
        return self._call("POST", "/element", {"using": "css selector", "value": selector})

    def _call(self, method: str, path: str, body: dict[str, object] | None = None) -> object:
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = Request(self._base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urlopen(request, timeout=3 * _PATIENCE_S) as answer:
                return json.load(answer)["value"]
        except HTTPError as error:
            with error:
                raise BrowserError(error.read().decode("utf-8", "replace")[:1000]) from error

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(_PATIENCE_S)


def free_port() -> int:
    """One that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def await_port(port: int, process: subprocess.Popen[bytes], words: Sequence[str] = ()) -> None:
    """Waits until this program listens there. Raises BrowserError where it ends before or never does."""
    ends = time.monotonic() + _PATIENCE_S
    while time.monotonic() < ends and process.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise BrowserError(f"{process.args!r} does not listen: {' '.join(words)}")
