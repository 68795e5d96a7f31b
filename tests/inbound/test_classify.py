from __future__ import annotations

from datetime import date

import pytest

from gateway.core.message import BouncedRecipient, Classification, Kind
from inbound.classify import classify
from inbound.parse import parse
from tests.inbound.mails import HEAD, mail, multipart, part

OURS = "talk.example"


def kind(raw: bytes, reverse_path: str = "alice@example.org") -> Kind:
    return classify(parse(raw), reverse_path, OURS).kind


def report(*blocks: str) -> bytes:
    status = "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n" + "\r\n".join(
        blocks
    )
    head = b"From: MAILER-DAEMON@mx.example.org\r\nSubject: Undelivered\r\nAuto-Submitted: auto-replied\r\n"
    return head + multipart("report; report-type=delivery-status", part("text/plain", "failed"), status.encode())


@pytest.mark.parametrize(
    "headers",
    [
        "Subject: Hello\r\n",
        "Subject: Hello\r\nAuto-Submitted: no\r\n",
        "Subject: Hello\r\nAuto-Submitted: no (really)\r\n",
        "Subject: Hello\r\nPrecedence: list\r\nList-Id: <other.lists.example>\r\n",
        "Subject: Hello\r\nPrecedence: bulk\r\nList-Id: <other.lists.example>\r\n",
        "Subject: Re: out of the box ideas\r\n",
        "Subject: Absence de Paul lundi\r\n",
        "Subject: Undeliverable parcels: what to do?\r\n",
        "Subject: Mail delivery problems this week\r\nIn-Reply-To: <a@b>\r\n",
        "Subject: Hello\r\nX-Auto-Response-Suppress: All\r\n",
        "Subject: Hello\r\nDisposition-Notification-To: alice@example.org\r\n",
        "Subject: Hello\r\nX-Relais-Kind: post\r\n",
        "Subject: Hello\r\nIn-Reply-To: <post@talk.example>\r\nReferences: <post@talk.example>\r\n",
    ],
)
def test_mail_of_persons_is_ordinary(headers: str) -> None:
    assert classify(parse(mail("words", headers=headers)), "alice@example.org", OURS) == Classification(Kind.ORDINARY)


@pytest.mark.parametrize(
    "headers",
    [
        "Subject: x\r\nAuto-Submitted: auto-replied\r\n",
        "Subject: x\r\nAuto-Submitted: auto-generated; type=x\r\n",
        "Subject: x\r\nX-Autoreply: yes\r\n",
        "Subject: x\r\nX-Autorespond: x\r\n",
        "Subject: x\r\nX-Auto-Reply-From: alice@example.org\r\n",
        "Subject: x\r\nPrecedence: auto_reply\r\n",
        "Subject: x\r\nX-MS-Exchange-Inbox-Rules-Loop: alice@example.org\r\n",
        "Subject: Automatic reply: Budget\r\n",
        "Subject: Réponse automatique : Budget\r\n",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique_=3A_Budget?=\r\n",
        "Subject: Absence du bureau\r\n",
        "Subject: Out of Office: Budget\r\n",
        "Subject: Abwesenheitsnotiz: Budget\r\n",
        "Subject: Respuesta automática: Budget\r\n",
        "Subject: Out of office\r\nIn-Reply-To: <a@b>\r\n",
        "Subject: Your ticket\r\nPrecedence: bulk\r\nX-Auto-Response-Suppress: All\r\n",
    ],
)
def test_answers_of_machines(headers: str) -> None:
    assert kind(mail("I am away", headers=headers)) is Kind.AUTO_REPLY


def test_a_null_reverse_path_is_never_a_person() -> None:
    assert kind(mail("words"), "") is Kind.AUTO_REPLY


def test_a_read_receipt() -> None:
    raw = (
        HEAD
        + b"Subject: Read: x\r\n"
        + multipart(
            "report; report-type=disposition-notification",
            part("text/plain", "read"),
            b"Content-Type: message/disposition-notification\r\n\r\n"
            b"Disposition: manual-action/MDN-sent-manually; displayed\r\n",
        )
    )
    assert kind(raw) is Kind.AUTO_REPLY


def test_a_delivery_status_report() -> None:
    found = classify(
        parse(
            report(
                "Final-Recipient: rfc822; bob@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n",
                "Final-Recipient: rfc822;carol@example.org\r\nAction: delayed\r\nStatus: 4.4.1\r\n",
                "Original-Recipient: rfc822;dave@example.org\r\nFinal-Recipient: rfc822; box@store\r\n"
                "Action: failed (x)\r\n"
                "Status: 5.2.2 (full)\r\n",
                "Final-Recipient: rfc822; bob@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n",
            )
        ),
        "",
        OURS,
    )
    assert found.kind is Kind.BOUNCE
    assert found.bounced == (
        BouncedRecipient("bob@example.org", "5.1.1", "failed", True),
        BouncedRecipient("carol@example.org", "4.4.1", "delayed", False),
        BouncedRecipient("dave@example.org", "5.2.2", "failed", True),
    )


