"""Words are the same in every program's hands."""

from __future__ import annotations

import pytest

from inbound.sent_words import html_words, is_ours, spans_of, stands_in, text_words, without_links, words_of
from tests.inbound.sent_digests import digest


@pytest.mark.parametrize(
    "written",
    [
        "[#12] L’an dernier\xa0: 240\u202f€",
        "[#12] L'AN DERNIER : 240 EUR",
        "[#12] L'an dernier [3] : 240 €",
        "#12 l'an <https://relais.example/t/12?k=a> dernier 240 €",
        "[#12] l’an dernier digest+tok@relais.example 240 €",
        "[#12]\u200b l’an der\u00adnier\u2060 : 240 €",
        "[#12] l’an dernier %2Ft%2F12&data=05%7C02 240 €",
    ],
)
def test_the_same_words(written: str) -> None:
    assert words_of(written) == ["#12", "l", "an", "dernier", "240", "eur"]


@pytest.mark.parametrize("text", ["Été à 240 € [1] #12 ok", "HTTPS://A.EXAMPLE x", "plain words", "ß Ǆ ﬁn ½"])
def test_every_word_has_its_span(text: str) -> None:
    assert [words_of(text[start:end]) for start, end in spans_of(text)] == [[word] for word in words_of(text)]


def test_symbols_are_the_letters_that_some_programs_write_for_them() -> None:
    assert words_of("Relais™, № 3, ＃2") == words_of("RelaisTM, No 3, #2") == ["relaistm", "no", "3", "#2"]


def test_a_mark_is_a_whole_number() -> None:
    assert words_of("#12th C#1 # 1") == ["12th", "c", "#1", "1"]


def test_places_know_their_topic_in_both_bodies() -> None:
    for words in (html_words(digest("en")), text_words(digest("en"))):
        assert stands_in("locksmith comes", words) == {12}
        assert stands_in("at", words) == {None, 12, 27, 31}
        assert stands_in("nowhere to be found", words) == set()
        assert words.headings[27] == ("the", "menus", "of", "week", "48")
        assert words.topics == (None, 12, 27, 31, None, 44, None)


def test_a_digest_is_prepared_once() -> None:
    assert html_words(digest("fr")) is html_words(digest("fr"))


def test_whose_link_it_is() -> None:
    sent = text_words(digest("fr"))
    assert is_ours("https://relais.example/t/12?k=other", sent, quoted=False)
    assert is_ours("https://x.example/?url=https%3A%2F%2Frelais.example%2Ft%2F99&data=1", sent, quoted=False)
    assert is_ours("https://relais.example/u/othertoken", sent, quoted=True)
    assert not is_ours("https://relais.example/t/99", sent, quoted=False)
    assert not is_ours("https://intra.example/t/12", sent, quoted=True)


def test_a_text_without_its_links() -> None:
    assert without_links("see https://a.example/x, a@b.example and [1] it").split() == ["see", "and", "it"]
