"""Reading a command never raises, finds every word however it is spelt, and finds none in a longer text."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.command import Place
from inbound.choices import read_choice
from inbound.commands import read_command
from inbound.folding import fold
from inbound.thanks import read_thanks
from inbound.vocabulary import TABLE, Entry, Shape

TODAY = date(2026, 11, 20)
DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
WORDS = [
    (entry, word)
    for entry in TABLE
    for word in dict.fromkeys((*entry.fr.shown, *entry.fr.also, *entry.en.shown, *entry.en.also))
]
CASES = st.sampled_from([str.upper, str.lower, str.capitalize, str.title, str.swapcase])
SPELLINGS = st.sampled_from([str, fold, lambda word: word.replace("'", "’"), lambda word: word.replace(" ", "\u00a0")])
FRAMES = st.sampled_from(
    [
        *(
            "{}",
            "{}.",
            "{} !",
            "{}\u00a0!",
            "*{}*",
            "**{}**",
            "_{}_",
            "« {} »",
            "“{}”",
            '"{}."',
            "'{}'",
            "\n\n{}\n\n",
            "{}…",
        ),
        *("\ufeff{}", "{}\u200b", "  {}  ", "{},", "`{}`"),
    ]
)
PIECES = st.sampled_from(
    [
        *(word for _, word in WORDS),
        *(
            "#12",
            "12",
            "[#12]",
            "jusqu'au",
            "until",
            "4/12",
            "lundi",
            "2 weeks",
            "a@example.org",
            "x@",
            "fr",
            ":",
            ",",
            "?",
        ),
        *(
            "\n",
            "Re:",
            "*",
            "«",
            "merci",
            "👍",
            "+1",
            "Claire",
            "\u200b",
            "\u0301",
            "99999999999",
            "31/2/0000",
            "to",
            "→",
        ),
    ]
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=8).map(" ".join), st.lists(PIECES).map("".join))
# One more word of a sentence, which is neither a number nor a name that could follow.
MORE = st.sampled_from([", I disagree", " ? Non", ", mais pas encore", "\n\nJean", "; voyons", " !\n\nMerci à tous."])


@given(TEXTS, TEXTS, st.sampled_from(Place), DAYS, st.sampled_from(["fr", "en", ""]))
def test_never_raises(text: str, subject: str, place: Place, today: date, locale: str) -> None:
    command = read_command(text, subject, place, today, locale)
    assert command is None or command.until is None or (command.until > today and command.problem is None)
    read_thanks(text, subject)
    read_choice(text, {12: subject, 27: "Cantine"})


@pytest.mark.parametrize(("entry", "word"), WORDS, ids=[word for _, word in WORDS])
@given(data=st.data())
def test_every_word_is_found_however_it_is_spelt(entry: Entry, word: str, data: st.DataObject) -> None:
    spelt = data.draw(CASES)(data.draw(SPELLINGS)(word))
    text = data.draw(FRAMES).format(spelt)
    for place in Place:
        command = read_command(text, "", place, TODAY, "fr")
        if place in entry.rule.places:
            assert command is not None and command.verb is entry.rule.verb
        else:
            assert command is None
    command = read_command("", text, Place.ADDRESS, TODAY, "en")
    assert (command.verb if command else None) == (entry.rule.verb if Place.ADDRESS in entry.rule.places else None)


@given(st.sampled_from(WORDS), st.sampled_from(Place), MORE)
def test_a_longer_text_is_no_command(entry_and_word: tuple[Entry, str], place: Place, more: str) -> None:
    entry, word = entry_and_word
    # The reason of a refusal is the one thing that may be anything.
    if entry.rule.shape is not Shape.REASON:
        assert read_command(word + more, "", place, TODAY, "fr") is None


@given(TEXTS, st.sampled_from(WORDS))
def test_a_word_inside_an_answer_to_a_post_is_no_command(text: str, entry_and_word: tuple[Entry, str]) -> None:
    before = fold(text)
    if sum(c.isalpha() for c in before) > 1 and "#" not in before:
        assert read_command(f"{text} x {entry_and_word[1]}", "", Place.POST, TODAY, "fr") is None
        assert not read_thanks(f"merci {text} x")
