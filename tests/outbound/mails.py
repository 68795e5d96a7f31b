"""Posts, notices and deliveries for the tests of outbound, all of them written for this purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

from gateway.core.community import Community, CommunityKind, JoinPolicy, Pace, PostPolicy
from gateway.core.decision import Reason
from gateway.core.delivery import Delivery, DeliveryKind, Lease
from gateway.core.notice import Author, NamedFile, NoticeKind, NoticeMail
from gateway.core.post import Content, PostMail, StoredFile
from gateway.core.token import KeyRing
from outbound.compose import Composer
from outbound.headers import Site
from outbound.render import Renderer

NOW = datetime(2026, 11, 20, 15, 12, tzinfo=UTC)
SITE = Site("relais.example.org", "Relais", "https://relais.example.org")
KEYS = KeyRing({1: b"an old key of thirty-two octets!!", 2: b"the key of today, 32 octets long"})
RENDERER = Renderer()
RENDERED_KINDS = ("post", "notice")
BLOBS = {
    "a" * 64: b"%PDF-1.4 a programme\n" * 40,
    "b" * 64: bytes(range(256)) * 3,
    "c" * 64: b"\x89PNG\r\n\x1a\n a picture",
}

PROJETS = Community(
    3, "projets", "Projets", CommunityKind.PROJECT, Pace.EACH, JoinPolicy.OPEN, PostPolicy.MEMBERS, "", archived=False
)
PROGRAMME = StoredFile(7, "Programme-Nantes.pdf", "application/pdf", 219_136, "a" * 64, inline=False, content_id="")
PHOTOS = StoredFile(8, "Photos du chantier.zip", "application/zip", 50_331_648, "b" * 64, inline=False, content_id="")
PICTURE = StoredFile(9, "plan.png", "image/png", 1_800, "c" * 64, inline=True, content_id="plan@author")

TEXT = """Bonjour à toutes et à tous,

La visite du site de Nantes est fixée au 3 décembre. Il reste deux points à trancher avant vendredi :

- le car part de la gare ou du siège ?
- qui présente le plan du chantier ?

