"""The text of a post's mail as it was sent, for whoever has to find it again in an answer.

Handed by the wiring to the flow that reads answers; the two flows do not know each other.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from sqlalchemy import Connection

from outbound.compose import Composer
from outbound.contents import Contents
from outbound.language import language_of

_KEPT = 256


class SentTexts:
    """Remembers the latest texts. Not thread-safe: the reading thread's own."""

    def __init__(self, composer: Composer, contents: Contents) -> None:
        self._composer = composer
        self._contents = contents
        self._texts: OrderedDict[tuple[int, str], str] = OrderedDict()

    def __call__(self, tx: Connection, wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], str]:
        """(post id, locale) → text, for the posts that still exist. One query a noun for all that are not at hand."""
        pairs = {(post_id, locale): (post_id, language_of(locale)) for post_id, locale in wanted}
        missing = {key for key in pairs.values() if key not in self._texts}
        mails = self._contents.posts(tx, {post_id for post_id, _ in missing}) if missing else {}
        for post_id, code in missing:
            if post_id in mails:
                self._texts[post_id, code] = self._composer.text_of(mails[post_id], code)
        found = {pair: self._texts[key] for pair, key in pairs.items() if key in self._texts}
        while len(self._texts) > _KEPT:
            self._texts.popitem(last=False)
        return found
