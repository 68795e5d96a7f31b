from __future__ import annotations

from email import message_from_bytes

import pytest

from inbound.parse import parse
from inbound.parts import Leaves, read_leaves
from tests.inbound.mails import HEAD, mail, multipart, part
from tests.inbound.test_signed import definite
from tests.inbound.test_tnef import HEAD as TNEF_HEAD
from tests.inbound.test_tnef import attached


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


def leaves_of(raw: bytes) -> Leaves:
    return read_leaves(message_from_bytes(HEAD + raw), {})


def test_a_signature_is_noted_and_not_a_file() -> None:
    raw = multipart("signed", part("text/plain", "words"), part("application/pgp-signature; name=signature.asc", "x"))
    leaves = leaves_of(raw)
    assert (leaves.text, leaves.attachments, leaves.defects) == ("words", [], ["signed"])


def test_opaquely_signed_words_are_read() -> None:
    inside = part("text/plain", "words") + b"\r\n"
    raw = part("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", definite(inside))
    leaves = leaves_of(raw)
    assert (leaves.text, leaves.attachments, leaves.defects) == ("words", [], ["signed"])


def test_encrypted_mail_is_named() -> None:
    pgp = multipart("encrypted", part("application/pgp-encrypted", "Version: 1"), part("application/octet-stream", "x"))
    assert leaves_of(pgp).defects == ["encrypted"]
    inline = part("text/plain", "-----BEGIN PGP MESSAGE-----\n\nhQ\n-----END PGP MESSAGE-----\n")
    assert leaves_of(inline).defects == ["encrypted"]


def test_winmail_is_unpacked() -> None:
    package = TNEF_HEAD + attached("plan.pdf", b"%PDF-1.7")
    raw = multipart("mixed", part("text/plain", "words"), part("application/ms-tnef; name=winmail.dat", package))
    leaves = leaves_of(raw)
    assert leaves.text == "words"
    assert [(leaf.name, leaf.content_type) for leaf in leaves.attachments] == [("plan.pdf", "application/pdf")]


def test_a_resource_fork_is_dropped() -> None:
    double = multipart(
        "appledouble", part("application/applefile; name=a.pdf", "fork"), part("application/pdf; name=a.pdf", "p")
    )
    assert [leaf.content for leaf in leaves_of(double).attachments] == [b"p"]


def test_of_twin_alternatives_one_is_read() -> None:
    raw = multipart("alternative", part("text/enriched", "<bold>words</bold>"), part("text/plain", "words"))
    assert leaves_of(raw).text == "words"
    assert leaves_of(part("text/markdown", "# words")).text == "# words"


def test_an_unnamed_file_is_told_from_a_named_one() -> None:
    raw = multipart("mixed", part("application/octet-stream", b"%PDF-1.7"), part("message/rfc822; name=note.txt", "x"))
    first, second = leaves_of(raw).attachments
    assert (first.name, first.named, first.content_type) == ("attachment-1.pdf", False, "application/pdf")
    assert (second.name, second.named) == ("note.txt", True)


def test_a_mail_that_is_only_an_invitation_has_its_words() -> None:
    raw = part("text/calendar; method=REQUEST", "BEGIN:VEVENT\r\nSUMMARY:Visite\r\nEND:VEVENT\r\n")
    assert leaves_of(raw).text == "Visite"
    assert leaves_of(multipart("mixed", part("text/plain", "words"), raw)).text == "words"


def test_a_package_with_nothing_in_it_is_kept_as_the_file_it_is() -> None:
    damaged = TNEF_HEAD + b"\x01\x02\x03"
    leaves = leaves_of(multipart("mixed", part("application/ms-tnef; name=winmail.dat", damaged)))
    assert [(leaf.name, leaf.content) for leaf in leaves.attachments] == [("winmail.dat", damaged)]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename=\"plain.pdf\"; filename*=utf-8''%C3%A9t%C3%A9.pdf", "été.pdf"),
        ("attachment; filename*=nobody-knows''%C3%A9t%C3%A9.pdf", "été.pdf"),
        ("attachment; filename*=utf-8''лето.pdf", "лето.pdf"),
        ('attachment; name="named.pdf"', "named.pdf"),
        ("attachment; filename*=utf-8''", "attachment-1.pdf"),
    ],
)
def test_names_that_are_declared_twice_or_in_another_place(disposition: str, name: str) -> None:
    raw = HEAD + multipart(
        "mixed",
        part("text/plain", "words"),
        part("application/pdf", b"%PDF-1.4", f"Content-Disposition: {disposition}"),
    )
    assert [a.name for a in parse(raw).attachments] == [name]


def test_words_that_are_called_base64_are_read_as_words() -> None:
    raw = mail("Hello, this is plain text; really.", headers="Subject: x\r\nContent-Transfer-Encoding: base64\r\n")
    assert (parse(raw).text or "").strip() == "Hello, this is plain text; really."
