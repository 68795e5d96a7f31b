"""Mentioning: posts that call members of their community by name are noted with them, inside the transaction of the
verdict. What is noted waits for its person at the top of their digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.core.folding import UNSEEN
from inbound import mentions
from store import mentions as store


@dataclass(frozen=True, slots=True)
class Text:
    """The new words of one post, in one community."""

    post_id: int
    community_id: int
    author_id: int
    words: str


def note(tx: Connection, texts: Sequence[Text]) -> None:
    """Notes who is called in these texts. Asks the store for all of them at once, and only where anybody is called."""
    found = {text.post_id: mentions.callings(text.words.translate(UNSEEN)) for text in texts if "@" in text.words}
    asked: dict[int, set[str]] = defaultdict(set)
    for text in texts:
        for candidates in found.get(text.post_id, ()):
            asked[text.community_id].update(candidates)
    if not asked:
        return
    meant: dict[int, dict[str, int | None]] = defaultdict(dict)
    for (community_id, name), person_id in store.meant(tx, asked).items():
        meant[community_id][name] = person_id
    pairs = [
        (text.post_id, person_id)
        for text in texts
        if text.post_id in found
        for person_id in mentions.resolve(found[text.post_id], meant[text.community_id])
        if person_id != text.author_id
    ]
    store.add(tx, pairs)
