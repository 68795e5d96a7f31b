from __future__ import annotations

import pytest

from gateway.core.message import Kind
from inbound.bounce_text import name_failed, read_lead, read_status, says_delay, says_failure
from inbound.classify import classify
from inbound.parse import parse

# (sender, subject, text, expected (address, status, permanent)), one per mail system, in its manner.
SYSTEMS = {
    "postfix": (
        "MAILER-DAEMON@mx.example",
        "Undelivered Mail Returned to Sender",
        (
            "I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n"
            "<bob@example.org>: host mx.example.org[192.0.2.7] said: 550 5.1.1 <bob@example.org>: Recipient address\n"
            "    rejected: User unknown (in reply to RCPT TO command)\n"
        ),
        ("bob@example.org", "5.1.1", True),
    ),
    "qmail": (
        "MAILER-DAEMON@mx.example",
        "failure notice",
        (
            "Hi. This is the qmail-send program at mx.example.\nI've given up.\n\n<bob@example.org>:\n"
            "192.0.2.7 does not like recipient.\nRemote host said: 554 delivery error: no such user\nGiving up "
            "on 192.0.2.7.\n\n"
            "--- Below this line is a copy of the message.\n\nTo: bob@example.org, carol@example.org\n"
        ),
        ("bob@example.org", "5.1.1", True),
    ),
    "sendmail": (
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Returned mail: see transcript for details",
        (
            "   ----- The following addresses had permanent fatal errors -----\n<bob@example.org>\n"
            "    (reason: 553 5.3.0 blocked)\n\n   ----- Transcript of session follows -----\n"
        ),
        ("bob@example.org", "5.3.0", True),
    ),
    "sendmail, late": (
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Warning: could not send message for past 4 hours",
        (
            "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n"
            "   ----- The following addresses had transient non-fatal errors -----\n<bob@example.org>\n"
        ),
        ("bob@example.org", "", False),
    ),
    "exim": (
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Mail delivery failed: returning message to sender",
        (
            "A message that you sent could not be delivered to one or more of its recipients.\n"
            "This is a permanent error. The following address(es) failed:\n\n  bob@example.org\n"
            "    SMTP error from remote mail server after RCPT TO:<bob@example.org>:\n    host mx.example.org "
            "[192.0.2.7]: "
            "550 No such recipient here\n"
        ),
        ("bob@example.org", "5.1.1", True),
    ),
    "exim, late": (
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Warning: message 1abc delayed 24 hours",
        (
            "The address to which the message has not yet been delivered is:\n\n  bob@example.org\n\n"
            "No action is required on your part.\n"
        ),
        ("bob@example.org", "", False),
    ),
    "gmail": (
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        (
            "Delivery to the following recipient failed permanently:\n\n     bob@example.org\n\n"
            "Technical details of permanent failure:\nThe email account that you tried to reach does not exist. "
            "550 5.1.1 "
            "Try checking the address\n\n----- Original message -----\nTo: carol@example.org\n"
        ),
        ("bob@example.org", "5.1.1", True),
    ),
    "gmail, French": (
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        (
            "Adresse introuvable\n\nVotre message n'a pas été remis à bob@example.org, car l'adresse est "
            "introuvable.\n\n"
            "Voici la réponse : 550 5.1.1 inconnu\n"
        ),
        ("bob@example.org", "5.1.1", True),
    ),
    "exchange 2003": (
        "System Administrator <postmaster@mx.example>",
        "Undeliverable: Budget",
        (
            "Your message\n\n  To: team@example.org\n  Subject: Budget\n\ndid not reach the following "
            "recipient(s):\n\n"
            "bob@example.org on Mon, 2 Mar 2026 10:00:00 +0100\n    The e-mail account does not exist at the "
            "organization\n"
            "    <mx.example.org #5.1.1>\n"
        ),
        ("bob@example.org", "5.1.1", True),
    ),
    "microsoft 365": (
        "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.org>",
        "Undeliverable: Budget",
        (
            "Delivery has failed to these recipients or groups:\n\nbob@example.org\nThe email address you "
            "entered couldn't be "
            "found.\n\nDiagnostic information for administrators:\n\nGenerating server: x.example\n\nbob@example.org\n"
            "Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'\n"
        ),
        ("bob@example.org", "5.1.10", True),
    ),
    "microsoft 365, French": (
        "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.org>",
        "Non remis : Budget",
        (
            "Échec de la remise pour ces destinataires ou groupes :\n\nbob@example.org\nLa boîte aux lettres du "
            "destinataire "
            "est pleine.\n\nInformations de diagnostic pour les administrateurs :\n\nbob@example.org\n"
            "#554 5.2.2 mailbox full ##\n"
        ),
        ("bob@example.org", "5.2.2", True),
    ),
    "notes": (
        "postmaster@mx.example",
        "DELIVERY FAILURE: User bob not listed in Domino Directory",
        (
            "Your message\n\n  Subject: Budget\n\nwas not delivered to:\n\n  bob@example.org\n\nbecause:\n\n"
            "  User bob (bob@example.org) not listed in Domino Directory\n"
        ),
        ("bob@example.org", "5.1.1", True),
    ),
    "orange": (
        "Mail Delivery System <MAILER-DAEMON@mx.example>",
        "Mail non remis",
        "Votre message n'a pas pu être remis aux destinataires suivants :\n\n<bob@example.org> : utilisateur inconnu\n",
        ("bob@example.org", "5.1.1", True),
    ),
    "full, without a code": (
        "MAILER-DAEMON@mx.example",
        "failure notice",
        "Sorry, I was unable to deliver your message to:\n<bob@example.org>:\nThe user's mailbox is full.\n",
        ("bob@example.org", "5.2.2", True),
    ),
    "german": (
        "Mailer-Daemon@mx.example",
        "Unzustellbar: Haushalt",
        "Ihre Nachricht konnte nicht zugestellt werden:\n\n  bob@example.org\n\nEmpfänger unbekannt\n",
        ("bob@example.org", "5.1.1", True),
    ),
    "a scanner": (
        "Gateway <scanner@mx.example>",
        "Delivery failure notification",
        (
            "Your message with Subject: Budget\ncould not be delivered to the following "
            "recipients:\n\nbob@example.org\n\n"
            "Please do not resend your original message.\n\nDelivery attempts will continue to be made for 5 days.\n"
        ),
        ("bob@example.org", "", False),
    ),
    "imail": (
        "postmaster@mx.example",
        "Undeliverable Mail",
        "Unknown user: bob@example.org\n\nOriginal message follows.\n\nFrom: x@y.example\nTo: carol@example.org\n",
        ("bob@example.org", "5.1.1", True),
    ),
    "a transcript": (
        "postmaster@mx.example",
        "Mail delivery error",
        (
            "Session:\n>>> MAIL FROM:<list@ours.example>\n<<< 250 2.1.0 ok\n>>> RCPT TO:<bob@example.org>\n"
            "<<< 452 4.2.2 over quota\n"
        ),
        ("bob@example.org", "4.2.2", False),
    ),
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_mail_systems_write(system: str) -> None:
    sender, subject, text, (address, status, permanent) = SYSTEMS[system]
    head = (
        f"From: {sender}\r\nTo: list@ours.example\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    )
    found = classify(parse(f"{head}\r\n{text}".encode()), "someone@mx.example", "")
    assert found.kind is Kind.BOUNCE
    assert [(r.address, r.status, r.permanent) for r in found.bounced] == [(address, status, permanent)]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("550 5.1.1 unknown", "5.1.1"),
        ("host 10.5.1.1 said 452-4.2.2 full", "4.2.2"),
        ("connect to 192.0.2.4: 421 busy", "4.0.0"),
        ("Eudora 4.2.0.58", ""),
        ("L'adresse de courrier que vous avez saisie est introuvable.", "5.1.1"),
        ("mailbox full", "5.2.2"),
        ("452 mailbox full", "4.2.2"),
        ("552 mailbox full", "5.2.2"),
        ("domain not found", "5.1.2"),
        ("sent 250 2.1.5 ok", ""),
        ("Guten Tag", ""),
    ],
)
def test_the_status_a_text_names_or_means(text: str, status: str) -> None:
    assert read_status(text) == status


