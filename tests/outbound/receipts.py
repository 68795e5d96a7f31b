"""Receipts, words obeyed and topics read by mail, for the tests of outbound, all of them written for this purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage

from gateway.core.command import Verb
from gateway.core.decision import Reason
from gateway.core.digest import PartState
from gateway.core.notice import Author, Choice, NoticeKind, NoticeMail, Obeyed, ReadPost, ReceiptLine, Result
from gateway.core.post import ToldFile
from gateway.core.question import Asks, Circumstances, Question
from gateway.core.report import Advice, QuietTopic, Week
from tests.outbound.mails import DELIVERY, RETURNED, composer, read

BOILER = (12, "Chaudière de l’atelier : garder ou remplacer ?", "Bâtiments")
BIKES = (27, "Abri à vélos, les plans sont arrivés", "Vie du site")
TRAIN = (31, "Qui prend le train de 6 h 52 pour Lyon mardi ?", "Déplacements")
CLOSED = (40, "Menu de la fête d’été", "Vie du site")
READ_FIRST = (44, "Règlement de l’atelier, version deux", "Atelier")

POSTED = ReceiptLine(1, PartState.POSTED, *BOILER, "Je l’appelle demain matin et je vous dis.\n\nMarie", "")
THANKED = ReceiptLine(2, PartState.THANKED, *BIKES, "Merci Tom !", "")
MUTED = ReceiptLine(3, PartState.OBEYED, *TRAIN, "muet", Verb.MUTE.value)
ASKED = ReceiptLine(
    4,
    PartState.ASKED,
    None,
    "",
    "",
    "Je peux m’en occuper, mais pas avant mardi.\n\nSinon voyez avec Paul : il a les clés.",
    "",
)
BACK = ReceiptLine(5, PartState.RETURNED, *CLOSED, "Il reste deux cageots de pêches.", Reason.TOPIC_CLOSED.value)
WAITING = ReceiptLine(6, PartState.HELD, *READ_FIRST, "L’article 4 manque.", Reason.MODERATED.value)

RECEIPT = replace(
    RETURNED,
    kind=NoticeKind.RECEIPT,
    reason=Reason.DIGEST_ANSWER,
    message_id="<n7@relais.example.org>",
    reference="A-1051",
    community=None,
    sent_to="digest@relais.example.org",
    subject="Re: [Relais] Résumé du 20 nov. : Chaudière de l’atelier, Abri à vélos, +3",
    text="",
    files=(),
    in_reply_to="<own-7@mail.example.fr>",
    id=7,
    lines=(POSTED, THANKED, MUTED, ASKED, BACK, WAITING),
    choices=tuple(Choice(number, title) for number, title, _ in (BOILER, BIKES, TRAIN, CLOSED, READ_FIRST)),
)
TWO_POSTED = replace(
    RECEIPT, lines=(POSTED, ReceiptLine(2, PartState.POSTED, *BIKES, "Il manque une prise près de la porte.", ""))
)
UNCLEAR = replace(
    TWO_POSTED,
    reason=Reason.NOT_UNDERSTOOD,
    text="Mets plutôt la première avec les trains, s’il te plaît !\n\nMarie",
)
QUESTION = replace(RECEIPT, lines=(replace(ASKED, number=1),))
QUESTION_AGAIN = replace(QUESTION, reason=Reason.NOT_UNDERSTOOD, text="Dans celui des vélos.")

ASKS = {
    "charter": replace(
        RETURNED,
        kind=NoticeKind.QUESTION,
        reason=Reason.CHARTER,
        reference="A-1052",
        id=8,
        question=Question(Asks.CHARTER, arrival_id=1052),
        circumstances=Circumstances(
            charter="1. Écrivez comme vous parleriez à un collègue.\n\n2. Rien de ce qui est secret ne se dit ici.\n\n"
            "3. Vos messages portent votre nom : vous pouvez les retirer, et demander ce que nous gardons de vous."
        ),
    ),
}
"""Questions that hold more than a line."""

REPORT = replace(
    RETURNED,
    kind=NoticeKind.REPORT,
    reason=Reason.FOR_THE_ADMINS,
    reference="N-12",
    id=12,
    subject="",
    text="",
    files=(),
    in_reply_to="",
    week=Week(
        since=date(2026, 11, 16),
        until=date(2026, 11, 23),
        members=42,
        joined=2,
        left=1,
        topics=5,
        answers=23,
        by_digest=9,
        writers=11,
        waiting=2,
        quiet=(QuietTopic(12, BOILER[1], 9), QuietTopic(31, TRAIN[1], 4)),
        newcomers=("Tom Baker", "Inès Delmas"),
        advice=(Advice.DECIDE, Advice.ANSWER, Advice.WELCOME),
    ),
)
LETTER = replace(
    RETURNED,
    kind=NoticeKind.LETTER,
    reason=Reason.LETTER,
    reference="A-1054",
    id=9,
    sent_to="author@relais.example.org",
    topic_title=TRAIN[1],
    subject="Re: " + TRAIN[1],
    text="Entre nous, je préfère prendre ma voiture.\n\nJe peux t’emmener si tu veux.",
    files=(),
    in_reply_to="",
    author=Author("Paul Guérin", "", proven=True, known=True),
    question=Question(Asks.LETTER, person_id=4, post_id=77),
)

OBEYED = replace(
    RECEIPT,
    kind=NoticeKind.OBEYED,
    reason=Reason.COMMAND,
    message_id="<n8@relais.example.org>",
    reference="A-1052",
    lines=(),
    choices=(),
    obeyed=Obeyed(Verb.WEEKLY, ("Bâtiments", "Vie du site")),
)
DONE = {
    "pace": Obeyed(Verb.WEEKLY, ("Bâtiments", "Vie du site")),
    "stepped-down": Obeyed(Verb.DAILY, ("Bâtiments", "Vie du site"), result=Result.STEPPED_DOWN),
    "stepped-down-again": Obeyed(Verb.WEEKLY, ("Bâtiments", "Vie du site"), result=Result.STEPPED_DOWN),
    "default-daily": Obeyed(Verb.DAILY, ("Bâtiments",), community_ids=(7,), result=Result.SLOWED),
    "default-weekly": Obeyed(Verb.WEEKLY, ("Bâtiments",), community_ids=(7,), result=Result.DEFAULT),
    "default-each": Obeyed(Verb.ALL, ("Bâtiments",), community_ids=(7,), result=Result.DEFAULT),
    "stopped": Obeyed(Verb.STOP, ("Vie du site",)),
    "paused": Obeyed(Verb.PAUSE, until=date(2026, 12, 1)),
    "muted": Obeyed(Verb.MUTE, topic_id=12, topic_title=BOILER[1]),
    "nothing": Obeyed(Verb.DAILY),
    "closed": Obeyed(Verb.CLOSE, ("Bâtiments",), 12, BOILER[1]),
    "reopened": Obeyed(Verb.REOPEN, ("Bâtiments",), 12, BOILER[1]),
    "not-yours": Obeyed(Verb.CLOSE, ("Bâtiments",), 12, BOILER[1], result=Result.NOT_ALLOWED),
    "nowhere": Obeyed(Verb.GET, topic_id=99),
    "accepted": Obeyed(Verb.YES),
    "declined": Obeyed(Verb.NO, result=Result.DECLINED),
}

READING = replace(
    OBEYED,
    kind=NoticeKind.READING,
    message_id="<n9@relais.example.org>",
    reference="A-1053",
    obeyed=None,
    topic=Choice(12, BOILER[1]),
    read=(
        ReadPost(
            "Inès Delmas",
            datetime(2026, 11, 19, 15, 12, tzinfo=UTC),
            "Le devis se monte à 14 800 €, pose comprise : https://devis.example/chaudiere\n\nL’ancienne tiendra "
            "peut-être un hiver de plus, mais la pièce qui lâche chaque décembre ne se fabrique plus.",
        ),
        ReadPost(
            "Paul Guérin",
            datetime(2026, 11, 20, 7, 5, tzinfo=UTC),
            "Un hiver de plus nous coûterait 2 100 € de fioul.\n\n- 1 400 € de consommation\n- 700 € d’entretien",
        ),
        ReadPost(
            "Tom Baker",
            datetime(2026, 11, 20, 9, 40, tzinfo=UTC),
            "Then replace it, before it decides for us. My sums are in the sheet.",
            (ToldFile(71, "Sums.ods", 48_320),),
        ),
    ),
    post_id=140,
)


def obeyed(done: Obeyed) -> NoticeMail:
    """The notice that tells of it."""
    return replace(OBEYED, obeyed=done)


def notice_sent(notice: NoticeMail, locale: str = "fr") -> EmailMessage:
    """The mail of that notice as a reader's program sees it."""
    return read(composer().compose_notice(notice, replace(DELIVERY, locale=locale)).data)
