"""An OpenDKIM for tests: on loopback, with the public keys of the world in a file, ended by its process id."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.dovecot import free_port
from tests.programs import needs

_PATIENCE_S = 20.0


class OpenDkim:
    """A milter on `port`. `keys` are TXT records by their names: it asks no DNS, and takes loopback for the world."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._program = needs("/usr/sbin/opendkim", "opendkim")
        self._folder = Path(tempfile.mkdtemp(prefix="relais-opendkim-"))
        self.port = free_port()
        self._keys = self._folder / "keys"
        self._keys.write_text("".join(f"{name} {record}\n" for name, record in keys.items()))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, configuration: str) -> None:
        """Starts it with this configuration, which names our port, and waits until it answers."""
        conf = self._folder / "opendkim.conf"
        conf.write_text(f"{configuration}Background no\nTestPublicKeys {self._keys}\nInternalHosts 192.0.2.1\n")
        log = self._folder / "log"
        with log.open("wb") as out:
            self._process = subprocess.Popen([self._program, "-x", str(conf)], stdout=out, stderr=out)
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
                return
            except OSError:
                assert self._process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.02)

    def remove(self) -> None:
        """Ends it and removes its files."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE_S)
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)
