from __future__ import annotations

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
    assert classify(parse(own), "alice@example.org", "").kind is Kind.ORDINARY
