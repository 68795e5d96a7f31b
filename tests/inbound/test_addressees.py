"""What is left of an envelope in a header: for whom a mail is, and who sent it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import address
from inbound.addressees import MOST, Place, read, section

OWN = Place("relais.example", "+", address.parse("relais@example.com"))


def recipients(head: str) -> list[str]:
    return [str(found) for found in read(head.encode()).recipients]


def test_the_trace_comes_first_and_each_address_once() -> None:
    head = (
        "To: Projets <projets@relais.example>, b@relais.example\r\nDelivered-To: c@relais.example\r\n"
        "X-Original-To: B@relais.example\r\nEnvelope-To: d@relais.example, e@relais.example\r\n"
        "X-Envelope-To: <f@relais.example>\r\nCc: g@relais.example\r\nBcc: h@relais.example\r\n\r\n"
        "To: i@relais.example\r\n"
    )
    named = "c b d e f projets g"
    assert [name.lower() for name in recipients(head)] == [f"{name}@relais.example" for name in named.split()]


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ('"projets@relais.example" <x@other.example>', ["x@other.example"]),
        ("(projets@relais.example) x@other.example", ["x@other.example"]),
        ("projets@relais.example <x@other.example>", ["x@other.example"]),
        ("<x@other.example> projets@relais.example", ["x@other.example"]),
        ('"projets"@relais.example', []),
        ('pro"jets"@relais.example', []),
        ("group: a@b.example, <c@d.example>;, e@f.example", ["a@b.example", "c@d.example", "e@f.example"]),
        ("a@b.example,\r\n\tc@d.example", ["a@b.example", "c@d.example"]),
        ("=?utf-8?q?projets=40relais.example?= <x@other.example>", ["x@other.example"]),
        ("undisclosed-recipients:;", []),
        ("a b@c.example", []),
        ("<<a@b.example>>", ["a@b.example"]),
        ("\\(a@b.example", []),
        ("", []),
    ],
)
def test_what_a_field_names(value: str, named: list[str]) -> None:
    assert recipients(f"To: {value}\r\n") == named


def test_no_more_than_many_are_read() -> None:
    assert len(recipients("To: " + ", ".join(f"p{n}@x.example" for n in range(500)) + "\r\n")) == MOST


@pytest.mark.parametrize(
    ("fields", "sender"),
    [
        ("Return-Path: <ann@people.example>\r\nReturn-Path: <>\r\n", "ann@people.example"),
        ("Return-Path: <>\r\nFrom: ann@people.example\r\n", ""),
        ("Return-Path:   bob@people.example  \r\n", "bob@people.example"),
        ("Return-Path: no address\r\nFrom: Ann <ann@people.example>\r\n", "ann@people.example"),
        ("From: Ann <ann@people.example>\r\n", "ann@people.example"),
        ("From: ann@people.example, bob@people.example\r\n", ""),
        ("Subject: nobody\r\n", ""),
    ],
)
def test_who_sent_it(fields: str, sender: str) -> None:
    assert read(fields.encode()).reverse_path == sender


def test_hops_are_counted_in_the_header_alone() -> None:
    assert read(b"Received: a\r\n\tReceived: b\r\nreceived: c\r\n\r\nReceived: d\r\n").hops == 2


@pytest.mark.parametrize(
    ("given_address", "path"),
    [
        ("projets@relais.example", "projets@relais.example"),
        ("projets+owner@relais.example", "projets+owner@relais.example"),
        ("relais+projets@example.com", "projets@relais.example"),
        ("RELAIS+Projets@example.com", "projets@relais.example"),
        ("relais+reply+token@example.com", "reply+token@relais.example"),
        ("relais@example.com", None),
        ("relais+@example.com", None),
        ("projets@example.com", None),
        ("relais+projets@other.example", None),
    ],
)
def test_what_an_address_is_to_us(given_address: str, path: str | None) -> None:
    found = OWN.own(address.parse(given_address))
    assert (str(found) if found else None) == path


def test_without_an_address_of_its_own_a_mailbox_has_our_domain_alone() -> None:
    bare = Place("relais.example", "+")
    assert bare.own(address.parse("relais+projets@example.com")) is None
    assert bare.own(address.parse("a@relais.example")) == address.parse("a@relais.example")


def test_a_section_ends_at_the_empty_line() -> None:
    assert section(b"A: b\r\nC: d\r\n\r\nbody") == b"A: b\nC: d\n"
    assert section(b"\r\nbody: x\r\n") == b""
    assert section(b"A: b") == b"A: b\n"


@given(st.binary(max_size=2000))
def test_it_never_raises(head: bytes) -> None:
    read(b"To: " + head)


@pytest.mark.parametrize(
    "flood",
    [b'"\\"', b"(", b"a@b.example,", b"\n ", b"\\", b"<", b":", b"Delivered-To: a@b.example\n", b"x" * 77 + b" "],
)
def test_it_takes_time_in_proportion(flood: bytes) -> None:
    def took(size: int) -> float:
        head = b"To: " + flood * (size // len(flood))
        begun = time.perf_counter()
        read(head)
        return time.perf_counter() - begun

    took(1000)
    assert min(took(200_000) for _ in range(3)) < 4 * min(took(100_000) for _ in range(3)) + 0.05