Le programme est joint, les photos sont en lien."""

HTML = (
    "<p>Bonjour à toutes et à tous,</p><p>La visite du site de Nantes est fixée au <b>3 décembre</b>. Il reste deux "
    "points à trancher avant vendredi :</p><ul><li>le car part de la gare ou du siège ?</li><li>qui présente le "
    '<a href="https://chantier.example/plan?a=1&amp;b=2">plan du chantier</a> ?</li></ul><blockquote>Vingt personnes '
    "au plus.</blockquote><p>Le programme est joint, les photos sont en lien.</p>"
)

CONTENT = Content(
    id=5,
    message_id="<p5@relais.example.org>",
    author_id=1,
    author_name="Inès Delmas",
    author_message_id="<own-1@mail.example.fr>",
    subject="Visite de Nantes : qui vient ?",
    text=TEXT,
    html=HTML,
    language="fr",
    files=(PROGRAMME, PHOTOS),
    created_at=NOW,
)

POST = PostMail(
    post_id=9,
    topic_id=12,
    topic_title="Visite de Nantes : qui vient ?",
    content=CONTENT,
    community=PROJETS,
    is_answer=False,
    in_reply_to=(),
    references=(),
    readers=42,
    also_in=("Achats", "Vie du site"),
    files_attached=(PROGRAMME,),
    files_linked=(PHOTOS,),
    link_days=90,
)

PASSED_ON = replace(
    POST,
    content=replace(
        CONTENT,
        text="Pour information : le transporteur répond enfin.",
        html="<p>Pour information : <b>le transporteur répond enfin.</b></p>",
        forwarded="De : Cars Loire <contact@cars-loire.example>\nObjet : Votre demande\n\nBonjour,\n\nDeux cars "
        "de cinquante places sont libres le 3 décembre, départ 7 h 30 de la gare. <Devis> joint.\n\nCars Loire",
        files=(),
    ),
    also_in=(),
    files_attached=(),
    files_linked=(),
)

ANSWER = PostMail(
    post_id=10,
    topic_id=12,
    topic_title="Visit to Nantes: who comes?",
    content=replace(
        CONTENT,
        id=6,
        message_id="<p6@relais.example.org>",
        author_name="Tom Baker",
        author_message_id="<own-2@mail.example.com>",
        text="From the station, please: the train from Lyon arrives at 9:10 and nobody there has a car.\n\nTom",
        html=None,
        language="en",
        files=(),
    ),
    community=PROJETS,
    is_answer=True,
    in_reply_to=("<p5@relais.example.org>",),
    references=("<own-1@mail.example.fr>", "<p5@relais.example.org>"),
    readers=1,
    also_in=(),
    files_attached=(),
    files_linked=(),
    link_days=None,
)

RETURNED = NoticeMail(
    kind=NoticeKind.RETURNED,
    reason=Reason.NOT_A_MEMBER,
    message_id="<n1@relais.example.org>",
    reference="A-1042",
    community=PROJETS,
    sent_to="projets@relais.example.org",
    topic_title="",
    subject="Visite de Nantes : qui vient ?",
    text=TEXT,
    files=(NamedFile("Programme-Nantes.pdf", 219_136),),
    in_reply_to="<own-1@mail.example.fr>",
    sent_at=NOW,
    timezone="Europe/Paris",
    limit_bytes=20_971_520,
)

FORWARDED = NoticeMail(
    kind=NoticeKind.FORWARDED,
    reason=Reason.FOR_THE_ADMINS,
    message_id="<n2@relais.example.org>",
    reference="A-1043",
    community=PROJETS,
    sent_to="projets+owner@relais.example.org",
    topic_title="",
    subject="Je n’arrive plus à écrire au groupe",
    text="Bonjour,\n\nDepuis lundi mes messages reviennent. Voici une capture de ce que je reçois.\n\n"
    "Pouvez-vous regarder ?\n\nInès Delmas\n01 23 45 67 89",
    files=(NamedFile("Boîte d’envoi.zip", 35_651_584, "application/zip", "b" * 64),),
    in_reply_to="<own-3@mail.example.fr>",
    sent_at=NOW,
    timezone="Europe/Paris",
    limit_bytes=20_971_520,
    author=Author("Inès Delmas", "ines.delmas@example.fr", proven=True, known=True),
    attached=(NamedFile("capture.png", 1_800, "image/png", "c" * 64),),
)

STRANGER = replace(
    FORWARDED,
    community=None,
    sent_to="postmaster@relais.example.org",
    subject="Your server refuses our mail",
    text="Hello,\n\nSince this morning your server answers 451 to everything we send.\n\nRegards,\nTom Baker",
    files=(),
    attached=(),
    author=Author("Tom Baker", "tom@mail.example.com", proven=False, known=False),
)

HELD = replace(
    RETURNED,
    kind=NoticeKind.HELD,
    reason=Reason.FOR_THE_ADMINS,
    reference="N-12",
    sent_to="",
    subject="",
    text="",
    files=(),
    in_reply_to="",
    waiting=3,
)

DELIVERY = Delivery(
    id=77,
    kind=DeliveryKind.POST,
    content_id=5,
    notice_id=None,
    digest_id=None,
    community_id=3,
    post_id=9,
    person_id=4,
    address="marie.petit@example.fr",
    locale="fr",
    key_id=1,
    attempts=1,
    created_at=NOW,
    lease=Lease(NOW),
)


def composer(site: Site = SITE) -> Composer:
    """A composer on the blobs above."""
    return Composer(site, KEYS, BLOBS.__getitem__, RENDERER)


def sent(mail: PostMail, locale: str = "fr", delivery: Delivery = DELIVERY) -> bytes:
    """The bytes of that post for that delivery."""
    one = composer()
    return one.fill(one.prepare(mail, locale), delivery).data


def read(data: bytes) -> EmailMessage:
    """The mail as a reader's program sees it."""
    message = BytesParser(policy=default).parsebytes(data)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, subtype: str) -> str:
    """The decoded text or HTML of a mail."""
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
