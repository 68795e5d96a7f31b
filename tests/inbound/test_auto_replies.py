from __future__ import annotations

import pytest

from inbound.auto_replies import auto_sign, is_automatic_subject
from inbound.parse import parse
from tests.inbound.mails import HEAD, mail, multipart, part


def sign(headers: str, text: str = "words", *, null: bool = False) -> str:
    return auto_sign(parse(mail(text, headers=headers)), text, null=null)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("Subject: x\r\nAuto-Submitted: auto-replied (vacation)\r\n", "auto-submitted"),
        ("Subject: x\r\nX-Zimbra-Autoreply: 1\r\n", "x-zimbra-autoreply"),
        ("Subject: x\r\nPrecedence: auto_reply\r\n", "precedence"),
        ("Subject: Lu : Budget\r\nReturn-Path: <>\r\n", "null-return-path"),
        ("Subject: Automatic reply\r\n", "subject"),
        ("Subject: x\r\nAuto-Submitted: no\r\nX-Autoreply: no\r\n", ""),
        ("Subject: x\r\nPrecedence: bulk\r\nList-Unsubscribe: <mailto:a@b>\r\nIn-Reply-To: <a@b>\r\n", ""),
    ],
)
def test_the_sign_is_named(headers: str, expected: str) -> None:
    assert sign(headers) == expected


def test_a_null_reverse_path_is_a_sign() -> None:
    assert sign("Subject: x\r\n", null=True) == "null-reverse-path"


def test_an_absence_counts_where_a_machine_speaks_of_it() -> None:
    subject = "Subject: Absence du bureau\r\n"
    assert sign(subject, "Je suis absent jusqu'au 3 août.") == "subject"
    assert sign(subject, "Qui tient l'accueil ?") == ""
    assert sign(subject + "In-Reply-To: <a@b>\r\n", "x") == "subject"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Out of office", "I will be out of the office on Friday, can someone take my shift?"),
        ("Réponse automatique : comment faire ?", "Je cherche le bouton."),
    ],
)
def test_a_mail_that_answers_nothing_and_asks_something_is_a_persons(subject: str, text: str) -> None:
    assert sign(f"Subject: {subject}\r\n", text) == ""
    assert sign(f"Subject: {subject}\r\nIn-Reply-To: <a@b>\r\n", text) == "subject"


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("Absent", "Je suis absent cet après-midi.", ""),
        ("Absence : rappel des règles", "Toute absence se signale. Je suis absent lundi, par exemple.", ""),
        ("Absence", "Je suis absent. En cas d'urgence, appelez le 4411.", "subject"),
        ("Absence", "Je suis absent jusqu'au 17 août.", "subject"),
        ("Out of office", "I am away.", "subject"),
    ],
)
def test_who_only_says_to_be_away_is_a_person(subject: str, text: str, expected: str) -> None:
    assert sign(f"Subject: {subject}\r\n", text) == expected


@pytest.mark.parametrize(
    ("subject", "automatic"),
    [
        ("Automatische Antwort: Budget", True),
        ("Out of Office: Budget", True),
        ("Out of office next week", False),
        ("AUTO: Bob Lane is out of the office (returning 03/08)", True),
        ("AUTO : qui a une place dans sa voiture ?", False),
        ("Budget", False),
    ],
)
def test_subjects_of_vacation_programs(subject: str, automatic: bool) -> None:
    assert is_automatic_subject(subject) is automatic


def test_the_sentence_of_a_calendar_program_is_nobodys() -> None:
    answer = part("text/calendar; method=REPLY", "METHOD:REPLY\r\nSUMMARY:Budget\r\n")
    head = HEAD + b"Subject: x\r\n"
    for text, expected in (("Bob has accepted: Budget", "calendar-answer"), ("I shall be ten minutes late.", "")):
        parsed = parse(head + multipart("alternative", part("text/plain", text), answer))
        assert auto_sign(parsed, text, null=False) == expected
