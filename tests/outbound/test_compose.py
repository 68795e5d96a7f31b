"""What leaves: the same at every try, safe on the wire, and every token the reader's own."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.delivery import Lease
from gateway.core.errors import CompositionError
from gateway.core.post import PostMail, StoredFile
from gateway.core.token import Purpose
from outbound.compose import MailTemplate
from tests.outbound.mails import (
    ANSWER,
    BLOBS,
    CONTENT,
    DELIVERY,
    KEYS,
    PHOTOS,
    PICTURE,
    POST,
    PROGRAMME,
    RETURNED,
    body,
    composer,
    read,
    sent,
)

WITH_IMAGE = replace(
    POST,
    content=replace(
        CONTENT,
        html='<p>Plan <img src="cid:plan%40author" alt="le plan"><img src="cid:other" alt="z"><img alt="y"></p>',
    ),
    files_attached=(PROGRAMME, PICTURE),
)


def ids(purpose: Purpose, token: str) -> tuple[int, ...]:
    verified = KEYS.verify(purpose, token)
    assert verified is not None, token
    return verified.ids


@pytest.mark.parametrize("mail", [POST, ANSWER, WITH_IMAGE])
def test_seven_bit_short_lines_crlf(mail: PostMail) -> None:
    data = sent(mail)
    assert data.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", data)
    parts = data.partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert max(map(len, parts)) <= 78
    assert max(len(line) for line in parts if not line.startswith((b"Content-", b" name", b" filename"))) <= 76


def test_tokens_are_the_readers_own() -> None:
    one = composer()
    outgoing = one.fill(one.prepare(POST, "fr"), DELIVERY)
    message = read(outgoing.data)
    reply = re.fullmatch(r"reply\+([a-z2-7]+)@relais\.example\.org", message["Reply-To"])
    bounce = re.fullmatch(r"bounce\+([a-z2-7]+)@relais\.example\.org", outgoing.reverse_path)
    assert reply and ids(Purpose.REPLY, reply[1]) == (9, 4)
    assert bounce and ids(Purpose.BOUNCE, bounce[1]) == (77,)
    leaves = re.findall(r"(?:/u/|leave\+)([a-z2-7]+)", message["List-Unsubscribe"])
    assert [ids(Purpose.LEAVE, token) for token in leaves] == [(3, 4), (3, 4)]
    for subtype in ("plain", "html"):
        words = body(message, subtype)
        assert ids(Purpose.LEAVE, *re.findall(r"https://relais\.example\.org/u/([a-z2-7]+)", words)) == (3, 4)
        assert ids(Purpose.FILE, *re.findall(r"https://relais\.example\.org/files/([a-z2-7]+)", words)) == (8, 4)


def test_a_retry_repeats_every_byte() -> None:
    """I6: Message-ID and reverse-path are fixed when the delivery is born."""
    one = composer()
    first = one.fill(one.prepare(POST, "fr"), DELIVERY)
    later = replace(DELIVERY, attempts=3, lease=Lease(DELIVERY.lease.until + timedelta(days=2)))
    again = composer().fill(composer().prepare(POST, "fr"), later)
    assert (again.data, again.reverse_path) == (first.data, first.reverse_path)
    assert again.attempts == 3 and again.lease is later.lease
    assert again.forward_path == "marie.petit@example.fr"


def test_one_template_serves_many() -> None:
    one = composer()
    template = one.prepare(POST, "fr")
    first = one.fill(template, DELIVERY)
    other = one.fill(template, replace(DELIVERY, id=78, person_id=5, address="tom@example.com", key_id=2))
    assert one.fill(template, DELIVERY) == first
    assert b"marie" not in other.data and read(other.data)["To"] == "tom@example.com"
    assert read(other.data)["Message-ID"] == read(first.data)["Message-ID"]
    assert first.reverse_path != other.reverse_path
    assert template.size < len(first.data)


def test_attached_files_come_back_whole() -> None:
    message = read(sent(POST))
    assert message.get_content_type() == "multipart/mixed"
    (part,) = message.iter_attachments()
    assert part.get_filename() == "Programme-Nantes.pdf"
    assert part.get_content_type() == "application/pdf"
    assert part.get_content() == BLOBS["a" * 64]
    assert "Programme-Nantes.pdf (214\u00a0Ko, en pièce jointe)" in body(message, "plain")


def test_linked_files_do_not_travel() -> None:
    message = read(sent(replace(POST, files_attached=())))
    assert message.get_content_type() == "multipart/alternative"
    assert "Photos du chantier.zip (48\u00a0Mo)" in body(message, "plain")
    assert "vaut 90\u00a0jours" in body(message, "plain")
    assert "jours" not in body(read(sent(replace(POST, files_attached=(), link_days=None))), "plain")


def test_inline_images_get_names_of_ours() -> None:
    message = read(sent(WITH_IMAGE))
    page = body(message, "html")
    assert re.findall(r"<img [^>]*>", page) == [
        '<img src="cid:image9.9@relais.example.org" alt="le plan" style="max-width:100%; height:auto; border:0">'
    ]
    images = [part for part in message.walk() if part.get_content_maintype() == "image"]
    assert [part["Content-ID"] for part in images] == ["<image9.9@relais.example.org>"]
    assert images[0].get_content() == BLOBS["c" * 64]
    assert "plan.png" not in body(message, "plain")
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "Programme-Nantes.pdf"


def test_an_inline_file_nobody_shows_is_attached() -> None:
    message = read(sent(replace(POST, files_attached=(PICTURE,))))
    (part,) = message.iter_attachments()
    assert part.get_filename() == "plan.png" and part.get_content_disposition() == "attachment"


@pytest.mark.parametrize(
    ("name", "content_type", "seen_type"),
    [
        ("Été à Paris ; prix=10€.pdf", "application/pdf", "application/pdf"),
        ('a"b; name=c.txt', "text/plain", "text/plain"),
        ("x\r\nBcc: eve@evil.example.pdf", "application/pdf", "application/pdf"),
        ("mail.eml", "message/rfc822", "application/octet-stream"),
        ("odd", "text/plain\r\nBcc: x", "application/octet-stream"),
        ("日本" * 100 + ".docx", "multipart/mixed", "application/octet-stream"),
        ("", "application/pdf", "application/pdf"),
    ],
)
def test_file_names_and_types(name: str, content_type: str, seen_type: str) -> None:
    file = StoredFile(7, name, content_type, 840, "a" * 64, inline=False, content_id="")
    data = sent(replace(POST, files_attached=(file,), files_linked=()))
    message = read(data)
    (part,) = message.iter_attachments()
    assert part.keys() == ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"]
    assert part.get_content_type() == seen_type
    assert part.get_payload(decode=True) == BLOBS["a" * 64]
    filename = part.get_filename() or ""
    assert filename.endswith(name[-5:].strip()) and len(filename) <= 100
    assert max(map(len, data.split(b"\r\n"))) <= 998
    if name and len(name) < 100 and "\r" not in name:
        assert filename == name


@given(st.text(max_size=400))
@settings(max_examples=60, deadline=None)
def test_text_comes_back_and_tokens_stay_whole(words: str) -> None:
    content = replace(CONTENT, text=words, html=None)
    message = read(sent(replace(POST, content=content, files_attached=())))
    for subtype in ("plain", "html"):
        text = body(message, subtype)
        assert ids(Purpose.LEAVE, *re.findall(r"https://relais\.example\.org/u/([a-z2-7]+)", text)[-1:]) == (3, 4)
        assert "\x02" not in text and "\x03" not in text


@pytest.mark.parametrize("length", range(80))
def test_a_token_at_any_column(length: int) -> None:
    network = "é" + "x" * length
    one = composer()
    data = one.fill(one.prepare(replace(POST, community=replace(POST.community, name=network)), "en"), DELIVERY).data
    assert max(map(len, data.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76
    assert len(re.findall(r"/u/([a-z2-7]+)\n", body(read(data), "plain"))) == 1


@pytest.mark.parametrize("mark", ["\x02L0\x03", "&#2;L0&#3;", "\x02F8\x03", "\x02T0\x03"])
def test_no_words_pass_for_a_slot(mark: str) -> None:
    content = replace(CONTENT, author_name=f"Eve {mark}", text=f"x{mark}y", html=f'<p title="{mark}">x{mark}y</p>')
    file = replace(PHOTOS, name=f"a{mark}.zip")
    mail = replace(POST, content=content, topic_title=mark, also_in=(mark,), files_attached=(), files_linked=(file,))
    template, plain = composer().prepare(mail, "fr"), composer().prepare(replace(POST, files_attached=()), "fr")

    def slots(one: MailTemplate) -> list[int]:
        return [len(one.to_at), len(one.reply_at), len(one.leave_at), len(one.files_at)]

    assert slots(template) == slots(plain) == [1, 3, 4, 2]


@pytest.mark.parametrize("address", ["a@b\r\nBcc: x@y", "a b@c", "a@b\n", "a@b\u2028", "a@b, c@d"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    one = composer()
    with pytest.raises(CompositionError):
        one.fill(one.prepare(POST, "fr"), replace(DELIVERY, address=address))
    with pytest.raises(CompositionError):
        one.compose_notice(RETURNED, replace(DELIVERY, address=address))


def test_an_international_address_stays_as_it_is() -> None:
    data = sent(POST, delivery=replace(DELIVERY, address="renée@example.fr"))
    assert "\r\nTo: renée@example.fr\r\n".encode() in data


def test_notice_answers_from_nowhere() -> None:
    outgoing = composer().compose_notice(RETURNED, DELIVERY)
    message = read(outgoing.data)
    assert outgoing.reverse_path == ""
    assert message.keys() == [
        *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"),
        *("X-Auto-Response-Suppress", "X-Relais-Kind", "MIME-Version", "Content-Type"),
    ]
    assert b'From: "Relais" <relais@relais.example.org>\r\n' in outgoing.data
    assert message["Reply-To"] == "projets+owner@relais.example.org"
    assert message["In-Reply-To"] == message["References"] == "<own-1@mail.example.fr>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Relais-Kind"] == "notice"
    assert composer().compose_notice(RETURNED, DELIVERY) == outgoing


def test_notice_returns_every_word() -> None:
    long = "\n\n".join(f"Paragraph {n}: " + "words that were written with care " * 20 for n in range(40))
    message = read(composer().compose_notice(replace(RETURNED, text=long, in_reply_to=""), DELIVERY).data)
    assert "In-Reply-To" not in message
    unwrapped = body(message, "plain").replace(" \n", " ")
    for paragraph in long.split("\n\n"):
        assert paragraph.strip() in unwrapped
        assert paragraph.strip() in body(message, "html")
    assert "Programme-Nantes.pdf" in unwrapped and "A-1042" in unwrapped


def test_notice_of_an_empty_mail_has_no_empty_box() -> None:
    message = read(composer().compose_notice(replace(RETURNED, text="", files=()), DELIVERY).data)
    assert "en entier" not in body(message, "plain") and "en entier" not in body(message, "html")
