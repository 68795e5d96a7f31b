"""What a person wrote between the digest's words, and what programs wrote there."""

from __future__ import annotations

from inbound.lines import Line
from inbound.sent_words import text_words
from inbound.stretches import Found, find
from tests.inbound.sent_digests import digest

SENT = text_words(digest("en"))
QUOTE = "".join(piece.text for piece in digest("en").pieces).split("\n")
UNDER = next(at for at, line in enumerate(QUOTE) if "#27: write below" in line) + 1


def found(*typed: str, mark: str = "> ") -> Found:
    lines = [Line(mark + line) for line in QUOTE]
    return find([*lines[:UNDER], *(Line(line) for line in typed), *lines[UNDER:]], SENT)


def said(*typed: str, mark: str = "> ") -> list[tuple[int | None, tuple[str, ...]]]:
    return [(stretch.topic, stretch.lines) for stretch in found(*typed, mark=mark).stretches]


def test_lines_keep_their_order_and_blank_lines() -> None:
    assert said("", "one", "", "two", "") == [(27, ("one", "", "two"))]


def test_rules_cuts_and_footnotes_say_nothing() -> None:
    assert said("[...]", "----------", "> ", "<https://relais.example/t/27?k=a>") == []
    assert said("[snip]", "one", "Links:", "------", "[1] https://relais.example/t/27") == [(27, ("one",))]


def test_a_signature_between_is_cut() -> None:
    assert said("one", "-- ", "Alice", "02 40 00 00 00") == [(27, ("one",))]


def test_it_counts_what_is_the_digests() -> None:
    result = found("one", "two")
    assert result.words - result.matched == 2
    assert result.quoted_topic is None
    assert result.marked
    assert result.selection == ""


def test_an_unmarked_quote_is_one() -> None:
    assert said("one", mark="") == [(27, ("one",))]


def test_a_quote_of_few_words_is_a_selection() -> None:
    assert find([Line("> locksmith comes"), Line("yes")], SENT).selection == "locksmith comes"
    assert find([Line("> entirely other words"), Line("yes")], SENT).selection == ""
