"""The mails about a mail that waits for somebody who runs the place: asked, told, sent back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from gateway.core.command import Verb
from gateway.core.decision import Reason
from gateway.core.notice import Author, LostPerson, NamedFile, NoticeKind, NoticeMail, Obeyed, Result
from gateway.core.question import Asks, Circumstances, Question
from gateway.core.urgency import Urgency
from tests.outbound.mails import RETURNED
from tests.outbound.receipts import OBEYED

ASKED = replace(
    RETURNED,
    kind=NoticeKind.QUESTION,
    reason=Reason.FIRST_POST,
    message_id="<n48@relais.example.org>",
    reference="A-48",
    subject="Vélos de service : et si on en achetait trois ?",
    text="Bonjour,\n\nLes deux vélos de la cour ne suffisent plus depuis l’été : le mardi il y a la queue.\n\n"
    "Je propose d’en acheter trois, le devis est joint. Qui est pour ?\n\nNadia Benali\nAtelier, poste 4312",
    files=(NamedFile("Photos de la cour.zip", 35_651_584, "application/zip", "b" * 64),),
    attached=(NamedFile("devis-velos.pdf", 48_320, "application/pdf", "a" * 64),),
    in_reply_to="",
    author=Author("Nadia Benali", "nadia.benali@example.fr", proven=True, known=True),
    question=Question(Asks.MODERATE, 3, 11, 48, until=date(2026, 11, 27)),
    circumstances=Circumstances(who="Nadia Benali"),
)
PROGRAM = replace(
    ASKED,
    reason=Reason.FILE_TYPE,
    topic_title="Vélos de service",
    files=(),
    attached=(),
    question=Question(Asks.MODERATE, 3, 11, 48, taken_off=("Calcul vélos.exe",), until=date(2026, 11, 27)),
)
AGAIN = replace(
    ASKED, reason=Reason.MODERATED, question=Question(Asks.MODERATE, 3, 11, 48, until=date(2026, 11, 27), again=True)
)


def _said(verb: Verb, result: Result = Result.DONE, by: str = "", day: date | None = None) -> NoticeMail:
    done = Obeyed(verb, ("Projets",), None, ASKED.subject, day, (3,), result, number=48)
    return replace(OBEYED, community=RETURNED.community, obeyed=done, circumstances=Circumstances(by=by))


REVIEWS: dict[str, NoticeMail] = {
    "review": ASKED,
    "review-program": PROGRAM,
    "review-again": AGAIN,
    "reviewed-published": _said(Verb.APPROVE),
    "reviewed-refused": _said(Verb.REJECT),
    "reviewed-by-another": _said(Verb.APPROVE, by="Claire Morel"),
    "reviewed-refused-by-another": _said(Verb.REJECT, by="Claire Morel"),
    "reviewed-late": _said(Verb.APPROVE, Result.OVER, "Claire Morel", date(2026, 11, 19)),
    "reviewed-expired": _said(Verb.REJECT, Result.OVER, "", date(2026, 11, 27)),
    "reviewed-unproven": _said(Verb.APPROVE, Result.NOT_ALLOWED),
    "reviewed-nowhere": replace(OBEYED, obeyed=Obeyed(Verb.APPROVE, result=Result.NO_PLACE, number=77)),
    "returned-refused": replace(
        RETURNED,
        reason=Reason.REFUSED,
        words="merci de le poster plutôt dans Achats, qui vote le budget",
        files=(NamedFile("Photos du chantier.zip", 35_651_584, "application/zip", "b" * 64),),
        attached=(NamedFile("Programme-Nantes.pdf", 840, "application/pdf", "a" * 64),),
    ),
    "returned-expired": replace(RETURNED, reason=Reason.EXPIRED),
    "returned-file-type": replace(
        RETURNED, reason=Reason.FILE_TYPE, community=None, sent_to="digest@relais.example.org"
    ),
    "waiting-first": replace(RETURNED, kind=NoticeKind.WAITING, reason=Reason.FIRST_POST, waiting=3),
    "waiting-audience": replace(RETURNED, kind=NoticeKind.WAITING, reason=Reason.LARGE_AUDIENCE, waiting=1),
    "waiting-file-type": replace(RETURNED, kind=NoticeKind.WAITING, reason=Reason.FILE_TYPE),
}

_OUT = Question(Asks.WITHDRAW, 3, arrival_id=49, post_id=9, at_once=9, in_digests=33)
_MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)
OUT = replace(
    ASKED,
    reason=Reason.MEMBER_POST,
    reference="A-49",
    text="",
    files=(),
    attached=(),
    author=None,
    in_reply_to="<own-1@mail.example.fr>",
    question=_OUT,
)
BACK = replace(OBEYED, community=RETURNED.community)
_CANCELLED = Obeyed(Verb.CANCEL, ("Projets",), 12, ASKED.subject, community_ids=(3,))
POSTED: dict[str, NoticeMail] = {
    "posted": OUT,
    "posted-held": replace(OUT, question=replace(_OUT, at_once=1, before=datetime(2026, 11, 20, 15, 15, tzinfo=UTC))),
    "posted-digests": replace(OUT, question=replace(_OUT, at_once=0, taken_off=("Calcul vélos.exe",))),
    "posted-by-night": replace(OUT, question=replace(_OUT, later=4, later_from=_MONDAY)),
    "posted-all-asleep": replace(OUT, question=replace(_OUT, at_once=1, in_digests=0, later=1, later_from=_MONDAY)),
    "posted-urgent": replace(
        OUT,
        question=replace(_OUT, later=6, later_from=_MONDAY, urgency=Urgency.GRANTED, urgent_count=1, urgent_limit=2),
    ),
    "posted-not-urgent": replace(
        OUT,
        question=replace(
            _OUT, at_once=8, later=8, later_from=_MONDAY, urgency=Urgency.SPENT, urgent_count=2, urgent_limit=2
        ),
    ),
    "posted-alone": replace(OUT, question=replace(_OUT, at_once=0, in_digests=0)),
    "withdrawn": replace(BACK, obeyed=_CANCELLED),
    "withdrawn-late": replace(BACK, obeyed=replace(_CANCELLED, result=Result.OVER)),
    "withdrawn-nothing": replace(BACK, obeyed=Obeyed(Verb.CANCEL, result=Result.NO_PLACE)),
}
_MINE = Question(Asks.MINE, 3, arrival_id=50)
POSTED |= {
    "mine": replace(OUT, reason=Reason.SENDER_NOT_PROVEN, reference="A-50", subject="", in_reply_to="", question=_MINE),
    "mine-not": replace(BACK, obeyed=Obeyed(Verb.NO, number=50)),
    "mine-late": replace(BACK, obeyed=Obeyed(Verb.YES, number=50, result=Result.OVER)),
    "lighter": replace(
        RETURNED,
        reason=Reason.ATTACHMENT_TOO_LARGE,
        files=(NamedFile("Photos du chantier.zip", 35_651_584, "application/zip", "b" * 64),),
        question=Question(Asks.LIGHTER, 3, arrival_id=51),
    ),
    "lighter-late": replace(BACK, obeyed=Obeyed(Verb.TEXT, number=51, result=Result.OVER)),
}
_TOLD = replace(BACK, reason=Reason.BOUNCE, obeyed=None, community=None, subject="", in_reply_to="")
REACHING: dict[str, NoticeMail] = {
    "absence": replace(
        _TOLD,
        kind=NoticeKind.QUESTION,
        reason=Reason.AUTO_REPLY,
        reference="N-93",
        question=Question(Asks.ABSENCE, until=date(2026, 12, 1)),
    ),
    "probe": replace(_TOLD, kind=NoticeKind.QUESTION, reference="N-90", question=Question(Asks.PROBE)),
    "reached": replace(
        _TOLD,
        kind=NoticeKind.QUESTION,
        reference="N-91",
        in_reply_to="<own-1@mail.example.fr>",
        question=Question(Asks.REACHED),
    ),
    "lost": replace(
        _TOLD,
        kind=NoticeKind.LOST,
        reference="N-92",
        lost=(LostPerson("Nadia Benali", ("Projets", "Achats")), LostPerson("Karim Haddad", ())),
    ),
    "lost-one": replace(
        _TOLD, kind=NoticeKind.LOST, reference="N-93", lost=(LostPerson("Nadia Benali", ("Projets",)),)
    ),
    "unwelcome": replace(_TOLD, kind=NoticeKind.UNWELCOME, reference="N-94", waiting=37),
}
