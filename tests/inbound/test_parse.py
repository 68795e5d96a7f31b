from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from inbound.parse import parse
from tests.inbound.mails import HEAD, html_mail, mail, multipart, part


def test_an_ordinary_mail() -> None:
    parsed = parse(
        mail(
            "Bonjour à tous\n",
            headers="Subject: =?utf-8?q?R=C3=A9union?= de\r\n lundi\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\n"
            "In-Reply-To: <two@talk.example>\r\nReferences: <zero@a.example>\r\n <two@talk.example>\r\n"
            "Cc: Bob <BOB@Example.org>, nobody\r\n",
        )
    )
    assert str(parsed.author) == "alice@example.org"
    assert parsed.author_name == "Alice Martin"
    assert parsed.subject == "Réunion de lundi"
    assert parsed.message_id == "<one@example.org>"
    assert parsed.in_reply_to == ("<two@talk.example>",)
    assert parsed.references == ("<zero@a.example>", "<two@talk.example>")
    assert parsed.date == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert parsed.recipients == ("projets@talk.example", "bob@example.org")
    assert parsed.text == "Bonjour à tous\n"
    assert parsed.html is None
    assert parsed.report is None
    assert parsed.header("references") == "<zero@a.example> <two@talk.example>"


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"\x00", b"\xff" * 100, b"Message-ID: <@>\r\nTo: a:b:c;;\r\n\r\n"])
def test_wreckage_is_read_as_nothing(raw: bytes) -> None:
    parsed = parse(raw)
    assert parsed.author is None
    assert parsed.author_defect == "from_missing"
    assert parsed.message_id == ""


@pytest.mark.parametrize(
    "extra",
    [b"From: eve@evil.example\r\n", b"FROM: alice@example.org\r\n", b"From : eve@evil.example\r\n"],
)
def test_a_second_from_names_nobody(extra: bytes) -> None:
    for raw in (HEAD + extra + b"\r\nhi", extra + HEAD + b"\r\nhi"):
        assert parse(raw).author is None


def test_an_address_in_another_charset_than_utf8_is_a_guess() -> None:
    raw = "From: André <andré@example.org>\r\n\r\nx"
    assert str(parse(raw.encode()).author) == "andré@example.org"
    assert parse(raw.encode("latin-1")).author is None
    old = parse("From: André <andre@example.org>\r\n\r\nx".encode("latin-1"))
    assert (str(old.author), old.author_name) == ("andre@example.org", "André")


def test_a_header_that_two_programs_split_differently_names_nobody() -> None:
    for head in (
        b"X: y\rFrom: ann@x.example\r\n",
        b"From: ann@x.example\rX: y\r\n",
        b"From: ann@x.example\nX: y\rZ: z\n",
    ):
        assert parse(head + b"Subject: x\r\n\r\nwords\r\n").author_defect == "header_bare_cr"
    # Where it is the only line end, everybody splits there; in the body it does no harm.
    assert parse(b"From: ann@x.example\rSubject: x\r\rwords\r").author
    assert parse(b"From: ann@x.example\r\nSubject: x\r\n\r\nwords\rmore\r\n").author


def test_a_header_cut_by_the_limits_names_nobody() -> None:
    raw = HEAD + b"X-Filler: y\r\n" * 1_200 + b"From: eve@evil.example\r\n\r\nhi"
    assert parse(raw).author_defect == "header_cut"


def test_nul_surrogates_and_unknown_charsets_become_storable_text() -> None:
    raw = HEAD + b"Content-Type: text/plain; charset=klingon\r\n\r\na\x00b \xed\xa0\x80 \xe9t\xe9"
    text = parse(raw).text
    assert text is not None
    text.encode("utf-8")
    assert "\x00" not in text
    assert text.startswith("ab ")


def test_the_words_of_a_nested_mail_are_not_the_authors() -> None:
    nested = (
        HEAD
        + b"Subject: Inner / secret\r\n"
        + multipart("mixed", part("text/plain", "STOP"), part("application/pdf; name=inner.pdf", b"pdf"), boundary="in")
    )
    parsed = parse(
        HEAD + multipart("mixed", part("text/plain", "see this"), b"Content-Type: message/rfc822\r\n\r\n" + nested)
    )
    assert parsed.text == "see this"
    assert [(a.name, a.content_type, a.content) for a in parsed.attachments] == [
        ("Inner - secret.eml", "message/rfc822", nested)
    ]


