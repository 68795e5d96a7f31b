"""outbound/dkim.py, verified by dkimpy."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import ConfigurationError
from outbound.dkim import Signer, relax_body

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def to_pem(key: PrivateKeyTypes, password: bytes | None = None) -> bytes:
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


SIGNER = Signer("Example.COM", "relais-2026", to_pem(KEY), lambda: NOW)

MAIL = (
    b"From: Projets <projets@example.com>\r\n"
    b"To: Anne <anne@example.org>\r\n"
    b"Subject: =?utf-8?q?R=C3=A9union?=\r\n"
    b"Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n"
    b"Message-ID: <1@example.com>\r\n"
    b"List-Unsubscribe: <https://relais.example.com/u/abc>,\r\n\t<mailto:leave+abc@example.com>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"X-Other: free\r\n"
    b"\r\n"
    b"Bonjour  \t chers tous,\r\n \r\n.dot\r\n\r\n\r\n"
)


def find_record(name: bytes, timeout: int = 5) -> bytes:
    assert name == b"relais-2026._domainkey.example.com."
    return SIGNER.dns_record.encode()


def verifies(mail: bytes) -> bool:
    return bool(dkim.verify(mail, dnsfunc=find_record))


def signed_names(signature: bytes) -> list[bytes]:
    found = re.search(rb"h=([^;]*);", signature)
    assert found
    return re.sub(rb"\s", b"", found[1]).split(b":")


def test_signature_verifies() -> None:
    assert verifies(SIGNER.sign(MAIL) + MAIL)


def test_signature_is_folded_and_ends_its_line() -> None:
    signature = SIGNER.sign(MAIL)
    assert signature.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com;\r\n")
    assert signature.endswith(b"\r\n")
    assert b"\n\n" not in signature
    assert b"t=%d;" % NOW.timestamp() in signature
    lines = signature.split(b"\r\n")[:-1]
    assert max(map(len, lines)) <= 78
    assert all(line.startswith(b" ") for line in lines[1:])


def test_one_click_is_covered_and_oversigned() -> None:
    names = signed_names(SIGNER.sign(MAIL))
    assert names.count(b"list-unsubscribe") == names.count(b"list-unsubscribe-post") == 2
    assert names.count(b"from") == names.count(b"subject") == 2
    # Absent from the mail, and yet not to be added.
    assert names.count(b"reply-to") == names.count(b"list-id") == 1
    assert b"x-other" not in names


@pytest.mark.parametrize(
    "field",
    [
        b"From: eve@example.net",
        b"To: eve@example.net",
        b"Subject: other",
        b"Date: Sun, 22 Nov 2026 12:00:00 +0000",
        b"Reply-To: eve@example.net",
        b"Message-ID: <2@example.net>",
        b"List-Unsubscribe: <https://example.net/>",
        b"List-Id: <x.example.net>",
        b"Content-Type: text/html",
        b"X-Relais-Kind: post",
    ],
)
def test_added_field_breaks_the_signature(field: bytes) -> None:
    assert not verifies(SIGNER.sign(MAIL) + field + b"\r\n" + MAIL)


def test_free_field_may_be_added() -> None:
    assert verifies(b"X-Spam: no\r\n" + SIGNER.sign(MAIL) + MAIL)


def test_changed_body_breaks_the_signature() -> None:
    assert not verifies(SIGNER.sign(MAIL) + MAIL.replace(b"Bonjour", b"Bonsoir"))


def test_blanks_at_line_ends_and_empty_lines_at_the_end_do_not_matter() -> None:
    assert verifies(SIGNER.sign(MAIL) + MAIL.replace(b".dot", b".dot   ") + b"\r\n\r\n")


def test_sign_many_puts_each_signature_before_its_mail() -> None:
    other = MAIL.replace(b"anne", b"basile")
    assert all(map(verifies, SIGNER.sign_many([MAIL, other])))
    assert SIGNER.sign_many([]) == []


@pytest.mark.parametrize(
    ("body", "canonical"),
    [
        (b"", b""),
        (b"\r\n", b""),
        (b" \t \r\n\r\n", b""),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),
        (b"no end", b"no end\r\n"),
        (b"no end ", b"no end\r\n"),
    ],
)
def test_relaxed_body(body: bytes, canonical: bytes) -> None:
    assert relax_body(body) == canonical


def test_relaxed_body_takes_linear_time() -> None:
    assert relax_body(b" " * 10_000_000 + b"x\r\n") == b" x\r\n"


LINE = st.text(st.sampled_from("ab:;=. \t<>é"), max_size=30).map(str.encode)
VALUE = st.lists(st.text(st.sampled_from('ab:;=. \t<>@"'), min_size=1, max_size=20), min_size=1, max_size=3).map(
    lambda lines: "\r\n\t".join([lines[0], *(f"x{line}" for line in lines[1:])]).encode()
)
NAME = st.sampled_from(["From", "To", "SUBJECT", "Date", "list-ID", "References", "X-Free", "Received"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAME, VALUE), max_size=8), st.lists(LINE, max_size=8))
def test_dkimpy_verifies_whatever_we_sign(fields: list[tuple[str, bytes]], lines: list[bytes]) -> None:
    # Signatures need a From (RFC 6376 §5.4).
    head = b"".join(b"%b:%b\r\n" % (name.encode(), value) for name, value in [("From", b" a@example.com"), *fields])
    mail = head + b"\r\n" + b"".join(line + b"\r\n" for line in lines)
    assert verifies(SIGNER.sign(mail) + mail)


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        (b"", "PEM"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "PEM"),
        (to_pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)), "1024 bits"),
        (to_pem(ed25519.Ed25519PrivateKey.generate()), "RSA"),
        (to_pem(KEY, b"secret"), "encrypted"),
    ],
)
def test_bad_key_is_a_configuration_error(pem: bytes, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        Signer("example.com", "s", pem)
    assert [key for key, _ in caught.value.mistakes] == ["dkim.key_file"]


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Signer("exa mple", "a;b", b"")
    assert [key for key, _ in caught.value.mistakes] == ["dkim.domain", "dkim.selector", "dkim.key_file"]


@pytest.mark.parametrize("selector", ["", "-a", "a-", "a..b", "a.", "a b", "a\r\n", "a_b"])
def test_bad_selector(selector: str) -> None:
    with pytest.raises(ConfigurationError, match="selector"):
        Signer("example.com", selector, to_pem(KEY))


def test_selector_may_have_dots() -> None:
    assert b"s=a-1.b2;" in Signer("example.com", "a-1.b2", to_pem(KEY)).sign(MAIL)
