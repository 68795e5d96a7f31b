"""Digests for the tests of outbound: the topics of one network on one Friday, all written for this purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time

from gateway.core.clock import Clock
from gateway.core.delivery import Delivery
from gateway.core.digest import Cadence, Item, Rhythm, Section, Shape, Why
from gateway.core.post import ToldFile
from gateway.core.token import KeyRing
from outbound.composing import Pressroom
from outbound.digest import DigestComposer, DigestMail, Fragment, FragmentSource, fragment_key
from outbound.digest_contents import DigestContents, Press
from outbound.digest_parts import waiting_for
from store.database import Database
from tests.outbound.mails import DELIVERY, KEYS, NOW, RENDERER, SITE

ZONE = "Europe/Paris"

QUOTE = FragmentSource(
    topic_id=12,
    post_id=140,
    title="Chaudière de l’atelier : garder ou remplacer ?",
    community_name="Bâtiments",
    opener=("Inès Delmas", datetime(2026, 11, 19, 15, 12, tzinfo=UTC)),
    excerpt_text="Marie, tu connais l’installateur : peux-tu lui demander une visite avant jeudi ?\n\nLe devis se "
    "monte à 14 800 €, pose comprise. L’ancienne tiendra peut-être un hiver de plus, mais la pièce qui lâche chaque "
    "décembre ne se fabrique plus.",
    latest=("Paul Guérin", "Un hiver de plus nous coûterait 2 100 € de fioul. Je joins le calcul."),
    news=4,
    more=3,
    brought_back=False,
    question=True,
    waiting=Why.MENTIONS_YOU,
    zone=ZONE,
    latest_files=(ToldFile(71, "Fioul, hivers 2021 à 2026.ods", 48_320),),
)
BIKES = FragmentSource(
    topic_id=27,
    post_id=152,
    title="Abri à vélos, les plans sont arrivés",
    community_name="Vie du site",
    opener=("Tom Baker", datetime(2026, 11, 20, 6, 40, tzinfo=UTC)),
    excerpt_text="Twenty-four places instead of sixteen, and a roof over all of them. The drawing is on the wall by "
    "the lift until Tuesday; scribble on it.",
    latest=("Nadia Benali", "J’ai scribouillé : il manque une prise pour les vélos électriques."),
    news=2,
    more=0,
    brought_back=False,
    question=False,
    waiting=None,
    zone=ZONE,
    files=(
        ToldFile(72, "abri-velos-plan.pdf", 1_482_000),
        ToldFile(73, "abri-velos-coupe.pdf", 611_000),
        ToldFile(74, "Couleurs du toit.jpg", 230_400),
        ToldFile(75, "devis.pdf", 90_000),
        ToldFile(76, "devis-2.pdf", 90_000),
    ),
)
TRAIN = FragmentSource(
    topic_id=31,
    post_id=160,
    title="Qui prend le train de 6 h 52 pour Lyon mardi ?",
    community_name="Déplacements",
    opener=("Sofia Lindqvist", datetime(2026, 11, 19, 10, 5, tzinfo=UTC)),
    excerpt_text="Je cherche deux personnes pour partager le taxi de la gare au chantier. Retour prévu à 18 h.",
    latest=None,
    news=1,
    more=0,
    brought_back=False,
    question=True,
    waiting=None,
    zone=ZONE,
)
MISSED = FragmentSource(
    topic_id=9,
    post_id=98,
    title="Sauvegardes : le test de restauration a échoué",
    community_name="Informatique",
    opener=("Karim Haddad", datetime(2026, 11, 12, 8, 30, tzinfo=UTC)),
    excerpt_text="Trois dossiers de 2024 ne se relisent plus. J’ai refait l’essai deux fois, sur deux machines : la "
    "copie s’arrête toujours au même endroit.\n\nRien n’est perdu pour l’instant, les originaux sont là. Mais si le "
    "serveur tombait cette nuit, il manquerait les plans de Nantes et la moitié des relevés. Je propose de racheter "
    "deux disques, de refaire une copie complète samedi et de relire chaque mois un dossier tiré au sort. Il faudrait "
    "quelqu’un pour la relecture, une heure par mois, sans connaissances particulières. Qui s’y met ?",
    latest=None,
    news=1,
    more=0,
    brought_back=True,
    question=False,
    waiting=None,
    zone=ZONE,
    is_answer=True,
)


def short(topic_id: int, title: str, author: str, community: str, news: int = 1) -> FragmentSource:
    """A topic for one line."""
    return replace(
        TRAIN,
        topic_id=topic_id,
        post_id=topic_id * 10,
        title=title,
        community_name=community,
        opener=(author, NOW),
        news=news,
        question=False,
    )


SHORT = (
    short(44, "Covoiturage depuis Angers, lundi et jeudi", "Paul Guérin", "Déplacements"),
    short(46, "Pot de départ de Michel le 4 décembre", "Sophie Renard", "Vie du site", 3),
)
SOURCES = (QUOTE, BIKES, TRAIN, MISSED, *SHORT)


def item_of(source: FragmentSource, shape: Shape = Shape.FULL) -> Item:
    """The item that the source tells."""
    why = (source.waiting,) if source.waiting else ((Why.QUESTION,) if source.question else (Why.FRESH,))
    section = Section.MISSED if source.brought_back else Section.WAITING if source.waiting else Section.NEW
    return Item(
        topic_id=source.topic_id,
        community_id=3,
        section=section,
        shape=shape,
        first=source.post_id,
        last=source.post_id + source.news - 1,
        news=source.news,
        why=why,
    )


def told(source: FragmentSource, item: Item) -> FragmentSource:
    """The source as the item has it told."""
    return replace(source, waiting=waiting_for(item), question=Why.QUESTION in item.why)


ITEMS = (*map(item_of, SOURCES[:4]), *(item_of(source, Shape.LINE) for source in SHORT))

DIGEST = DigestMail(
    digest_id=501,
    message_id="<d501@relais.example.org>",
    cadence=Cadence.DAILY,
    day=date(2026, 11, 20),
    timezone=ZONE,
    zone=ZONE,
    network="Relais",
    items=ITEMS,
    communities=("Bâtiments", "Déplacements", "Informatique", "Vie du site"),
    daily_at=time(7, 30),
    weekly_on=0,
    left_out=0,
    created_at=NOW,
)
WEEKLY = replace(
    DIGEST,
    digest_id=502,
    message_id="<d502@relais.example.org>",
    cadence=Cadence.WEEKLY,
    timezone="America/Montreal",
    items=(*ITEMS[1:3], *ITEMS[4:]),
    communities=("Bâtiments", "Vie du site", "Informatique", "Achats", "Sécurité", "Chorale", "Jardin", "Cantine"),
    daily_at=time(8),
    left_out=12,
)


def digest_composer(keys: KeyRing = KEYS) -> DigestComposer:
    """A composer of digests."""
    return DigestComposer(SITE, keys, RENDERER)


def press_room(database: Database, clock: Clock) -> Pressroom:
    """What makes the digests of a database."""
    composer = digest_composer()
    press = Press(SITE.domain, SITE.name, Rhythm(ZONE, time(7, 30), 0))
    return Pressroom(DigestContents(press, composer, database), composer, clock)


def fragments_of(
    sources: Sequence[FragmentSource], items: Sequence[Item], locale: str, composer: DigestComposer | None = None
) -> Mapping[str, Fragment]:
    """Every fragment in that language, by its key."""
    one = composer or digest_composer()
    return {
        fragment_key(item, locale, source.zone): one.render_fragment(told(source, item), item.shape, locale)
        for source, item in zip(sources, items, strict=True)
    }


def digest_sent(mail: DigestMail = DIGEST, locale: str = "fr", delivery: Delivery = DELIVERY) -> bytes:
    """The bytes of one of the digests above."""
    fragments = fragments_of(SOURCES, ITEMS, locale)
    return digest_composer().compose(mail, fragments, replace(delivery, locale=locale)).data
