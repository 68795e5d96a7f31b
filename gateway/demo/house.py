"""The gateway of the demo: its settings, its command line and its server, each a process of its own.

Used by the story. Everything lies in one temporary folder; the server is ended by its process id.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from zoneinfo import ZoneInfo

from gateway.core.clock import utc_now
from gateway.demo.company import AUTHSERV_ID

DOMAIN = "relais.example.com"
ZONE = "Europe/Paris"
"""Where the people of the company live."""
_PATIENCE_S = 30.0
_ON_THE_WAY = (("arrivals", "spooled"), ("arrivals", "claimed"), ("deliveries", "pending"), ("deliveries", "deferred"))
_COLUMNS = {
    "people": "email,name,locale,timezone",
    "communities": "address,name,kind,pace,join,post,description",
    "members": "email,community,role,pace",
}


class DemoError(Exception):
    """A step that cannot be gone on from."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the gateway listens, on 127.0.0.1."""

    smtp: int
    lmtp: int
    web: int


def free_ports() -> Ports:
    """Three ports that were free a moment ago."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    found = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return Ports(*found)


class House:
    """One gateway in `folder`, sending to a mail server on `relay_port`."""

    def __init__(self, folder: Path, relay_port: int) -> None:
        self.folder = folder
        self.ports = free_ports()
        self.config = folder / "settings.toml"
        self.log = folder / "relais.log"
        self.daily_at = quiet_hour(utc_now())
        self.config.write_text(_settings(folder, self.ports, relay_port, self.daily_at), "utf-8")
        self._server: Process | None = None

    @property
    def page(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.ports.web}"

    async def relais(self, *words: str) -> str:
        """Runs `relais WORDS` and returns what it printed. Raises DemoError where it ends with anything but 0."""
        process = await asyncio.create_subprocess_exec(
            *self.command(*words), stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=_environment()
        )
        out, err = await process.communicate()
        if process.returncode:
            raise DemoError(f"relais {' '.join(words)} ended with {process.returncode}: {err.decode().strip()}")
        return out.decode()

    def command(self, *words: str) -> list[str]:
        """The command line for a shell of this machine."""
        return [sys.executable, "-m", "gateway", "--config", str(self.config), *words]

    async def furnish(self, people: Iterable[str], communities: Iterable[str], members: Iterable[str]) -> None:
        """Makes the store and brings in who is where, by `relais init` and `relais import`. The rows are CSV."""
        await self.relais("init")
        for kind, rows in (("people", people), ("communities", communities), ("members", members)):
            file = self.folder / f"{kind}.csv"
            file.write_text("\n".join([_COLUMNS[kind], *rows]) + "\n", "utf-8")
            await self.relais("import", kind, str(file))

    async def start(self) -> None:
        """Starts `relais serve` and waits until it is ready. Raises DemoError where it is not, in time."""
        with self.log.open("wb") as log:
            self._server = await asyncio.create_subprocess_exec(
                *self.command("serve"), stdin=DEVNULL, stdout=log, stderr=log, env=_environment()
            )
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while not await asyncio.to_thread(self._is_ready):
                    if self._server.returncode is not None:
                        raise DemoError(f"relais serve ended with {self._server.returncode}: {self.log.read_text()}")
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise DemoError(f"relais serve was not ready in {_PATIENCE_S:.0f} s: {self.log.read_text()}") from error

    async def stop(self) -> int:
        """Ends the server as an administrator would, by SIGTERM; returns its exit code."""
        if self._server is None:
            return 0
        if self._server.returncode is None:
            self._server.terminate()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._server.wait()
        except TimeoutError:
            self._server.kill()
            return await self._server.wait()

    async def status(self) -> dict[str, dict[str, int]]:
        """`relais status --json`, its two tables of counts and, under "store", its single counts."""
        told = json.loads(await self.relais("status", "--json"))
        single = {key: value for key, value in told.items() if isinstance(value, int) and not key.endswith("_s")}
        return {"arrivals": told["arrivals"], "deliveries": told["deliveries"], "store": single}

    async def settle(self) -> dict[str, dict[str, int]]:
        """Waits until nothing is on its way any more; returns the status then. Raises DemoError where it never is."""
        for _ in range(40):
            status = await self.status()
            if not any(status[table][key] for table, key in _ON_THE_WAY):
                return status
            await asyncio.sleep(0.1)
        raise DemoError(f"mails are still on their way: {status}")

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"{self.page}/readyz", timeout=5) as answer:  # noqa: S310 (our own loopback address)
                if answer.status != 200:
                    return False
            socket.create_connection(("127.0.0.1", self.ports.smtp), timeout=5).close()
        except (URLError, OSError):
            return False
        return True


def _environment() -> dict[str, str]:
    """Ours, but for settings of a gateway that the reader may run for real."""
    return {key: value for key, value in os.environ.items() if not key.upper().startswith("RELAIS")}


def quiet_hour(now: datetime) -> time:
    """The hour of the digests in Paris: one that does not come by itself while the story is told."""
    usual, story = time(7, 30), timedelta(minutes=15)
    begins = now.astimezone(ZoneInfo(ZONE))
    return time(9) if begins.time() <= usual <= (begins + story).time() else usual


def _settings(folder: Path, ports: Ports, relay_port: int, daily_at: time) -> str:
    return f"""\
# What this gateway was started with; every key there is stands in the shipped settings.toml.
[gateway]
domain = "{DOMAIN}"
secret_file = {_quoted(folder / "secret")}

[store]
url = {_quoted(f"sqlite:///{folder}/relais.db")}
blobs = {_quoted(folder / "blobs")}
reserve_bytes = 16777216

[smtp]
listen = "127.0.0.1:{ports.smtp}"

[lmtp]
listen = "127.0.0.1:{ports.lmtp}"

[relay]
host = "127.0.0.1"
port = {relay_port}

[posting]
receipts = "never"

[authentication]
trusted_peers = ["127.0.0.0/8", "::1/128"]
authserv_id = "{AUTHSERV_ID}"
require = "proof"

[digests]
daily_at = "{daily_at:%H:%M}"
spread_minutes = 0

[web]
listen = "127.0.0.1:{ports.web}"
base_url = "http://127.0.0.1:{ports.web}"
"""


def _quoted(value: object) -> str:
    # A JSON string is a TOML basic string.
    return json.dumps(str(value))
