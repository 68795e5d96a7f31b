"""Addresses: one mailbox has one key, and nothing doubtful is an address."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import address
from gateway.core.address import AddressError


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bob.Martin@Example.COM", "bob.martin@example.com"),
        ("élève@é.example", "e\u0301le\u0300ve@xn--9ca.example"),
        ("a@Bücher.example", "a@xn--bcher-kva.example"),
        ("a@ｅxample.com", "a@example.com"),
    ],
)
def test_two_spellings_of_one_mailbox_have_one_key(one: str, other: str) -> None:
    assert address.parse(one).key == address.parse(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Unicode case folding would make these one (RFC 6532 §3.1).
        ("bıb@example.com", "bib@example.com"),
        ("straße@example.com", "strasse@example.com"),
        ("a+b@example.com", "a@example.com"),
        ("pаypal@example.com", "paypal@example.com"),
    ],
)
def test_two_mailboxes_stay_two(one: str, other: str) -> None:
    assert address.parse(one).key != address.parse(other).key


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "a", "a@", "@b.example", "a@b@c.example", "a@b..example", "a@-b.example", "a@b-.example"),
        *("a..b@example.com", ".a@example.com", "a.@example.com", "a b@example.com", "a\tb@example.com"),
        *('"a b"@example.com', "a@[127.0.0.1]", "a@127.0.0.1", "<a@example.com>", "A <a@example.com>"),
        *("a@example.com (b)", "alice@corp <eve@evil.example>", "a@example.com, b@example.com", "x:a@example.com;"),
        *(
            "a\u202eb@example.com",
            "a\u200bb@example.com",
            "a\x00@example.com",
            "a\r\nb@example.com",
            "a@exa\u00admple.",
        ),
        *("a" * 65 + "@example.com", "a@" + "b" * 64 + ".example", "a@" + "b." * 130 + "example", "a@example.com."),
        *("\ud800@example.com", "é" * 33 + "@example.com", "a@xn--.example", "a@exam_ple.com", "a%b@@example.com"),
    ],
)
def test_what_is_not_one_plain_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        address.parse(text)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    with suppress(address.AddressError):
        found = address.parse(text)
        assert address.parse(str(found)) == found
        assert found.domain.isascii()
        assert found.domain == found.domain.lower()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Projets@example.com", ("projets", None)),
        ("reply+ABC@example.com", ("reply", "abc")),
        ("a+b+c@example.com", ("a", "b+c")),
        ("+a@example.com", ("+a", None)),
        ("a+@example.com", ("a", "")),
    ],
)
def test_split(text: str, parts: tuple[str, str | None]) -> None:
    assert address.parse(text).split("+") == parts


def test_only_a_plain_local_part_travels_without_smtputf8() -> None:
    assert address.parse("a@bücher.example").is_ascii
    assert not address.parse("élève@example.com").is_ascii
