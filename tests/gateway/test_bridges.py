"""[[imap]] made into bridges: what does not fit together is named, what does is as the file says; doctor tries each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import bridges, settings
from gateway.core.errors import ConfigurationError
from inbound.access_token import AccessTokens
from inbound.account import Security
from tests.dovecot import PASSWORD, Dovecot
from tests.gateway.console import Console

BOX = """
[[imap]]
host = "imap.example.com"
username = "relais@example.com"
password = "secret"
"""


def load(folder: Path, text: str) -> settings.Settings:
    file = folder / "settings.toml"
    file.write_text(f'[gateway]\ndomain = "relais.example.com"\n{text}')
    return settings.load(file)


def mistakes(folder: Path, text: str) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        bridges.sources(load(folder, text))
    return dict(caught.value.mistakes)


def test_what_the_file_says_arrives(tmp_path: Path) -> None:
    second = (
        '[[imap]]\nhost = "outlook.example.com"\nport = 143\nsecurity = "starttls"\nusername = "shared@example.com"\n'
        'oauth2 = { token_url = "https://login.example.com/t", client_id = "c", secret_file = "f" }\n'
        'folder = "Projets"\ncommunity = "projets"\naddress = "shared@EXAMPLE.com"\nauthserv_id = ""\npoll_s = 5\n'
    )
    loaded = load(tmp_path, BOX + second)
    first, other = bridges.sources(loaded)
    assert (first.number, other.number) == (1, 2)
    assert (first.account.host, first.account.port, first.account.security) == ("imap.example.com", 993, Security.TLS)
    assert (first.account.password, first.account.tokens, first.account.folder) == ("secret", None, "INBOX")
    assert (first.address, first.community, first.authserv_id) == (None, "", None)
    assert (other.account.port, other.account.security, other.account.folder) == (143, Security.STARTTLS, "Projets")
    assert isinstance(other.account.tokens, AccessTokens)
    assert (str(other.address), other.community, other.authserv_id, other.poll_s) == (
        "shared@example.com",
        "projets",
        "",
        5,
    )
    assert "secret" not in repr(first)
    assert loaded.ours.mailboxes == {"shared@example.com"}
    assert bridges.borders(loaded) == (
        ("relais@example.com@imap.example.com", None),
        ("shared@example.com@outlook.example.com", ""),
    )


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = "".join(
        BOX.replace("imap.example.com", f"imap{number}.example.com") + line + "\n"
        for number, line in enumerate(
            ('address = "relais+projets@example.com"', 'community = "two words"', 'ca_file = "/nowhere/ca.pem"')
        )
    )
    long = BOX.replace("imap.example.com", ".".join(["label" * 12] * 4)).replace("relais@", "relais" * 20 + "@")
    found = mistakes(tmp_path, text + BOX + BOX + long)
    assert set(found) == {"imap.0.address", "imap.1.community", "imap.2.ca_file", "imap.4", "imap.5.username"}
    assert "same folder" in found["imap.4"]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    server = Dovecot()
    server.start()
    yield server
    server.remove()


def diagnose(relais: Console, dovecot: Dovecot, *, password: str = PASSWORD, more: str = "") -> tuple[str, str]:
    """(state, words) of the check of mailboxes."""
    text = relais.config.read_text().partition("[[imap]]")[0]
    relais.config.write_text(
        f'{text}[[imap]]\nhost = "localhost"\nport = {dovecot.tls_port}\nca_file = "{dovecot.trusted}"\n'
        f'username = "relais@example.com"\npassword = "{password}"\n{more}'
    )
    result = relais.run("doctor", "--json")
    return next((c["state"], c["text"]) for c in json.loads(result.stdout)["checks"] if c["name"] == "mailboxes")


def test_doctor_tries_each_mailbox(relais: Console, dovecot: Dovecot) -> None:
    checks = json.loads(relais.run("doctor", "--json").stdout)["checks"]
    assert [c["text"] for c in checks if c["name"] == "mailboxes"] == ["none is picked up from"]
    assert diagnose(relais, dovecot) == ("ok", "1 can be opened")
    state, words = diagnose(relais, dovecot, password="forgotten")
    assert state == "fail"
    assert "relais@example.com@localhost/INBOX: login refused" in words
    state, words = diagnose(relais, dovecot, more='folder = "Missing"\n')
    assert (state, "Missing" in words) == ("fail", True)
    relais.config.write_text(relais.config.read_text().replace('require = "none"', 'require = "proof"'))
    state, words = diagnose(relais, dovecot)
    assert (state, "authserv_id" in words) == ("warn", True)
    assert diagnose(relais, dovecot, more='authserv_id = "mx.example.com"\n')[0] == "ok"
