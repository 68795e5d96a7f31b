"""What is missing is found where it is missed; what the quote has in full is never looked for again."""

from __future__ import annotations

import pytest

from inbound.digest_reply import split
from inbound.rewraps import Slice, asking_words, find_rewrapped, is_lost, is_punctuation
from tests.inbound.answering_clients import mail_of
from tests.inbound.sent_digests import digest

MISSING = ["déjà", "vu", "donaudampfschifffahrt", "会議は二十日です", "eur"]


def found(*lines: str, quoted: bool = True) -> list[list[int] | None]:
    return find_rewrapped([Slice(line.split(), quoted) for line in lines], MISSING)


@pytest.mark.parametrize("quoted", [True, False])
def test_words_cut_joined_and_without_accents_are_found_in_their_order(quoted: bool) -> None:
    lines = ("deja vudonau", "dampfschiff", "fahrt 会議は", "二十日です")
    assert found(*lines, quoted=quoted) == [[0, 1], [2], [2, 3], [3]]


def test_letters_may_be_lost() -> None:
    assert found("d j vu", "donaudampfschifffahrt") == [[0, 0, 0], [2]]


def test_what_stands_elsewhere_or_is_not_missing_is_the_persons() -> None:
    assert found("vu") == [None]
    assert found("deja") == [None]
    assert found("deja", "mine", "vu donaudampf") == [[0], None, [1, 2]]
    assert found("dampfschifffahrt") == [[2]]
    assert found("dampfschifffahrt", quoted=False) == [None]


def test_marks_without_words() -> None:
    assert all(is_punctuation(text) for text in ("».", "。", "?.", ")"))
    assert not any(is_punctuation(text) for text in ("?", "!", "👍", "a.", "??"))
    assert is_lost("> ????? ?")
    assert not is_lost("? oui")
    assert asking_words(["La clé\xa0? Oui ! Non."]) == {"clé", "oui"}


QUOTE = digest("fr").pieces[1].text.split("\n")


@pytest.mark.parametrize("word", ["cylindre", "serrurier", "Qui garde la clé", "pendant trois jours"])
def test_a_word_of_ours_outside_the_quote_is_the_persons(word: str) -> None:
    """Also where the quote was trimmed, so that the word stands in it no more."""
    kept = [line for line in QUOTE if word not in line]
    text = "\n".join(["Le 20/11/2026 à 07:30, Relais a écrit :", *(f"> {line}" for line in kept), "", word])
    [part] = split(mail_of(text, None), digest("fr"))
    assert (part.topic_id, part.text) == (12, word)
