"""The words people can answer with: one table, by which commands reads, and which docs/commands.md shows.

A new command is one Entry here, one Verb and one action. Words of both languages are understood wherever they are
written; the first of each is the one that is shown.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, auto

from gateway.core.command import Circle, HelpLine, Place, Verb
from inbound.folding import fold


class Shape(Enum):
    """What may follow a word. commands reads each by one function."""

    NOTHING = auto()
    NAME = auto()
    """A community, which the place may give; where one word could begin a sentence, one word only."""
    NAME_AT_ADDRESS = auto()
    """The same, only at a command address: "All good" in answer to a digest is no command."""
    TOPIC = auto()
    """#12, which the place may give; also before the word."""
    NUMBER = auto()
    """The number of a line or of a held mail, which the place may give."""
    COUNT = auto()
    """How many, and a community."""
    MOVE = auto()
    UNTIL = auto()
    ADDRESS = auto()
    """An address, and a community."""
    LANGUAGE = auto()
    REASON = auto()
    """A number, then anything."""


@dataclass(frozen=True, slots=True)
class Words:
    """How one language says it."""

    shown: tuple[str, ...]
    """The words that help shows, the usual one first."""
    argument: str
    """What may follow, as help shows it: "[until 4 Dec]"; "" for nothing."""
    does: str
    """What it does, for the help mail."""
    also: tuple[str, ...] = ()
    """Understood, not shown."""

    @property
    def form(self) -> str:
        """The line of the help mail: "JOIN projects / SUBSCRIBE"."""
        first, *others = self.shown
        return " / ".join([f"{first} {self.argument}".rstrip(), *others])


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows the words of a verb, where they act, and who may use them."""

    verb: Verb
    shape: Shape
    places: frozenset[Place]
    who: Circle
    as_detail: bool = False
    """The shown words make command addresses too: projets+rejoindre@."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One verb with its words."""

    rule: Rule
    fr: Words
    en: Words

    @property
    def phrases(self) -> tuple[str, ...]:
        """Every way to say it, folded."""
        said = (*self.fr.shown, *self.fr.also, *self.en.shown, *self.en.also)
        return tuple(dict.fromkeys(map(fold, said)))

    def words(self, locale: str) -> Words:
        """In the reader's language: French where the locale is, else English."""
        return self.fr if locale[:2].lower() == "fr" else self.en


_ANYWHERE = frozenset(Place)
_NOT_A_POST = _ANYWHERE - {Place.POST}
_QUESTION = frozenset({Place.QUESTION})
_ASKED = frozenset({Place.QUESTION, Place.ADDRESS})
_ADDRESS = frozenset({Place.ADDRESS})

