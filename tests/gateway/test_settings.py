"""Settings: the shipped file is the list of defaults, and every mistake is named at once, with its key."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from gateway import settings
from gateway.core.errors import ConfigurationError

SHIPPED = Path(__file__).parents[2] / "settings.toml"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAIS_CONFIG", raising=False)


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, "utf-8")
    return path


def mistakes(path: Path) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        settings.load(path)
    return dict(caught.value.mistakes)


def test_the_shipped_file_holds_every_default(tmp_path: Path) -> None:
    shipped = settings.load(SHIPPED).model_dump()
    assert shipped == settings.load(write(tmp_path, "")).model_dump()


def test_the_shipped_file_names_every_key_with_a_comment() -> None:
    text = SHIPPED.read_text("utf-8")
    named = {section: set(keys) for section, keys in tomllib.loads(text).items()}
    # This one has no default that could be written down: it says nothing until it is set.
    named["authentication"].add("authserv_id")
    assert "# authserv_id =" in text
    for section, field in settings.Settings.model_fields.items():
        if section not in settings.TABLES:
            assert set(getattr(field.annotation, "model_fields", {})) == named[section]


def test_the_shipped_file_shows_a_mailbox_with_every_key_and_its_default() -> None:
    """None is shipped, so it stands there as a comment."""
    lines = SHIPPED.read_text("utf-8").partition("# [[imap]]\n")[2].partition("\n[")[0].splitlines()
    keys = [line.removeprefix("# ") for line in lines if re.match(r"# [a-z_0-9]+ = ", line)]
    [shown] = tomllib.loads("\n".join(["[[imap]]", *keys]))["imap"]
    assert set(shown) == set(settings.Imap.model_fields)
    assert set(shown.pop("oauth2")) == set(settings.OAuth2.model_fields)
    own = settings.Imap(host="h.example", username="u", password="p")
    unlike = {"host", "username", "password", "authserv_id"}
    assert {key: value for key, value in shown.items() if key not in unlike} == own.model_dump(
        exclude={*unlike, "oauth2"}
    )


MAILBOX = """
[[imap]]
host = "imap.example.com"
username = "relais@example.com"
password = "secret"
"""


def test_every_mailbox_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = MAILBOX.replace(
        'password = "secret"', 'oauth2 = {token_url = "https://a.b/", client_id = "c", secret_file = "f"}'
    )
    loaded = settings.load(write(tmp_path, MAILBOX + second))
    assert [box.host for box in loaded.imap] == ["imap.example.com"] * 2
    assert loaded.imap[1].oauth2 and loaded.imap[1].oauth2.secret_file == Path("f")
    monkeypatch.setenv("RELAIS__IMAP", '[{"host": "other.example.com", "username": "u", "password": "p"}]')
    assert [box.host for box in settings.load(write(tmp_path, MAILBOX)).imap] == ["other.example.com"]
    monkeypatch.setenv("RELAIS__IMAP", '{"host": "other.example.com"}')
    assert "RELAIS__IMAP" in mistakes(write(tmp_path, MAILBOX))


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ('password = ""', "imap.0", "either password or oauth2"),
        ('security = "none"', "imap.0", "not sent in clear"),
        ('done_folder = "INBOX"', "imap.0", "must be three"),
        ('host = ""', "imap.0.host", "at least 1"),
        ('address = "relais"', "imap.0.address", "not a mail address"),
        ("colour = 1", "imap.0.colour", "no such setting"),
        (
            'password = ""\noauth2 = {token_url = "http://login.example.com/", client_id = "c", secret_file = "f"}',
            "imap.0.oauth2.token_url",
            "https://",
        ),
        (
            'password = ""\noauth2 = {token_url = "https://login.example.com/", client_id = "c"}',
            "imap.0.oauth2",
            "secret_file",
        ),
    ],
)
def test_a_mailbox_that_cannot_be_is_named(tmp_path: Path, line: str, key: str, words: str) -> None:
    kept = [known for known in MAILBOX.splitlines() if known.split(" ")[0] not in line.replace("\n", " ").split(" ")]
    assert words in mistakes(write(tmp_path, "\n".join([*kept, line])))[key]


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = """
        [gateway]
        domain = "not a domain"
        timezone = "Europe/Nowhere"
        [smtp]
        listen = "2525"
        recipients = 5
        certificate = "cert.pem"
        [relay]
        username = "relais"
        [lmtp]
        listen = "0.0.0.0:25"
        [authentication]
        trusted_peers = ["mx.example.com"]
        [posting]
        colour = "green"
        [nothing]
    """
    found = mistakes(write(tmp_path, text))
    assert set(found) == {
        "gateway.domain",
        "gateway.timezone",
        "smtp.listen",
        "smtp.recipients",
        "relay",
        "lmtp.listen",
        "authentication.trusted_peers.0",
        "posting.colour",
        "nothing",
    }
    assert found["posting.colour"] == "no such setting"
    assert "Europe/Paris" in found["gateway.timezone"]


def test_what_goes_together_is_asked_for_together(tmp_path: Path) -> None:
    found = mistakes(write(tmp_path, '[dkim]\nselector = "s1"\n[smtp]\nkey = "key.pem"\n'))
    assert found == {
        "dkim": "domain, selector and key_file go together",
        "smtp": "certificate and key go together",
    }


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS__SMTP__LISTEN", "127.0.0.1:2626")
    monkeypatch.setenv("RELAIS__AUTHENTICATION__AUTHSERV_ID", "")
    loaded = settings.load(write(tmp_path, '[smtp]\nlisten = "127.0.0.1:2525"\nidle_s = 7\n'))
    assert loaded.smtp.listen == "127.0.0.1:2626"
    assert loaded.smtp.idle_s == 7
    assert loaded.authentication.authserv_id == ""


def test_an_unknown_variable_is_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS__SMTP__LISTEM", "x")
    monkeypatch.setenv("RELAIS__SMTPD__LISTEN", "x")
    assert mistakes(write(tmp_path, "")) == {
        "RELAIS__SMTPD__LISTEN": "no such setting",
        "RELAIS__SMTP__LISTEM": "no such setting",
    }


def test_the_file_is_found_by_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS_CONFIG", str(write(tmp_path, '[gateway]\nname = "Agora"\n')))
    assert settings.load().gateway.name == "Agora"


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert "no such file" in mistakes(missing)[str(missing)]
    broken = write(tmp_path, "[gateway\n")
    assert "cannot be read" in mistakes(broken)[str(broken)]


def test_a_password_does_not_show(tmp_path: Path) -> None:
    text = '[relay]\nsecurity = "starttls"\nusername = "u"\npassword = "s3cret"\n'
    assert "s3cret" not in repr(settings.load(write(tmp_path, text)))


def test_what_would_fail_later_is_refused_now(tmp_path: Path) -> None:
    text = r"""
        [gateway]
        name = "A\r\nBcc: x@y.example"
        secret_file = "var/\u0000"
        [store]
        blobs = "var/bl\nobs"
        [smtp]
        hostname = "a\r\n250 b"
        connections = -1
        recipients = 99999999999999999999
        session_s = inf
        idle_s = nan
        tls_s = -3
        min_rate = -1
        banner_delay_s = nan
        [relay]
        host = "a b"
        hostname = "bücher.example"
        password = "a\nb"
        [dkim]
        domain = "a\nb"
        selector = "a b"
        key_file = "k"
        [authentication]
        authserv_id = "mx\u0000"
        [web]
        base_url = "https://a b.example"
        connections = 0
        [retention]
        raw_days = 999999999
        sent_days = 0
        log_days = -1
    """
    found = mistakes(write(tmp_path, text))
    assert set(found) == {
        *("gateway.name", "gateway.secret_file", "store.blobs", "smtp.hostname", "smtp.connections", "smtp.recipients"),
        *("smtp.session_s", "smtp.idle_s", "smtp.tls_s", "smtp.min_rate", "smtp.banner_delay_s", "relay.host"),
        *("relay.hostname", "relay.password", "dkim.domain", "dkim.selector", "authentication.authserv_id"),
        *("web.base_url", "web.connections", "retention.raw_days", "retention.sent_days", "retention.log_days"),
    }
    assert all(text for text in found.values())


def test_a_variable_that_cannot_be_read_is_named_beside_what_the_file_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAIS__AUTHENTICATION__TRUSTED_PEERS", "lala")
    monkeypatch.setenv("RELAIS__AUTHENTICATION__PROOFS", '"dkim"')
    monkeypatch.setenv("RELAIS__SMTP", "[")
    monkeypatch.setenv("RELAIS__LMTP__LISTEN__HERE", "x")
    monkeypatch.setenv("RELAIS__", "x")
    monkeypatch.setenv("RELAIS__RELAY__PORT", "none")
    found = mistakes(write(tmp_path, '[gateway]\nlocale = "de"\n'))
    assert set(found) == {
        "RELAIS__",
        "RELAIS__AUTHENTICATION__PROOFS",
        "RELAIS__AUTHENTICATION__TRUSTED_PEERS",
        "RELAIS__LMTP__LISTEN__HERE",
        "RELAIS__SMTP",
        "gateway.locale",
        "relay.port",
    }
    assert 'such as ["one", "two"]' in found["RELAIS__AUTHENTICATION__TRUSTED_PEERS"]


def test_a_list_and_a_section_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS__AUTHENTICATION__TRUSTED_PEERS", '["192.0.2.0/24"]')
    monkeypatch.setenv("RELAIS__RETENTION", '{"raw_days": 7}')
    loaded = settings.load(write(tmp_path, ""))
    assert loaded.authentication.trusted_peers == ("192.0.2.0/24",)
    assert loaded.retention.raw_days == 7


@pytest.mark.parametrize("text", ["[smtp]\nidle_s = " + "9" * 5000, "a = " + "[" * 5000, "a = 1\na = 2", "\0"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    assert "cannot be read" in mistakes(path)[str(path)]
