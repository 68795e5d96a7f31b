"""The mail landscape of a company, of Debian's own programs: a border, mailboxes, a smart host, and a gateway in it.

Used by test_neighbours. Configured by the papers of docs/deploy; what is added here is ports, the mailboxes of the
company, and the way to `example.com`, which in the world is an MX record.
"""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections.abc import Callable, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.demo.company import AUTHSERV_ID
from gateway.demo.house import DOMAIN, House
from outbound.dkim import Signer
from tests.dovecot import PASSWORD, Dovecot, free_port
from tests.journeys.clients import Account
from tests.journeys.conftest import PATIENCE_S
from tests.opendkim import OpenDkim
from tests.papers import block
from tests.postfix import Postfix

FRONT, BEHIND, BOX = "postfix-in-front.md", "postfix-behind.md", "dovecot-mailbox.md"


class Mailboxes:
    """The border of the company and the mailboxes behind it. `port` is for the world, `submission` for its people."""

    def __init__(
        self, people: Sequence[str], keys: dict[str, str], configuration: Callable[[OpenDkim], str], delivery: str = ""
    ) -> None:
        """`keys` are what the DNS has for DKIM, `configuration` and `delivery` what Postfix and Dovecot are told."""
        self.dovecot = Dovecot(delivery=delivery)
        self._milter = OpenDkim(keys)
        self._people = people
        self.submission = free_port()
        boxes = " ".join(f"{{ {who}@example.com = {who} }}" for who in people)
        own = f"""
            virtual_mailbox_domains = example.com
            virtual_mailbox_maps = inline:{{ {boxes} }}
            virtual_transport = lmtp:inet:127.0.0.1:{self.dovecot.lmtp_port}
            smtpd_sasl_type = dovecot
            smtpd_sasl_path = inet:127.0.0.1:{self.dovecot.login_port}
        """
        services = (
            f"127.0.0.1:{self.submission} inet n - n - - smtpd\n"
            "  -o smtpd_sasl_auth_enable=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
            "  -o smtpd_recipient_restrictions=\n"
        )
        tables = {name: f"/etc/postfix/{name}" for name in ("logins", "vouch")}
        vouching = block(FRONT, "/etc/postfix/master.cf", {v: f"$config_directory/{k}" for k, v in tables.items()})
        services += "".join(f"  {line}\n" for line in vouching.splitlines())
        lines = "".join(f"{line.strip()}\n" for line in own.strip().splitlines())
        self.border = Postfix(AUTHSERV_ID, lines + configuration(self._milter), services)
        for name, path in tables.items():
            self.border.write(name, block(FRONT, path))

    def start(self) -> None:
        """Starts all three."""
        self._milter.start(block(FRONT, "/etc/opendkim.conf", {"8891": str(self._milter.port)}))
        self.dovecot.start()
        self.border.start()

    def remove(self) -> None:
        """Ends all three."""
        self.border.remove()
        self.dovecot.remove()
        self._milter.remove()

    def account(self, who: str) -> Account:
        """What this person's mail program is set to."""
        host = f"{who}%40example.com@127.0.0.1"
        return Account(f"imap://{host}:{self.dovecot.port}/INBOX", f"smtp://{host}:{self.submission}", PASSWORD)

    def login(self, who: str) -> list[str]:
        """Words for swaks: submitted by this person."""
        own = ["--auth", "PLAIN", "--auth-user", f"{who}@example.com", "--auth-password", PASSWORD]
        return ["--server", f"127.0.0.1:{self.submission}", "--from", f"{who}@example.com", *own]

    async def mails(self, who: str, about: str) -> list[EmailMessage]:
        """The mails of this person's inbox with these words, oldest first."""
        raw = await asyncio.to_thread(self.dovecot.mails, f"{who}@example.com")
        found = [message_from_bytes(mail, policy=policy.default) for mail in raw]
        return [mail for mail in found if about in mail.as_string()]

    async def reach(self, about: str, **counts: int) -> None:
        """Waits until each of these people has so many mails with these words."""
        for who, count in counts.items():
            async with asyncio.timeout(PATIENCE_S):
                while len(await self.mails(who, about)) < count:
                    await asyncio.sleep(0.1)

    async def tally(self, about: str) -> dict[str, int]:
        """How many mails with these words each has."""
        return {who: len(await self.mails(who, about)) for who in self._people}


def smart_host(mx: Mailboxes) -> Postfix:
    """The Postfix behind. The two domains have their MX at the border."""
    border = f"smtp:[127.0.0.1]:{mx.border.port}"
    way = f"transport_maps = inline:{{ {{ example.com = {border} }}, {{ {DOMAIN} = {border} }} }}\n"
    return Postfix("out.example.com", way + block(BEHIND, "/etc/postfix/main.cf"))


def settle(house: House, paper: str, own: dict[str, str]) -> None:
    """Gives the gateway the settings of a paper, each value of `own` in the place of its key."""
    for section, values in tomllib.loads(block(paper, "settings.toml", own)).items():
        add(house, section, **values)


def add(house: House, section: str, **values: object) -> None:
    """Sets these keys of a section, and leaves its others."""
    settings = tomllib.loads(house.config.read_text("utf-8"))
    settings.setdefault(section, {}).update(values)
    # What our settings hold is written in TOML as in JSON.
    text = "".join(
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        for name, table in settings.items()
    )
    house.config.write_text(text, "utf-8")


def lmtp_configuration(house: House) -> Callable[[OpenDkim], str]:
    """What the border's main.cf says of this gateway."""

    def write(milter: OpenDkim) -> str:
        # There is no world here: what a colleague writes to it comes to the gateway, which must refuse it.
        astray = f"default_transport = lmtp:inet:127.0.0.1:{house.ports.lmtp}\n"
        ports = {"127.0.0.1:2424": f"127.0.0.1:{house.ports.lmtp}", "8891": str(milter.port)}
        return astray + block(FRONT, "/etc/postfix/main.cf", ports)

    return write


def key_pair(folder: Path, domain: str) -> tuple[Path, dict[str, str]]:
    """A DKIM key for selector `s1`: (its file, its TXT record by name)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    file = folder / f"{domain}.pem"
    file.write_bytes(pem)
    file.chmod(0o600)
    return file, {f"s1._domainkey.{domain}": Signer(domain, "s1", pem).dns_record}
