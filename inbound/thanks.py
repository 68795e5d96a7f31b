"""A mail that is a thank-you and nothing else: "merci Claire", "+1", a thumb; it is counted, and nobody gets a mail.

The pipeline asks for the newly written text. Every word has to be one of the lists below, or a name beside the thanks;
whatever says more is an answer. French, English, German, Spanish, Italian, Dutch and Portuguese. Pure, never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inbound.folding import QUOTES, fold
from inbound.lines import UNSEEN

MAX_TEXT = 160
"""Whoever writes more says more."""
MAX_NAMES = 2
_SIGNS = re.compile(
    r"[👍❤♥♡🧡💛💚💙💜🤍🖤🙏👏🙌🎉👌💯💪🥰😍]|<3(?![0-9])|:\+1:|:heart:|:thumbsup:|\(y\)", re.IGNORECASE
)
# They go with thanks and are none: a smile alone may mean anything. Colours of skin and pieces of signs go, too.
_SMILES = re.compile(r"[🏻🏼🏽🏾🏿\ufe0e\ufe0f😀😃😄😁😊🙂😉😎🤗☺]|[:;]-?[)D](?!\w)")
_BREAKS = re.compile(r"[.,!;:…‼\n\r]+|\s-+\s")
_THANKS = (
    r"(?:(?:un )?(?:grand|immense|enorme) )?mercis?(?: (?:beaucoup|bien|infiniment|encore|mille fois|bcp|"
    r"a (?:toi|vous|tous|toutes|tous et a toutes)|(?:a (?:toi|vous) )?aussi))*|mille mercis?|je (?:te|vous) remercie|"
    r"(?:many |big )?thanks(?: (?:a lot|a million|again|so much|very much|all|everyone|both))*|thx|tks|"
    r"thank you(?: (?:so much|very much|so very much|again|all|everyone|both))*|much appreciated|"
    r"danke(?: (?:schon|schoen|sehr|dir|ihnen|euch|vielmals))*|(?:vielen|herzlichen|besten|tausend) dank|"
    r"(?:muchas |muchisimas |mil )?gracias|(?:mille |molte |tante )?grazie(?: mille| tante| a te| a voi)?|"
    r"(?:heel erg |hartelijk )?bedankt|hartelijk dank|(?:hartelijk )?dank (?:je|u)(?: wel)?|dankjewel|dankuwel|"
    r"(?:muito )?obrigad[oa]"
)
_LIKES = r"\+ ?1|j'aime(?: bien| beaucoup)?|j'adore|i like (?:it|this)|i love (?:it|this)|love (?:it|this)|like"
_FOR = (
    r"pour (?:tout|ca|cela|(?:l'|cette |ton |votre |ta |vos |tes |le |la |les |ce |ces )"
    r"(?:infos?|informations?|aide|reponses?|retours?|partage|precisions?|message))|"
    r"for (?:everything|that|this|(?:the |your |all your )?"
    r"(?:info|information|help|answers?|reply|feedback|sharing|update|message))"
)
_JOY = r"ok|super|top|parfait|genial|excellent|nickel|cool|great|perfect|wonderful|awesome|lovely|prima|toll|genau"
_GREETING = r"bonjour|bonsoir|salut|coucou|hello|hi|hey|hallo|hola|ciao|dear|cher|chere"
_FAREWELL = (
    r"(?:bien )?cordialement|cdt|bien a (?:toi|vous)|a bientot|bonne (?:journee|soiree)|(?:et )?bon week-?end|bises|"
    r"(?:kind |best |warm )?regards|best|cheers|have a (?:nice|good) (?:day|evening|weekend)"
)
_PHRASES = re.compile(
    rf"(?:(?:(?P<thanks>(?:{_THANKS})(?: (?:{_FOR}))?|{_LIKES})|{_JOY}|{_GREETING}|{_FAREWELL})(?: et| and)?(?: |$))+"
)
_AND = frozenset(("et", "and", "und", "y", "e", "en", "&", "a", "to"))
_NAME = re.compile(r"@?[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_])){1,29}")
# Words that turn a thank-you around, or begin a sentence, and stand with a capital after a full stop.
_NO_NAME_WORDS = """
mais non no not but pas oui yes stop help aide pour for de et and je i il elle on nous vous we you they tu c'est j'ai
ca cela this that le la les un une des the a an sauf except however cependant toutefois pourtant sinon quand quel
quelle qui que quoi comment pourquoi ou who what when where why how rien nothing anyway d'avance attention aber nein
pero ma maar nee mas nao leave quitter tout all si if en dans sur y a-t-il puis donc alors so then also aussi lundi
mardi mercredi jeudi vendredi monday tuesday wednesday thursday friday demain tomorrow
"""
_NO_NAMES = frozenset(_NO_NAME_WORDS.split())


def read_thanks(text: str, author: str = "") -> bool:
    """Whether the whole `text` is a thank-you or a like, with at most MAX_NAMES words of names beside it.

    A name stands behind the thanks or after a comma; alone it counts only where it is of `author`, who signs so.
    """
    text = text.strip().translate(UNSEEN)
    if len(text) > MAX_TEXT or "?" in text:
        return False
    text, signs = _SIGNS.subn("\n", _SMILES.sub(" ", text))
    # Where everything is a capital, none of them tells a name.
    most = 0 if text.isupper() else MAX_NAMES
    signatures = frozenset(fold(author[:MAX_TEXT]).split())
    thanked, names = signs > 0, 0
    for mark, chunk in _chunks(text):
        words = chunk.split()
        if signatures.issuperset(map(fold, words)):
            continue
        said, named = _split_names(words)
        found = _PHRASES.fullmatch(fold(" ".join(said)))
        if found is None and (said or mark != ","):
            return False
        thanked = thanked or (found is not None and found["thanks"] is not None)
        names += named
    return thanked and names <= most


def _chunks(text: str) -> Iterator[tuple[str, str]]:
    """What stands between two marks, with the mark before it."""
    mark, start = "", 0
    for found in (*_BREAKS.finditer(text), None):
        chunk = text[start : found.start() if found else len(text)].strip(QUOTES + " \t\u00a0\u202f")
        if chunk:
            yield mark, chunk
        if found:
            mark, start = found[0].strip(" "), found.end()


def _split_names(words: list[str]) -> tuple[list[str], int]:
    """The words without the names at their end, and how many names those are: "merci à Claire et Paul" has two."""
    names = 0
    while words and names < MAX_NAMES and _is_name(words[-1]) and not _PHRASES.fullmatch(fold(" ".join(words))):
        words, names = words[:-1], names + 1
        if len(words) > 1 and fold(words[-1]) in _AND:
            words = words[:-1]
    return words, names


def _is_name(word: str) -> bool:
    return bool(_NAME.fullmatch(word)) and word.lstrip("@")[:1].isupper() and fold(word) not in _NO_NAMES
