"""Words that open or close a letter and say nothing more: greetings, closings, the author's name, "my answers below".

digest_reply asks about words that stand in no topic beside answers that do, and drops them only if all of them are
such; answers reads words of command between them. A thank-you is not among them unless a name ends it: in doubt the
words are kept and the person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inbound import phrases, signature
from inbound.lines import visible

_MAX_LINES = 16
_MAX_SIGNED = 40
"""Nobody writes so much around a word."""
_MAX_WORDS = 8
_MAX_ANNOUNCING = 16
_GREETING = re.compile(
    r"(?:bonjour|bonsoir|salut|coucou|hello|hi|hey|dear|good (?:morning|afternoon|evening)|greetings|"
    r"chers?|ch[eè]res?|hallo|guten (?:tag|morgen|abend)|moin|servus|gr[uü]ezi|liebe[rs]?|"
    r"sehr geehrte[rs]?|hola|buen(?:os|as) (?:d[ií]as|tardes|noches)|estimad[oa]s?|querid[oa]s?|ciao|"
    r"buon(?:giorno|asera)|salve|gentil[ei]|ol[aá]|bom dia|boa (?:tarde|noite)|car[oa]s?|"
    r"goede(?:morgen|middag|navond)|beste|dag|hej|hei|god (?:dag|morgon|morgen)|cze[sś][cć]|dzie[nń] dobry)\b",
    re.IGNORECASE,
)
# Who may be greeted beside people of a capital letter.
_GREETED = frozenset(
    [
        "à",
        "a",
        "tous",
        "toutes",
        "tout",
        "toute",
        "le",
        "la",
        "les",
        "l",
        "monde",
        "et",
        "chers",
        "cher",
        "chère",
        "chères",
        "collègues",
        "équipe",
        "all",
        "everyone",
        "everybody",
        "team",
        "folks",
        "guys",
        "friends",
        "there",
        "colleagues",
        "both",
        "and",
        "the",
        "alle",
        "allen",
        "zusammen",
        "team",
        "kollegen",
        "kolleginnen",
        "und",
        "an",
        "todos",
        "todas",
        "equipo",
        "y",
        "tutti",
        "tutte",
        "ragazzi",
        "e",
        "todos",
        "todas",
        "equipa",
        "allemaal",
        "iedereen",
        "alla",
        "madame",
        "monsieur",
        "mesdames",
        "messieurs",
        "mr",
        "mrs",
        "ms",
        "mme",
        "m",
        "damen",
        "herren",
    ]
)
_CLOSING = re.compile(
    r"(?:(?:bien )?(?:cordialement|amicalement|respectueusement|sinc[eè]rement)(?: vôtre| à (?:tous|toutes|vous))?|"
    r"cdlt|cdt|bien à (?:vous|toi|tous)|salutations(?: distinguées)?|bises|bisous|à (?:bientôt|plus|demain|lundi)|"
    r"(?:très )?bonne (?:journée|soirée|fin de journée|semaine|fin de semaine)(?: à (?:tous|toutes|vous))?|"
    r"bon (?:week-?end|après-midi)(?: à (?:tous|toutes|vous))?|belle journée|"
    r"(?:with )?(?:best|kind|warm|many)(?: regards| wishes)?|regards|br|cheers|yours(?: sincerely| truly| faithfully)?|"
    r"sincerely(?: yours)?|have a (?:nice|good|great) (?:day|evening|weekend|week)|take care|"
    r"(?:mit )?(?:besten|freundlichen|lieben|herzlichen|viele|beste|liebe) gr[uü](?:ß|ss)en?|mfg|lg|vg|gru(?:ß|ss)|"
    r"sch[oö]nen (?:tag|abend)(?: noch)?|schönes wochenende|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|"
    r"un abrazo|(?:cordiali |distinti )?saluti|cordialmente|a presto|(?:com os melhores )?cumprimentos|abraços?|"
    r"(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?|groet(?:en|jes)?|mvg|(?:med )?(?:vänliga|venlig) hilsen?|mvh|"
    r"pozdrawiam|merci (?:d['’]avance|par avance)|thanks in advance|thank you in advance|vielen dank im voraus|"
    r"danke im voraus|gracias de antemano|grazie in anticipo)[\s,.!]*",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(?:merci(?: beaucoup)?|(?:many )?thanks|thank you|danke|gracias|grazie|obrigad[oa])[\s,.!]*", re.IGNORECASE
)
_ANNOUNCING = re.compile(
    r"(?:voici|ci-dessous|mes? (?:r[ée]ponses?|avis|retours?)|r[ée]ponses? (?:ci-dessous|dans le (?:texte|mail|corps))|"
    r"(?:here are )?my (?:answers|replies|comments)|(?:answers|replies|see|comments) (?:below|inline|in line)|inline|"
    r"meine antworten|antworten (?:unten|im text)|mis respuestas|le mie risposte)\b",
    re.IGNORECASE,
)
_NAME_WORD = re.compile(r"[^\W\d_][\w.'’-]*")
_UNGREETED = re.compile(r"[?:;.!\d]")
_BLANK_END = re.compile(r"[\s,.!:;]+\Z")


def is_courtesy(lines: Sequence[str], author: str) -> bool:
    """The lines only greet, close, name their author or announce answers; a contact block may follow the name.

    `author`: the display name of the mail's author, "" where there is none.
    """
    said = [visible(line) for line in lines if line.strip()]
    if not said or len(said) > _MAX_LINES:
        return False
    names = {word.casefold() for word in _NAME_WORD.findall(author)}
    thanked = False
    for at, text in enumerate(said):
        if _is_name(text, names):
            below = said[at + 1 :]
            return not below or signature.is_signature("__", below)
        if _THANKS.fullmatch(text):
            thanked = True
        elif not (
            _is_greeting(text) or _CLOSING.fullmatch(text) or _is_closing_with(text, names) or _is_announcing(text)
        ):
            return False
    # Thanks with nobody's name below may be meant for somebody.
    return not thanked


def without(text: str, author: str) -> str:
    """The text without the lines that open and close it so; all of it where it is nothing else.

    An answer of one word mostly comes so: few mail programs mark where a signature begins.
    """
    lines = text.strip().splitlines()
    if len(lines) > _MAX_SIGNED:
        return text
    start = next((at for at in range(len(lines) - 1, 0, -1) if is_courtesy(lines[:at], author)), 0)
    end = next((at for at in range(start + 1, len(lines)) if is_courtesy(lines[at:], author)), len(lines))
    return "\n".join(lines[start:end]).strip()


def _is_name(text: str, names: set[str]) -> bool:
    words = _NAME_WORD.findall(text)
    return 0 < len(words) <= _MAX_WORDS and bool(names) and all(word.casefold() in names for word in words)


def _is_greeting(text: str) -> bool:
    head, _, tail = text.partition(",")
    if tail.strip() and _is_announcing(tail.strip()):
        text = head
    found = _GREETING.match(text)
    if found is None or len(text.split()) > _MAX_WORDS:
        return False
    bare = _BLANK_END.sub("", text[found.end() :])
    # Words of capitals alone are no names: somebody shouts, or gives a command.
    return _UNGREETED.search(bare) is None and all(
        word.casefold() in _GREETED or (word[0].isupper() and not word.isupper()) for word in _NAME_WORD.findall(bare)
    )


def _is_closing_with(text: str, names: set[str]) -> bool:
    """ "Cordialement, Marie" in one line."""
    found = _CLOSING.match(text) or _THANKS.match(text)
    return found is not None and _is_name(text[found.end() :], names)


def _is_announcing(text: str) -> bool:
    if len(text.split()) > _MAX_ANNOUNCING or "?" in text:
        return False
    bare = text.rstrip(" :.!")
    words = bare.split()
    return bool(words) and (
        phrases.announces_answers(text)
        or (len(words) <= 6 and bool(_ANNOUNCING.match(bare)) and text.rstrip().endswith((":", ".", "below")))
    )