def test_a_report_of_success_is_no_bounce() -> None:
    raw = report("Final-Recipient: rfc822; bob@example.org\r\nAction: delivered\r\nStatus: 2.0.0\r\n")
    assert kind(raw, "") is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    ("text", "permanent"),
    [
        (
            "Your message could not be delivered:\n\n<bob@example.org>:\n550 5.1.1 no such user\n\n--- Below this line",
            True,
        ),
        ("Message delayed. It has not yet been delivered to:\n  bob@example.org\nWe will continue to try.\n", False),
    ],
)
def test_a_report_without_structure(text: str, permanent: bool) -> None:
    raw = (
        b"From: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\n" + text.encode() + b"\n<later@example.org>"
    )
    found = classify(parse(raw), "", OURS)
    assert found.kind is Kind.BOUNCE
    assert found.bounced[0].address == "bob@example.org"
    assert found.bounced[0].permanent is permanent


def test_our_own_mail_coming_back_is_a_loop() -> None:
    own = mail("x", headers="Subject: x\r\nMessage-ID: <post@talk.example>\r\n").replace(
        b"Message-ID: <one@example.org>\r\n", b""
    )
    assert classify(parse(own), "alice@example.org", OURS) == Classification(Kind.LOOP, "message-id")
    assert kind(mail("x", headers="List-Id: Projets <projets.talk.example>\r\n")) is Kind.LOOP
    assert kind(mail("x", headers="List-Id: <projets.nottalk.example>\r\n")) is Kind.ORDINARY
    looped = classify(parse(mail("x", headers="X-Loop: Projets@Talk.Example\r\n")), "alice@example.org", OURS)
    assert looped == Classification(Kind.LOOP, "x-loop")
    assert kind(mail("x", headers="X-Loop: projets@nottalk.example\r\n")) is Kind.ORDINARY
    assert classify(parse(own), "alice@example.org", "").kind is Kind.ORDINARY


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ("Subject: Re: Out of office rules\r\nIn-Reply-To: <a@b>\r\n", "I am away from that opinion."),
        ("Subject: Absence : lundi\r\n", "Paul ne vient pas."),
        ("Subject: On vacation: who covers?\r\n", "Please tell me."),
        ("Subject: Fwd: Delivery failed\r\n", "Why does bob@example.org fail?"),
        ("Subject: Undeliverable: what does it mean?\r\n", "I got a mail that says user unknown for bob@example.org"),
        (
            "Subject: Re: Mail delivery failed\r\n",
            "My mails come back, see.\n\n> not delivered to bob@x.example",
        ),
    ],
)
def test_people_speak_of_absences_and_failures_too(headers: str, text: str) -> None:
    assert kind(mail(text, headers=headers)) is Kind.ORDINARY


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ("Subject: Odpowiedź automatyczna: Budget\r\n", "Nie ma mnie."),
        ("Subject: Autosvar: Budget\r\n", "Jag är inte här."),
        ("Subject: 自动回复: Budget\r\n", "x"),
        ("Subject: Absent: Budget\r\nIn-Reply-To: <a@b>\r\n", "Je suis absent."),
    ],
)
def test_answers_of_machines_in_other_languages(headers: str, text: str) -> None:
    assert kind(mail(text, headers=headers)) is Kind.AUTO_REPLY


def test_the_day_of_return_is_told() -> None:
    headers = "Subject: Réponse automatique : Budget\r\nDate: Mon, 20 Jul 2026 10:00:00 +0200\r\n"
    found = classify(parse(mail("Je suis absent, de retour le 3 août.", headers=headers)), "alice@example.org", OURS)
    assert found.returns == date(2026, 8, 3)


def test_a_person_may_pass_a_report_on() -> None:
    status = b"Content-Type: message/delivery-status\r\n\r\nX: y\r\n\r\nFinal-Recipient: rfc822; bob@example.org\r\n"
    whole = status + b"Action: failed\r\nStatus: 5.1.1\r\n"
    head = HEAD + b"Subject: Fwd: Undelivered\r\nReferences: <a@b>\r\n"
    assert kind(head + multipart("mixed", part("text/plain", "What is this?"), whole)) is Kind.ORDINARY
    assert kind(HEAD.replace(b"Alice", b"Mail Delivery System") + multipart("mixed", whole), "") is Kind.BOUNCE


def test_a_report_wrapped_by_a_scanner_is_read() -> None:
    inner = report("Final-Recipient: rfc822; bob@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n")
    wrapped = b"Content-Type: message/rfc822\r\n\r\n" + inner.replace(b"edge", b"inner")
    raw = b"From: postmaster@mx.example\r\nSubject: Delivery Status Notification (Failure)\r\n" + multipart(
        "mixed; report-type=delivery-status", wrapped
    )
    assert [r.address for r in classify(parse(raw), "x@mx.example", OURS).bounced] == ["bob@example.org"]


def test_a_complaint_is_a_bounce_that_is_not_permanent() -> None:
    fields = b"Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n"
    original = b"Content-Type: message/rfc822\r\n\r\nTo: bob@example.org\r\nSubject: x\r\n\r\nwords\r\n"
    raw = HEAD + multipart("report; report-type=feedback-report", part("text/plain", "x"), fields, original)
    found = classify(parse(raw), "alice@example.org", OURS)
    assert (found.kind, found.sign) == (Kind.BOUNCE, "feedback-report")
    assert found.bounced == (BouncedRecipient("bob@example.org", "", "complaint", False),)


def test_a_calendar_answer_is_a_machines_where_nobody_wrote_words() -> None:
    answer = part("text/calendar; method=REPLY", "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n")
    head = HEAD + b"Subject: Accepted: Budget\r\n"
    assert kind(head + multipart("alternative", part("text/plain", "\r\n"), answer)) is Kind.AUTO_REPLY
    assert kind(head + multipart("alternative", part("text/plain", "I will be late."), answer)) is Kind.ORDINARY
