"""Reading never raises, and what it yields can be stored, whatever the bytes."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbound.archived import author, refusal
from inbound.explain import explain
from inbound.parse import parse
from inbound.reading import read, read_archived
from tests.inbound.mails import HEAD, html_mail, mail, multipart, part

NESTED = HEAD + multipart(
    "mixed",
    part("text/plain", "été > quoted"),
    b"Content-Type: message/rfc822\r\n\r\n" + mail("inner"),
    part(
        "image/png", b"p", "Content-ID: <a@b>", "Content-Disposition: inline; filename*0*=utf-8''%C3%A9; filename*1=x"
    ),
)
SEEDS = (
    mail("Oui.\n\nLe 2 mars 2026 à 10:00, Bob a écrit :\n> Viens-tu ?\n-- \nAnn\n"),
    html_mail("<p>a<blockquote type=cite>b</blockquote><img src='cid:x'></p>", text="a\n> b"),
    NESTED,
    mail("a \nb\n", headers="Content-Type: text/plain; format=flowed; charset=utf-16\r\nSubject: =?utf-8?b?w6k=?=\r\n"),
    b"From: MAILER-DAEMON@x\r\n"
    + multipart(
        "report",
        part("text/plain", "failed: <bob@example.org>"),
        b"Content-Type: message/delivery-status\r\n\r\nX: y\r\n\r\nFinal-Recipient: rfc822; a@b\r\nAction: failed\r\n",
    ),
)
FRAGMENTS = st.sampled_from(
    [
        *(b"\x00", b"\r", b"\n", b"\r\n\r\n", b"--edge", b"--edge--\r\n", b"=?utf-8?q?", b"?=", b"<", b">", b"\xff"),
        *(b";", b'"', b"(", b":", b"Content-Type: multipart/mixed; boundary=\r\n", b"\xed\xa0\x80", b"From: a@b\r\n"),
        *(b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: uuencode\r\n", b"charset=utf-7"),
        *(b"filename*=x''%zz", b"&#0;", b"<!--"),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A mail with some of its octets replaced, removed or doubled."""
    raw = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 40)))
        match draw(st.integers(0, 2)):
            case 0:
                raw = raw[:start] + draw(st.one_of(FRAGMENTS, st.binary(max_size=8))) + raw[end:]
            case 1:
                raw = raw[:start] + raw[end:]
            case _:
                raw = raw[:end] + raw[start:]
    return raw


def check(raw: bytes) -> None:
    explained = explain(raw)
    text = json.dumps(explained, ensure_ascii=False)
    text.encode("utf-8")
    assert "\x00" not in explained["text"]
    assert "\\u0000" not in text
    assert len(explained["attachments"]) <= 200
    again = parse(raw)
    assert again == parse(raw)
    for _, value in again.headers:
        value.encode("utf-8")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000))
def test_any_octets_are_read(raw: bytes) -> None:
    check(raw)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_any_damaged_mail_is_read(raw: bytes) -> None:
    check(raw)
    read(raw, "", "talk.example")
    old = read_archived(raw, "talk.example")
    refusal(old)
    author(old.parsed).name.encode("utf-8")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=500))
def test_words_without_any_sign_of_a_quote_are_kept(text: str) -> None:
    words = [word for word in text.split() if word.isalnum() and word.isascii()]
    kept = explain(mail(" ".join(words)))["text"]
    assert kept.split() == words
