"""The author is the one mailbox of the one From field, whatever other parsers might make of it."""

from __future__ import annotations

import pytest

from inbound.sender import read_sender


@pytest.mark.parametrize(
    ("field", "address", "name"),
    [
        ("alice@example.org", "alice@example.org", ""),
        ("<alice@example.org>", "alice@example.org", ""),
        ("Alice Martin <alice@example.org>", "alice@example.org", "Alice Martin"),
        ('"Martin, Alice" <alice@example.org>', "alice@example.org", "Martin, Alice"),
        ("John Q. Public <john@example.org>", "john@example.org", "John Q. Public"),
        ("alice@example.org (Alice Martin)", "alice@example.org", "Alice Martin"),
        ("=?utf-8?q?Andr=C3=A9?= Roux <andre@example.org>", "andre@example.org", "André Roux"),
        ("Élodie <élodie@exämple.org>", "élodie@xn--exmple-cua.org", "Élodie"),
        ("Alice <Alice@EXAMPLE.org>", "Alice@example.org", "Alice"),
        ("alice@example.org <alice@example.org>", "alice@example.org", ""),
        ('"a\\"b" <alice@example.org>', "alice@example.org", 'a"b'),
        ("Alice\t(from\thome) <alice@example.org>", "alice@example.org", "Alice"),
    ],
)
def test_one_plain_mailbox_is_the_author(field: str, address: str, name: str) -> None:
    sender = read_sender([field])
    assert (str(sender.address), sender.name, sender.defect) == (address, name, "")


@pytest.mark.parametrize(
    "field",
    [
        "",
        "undisclosed",
        "alice@example.org)bob@evil.example",
        "alice@example.org <eve@evil.example>",
        "<alice@example.org> <eve@evil.example>",
        "<alice@example.org>, <eve@evil.example>",
        "alice@example.org, eve@evil.example",
        "eve@evil.example <alice@example.org> x",
        "Team: alice@example.org;",
        "Team: alice@example.org, eve@evil.example;",
        "<@evil.example:alice@example.org>",
        "<@evil.example,@other.example:alice@example.org>",
        "alice@example.org@evil.example",
        "alice(comment)@example.org",
        "alice@(comment)example.org",
        "alice @example.org",
        "alice@ example.org",
        '"alice@example.org" eve@evil.example',
        "=?utf-8?q?alice=40example.org?=",
        "=?utf-8?q?alice?=@example.org",
        "alice＠example.org",
        "alice@example.org＠evil.example",
        "alice@ｅxample.org",
        "alice@ﬁrm.example",
        "alice@[127.0.0.1]",
        '"alice"@example.org',
        "alice..x@example.org",
        ".alice@example.org",
        "alice@example",
        "alice@.example.org",
        "alice@exa_mple.org",
        "alice\x00@example.org",
        "alice@example.org\n",
        "alice\u202e@example.org",
        "Alice <alice@example.org",
        "Alice alice@example.org>",
        '"Alice <alice@example.org>',
        "(Alice <alice@example.org>",
        "Alice <<alice@example.org>>",
        "Alice <alice@example.org>, ",
        "Martin, Alice <alice@example.org>",
        "a" * 9000 + "@example.org",
    ],
)
def test_whatever_two_parsers_may_read_differently_names_nobody(field: str) -> None:
    sender = read_sender([field])
    if field == "alice@example":
        # A single label is a domain; it is only never ours.
        assert str(sender.address) == field
        return
    assert sender.address is None
    assert sender.defect.startswith("from_")


def test_two_from_fields_name_nobody() -> None:
    assert read_sender(["alice@example.org", "alice@example.org"]).defect == "from_repeated"
    assert read_sender([]).defect == "from_missing"


@pytest.mark.parametrize("name", ['"boss@example.org"', "=?utf-8?q?boss=40example.org?=", '"boss＠example.org"'])
def test_a_display_name_cannot_show_another_address(name: str) -> None:
    sender = read_sender([f"{name} <eve@evil.example>"])
    assert str(sender.address) == "eve@evil.example"
    assert sender.name == ""


def test_control_and_bidi_characters_leave_the_name() -> None:
    sender = read_sender(["=?utf-8?q?Al=E2=80=AEice=0D=0ABcc=3A_x?= <alice@example.org>"])
    assert sender.name == "Al ice Bcc: x"


def test_lookalikes_stay_strangers() -> None:
    cyrillic = read_sender(["аlice@example.org"])
    assert str(cyrillic.address) != "alice@example.org"
    dotless = read_sender(["bıb@example.org"])
    assert dotless.address is not None
    assert dotless.address.key != "bib@example.org"
