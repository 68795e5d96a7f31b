"""A Postfix for tests: on loopback, with folders, queue and log of its own.

Started by whoever needs one, ended by its process id. Only root can start one, since it becomes several users.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.dovecot import free_port
from tests.programs import needs

_PATIENCE_S = 20.0
_DAEMONS = "/usr/lib/postfix/sbin"
_AGENTS = """\
cleanup   unix       n - n - 0 cleanup
qmgr      unix       n - n 300 1 qmgr
rewrite   unix       - - n - - trivial-rewrite
bounce    unix       - - n - 0 bounce
defer     unix       - - n - 0 bounce
trace     unix       - - n - 0 bounce
verify    unix       - - n - 1 verify
flush     unix       n - n 1000? 0 flush
proxymap  unix       - - n - - proxymap
smtp      unix       - - n - - smtp
relay     unix       - - n - - smtp
lmtp      unix       - - n - - lmtp
error     unix       - - n - - error
retry     unix       - - n - - error
showq     unix       n - n - - showq
anvil     unix       - - n - 1 anvil
scache    unix       - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


def needs_postfix() -> str:
    """The path of `postfix`. Skips the test where it is not installed or not ours to start."""
    program = needs("/usr/sbin/postfix", "postfix")
    if os.getuid() != 0:
        pytest.skip("postfix can be started by root alone: run this test as root")
    return program


class Postfix:
    """One server that listens on `port`. It asks no DNS, and sends nothing that `configuration` does not send.

    `configuration` is for main.cf, `services` for master.cf. Nothing of the machine's own Postfix is read or changed.
    """

    def __init__(self, hostname: str, configuration: str, services: str = "") -> None:
        self._program = needs_postfix()
        self.folder = Path(tempfile.mkdtemp(prefix="relais-postfix-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        self.log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("queue", "data", "etc"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", pwd.getpwnam("postfix").pw_uid)
        (self.folder / "etc" / "main.cf").write_text(self._base(hostname) + configuration, "utf-8")
        door = f"127.0.0.1:{self.port} inet n - n - - smtpd\n"
        (self.folder / "etc" / "master.cf").write_text(door + services + _AGENTS, "utf-8")

    def write(self, name: str, text: str) -> None:
        """A table beside main.cf, `$config_directory/name` there."""
        (self.folder / "etc" / name).write_text(text, "utf-8")

    def start(self) -> None:
        """Starts it and waits until it answers."""
        where = ["-c", str(self.folder / "etc")]
        with (self.folder / "out").open("wb") as out:
            # This makes the folders of the queue. `postfix start-fg` would put a shell between us and the server.
            subprocess.run([self._program, *where, "check"], stdout=out, stderr=out, check=True, timeout=_PATIENCE_S)
            master = [f"{_DAEMONS}/master", *where, "-s"]
            self._process = subprocess.Popen(master, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE_S) as probe:
                    if probe.recv(4) == b"220 ":
                        probe.sendall(b"QUIT\r\n")
                        return
            except OSError:
                pass
            assert self._process.poll() is None and time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def flush(self) -> None:
        """Tries anew at once what was deferred."""
        subprocess.run([self._program, "-c", str(self.folder / "etc"), "flush"], check=True, timeout=_PATIENCE_S)

    def said(self) -> str:
        """Its log, and what it printed while it started."""
        out = (self.folder / "out").read_text("utf-8", "replace")
        return out + (self.log.read_text("utf-8", "replace") if self.log.exists() else "")

    def stop(self) -> None:
        """Ends it and waits for its end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE_S)
            self._process = None

    def remove(self) -> None:
        """Ends it and removes its queue."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _base(self, hostname: str) -> str:
        return f"""\
compatibility_level = 3.6
myhostname = {hostname}
queue_directory = {self.folder}/queue
data_directory = {self.folder}/data
maillog_file = {self.log}
maillog_file_prefixes = {self.folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
"""
