"""Header values made from what strangers wrote, and the check of the finished block."""

from __future__ import annotations

from dataclasses import replace
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import CompositionError
from outbound.headers import Site, block, check, clean, message_ids, phrase, post_fields, subject_of, unstructured
from tests.outbound.mails import ANSWER, CONTENT, DELIVERY, POST, PROJETS, SITE, composer, read, sent

INTENDED = [
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "References", "List-Id", "List-Post", "List-Help"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "Precedence", "X-Loop", "Auto-Submitted"),
    "X-Auto-Response-Suppress",
    *("X-Relais-Kind", "MIME-Version", "Content-Type"),
]

INJECTIONS = [
    "x\r\nBcc: eve@evil.example",
    "x\nBcc: eve@evil.example",
    "x\r\n\r\n<p>body",
    "x\rBcc: eve@evil.example",
    "x\u2028Bcc: eve@evil.example\u0085Cc: a@b",
    "=?utf-8?q?x=0D=0ABcc:_eve@evil.example?=",
    'x" <eve@evil.example>, "y',
    "x\x00\x0b\x0c\x1c\x1d\x1ey",
    "\u202eelpmaxe\u202c",
    "\x02T0\x03 \x02R0\x03",
    "\ud800 lone",
    "é" * 2_000,
    "a" * 2_000,
]


def decoded(value: str) -> str:
    return str(make_header(decode_header(value.replace("\r\n", ""))))


@pytest.mark.parametrize("hostile", INJECTIONS)
def test_no_value_adds_a_field(hostile: str) -> None:
    content = replace(CONTENT, author_name=hostile, author_message_id=hostile)
    community = replace(PROJETS, name=hostile)
    mail = replace(
        POST, content=content, community=community, topic_title=hostile, references=(hostile, "<a@b.example>")
    )
    data = sent(mail)
    message = read(data)
    assert message.keys() == INTENDED
    assert message["References"] == "<a@b.example>"
    assert [str(a.addr_spec) for a in message["From"].addresses] == ["projets@relais.example.org"]
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=80))
def test_any_words_leave_as_the_intended_fields(name: str, title: str, reference: str) -> None:
    mail = replace(POST, content=replace(CONTENT, author_name=name), topic_title=title, references=(reference,))
    fields = post_fields(SITE, mail, subject_of(mail, "(none)"))
    head = block(fields).replace("\x02", "").replace("\x03", "").encode()
    check(head, [field for field, _ in fields])


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zl", "Zp", "Cn", "Co"]), max_size=90)
)
def test_names_and_subjects_come_back(words: str) -> None:
    assert decoded(unstructured("Subject", words)[1]) == clean(words)
    if clean(words) and not clean(words).isascii():
        assert decoded(phrase(words)) == clean(words)


def test_plain_names_are_quoted() -> None:
    assert phrase('Smith, "Bob" \\ (R&D)') == '"Smith, \\"Bob\\" \\\\ (R&D)"'


def test_one_click_survives_on_lines_of_its_own() -> None:
    long_site = Site("relais.example.org", "Relais", "https://" + "community-network." * 4 + "example.org/relais")
    one = composer(long_site)
    data = one.fill(one.prepare(POST, "fr"), DELIVERY).data
    field = data.partition(b"\r\nList-Unsubscribe: ")[2].partition(b"\r\nList-Unsubscribe-Post: ")[0]
    assert b"=?" not in field
    https, mailto = field.decode().split(",\r\n ")
    assert https.startswith("<https://community-network.") and https.endswith(">")
    assert mailto.startswith("<mailto:leave+") and mailto.endswith("@relais.example.org>")
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in data


def test_fields_of_a_first_post() -> None:
    message = read(sent(POST))
    assert message.keys() == INTENDED
    assert message["From"].addresses[0].display_name == "Inès Delmas (Projets)"
    assert message["To"] == "marie.petit@example.fr"
    assert message["Subject"] == "[Projets] Visite de Nantes : qui vient ?"
    assert message["Message-ID"] == "<p5@relais.example.org>"
    assert message["References"] == "<own-1@mail.example.fr>"
    assert message["Date"] == "Fri, 20 Nov 2026 15:12:00 +0000"
    assert message["List-Id"] == '"Projets" <projets.relais.example.org>'
    assert message["List-Post"] == "<mailto:projets@relais.example.org>"
    assert message["List-Help"] == "<mailto:projets+owner@relais.example.org>"
    assert message["Precedence"] == "list"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply"
    assert message["X-Relais-Kind"] == "post"


def test_fields_of_an_answer() -> None:
    message = read(sent(ANSWER, "en"))
    assert message.keys() == [*INTENDED[:6], "In-Reply-To", *INTENDED[6:]]
    assert message["Subject"] == "Re: [Projets] Visit to Nantes: who comes?"
    assert message["In-Reply-To"] == "<p5@relais.example.org>"
    assert message["References"].split() == [
        "<own-1@mail.example.fr>",
        "<p5@relais.example.org>",
        "<own-2@mail.example.com>",
    ]


@pytest.mark.parametrize(
    ("title", "is_answer", "subject"),
    [
        ("Budget", False, "[Projets] Budget"),
        ("Budget", True, "Re: [Projets] Budget"),
        ("RE : Re: Budget", True, "Re: [Projets] Budget"),
        ("[Projets] Budget", True, "Re: [Projets] Budget"),
        ("Re: [Projets] Budget", True, "Re: [Projets] Budget"),
        ("", False, "[Projets] (sans objet)"),
        ("Re:", True, "Re: [Projets] (sans objet)"),
        ("Refonte du site", True, "Re: [Projets] Refonte du site"),
    ],
)
def test_subject(title: str, is_answer: bool, subject: str) -> None:
    assert subject_of(replace(POST, topic_title=title, is_answer=is_answer), "(sans objet)") == subject


def test_message_ids_are_well_formed_and_few() -> None:
    assert message_ids(["<a@b>", "no", "<a b@c>", "<é@c>", "<a@b>", "<@>", "<x@y>\r\nBcc: z"]) == "<a@b>"
    many = message_ids([f"<{n}@x>" for n in range(50)]).split("\r\n ")
    assert len(many) == 20 and many[0] == "<0@x>" and many[-1] == "<49@x>"


def test_other_separator() -> None:
    one = composer(replace(SITE, separator="-"))
    outgoing = one.fill(one.prepare(POST, "fr"), DELIVERY)
    message = read(outgoing.data)
    assert (
        message["Reply-To"].startswith("reply-") and message["List-Help"] == "<mailto:projets-owner@relais.example.org>"
    )
    assert outgoing.reverse_path.startswith("bounce-")


@pytest.mark.parametrize(
    "head",
    [
        b"A: 1\r\nBcc: x\r\nB: 2\r\n",
        b"A: 1\r\n",
        b"B: 2\r\nA: 1\r\n",
        b"A: 1\r\n\r\nB: 2\r\n",
        b"A: 1\nB: 2\r\n",
        b"A: 1\r\nB: \xe9\r\n",
        b"A: 1\x00\r\nB: 2\r\n",
        b"A: 1\r\nB: " + b"x" * 999 + b"\r\n",
    ],
)
def test_check_refuses(head: bytes) -> None:
    with pytest.raises(CompositionError):
        check(head, ["A", "B"])


def test_check_passes_folded_fields() -> None:
    check(b"A: 1,\r\n 2\r\nB: 2\r\n", ["A", "B"])
