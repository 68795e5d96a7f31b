"""The language of a few lines of text, by a vote of its commonest words.

Called by reading, for the language of receipts and digests; French and English are what Relais speaks.
"""

from __future__ import annotations

import re

_WORDS = re.compile(r"[a-zà-öø-ÿœ]+")
_FRENCH_WORDS = """
le la les un une des du de et est que qui pour dans ce cette pas je nous vous il elle on sur avec au aux mais ou où ne
se son sa ses mon ma mes notre votre plus être avoir fait bonjour merci cordialement bonne très bien oui non été sont
ont ça comme si tout tous peut par en y à leur quand donc car aussi sans
"""
_ENGLISH_WORDS = """
the a an and is are was were of to in for on with that this it you i we they he she at by from be have has had not but
or as if will would can could should do does did my your our their there what which who when thanks thank hello hi
please yes no all any some more about just so than then
"""
_FRENCH = frozenset(_FRENCH_WORDS.split())
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_MAX = 20_000


def language(text: str) -> str | None:
    """ "fr" or "en", None where neither wins clearly or there are too few words to tell."""
    french = english = 0
    for word in _WORDS.findall(text[:_MAX].lower()):
        french += word in _FRENCH
        english += word in _ENGLISH
    most, least = max(french, english), min(french, english)
    if most < 1 or most < 2 * least + 1:
        return None
    return "fr" if french > english else "en"
