"""A Dovecot for tests: on loopback, in a folder of its own, with any user anybody names and one password for all.

Started by whoever needs mailboxes, ended by its process id. Root runs it as Debian's own users, everybody else as
themself. `introspect` is where XOAUTH2 tokens are asked about; "" takes passwords only.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imapclient import IMAPClient

from tests.programs import needs
from tests.relay_server import make_certificate

PASSWORD = "only-for-tests"
_PATIENCE_S = 20.0


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Dovecot:
    """One server. `port` takes clear text and STARTTLS, `tls_port` TLS; `trusted` is the certificate to trust.

    Where it is the mail store of a Postfix, `delivery` is what its configuration says on how mail is delivered:
    `lmtp_port` takes mails then, and `login_port` is where the Postfix asks who may submit.
    """

    def __init__(self, *, introspect: str = "", delivery: str | None = None) -> None:
        self._program = needs("/usr/sbin/dovecot", "dovecot-imapd")
        if delivery is not None:
            needs("/usr/lib/dovecot/lmtp", "dovecot-lmtpd")
        self.folder = Path(tempfile.mkdtemp(prefix="relais-dovecot-"))
        self.folder.chmod(0o755)
        self.port, self.tls_port = free_port(), free_port()
        self.lmtp_port, self.login_port = free_port(), free_port()
        self._delivery = delivery
        self.trusted, _ = make_certificate(self.folder)
        self._introspect = introspect
        self._process: subprocess.Popen[bytes] | None = None
        self.log = self.folder / "log"
        mail = self.folder / "mail"
        mail.mkdir()
        if os.getuid() == 0:
            owner = pwd.getpwnam("mail")
            os.chown(mail, owner.pw_uid, owner.pw_gid)
        self._write()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-F", "-c", str(self.folder / "dovecot.conf")], stdout=log, stderr=log
            )
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=2) as probe:
                    if probe.recv(10).startswith(b"* OK"):
                        return
            except OSError:
                pass
            assert self._process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends it and waits for its end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE_S)
            self._process = None

    def remove(self) -> None:
        """Ends it and removes its mails."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def client(self, user: str) -> Iterator[IMAPClient]:
        """Another mail program at work in this user's mailboxes."""
        with IMAPClient("127.0.0.1", self.port, ssl=False, timeout=_PATIENCE_S) as opened:
            opened.login(user, PASSWORD)
            yield opened

    def put(self, user: str, *mails: bytes, folder: str = "INBOX") -> None:
        """Delivers mails."""
        with self.client(user) as opened:
            for mail in mails:
                opened.append(folder, mail)

    def count(self, user: str, folder: str = "INBOX") -> int:
        """How many mails are in a folder; 0 where it is missing."""
        with self.client(user) as opened:
            if not opened.folder_exists(folder):
                return 0
            return int(opened.folder_status(folder, ["MESSAGES"])[b"MESSAGES"])

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The mails of a folder, oldest first."""
        with self.client(user) as opened:
            opened.select_folder(folder, readonly=True)
            found = opened.fetch(opened.search(), ["BODY.PEEK[]"])
            return [found[uid][b"BODY[]"] for uid in sorted(found)]

    def renumber(self, user: str) -> None:
        """Makes the mailbox count anew, under another UIDVALIDITY, as a restored one does."""
        with self.client(user) as opened:
            before = opened.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"]
        state = self.folder / "mail" / user / "Maildir" / "dovecot-uidlist"
        first, _, rest = state.read_text("utf-8", "surrogateescape").partition("\n")
        state.write_text(f"{first.replace(f'V{before}', f'V{before + 7}')}\n{rest}", "utf-8", "surrogateescape")
        for index in state.parent.glob("dovecot.index*"):
            index.unlink()

    def _write(self) -> None:
        me = pwd.getpwuid(os.getuid())
        root = me.pw_uid == 0
        internal, login = ("dovecot", "dovenull") if root else (me.pw_name, me.pw_name)
        owner = pwd.getpwnam("mail") if root else me
        oauth = ""
        if self._introspect:
            (self.folder / "oauth2.conf").write_text(
                f"introspection_url = {self._introspect}\nintrospection_mode = auth\nusername_attribute = username\n"
                "active_attribute = active\nactive_value = true\nusername_format = %u\n"
            )
            oauth = (
                "passdb {\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n"
                f"  args = {self.folder}/oauth2.conf\n}}\n"
            )
        # Without the rights of root nobody can change the root folder.
        services = "".join(f"service {name} {{\n  chroot =\n}}\n" for name in ("imap-login", "anvil", "stats"))
        (self.folder / "dovecot.conf").write_text(
            f"""\
protocols = imap{"" if self._delivery is None else " lmtp"}
listen = 127.0.0.1
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.log}
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {"dovecot" if root else grp.getgrgid(me.pw_gid).gr_name}
{"" if root else services}
service imap-login {{
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
    ssl = yes
  }}
}}
service anvil {{
  # Who names a wrong password is not kept waiting.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
first_valid_uid = 1
mail_uid = {owner.pw_uid}
mail_gid = {owner.pw_gid}
mail_home = {self.folder}/mail/%u
mail_location = maildir:~/Maildir
mail_fsync = never
maildir_very_dirty_syncs = yes
mail_max_userip_connections = 100
ssl = yes
ssl_cert = <{self.trusted}
ssl_key = <{self.folder}/localhost.key
disable_plaintext_auth = no
auth_mechanisms = plain login{" xoauth2 oauthbearer" if self._introspect else ""}
auth_failure_delay = 0 secs
{oauth}passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={owner.pw_uid} gid={owner.pw_gid} home={self.folder}/mail/%u
}}
{"" if self._delivery is None else self._doors()}"""
        )

    def _doors(self) -> str:
        """Where a Postfix delivers, and where it asks about logins."""
        return f"""\
postmaster_address = postmaster@example.com
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {self.lmtp_port}
  }}
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {self.login_port}
  }}
}}
{self._delivery}"""