TABLE: tuple[Entry, ...] = (
    Entry(
        Rule(Verb.HELP, Shape.NOTHING, _NOT_A_POST, Circle.ANYONE),
        Words(("AIDE",), "", "ces mots, et vos communautés", ("commandes",)),
        Words(("HELP",), "", "these words, and your communities", ("commands",)),
    ),
    Entry(
        Rule(Verb.LIST, Shape.NOTHING, _ASKED, Circle.ANYONE),
        Words(("LISTE",), "", "les communautés qui vous sont ouvertes", ("listes", "communautés")),
        Words(("LIST",), "", "the communities open to you", ("lists", "communities")),
    ),
    Entry(
        Rule(Verb.JOIN, Shape.NAME, _ASKED, Circle.ANYONE, as_detail=True),
        Words(("REJOINDRE", "ABONNER"), "projets", "demander à entrer", ("s'abonner", "m'abonner")),
        Words(("JOIN", "SUBSCRIBE"), "projects", "ask to join"),
    ),
    Entry(
        Rule(Verb.LEAVE, Shape.NAME, _ANYWHERE, Circle.MEMBER, as_detail=True),
        Words(
            ("QUITTER", "DÉSABONNER"),
            "projets",
            "partir, tout de suite",
            ("se désabonner", "me désabonner", "désabonnez-moi", "désabonnement", "désinscription", "désinscrire"),
        ),
        Words(("LEAVE", "UNSUBSCRIBE"), "projects", "leave, at once", ("unsubscribe me",)),
    ),
    Entry(
        Rule(Verb.STOP, Shape.NAME_AT_ADDRESS, _ANYWHERE, Circle.MEMBER, as_detail=True),
        Words(("STOP",), "", "partir, tout de suite"),
        Words(("STOP",), "", "leave, at once"),
    ),
    Entry(
        Rule(Verb.ALL, Shape.NAME_AT_ADDRESS, _NOT_A_POST, Circle.MEMBER, as_detail=True),
        Words(("TOUT",), "", "chaque message, dès qu'il est publié", ("tous les messages", "chaque message")),
        Words(("ALL",), "", "every message, as it is posted", ("all messages", "every message", "everything")),
    ),
    Entry(
        Rule(Verb.IMPORTANT, Shape.NAME_AT_ADDRESS, _NOT_A_POST, Circle.MEMBER, as_detail=True),
        Words(("IMPORTANT",), "", "seulement ce qui vous concerne, et les annonces"),
        Words(("IMPORTANT",), "", "only what concerns you, and announcements"),
    ),
    Entry(
        Rule(Verb.DAILY, Shape.NAME_AT_ADDRESS, _NOT_A_POST, Circle.MEMBER, as_detail=True),
        Words(("JOUR",), "", "un résumé par jour", ("quotidien", "chaque jour", "résumé quotidien")),
        Words(("DAILY",), "", "one digest a day", ("day", "daily digest")),
    ),
    Entry(
        Rule(Verb.WEEKLY, Shape.NAME_AT_ADDRESS, _NOT_A_POST, Circle.MEMBER, as_detail=True),
        Words(("SEMAINE",), "", "un résumé par semaine", ("hebdomadaire", "hebdo", "chaque semaine")),
        Words(("WEEKLY",), "", "one digest a week", ("week", "weekly digest")),
    ),
    Entry(
        Rule(Verb.PAUSE, Shape.UNTIL, _NOT_A_POST, Circle.PERSON, as_detail=True),
        Words(("PAUSE",), "[jusqu'au 4/12]", "plus aucun message avant ce jour"),
        Words(("PAUSE",), "[until 4 Dec]", "no mail before that day"),
    ),
    Entry(
        Rule(Verb.RESUME, Shape.NOTHING, _NOT_A_POST, Circle.PERSON, as_detail=True),
        Words(("REPRENDRE",), "", "finir la pause", ("reprise",)),
        Words(("RESUME",), "", "end the pause"),
    ),
    Entry(
        Rule(Verb.MUTE, Shape.TOPIC, _ANYWHERE, Circle.MEMBER),
        Words(("MUET",), "#12", "plus rien de ce sujet", ("sourdine",)),
        Words(("MUTE",), "#12", "no more of this topic"),
    ),
    Entry(
        Rule(Verb.FOLLOW, Shape.TOPIC, _ANYWHERE, Circle.MEMBER),
        Words(("SUIVRE",), "#12", "chaque message de ce sujet"),
        Words(("FOLLOW",), "#12", "every message of this topic", ("unmute",)),
    ),
    Entry(
        Rule(Verb.SETTINGS, Shape.NOTHING, _NOT_A_POST, Circle.PERSON),
        Words(("MES RÉGLAGES",), "", "ce que vous recevez, et quand", ("réglages", "paramètres", "mes paramètres")),
        Words(("SETTINGS",), "", "what you get, and when", ("my settings",)),
    ),
    Entry(
        Rule(Verb.MY_DATA, Shape.NOTHING, _NOT_A_POST, Circle.PERSON),
        Words(("MES DONNÉES",), "", "ce qui est enregistré de vous"),
        Words(("MY DATA",), "", "what is stored about you"),
    ),
    Entry(
        Rule(Verb.WHO, Shape.NAME, _ADDRESS, Circle.MEMBER),
        Words(("QUI",), "projets", "les membres qui ont accepté d'être nommés"),
        Words(("WHO",), "projects", "the members who agreed to be listed"),
    ),
    Entry(
        Rule(Verb.LAST, Shape.COUNT, _ASKED, Circle.MEMBER),
        Words(("DERNIERS",), "5 [projets]", "les cinq derniers messages, comme reçus aujourd'hui", ("dernières",)),
        Words(("LAST",), "5 [projects]", "the last five posts, as if received today"),
    ),
    Entry(
        Rule(Verb.GET, Shape.TOPIC, _NOT_A_POST, Circle.MEMBER),
        Words(("LIRE",), "#12", "tous les messages d'un sujet"),
        Words(("GET",), "#12", "all messages of a topic"),
    ),
    Entry(
        Rule(Verb.INVITE, Shape.ADDRESS, _ASKED, Circle.MEMBER),
        Words(("INVITER",), "x@exemple.fr [projets]", "inviter quelqu'un"),
        Words(("INVITE",), "x@example.com [projects]", "invite somebody"),
    ),
    Entry(
        Rule(Verb.CANCEL, Shape.NUMBER, _ANYWHERE, Circle.ASKED),
        Words(("ANNULER",), "[1]", "défaire ce que dit un accusé", ("annule",)),
        Words(("CANCEL",), "[1]", "undo what a receipt tells", ("undo",)),
    ),
    Entry(
        Rule(Verb.MOVE, Shape.MOVE, _ASKED, Circle.ASKED),
        Words(("DÉPLACER",), "1 #27", "mettre la réponse 1 dans le sujet 27"),
        Words(("MOVE",), "1 #27", "put answer 1 into topic 27"),
    ),
    Entry(
        Rule(Verb.TEXT, Shape.NOTHING, _QUESTION, Circle.ASKED),
        Words(("TEXTE",), "", "publier sans la pièce jointe trop lourde"),
        Words(("TEXT",), "", "post without the attachment that is too large"),
    ),
    Entry(
        Rule(Verb.CLOSE, Shape.TOPIC, _NOT_A_POST, Circle.MANAGER),
        Words(("FERMER",), "#12", "fermer un sujet"),
        Words(("CLOSE",), "#12", "close a topic"),
    ),
    Entry(
        Rule(Verb.REOPEN, Shape.TOPIC, _NOT_A_POST, Circle.MANAGER),
        Words(("ROUVRIR",), "#12", "rouvrir un sujet", ("réouvrir",)),
        Words(("REOPEN",), "#12", "reopen a topic"),
    ),
    Entry(
        Rule(Verb.LANGUAGE, Shape.LANGUAGE, _NOT_A_POST, Circle.PERSON),
        Words(("LANGUE",), "FR / EN", "la langue de nos messages\u00a0: FR ou EN"),
        Words(("LANGUAGE",), "FR / EN", "the language of our mails: FR or EN", ("lang",)),
    ),
    Entry(
        Rule(Verb.YES, Shape.NOTHING, _NOT_A_POST, Circle.ASKED),
        Words(
            ("OUI",),
            "",
            "répondre oui à notre question",
            ("j'accepte", "je confirme", "confirmer", "accepter", "oui merci", "oui, merci"),
        ),
        Words(
            ("YES",),
            "",
            "answer our question with yes",
            ("i accept", "i confirm", "confirm", "accept", "yes please", "yes, please"),
        ),
    ),
    Entry(
        Rule(Verb.NO, Shape.NOTHING, _NOT_A_POST, Circle.ASKED),
        Words(("NON",), "", "répondre non à notre question", ("non merci", "non, merci")),
        Words(("NO",), "", "answer our question with no", ("no thanks", "no, thanks", "no thank you", "no, thank you")),
    ),
    Entry(
        Rule(Verb.APPROVE, Shape.NUMBER, _ASKED, Circle.MANAGER),
        Words(("PUBLIER",), "48", "publier un message qui attend"),
        Words(("APPROVE",), "48", "post a message that waits"),
    ),
    Entry(
        Rule(Verb.REJECT, Shape.REASON, _ASKED, Circle.MANAGER),
        Words(("REFUSER",), "48 motif", "refuser un message qui attend"),
        Words(("REJECT",), "48 reason", "refuse a message that waits"),
    ),
)

