"""Access tokens: asked for with what the files hold, kept while they are good, and never shown."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inbound.access_token import AccessTokens, Grant
from inbound.account import LoginRefusedError, MailboxError
from tests.dovecot import Dovecot
from tests.inbound.bridge import Bridge, letter, until
from tests.token_endpoint import TokenEndpoint

USER = "shared@example.com"


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    made = TokenEndpoint(USER)
    yield made
    made.stop()


def secret(path: Path, text: str = "a secret") -> Path:
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def grant(endpoint: TokenEndpoint, folder: Path) -> Grant:
    return Grant(endpoint.url, "our-client", "mail.read", secret(folder / "secret"), None)


def test_a_client_asks_for_itself(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    now = [0.0]
    tokens = AccessTokens(grant(endpoint, tmp_path), monotonic=lambda: now[0])
    assert tokens.get() == tokens.get() == "token-1"
    assert endpoint.questions == [
        {
            "client_id": "our-client",
            "client_secret": "a secret",
            "grant_type": "client_credentials",
            "scope": "mail.read",
        }
    ]
    now[0] = 3479
    assert tokens.get() == "token-1"
    # In its last two minutes it is not used any more.
    now[0] = 3480
    assert tokens.get() == "token-2"
    tokens.forget()
    assert tokens.get() == "token-3"


@pytest.mark.parametrize(("lifetime", "used_for"), [("3600", 3480), (None, 480), ("soon", 480), (30, 0), ([], 480)])
def test_how_long_a_token_is_used(endpoint: TokenEndpoint, tmp_path: Path, lifetime: object, used_for: int) -> None:
    now = [0.0]
    endpoint.lifetime = lifetime
    tokens = AccessTokens(grant(endpoint, tmp_path), monotonic=lambda: now[0])
    tokens.get()
    now[0] = max(0, used_for - 1)
    assert tokens.get() == ("token-1" if used_for else "token-2")
    now[0] = used_for
    assert tokens.get() != "token-1"


def test_a_person_is_stood_for_by_a_refresh_token_which_may_change(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    file = secret(tmp_path / "refresh", "first")
    tokens = AccessTokens(Grant(endpoint.url, "our-client", "", None, file))
    endpoint.refresh_token = "second"
    tokens.get()
    assert endpoint.questions == [{"client_id": "our-client", "grant_type": "refresh_token", "refresh_token": "first"}]
    assert file.read_text() == "second\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    tokens.forget()
    tokens.get()
    assert endpoint.questions[1]["refresh_token"] == "second"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("refusal", "error", "words"),
    [
        (
            (400, '{"error": "invalid_grant", "error_description": "it has\\nexpired"}'),
            LoginRefusedError,
            "it has expired",
        ),
        ((401, "no"), LoginRefusedError, "does not|Unauthorized"),
        ((500, "{}"), MailboxError, "500"),
        ((302, "{}"), MailboxError, "302"),
        ((200, "<html>"), MailboxError, "JSON"),
        ((200, "[]"), MailboxError, "object"),
        ((200, "{}"), MailboxError, "no access token"),
        ((200, '{"access_token": "two\\nlines"}'), MailboxError, "no access token"),
        ((200, '{"access_token": ' + "[" * 50_000), MailboxError, "JSON"),
    ],
)
def test_what_is_no_token_is_named(
    endpoint: TokenEndpoint, tmp_path: Path, refusal: tuple[int, str], error: type[Exception], words: str
) -> None:
    endpoint.refusal = refusal
    with pytest.raises(error, match=words) as caught:
        AccessTokens(grant(endpoint, tmp_path)).get()
    assert (type(caught.value) is LoginRefusedError) == (error is LoginRefusedError)
    assert "a secret" not in str(caught.value)
    assert len(endpoint.questions) == 1


def test_an_endpoint_that_is_away(tmp_path: Path, endpoint: TokenEndpoint) -> None:
    asked = grant(endpoint, tmp_path)
    endpoint.stop()
    with pytest.raises(MailboxError, match="cannot be reached"):
        AccessTokens(replace(asked, url="http://127.0.0.1:1/token")).get()


def test_a_secret_is_for_us_alone(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    own = grant(endpoint, tmp_path)
    assert own.secret_file
    for mode, text, words in ((0o640, "x", "chmod 600"), (0o600, "", "one line"), (0o600, "a\nb", "one line")):
        secret(own.secret_file, text).chmod(mode)
        with pytest.raises(LoginRefusedError, match=words):
            AccessTokens(own).get()
    own.secret_file.unlink()
    with pytest.raises(LoginRefusedError, match="No such file"):
        AccessTokens(own).get()
    assert endpoint.questions == []


@pytest.fixture
def guarded(endpoint: TokenEndpoint) -> Iterator[Dovecot]:
    """A server that takes tokens, and asks the endpoint about them."""
    server = Dovecot(introspect=endpoint.url)
    server.start()
    yield server
    server.remove()


def test_a_mailbox_is_opened_by_token(
    bridge: Bridge, endpoint: TokenEndpoint, guarded: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that was revoked before its time is replaced at the next try; a refusal is told, and got over."""
    monkeypatch.setattr("inbound.pickup._SOON_S", 0.05)
    monkeypatch.setattr("inbound.pickup._MOST_S", 0.2)
    tokens = AccessTokens(grant(endpoint, tmp_path))
    account = replace(bridge.account, username=USER, password="", tokens=tokens, port=guarded.port)
    bridge.account, bridge.dovecot, bridge.user = account, guarded, USER
    bridge.source = replace(bridge.source, account=account)
    bridge.put(letter(1))
    bridge.start()
    until(lambda: bridge.count("Relais-done") == 1)
    assert len(endpoint.questions) == 1
    endpoint.revoke()
    guarded.stop()
    until(lambda: bridge.well == [True, False])
    endpoint.refusal = (400, '{"error": "invalid_client"}')
    guarded.start()
    until(lambda: len(endpoint.questions) >= 3)
    endpoint.refusal = None
    until(lambda: bridge.well == [True, False, True])
    bridge.put(letter(2))
    until(lambda: bridge.count("Relais-done") == 2)
