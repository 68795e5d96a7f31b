from __future__ import annotations

from email import message_from_bytes

from inbound.parts import read_leaves
from tests.inbound.mails import HEAD, multipart, part


def test_a_named_first_text_is_still_the_body_and_a_later_one_a_file() -> None:
    message = message_from_bytes(
        HEAD
        + multipart("mixed", part("text/plain; name=body.txt", "words"), part("text/plain; name=notes.txt", "notes"))
    )
    leaves = read_leaves(message, {})
    assert leaves.text == "words"
    assert [(leaf.name, leaf.content) for leaf in leaves.attachments] == [("notes.txt", b"notes")]


def test_other_renderings_of_the_same_words_are_left_out() -> None:
    message = message_from_bytes(
        HEAD + multipart("alternative", part("text/plain", "words"), part("text/x-amp-html", "<html amp4email>"))
    )
    leaves = read_leaves(message, {})
    assert leaves.text == "words"
    assert leaves.attachments == []


def test_a_raw_eight_bit_name_is_read() -> None:
    raw = HEAD + multipart("mixed", part("text/plain", "x"), part("application/pdf; name=NAME.pdf", b"p"))
    for octets in ("été".encode(), "été".encode("latin-1")):
        leaves = read_leaves(message_from_bytes(raw.replace(b"NAME", octets)), {})
        assert [leaf.name for leaf in leaves.attachments] == ["été.pdf"]


def test_the_charset_of_html_may_stand_in_the_html() -> None:
    html = '<meta charset="windows-1251"><p>Привет</p>'.encode("windows-1251")
    raw = HEAD + b"Content-Type: text/html\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + html
    leaves = read_leaves(message_from_bytes(raw), {})
    assert leaves.html is not None
    assert "Привет" in leaves.html
