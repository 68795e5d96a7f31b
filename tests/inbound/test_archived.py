"""Mails of archives: authors whom list programs hid or replaced, tags, and what is not to be imported."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.core.message import Envelope, Mail
from inbound import reading
from inbound.archived import ArchivedMail, author, made_up_key, refusal, understand
from inbound.authenticity import Proof
from inbound.case import ReadMail
from inbound.parse import parse, parse_archived

_CORPUS = Path(__file__).parents[1] / "corpus"
_ENVELOPE = Envelope("", (), "local", False, "local", "", datetime(2020, 1, 1, tzinfo=UTC))


def understood(raw: str, *names: str) -> ArchivedMail:
    mail = Mail(1, _ENVELOPE, len(raw), "", raw.encode(), (), 0, 0)
    return understand(ReadMail(mail, reading.read_archived(raw.encode(), "relais.example"), Proof(False, "")), names)


@pytest.mark.parametrize(
    ("header", "address", "name"),
    [
        ("From: Ann Lee <ann@people.example>", "ann@people.example", "Ann Lee"),
        # Pipermail, and what some sites make of it.
        ("From: ann.lee at people.example (Ann Lee)", "ann.lee@people.example", "Ann Lee"),
        ("From: ann at people.example (=?utf-8?q?Ann_L=C3=A9?=)", "ann@people.example", "Ann Lé"),
        ("From: Ann Lee <ann at people.example>", "ann@people.example", "Ann Lee"),
        ("From: ann [at] people.example", "ann@people.example", ""),
        # HyperKitty: a comment to a parser.
        ('From: "Ann Lee" <ann(a)people.example>', "ann@people.example", "Ann Lee"),
        ("From: ann(a)people.example", "ann@people.example", ""),
        # Cut by an archive on the web.
        ("From: Ann Lee <an...@people.example>", None, "Ann Lee"),
        ("From: an...@people.example", None, "an"),
        ("From: Ann at the Garden <ann@people.example>", "ann@people.example", "Ann at the Garden"),
        # The list took the From for itself.
        (
            (
                "From: 'Ann Lee' via Garden <garden@lists.example>\nTo: garden@lists.example\n"
                "X-Original-From: Ann Lee <ann@people.example>\nReply-To: other@people.example"
            ),
            "ann@people.example",
            "Ann Lee",
        ),
        (
            (
                "From: Ann Lee via Garden <garden@lists.example>\nList-Id: <garden.lists.example>\n"
                "Reply-To: ann@people.example"
            ),
            "ann@people.example",
            "Ann Lee",
        ),
        (
            "From: Ann Lee via Garden <garden@lists.example>\nTo: garden@lists.example\nReply-To: garden@lists.example",
            None,
            "Ann Lee",
        ),
        # A person may be called so.
        ("From: Rome via Milano <ann@people.example>", "ann@people.example", "Rome via Milano"),
    ],
)
def test_the_author_is_found_where_list_programs_leave_them(header: str, address: str | None, name: str) -> None:
    found = author(parse(f"{header}\nSubject: x\n\nWords\n".encode()))
    assert (str(found.address) if found.address else None, found.name) == (address, name)


def test_the_same_name_without_an_address_is_the_same_author() -> None:
    assert made_up_key("Ann  Lee") == made_up_key("ann lee") != made_up_key("Ann Li")
    assert made_up_key("Ann Lee").endswith("@archive.invalid")


def test_the_tag_of_the_list_and_the_marks_of_answers_go_from_the_subject() -> None:
    first = understood("From: a@b.example\nSubject: [Potager] Re: AW: [Potager] Beans\n\nYes.\n", "potager")
    assert (first.title, first.answers) == ("Beans", True)
    own = understood("From: a@b.example\nList-Id: The plot <plot.lists.example>\nSubject: [plot] Beans\n\nWhen?\n")
    assert (own.title, own.answers) == ("Beans", False)
    other = understood("From: a@b.example\nSubject: [URGENT] Beans\n\nWhen?\n", "potager")
    assert other.title == "[URGENT] Beans"


def test_what_it_may_answer_comes_with_the_likeliest_first() -> None:
    mail = understood("From: a@b.example\nReferences: <1@x> <2@x> <3@x>\nIn-Reply-To: <3@x>\nSubject: Re: x\n\nYes.\n")
    assert mail.parents == ("<3@x>", "<2@x>", "<1@x>")


def test_a_mail_of_an_archive_says_the_same_as_one_that_came_in() -> None:
    mails = sorted(_CORPUS.glob("*.eml"))
    assert len(mails) > 100
    for path in mails:
        live, archived = parse(path.read_bytes()), parse_archived(path.read_bytes())
        # The date stands in the index of the archive, and whom to distrust was settled when it was posted.
        told = {"date": live.date, "recipients": live.recipients, "defects": live.defects, "report": live.report}
        assert replace(archived, **told) == live, path.name  # type: ignore[arg-type]
        assert set(live.recipients) <= set(archived.recipients), path.name


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("From: a@b.example\nSubject: x\n\nWords\n", ""),
        ("From: a@b.example\nAuto-Submitted: auto-replied\nSubject: x\n\nI am away\n", "automatic"),
        ("From: a@b.example\nAuto-Submitted: auto-generated\nSubject: nightly figures\n\n12\n", ""),
        ("From: a@b.example\nSubject: x\n\n\n", "empty"),
        ("From: a@b.example\nSubject: Re: x\nIn-Reply-To: <1@x>\n\n> all of it\n> quoted\n", "nothing_new"),
        ("Subject: x\n\nWords\n", "no_author"),
    ],
)
def test_what_is_not_imported_is_told_why(raw: str, why: str) -> None:
    assert refusal(reading.read_archived(raw.encode(), "relais.example")) == why
