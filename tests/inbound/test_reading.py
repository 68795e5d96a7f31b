from __future__ import annotations

import pickle

from gateway.core.message import Kind
from inbound.reading import read
from tests.inbound.mails import HEAD, mail, multipart, part


def test_a_reading_is_whole_and_travels_between_processes() -> None:
    reading = read(mail("Je suis d'accord avec vous.\n"), "alice@example.org", "talk.example")
    assert reading.body.text == "Je suis d'accord avec vous."
    assert reading.classification.kind is Kind.ORDINARY
    assert reading.language == "fr"
    assert pickle.loads(pickle.dumps(reading)) == reading


def test_the_null_reverse_path_decides() -> None:
    assert read(mail("x"), "", "talk.example").classification.kind is Kind.AUTO_REPLY


def test_the_logo_of_a_quoted_mail_is_nobodys_attachment() -> None:
    html = '<p>D\'accord.</p><blockquote type="cite"><p><img src="cid:logo@x">Bonjour</p></blockquote>'
    logo = part("image/png; name=logo.png", b"\x89PNG\r\n\x1a\n", "Content-ID: <logo@x>")
    plan = part("image/png; name=plan.png", b"\x89PNG\r\n\x1a\nplan", "Content-Disposition: attachment")
    reading = read(HEAD + multipart("related", part("text/html", html), logo, plan), "alice@example.org", "")
    assert [attachment.name for attachment in reading.parsed.attachments] == ["plan.png"]
