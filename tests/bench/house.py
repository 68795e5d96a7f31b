"""A gateway to be measured: its settings, its people, its process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.core import address
from gateway.core.community import Membership, Role
from store import communities, memberships, people
from store.communities import NewCommunity
from store.database import Database
from store.people import NewPerson

DOMAIN = "talk.example.com"
_TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Gateway:
    """The running process and its children."""

    process: subprocess.Popen[bytes]

    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def cpu(self) -> float:
        """CPU seconds so far."""
        total = 0
        for pid in self._pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / _TICKS

    def _memory(self, key: str) -> float:
        lines = [line for pid in self._pids() for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024

    def rss_mib(self) -> float:
        """Resident memory of all processes."""
        return self._memory("VmRSS")

    def peak_mib(self) -> float:
        """The most it ever was, added up."""
        return self._memory("VmHWM")


@dataclass(frozen=True)
class House:
    """Where one gateway lives. `database` "" is SQLite in the folder."""

    folder: Path
    database: str
    lmtp_port: int
    relay_port: int
    settings: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL."""
        return self.database or f"sqlite:///{self.folder}/relais.db"

    @property
    def small(self) -> str:
        """The posting address with one other member."""
        return f"small@{DOMAIN}"

    def large(self, members: int) -> str:
        """The posting address with that many other members, who are added now."""
        name = f"large-{members}"
        now = datetime.now(UTC)
        database = Database(self.database_url)
        with database.transaction() as tx:
            writer = people.find(tx, address.parse("writer@client.example"))
            assert writer
            place = communities.add(tx, NewCommunity(name, f"Large {members}"), now)
            if place is not None:
                news = [
                    NewPerson(
                        address.parse(f"m{i}.{members}@client.example"), f"Member {i}", ("fr", "en")[i % 2], "UTC"
                    )
                    for i in range(members)
                ]
                ids = [writer.id, *(i for i in people.add(tx, news, now) if i)]
                memberships.add(tx, [Membership(place, i, Role.MEMBER, None) for i in ids], now)
        database.close()
        return f"{name}@{DOMAIN}"

    def with_settings(self, **sections: dict[str, str]) -> House:
        """The same house with other settings."""
        changed = replace(self, settings={**self.settings, **sections})
        changed._write_settings()
        return changed

    def prepare(self) -> None:
        """Schema, secret, a writer and a community with one other member."""
        self._write_settings()
        self._relais("init")
        now = datetime.now(UTC)
        database = Database(self.database_url)
        with database.transaction() as tx:
            news = [NewPerson(address.parse(f"{who}@client.example"), who, "en", "UTC") for who in ("writer", "reader")]
            ids = people.add(tx, news, now)
            place = communities.add(tx, NewCommunity("small", "Small"), now)
            assert place
            memberships.add(tx, [Membership(place, i, Role.MEMBER, None) for i in ids if i], now)
        database.close()

    @contextmanager
    def running(self, *roles: str) -> Iterator[Gateway]:
        """The gateway, ready; ended by its id."""
        chosen = [word for role in roles for word in ("--role", role)]
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(self._command("serve", *chosen), stderr=log)
        try:
            self._wait_until_ready(process)
            yield Gateway(process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.lmtp_port), 1) as probe:
                    probe.recv(100)
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "gateway", "--config", str(self.folder / "settings.toml"), *words]

    def _relais(self, *words: str) -> None:
        subprocess.run(self._command(*words), check=True, stdout=subprocess.DEVNULL)

    def _write_settings(self) -> None:
        sections: dict[str, dict[str, str]] = {
            "gateway": {"domain": DOMAIN, "secret_file": f"{self.folder}/secret"},
            "store": {"url": self.database_url, "blobs": f"{self.folder}/blobs"},
            "smtp": {"listen": ""},
            "lmtp": {"listen": f"127.0.0.1:{self.lmtp_port}"},
            "relay": {"host": "127.0.0.1", "port": str(self.relay_port)},
            "authentication": {"require": "none"},
            "digests": {"spread_minutes": "0"},
            "web": {"listen": f"127.0.0.1:{free_port()}", "base_url": "https://talk.example.com"},
            "posting": {"receipts": "never"},
            **self.settings,
        }
        lines = []
        for section, keys in sections.items():
            lines.append(f"[{section}]")
            lines += [f"{k} = {v}" if v.isdigit() else f'{k} = "{v}"' for k, v in keys.items()]
        (self.folder / "settings.toml").write_text("\n".join(lines) + "\n")
