"""A real webmail: Debian's Roundcube over Debian's Dovecot, both on loopback ports of their own, used in a browser.

Roundcube hands what it sends to a MailServer, from which a test passes it on, as the border of the company would.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.dovecot import PASSWORD, Dovecot
from tests.journeys.browser import Browser, await_port, free_port
from tests.journeys.roundcube import Window
from tests.programs import needs

ROUNDCUBE = Path("/var/lib/roundcube/public_html")
LANGUAGES = {"fr": "fr-FR", "en": "en-US"}
"""What a browser asks pages for, by the language of its person."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Where the programs are."""

    php: str
    chromium: str
    driver: str


def programs() -> Programs:
    """All of them. Skips the test where one is not installed."""
    if not ROUNDCUBE.exists():
        pytest.skip("roundcube is not installed: apt-get install roundcube-core roundcube-sqlite3")
    # Asked for before anything is started.
    needs("/usr/sbin/dovecot", "dovecot-imapd")
    return Programs(
        needs("php", "php-cli"),
        needs("chromium"),
        needs("chromedriver", "chromium-driver"),
    )


class Webmail:
    """Mailboxes on an IMAP server, and a webmail in front of them. `close` ends both."""

    def __init__(self, programs: Programs, smtp_port: int) -> None:
        self._programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="relais-webmail-", dir="/tmp"))
        self._started: list[subprocess.Popen[bytes]] = []
        self._windows: dict[str, Window] = {}
        web = free_port()
        self._page = f"http://127.0.0.1:{web}/"
        self._dovecot = Dovecot()
        user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        try:
            self._dovecot.start()
            _furnish(self.folder, self._dovecot.port, smtp_port)
            for path in [self.folder, *self.folder.rglob("*")]:
                shutil.chown(path, user.pw_uid, user.pw_gid)
            self._start(web, user, [programs.php, "-S", f"127.0.0.1:{web}", "-t", str(ROUNDCUBE)])
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends what was started, last first."""
        for window in self._windows.values():
            window.browser.close()
        for process in reversed(self._started):
            process.terminate()
            process.wait(20)
        self._dovecot.remove()
        shutil.rmtree(self.folder)

    def receive(self, who: str, mail: bytes) -> int:
        """Puts a mail into this address's inbox; returns its UID there."""
        self._dovecot.put(who, mail)
        with self._dovecot.client(who) as box:
            box.select_folder("INBOX", readonly=True)
            return int(max(box.search()))

    def window(self, who: str, language: str) -> Window:
        """This person's browser, logged in; the same at every call."""
        if who not in self._windows:
            profile = self.folder / f"browser-{len(self._windows)}"
            browser = Browser(self._programs.driver, self._programs.chromium, profile, LANGUAGES[language])
            self._windows[who] = Window(browser, self._page)
            self._windows[who].log_in(who, PASSWORD)
        return self._windows[who]

    def _start(self, port: int, user: pwd.struct_passwd, words: list[str]) -> None:
        # PHP answers one request after the other: Roundcube's, at a time, write over each other's sessions.
        environment = {"PATH": os.environ["PATH"], "ROUNDCUBE_CONFIG_DIR": f"{self.folder}/config"}
        log = self.folder / f"{Path(words[0]).name}.out"
        root = os.geteuid() == 0
        others: list[int] | None = [] if root else None
        with log.open("wb") as out:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment,
                user=user.pw_uid if root else None, group=user.pw_gid if root else None, extra_groups=others,
            )  # fmt: skip
        self._started.append(process)
        await_port(port, process)


def _furnish(folder: Path, imap_port: int, smtp_port: int) -> None:
    """Roundcube's configuration; the choices that a person makes in its settings come as cookies here."""
    config = folder / "config"
    config.mkdir()
    (folder / "temp").mkdir()
    for name in ("defaults.inc.php", "mimetypes.php"):
        (config / name).symlink_to(Path("/etc/roundcube") / name)
    values = {
        "db_dsnw": f"sqlite:///{folder}/roundcube.db?mode=0600",
        "imap_host": f"127.0.0.1:{imap_port}",
        "smtp_host": f"127.0.0.1:{smtp_port}",
        "smtp_user": "",
        "smtp_pass": "",
        "smtp_helo_host": "mail.example.com",
        "des_key": "a key of twenty-four let",
        "log_dir": f"{folder}/",
        "temp_dir": f"{folder}/temp/",
        "create_default_folders": True,
        "enable_spellcheck": False,
        "message_show_email": True,
        "plugins": [],
    }
    lines = [f"$config[{_php(name)}] = {_php(value)};" for name, value in values.items()]
    chosen = "($_COOKIE['{}'] ?? '') === '{}'"
    lines += [
        f"$config['htmleditor'] = {chosen.format('editor', 'html')} ? 1 : 0;",
        f"$config['prefer_html'] = !({chosen.format('editor', 'plain')});",
        f"$config['reply_mode'] = {chosen.format('caret', '1')} ? 1 : 0;",
    ]
    (config / "config.inc.php").write_text("<?php\n" + "\n".join(lines) + "\n", "utf-8")


def _php(value: object) -> str:
    """A value as PHP writes it; JSON's words and lists are PHP's, too."""
    return json.dumps(value) if not isinstance(value, str) else "'" + value.replace("'", "\\'") + "'"