LOOKALIKES = frozenset(("résumé",))
"""With its accents this is another word: a summary is no wish to end a pause."""

_BY_PHRASE = {phrase: entry for entry in TABLE for phrase in entry.phrases}
_BY_DETAIL = {
    fold(word): entry.rule.verb
    for entry in TABLE
    if entry.rule.as_detail
    for word in (*entry.fr.shown, *entry.en.shown)
}
MOST_WORDS = max(phrase.count(" ") + 1 for phrase in _BY_PHRASE)
"""So many words has the longest phrase."""


def entry_of(phrase: str) -> Entry | None:
    """The entry that a folded phrase, whole, is a word of."""
    return _BY_PHRASE.get(phrase)


def verb_of_detail(detail: str) -> Verb | None:
    """What a subaddress of a community asks for: the "rejoindre" of projets+rejoindre@."""
    return _BY_DETAIL.get(detail)


def help_lines(
    locale: str, place: Place, circles: Collection[Circle], verbs: Collection[Verb] = frozenset(Verb)
) -> tuple[HelpLine, ...]:
    """The words of these verbs that act in this place for people of these circles, in the order of the table."""
    wanted = (e for e in TABLE if place in e.rule.places and e.rule.who in circles and e.rule.verb in verbs)
    shown = (e.words(locale) for e in wanted)
    return tuple(HelpLine(words.form, words.does) for words in shown)


def language_of(forward_path: str, text: str) -> str | None:
    """The language of the word of command in an address or at the beginning of a text; None where both know it."""
    detail = re.split(r"[+=_-]", forward_path.partition("@")[0])[-1]
    first = text.split(None, 1)[:1]
    for word in (fold(detail), *map(fold, first)):
        french = any(word in map(fold, (*entry.fr.shown, *entry.fr.also)) for entry in TABLE)
        english = any(word in map(fold, (*entry.en.shown, *entry.en.also)) for entry in TABLE)
        if french != english:
            return "fr" if french else "en"
    return None
