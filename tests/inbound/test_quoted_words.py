"""Which words are the digest's: what stands in its order and its lines, and not what only sounds like it."""

from __future__ import annotations

from inbound.lines import Line, Mark
from inbound.quoted_words import QuotedWords
from inbound.sent_words import text_words
from tests.inbound.sent_digests import digest

SENT = text_words(digest("en"))
ITEM = digest("en").pieces[1].text


def quoted(*lines: Line) -> QuotedWords:
    return QuotedWords(lines, SENT)


def of_item(mark: str = "> ") -> list[Line]:
    return [Line(f"{mark}{line}") for line in ITEM.split("\n")]


def test_all_words_of_a_quote_are_the_digests() -> None:
    words = quoted(*of_item())
    assert min(words.places) >= 0
    assert words.depth == 1
    assert words.topics() == {12}


def test_a_few_words_of_it_outside_the_quote_are_the_persons() -> None:
    words = quoted(*of_item(), Line("fine for Thursday"))
    assert words.places[-3:] == [-1, -1, -1]


def test_the_depth_is_that_of_the_digest() -> None:
    assert quoted(Line("> old"), *of_item("> > ")).depth == 2
    assert quoted(*(Line(line.text[2:], Mark.QUOTE, 3) for line in of_item())).depth == 3
    assert quoted(*(Line(line.text[2:], Mark.QUOTE) for line in of_item())).depth == 1
    assert quoted(*of_item("")).depth == 0


def test_few_unmarked_words_can_be_taken_back() -> None:
    words = quoted(Line("Sixty people voted."))
    assert words.matched == 3
    assert words.take_back()
    assert words.matched == 0
    assert not quoted(*of_item("")).take_back()
    assert not quoted(Line("> Sixty people voted.")).take_back()


def test_words_of_one_topic_only_are_certain() -> None:
    words = quoted(Line("> Sixty people voted."))
    assert words.is_certain(0, 2)


def test_spans_are_those_of_the_line() -> None:
    words = quoted(Line("> Sixty people, voted"))
    assert [words.texts[0][start:end] for start, end in words.spans(0)] == ["Sixty", "people", "voted"]