def test_attachments_have_safe_names_digests_and_types() -> None:
    parsed = parse(
        HEAD
        + multipart(
            "mixed",
            part("text/plain", "hi"),
            part(
                "application/pdf", b"one", "Content-Disposition: attachment; filename*=utf-8''b%C3%A2t%20%E2%80%AE.pdf"
            ),
            part("IMAGE/PNG", b"two", 'Content-Disposition: attachment; filename="../../etc/pass\\\\wd.png"'),
            part("application/pdf", b"three", "Content-Disposition: attachment"),
            part("text/calendar", b"BEGIN:VCALENDAR"),
        )
    )
    assert [a.name for a in parsed.attachments] == ["bât .pdf", "wd.png", "attachment-3.pdf", "attachment-4.ics"]
    assert parsed.attachments[1].content_type == "image/png"
    assert parsed.attachments[0].sha256 == hashlib.sha256(b"one").hexdigest()
    assert parsed.attachments[0].size == 3
    assert not parsed.attachments[0].inline


def test_an_image_that_the_html_shows_is_inline() -> None:
    parsed = parse(
        HEAD
        + multipart(
            "related",
            part("text/html", '<p>look <img src="cid:pic@x"></p>'),
            part("image/png; name=pic.png", b"png", "Content-ID: <pic@x>"),
        )
    )
    assert [(a.inline, a.content_id) for a in parsed.attachments] == [(True, "pic@x")]


def test_alternatives_are_one_text_and_one_html() -> None:
    parsed = parse(html_mail("<p>Bonjour</p>", text="Bonjour"))
    assert (parsed.text, parsed.html) == ("Bonjour", "<p>Bonjour</p>")
    assert parsed.attachments == ()


def test_text_around_an_attachment_is_joined() -> None:
    raw = HEAD + multipart("mixed", part("text/plain", "before"), part("image/png", b"p"), part("text/plain", "after"))
    assert parse(raw).text == "before\nafter"


def test_html_beside_plain_text_is_not_lost() -> None:
    parsed = parse(HEAD + multipart("mixed", part("text/plain", "one < two"), part("text/html", "<p>three</p>")))
    assert parsed.text is None
    assert parsed.html == "<pre>one &lt; two</pre>\n<p>three</p>"


def test_flowed_text_is_unwrapped() -> None:
    flowed = "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n"
    assert parse(mail("one \ntwo\n-- \nme\n", headers=flowed)).text == "onetwo\n-- \nme\n"


def test_references_keep_the_first_and_the_latest() -> None:
    ids = " ".join(f"<{i}@x>" for i in range(300))
    references = parse(mail("x", headers=f"References: {ids} <{'a' * 950}@x> <@> <a@> junk\r\n")).references
    assert len(references) == 100
    assert references[0] == "<0@x>"
    assert references[-1] == "<299@x>"


def test_the_content_digest_survives_the_way_of_the_mail() -> None:
    one = parse(mail("line one  \nline two\n"))
    assert parse(mail("line one\nline two\n\n", headers="Received: from a\r\nSubject: x\r\n")).content_digest == (
        one.content_digest
    )
    assert parse(mail("line one\nline 2\n")).content_digest != one.content_digest


def test_reports_are_handed_to_the_bounce_reader() -> None:
    status = (
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a@b\r\n"
    )
    assert parse(HEAD + multipart("report", part("text/plain", "failed"), status)).report is not None


def test_a_text_beyond_the_limit_is_cut_and_kept_whole_as_an_attachment() -> None:
    body = "word word word\n" * 200_000
    parsed = parse(mail(body))
    assert "text_too_long" in parsed.defects
    assert parsed.text is not None
    assert len(parsed.text) < len(body)
    assert [a.size for a in parsed.attachments] == [len(body) + 200_000]


def test_a_digest_of_mails_is_attachments() -> None:
    first, second = mail("a", headers="Subject: First\r\n"), mail("b", headers="Subject: Second\r\n")
    parsed = parse(HEAD + multipart("digest", b"\r\n" + first, b"\r\n" + second))
    assert [a.name for a in parsed.attachments] == ["First.eml", "Second.eml"]
    assert parsed.text is None


def test_a_charset_that_no_codec_may_be_called_is_read_all_the_same() -> None:
    raw = b"From: ann@people.example\r\nContent-Type: text/plain; charset=\x00\r\n\r\nvoil\xe0 des mots\r\n"
    assert parse(raw).text == "voilà des mots\n"
