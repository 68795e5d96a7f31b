"""Limits are applied before any library parses, each named, and nothing takes more than linear time."""

from __future__ import annotations

import time

import pytest

from inbound import structure
from inbound.explain import explain
from tests.inbound.mails import HEAD, mail, multipart, part

TRAPS = {
    "addresses": HEAD + b"Cc: " + b",\r\n ".join(b"u%d@example.org" % i for i in range(20_000)) + b"\r\n\r\nhi",
    "parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 50_000,
    "depth": HEAD
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(400))
    + b"\r\ndeep",
    "nested mails": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 5_000 + b"deep",
    "encoded words": HEAD + b"Subject: " + b" ".join([b"=?utf-8?q?=C3=A9?="] * 16_000) + b"\r\n\r\nhi",
    "encoded words in many fields": HEAD
    + b"".join(b"X-%d: " % i + b" ".join([b"=?utf-8?q?=C3=A9?="] * 400) + b"\r\n" for i in range(30))
    + b"\r\nhi",
    "parameters": HEAD
    + b"Content-Type: text/plain;\r\n "
    + b";\r\n ".join(b"name*%d*=utf-8''a" % i for i in range(10_000))
    + b"\r\n\r\nhi",
    "fields": HEAD + b"".join(b"X-%d: 1\r\n" % i for i in range(50_000)) + b"\r\nhi",
    "open tags": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<a " * 10_000,
    "nested links": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<a href=x>" * 10_000 + b"words",
    "nested blocks": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 40_000 + b"words",
    "repeated formatting": HEAD
    + b"Content-Type: text/html\r\n\r\n"
    + b"".join(b"<font size=%d><p>" % i for i in range(1_500))
    + b"words",
    "comments": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<!--" * 20_000,
    "empty lines": HEAD + b"\r\n" + b"\r\n" * 2_000_000,
    "signatures": HEAD + b"\r\n" + b"--\r\n" * 200_000,
    "attributions": HEAD + b"\r\n" + b"On 2020 wrote\r\n" * 100_000,
    "header blocks": HEAD + b"\r\n" + b"From: a@b 1\r\n" * 100_000,
    "quotes": HEAD + b"\r\n" + b"> > > >\r\nx\r\n" * 100_000,
    "brackets": HEAD.replace(b"Alice", b"(" * 8_000) + b"\r\nhi",
    "blanks": HEAD + b"\r\n" + b" " * 1_000_000 + b"x",
}


@pytest.mark.parametrize("name", TRAPS)
def test_traps_cost_at_most_a_second(name: str) -> None:
    started = time.process_time()
    explain(TRAPS[name])
    assert time.process_time() - started < 1.0


def test_a_large_attachment_costs_at_most_a_second() -> None:
    content = bytes(range(256)) * 90_000
    raw = HEAD + multipart("mixed", part("text/plain", "hi"), part("application/pdf; name=a.pdf", content))
    started = time.process_time()
    explained = explain(raw)
    assert time.process_time() - started < 1.0
    assert [a["size"] for a in explained["attachments"]] == [len(content)]
    assert explained["text"] == "hi"


@pytest.mark.parametrize(
    ("name", "defect"),
    [
        ("addresses", "too_many_addresses"),
        ("parts", "too_many_parts"),
        ("depth", "too_deep"),
        ("encoded words in many fields", "too_many_encoded_words"),
        ("parameters", "too_many_parameters"),
        ("fields", "too_many_fields"),
    ],
)
def test_what_was_cut_is_named(name: str, defect: str) -> None:
    assert defect in structure.limit(TRAPS[name]).defects


def test_an_ordinary_mail_is_handed_on_as_it_is() -> None:
    raw = HEAD + multipart("mixed", part("text/plain", "hi"), part("image/png", b"png"))
    limited = structure.limit(raw)
    assert limited.slim is raw
    assert limited.defects == []
    assert [field.name for field in limited.fields] == [b"from", b"to", b"message-id", b"content-type"]


def test_time_grows_with_the_mail_and_not_faster() -> None:
    def cost(lines: int) -> float:
        raw = mail("".join(f"On {i} Ann wrote\n> quoted {i}\nanswer {i}\n--\n" for i in range(lines)))
        best = 9.0
        for _ in range(3):
            started = time.process_time()
            explain(raw)
            best = min(best, time.process_time() - started)
        return best

    assert cost(2_000) / cost(1_000) < 2.5


def test_nested_mails_are_taken_out_whole() -> None:
    nested = mail("inner words", headers="Subject: Inner\r\n")
    raw = HEAD + multipart("mixed", part("text/plain", "hi"), b"Content-Type: message/rfc822\r\n\r\n" + nested)
    limited = structure.limit(raw)
    assert b"inner words" not in limited.slim
    assert list(limited.taken.values()) == [nested]


def test_uuencoded_parts_are_decoded() -> None:
    assert structure.decode_uu(b"begin 644 a.txt\r\n%:&5L;&\\\r\n`\r\nend\r\n") == b"hello"


@pytest.mark.parametrize("value", [b'multipart/mixed;\r\n boundary="a\r\n b"', b'multipart/mixed\r\n\tboundary="a b"'])
def test_a_boundary_that_strict_readers_miss_is_repaired(value: bytes) -> None:
    raw = b"Content-Type: " + value + b"\r\n\r\n--a b\r\n\r\none\r\n--a b--\r\n"
    tree = structure.read_tree(structure.limit(raw).slim)
    assert [part.get_payload() for part in tree.get_payload()] == ["one"]


def test_of_a_long_report_the_beginning_is_read() -> None:
    people = b"".join(
        b"Final-Recipient: rfc822; p%d@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" % n for n in range(9000)
    )
    status = b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n" + people
    raw = HEAD + multipart("report", part("text/plain", "words"), status, part("text/plain", "after"))
    explained = explain(raw)
    assert explained["kind"] == "bounce"
    assert explained["bounce"]["recipients"][0]["address"] == "p0@b.example"
    assert "report_too_long" in explained["defects"]
