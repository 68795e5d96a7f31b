from __future__ import annotations

from gateway.core.message import Body
from inbound.leftovers import MAX_LOGO, own_attachments
from inbound.parse import parse
from tests.inbound.mails import HEAD, multipart, part

QUOTED = '<p>new <img src="cid:new@x"></p><blockquote type="cite"><img src="cid:old%40x"></blockquote>'


def image(content_id: str, content: bytes) -> bytes:
    return part("image/png; name=image.png", content, f"Content-ID: <{content_id}>")


def kept(html: str, body: Body, *parts: bytes) -> list[str]:
    parsed = parse(HEAD + multipart("related", part("text/html", html), *parts))
    return [attachment.content_id for attachment in own_attachments(parsed, body, "talk.example")]


def test_pictures_of_what_was_cut_go() -> None:
    body = Body("new", '<p>new <img src="cid:new@x"></p>')
    assert kept(QUOTED, body, image("new@x", b"1"), image("old@x", b"2"), image("", b"3")) == ["new@x", ""]


def test_they_stay_where_nothing_tells() -> None:
    parts = image("new@x", b"1"), image("old@x", b"2")
    assert kept(QUOTED, Body("new", None), *parts) == ["new@x", "old@x"]
    assert kept(QUOTED, Body("new", "<p>new</p>", forwarded="old"), *parts) == ["new@x", "old@x"]
    large = image("old@x", b"2" * (MAX_LOGO + 1))
    assert kept(QUOTED, Body("new", '<img src="cid:new@x">'), parts[0], large) == ["new@x", "old@x"]


def test_the_same_picture_twice_is_one() -> None:
    assert kept("x", Body("x", None), image("a@x", b"1"), image("b@x", b"1"), image("c@x", b"2")) == ["a@x", "c@x"]
    both = '<img src="cid:a@x"><img src="cid:b@x">'
    assert kept(both, Body("", both), image("a@x", b"1"), image("b@x", b"1")) == ["a@x", "b@x"]


def test_our_own_pictures_go() -> None:
    ours = image("image12.34@talk.example", b"1")
    assert kept("x", Body("x", None), ours, image("image12.34@other.example", b"2")) == ["image12.34@other.example"]