def test_words_without_a_code_are_of_class_4_while_somebody_still_tries() -> None:
    assert read_status("mailbox full", over=False) == "4.2.2"
    assert read_status("552 mailbox full", over=False) == "5.2.2"


def test_words_of_failure_in_french_and_english() -> None:
    assert says_failure("Undelivered Mail Returned to Sender")
    assert says_failure("Votre message n'a pas pu être remis")
    assert not says_failure("La livraison des cartons")


@pytest.mark.parametrize(
    "text",
    [
        "Recapito non riuscito per i seguenti destinatari",
        "Non recapitabile: Agenda",
        "De bezorging is mislukt voor de volgende geadresseerden",
        "Niet te bezorgen: Agenda",
        "Não é possível entregar: Agenda",
    ],
)
def test_words_of_failure_in_other_languages(text: str) -> None:
    assert says_failure(text)


@pytest.mark.parametrize(
    "text",
    [
        "Gmail effectuera de nouvelles tentatives au cours des prochaines 46 heures.",
        "Zustellung unvollständig",
        "Gmail volverá a intentarlo durante 46 horas.",
        "Gmail riproverà per altre 46 ore.",
        "O Gmail tentará novamente por mais 46 horas.",
        "Gmail blijft het proberen.",
    ],
)
def test_a_delay_in_other_languages(text: str) -> None:
    assert says_delay(text)


def test_a_delay_is_no_delay_once_given_up() -> None:
    assert says_delay("We will try again for two days.")
    assert not says_delay("We will try again no more: I've given up.")


def test_the_lead_ends_where_the_original_begins() -> None:
    lead, rest = read_lead(
        "<bob@example.org>: no\n--- Below this line is a copy of the message.\nTo: carol@example.org"
    )
    assert lead == "<bob@example.org>: no"
    assert rest.endswith("carol@example.org")


def test_addresses_of_the_sender_are_not_named() -> None:
    assert name_failed("From: list@ours.example\nRCPT TO:<bob@example.org>\n") == ["bob@example.org"]
