"""Settings: the shipped file is the list of defaults, and every mistake is named at once, with its key."""

from __future__ import annotations

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
        assert set(getattr(field.annotation, "model_fields", {})) == named[section]


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
        "smtp.listem": "no such setting",
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
