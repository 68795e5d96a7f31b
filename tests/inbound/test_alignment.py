"""Runs are long enough, rise, and claim no word twice."""

from __future__ import annotations

from gateway.core.digest import SentDigest, SentPiece
from inbound.alignment import Run, Words, align
from inbound.sent_words import UNKNOWN, text_words, words_of

TEXT = "[#1] one two three four\nfive six seven\neight nine ten eleven twelve thirteen fourteen"
SENT = text_words(SentDigest(1, (SentPiece(1, 1, "", TEXT),)))


def runs(answer: str, *depths: int) -> list[str]:
    lines = answer.split("\n")
    words = [(word, number) for number, line in enumerate(lines) for word in words_of(line)]
    numbers = [SENT.numbers.get(word, UNKNOWN) for word, _ in words]
    found = align(Words(numbers, [number for _, number in words], depths or [0] * len(lines)), SENT)
    return [" ".join(word for word, _ in words[run.first : run.behind]) + "!" * (not run.chained) for run in found]


def test_three_words_are_a_run_and_two_are_none() -> None:
    assert runs("five six x\nfive six seven") == ["five six seven"]


def test_a_lone_mark_is_a_run_inside_a_quote_only() -> None:
    assert runs("[#1]") == []
    assert runs("[#1]", 1) == ["#1"]
    assert runs("[#1] one") == ["#1 one"]


def test_the_heaviest_rising_chain_is_the_quote() -> None:
    assert runs("eight nine ten\none two three four five six seven") == [
        "eight nine ten!",
        "one two three four five six seven",
    ]


def test_the_last_word_of_an_answer_is_no_second_copy() -> None:
    # The answer ends with the word that was quoted last, and the quote goes on.
    assert runs("five six seven\nx y seven eight nine") == ["five six seven", "eight nine"]


def test_nor_is_the_first() -> None:
    assert runs("five six seven\neight x\neight nine ten eleven") == ["five six seven", "eight nine ten eleven"]


def test_a_run_knows_its_ends() -> None:
    run = Run(2, 5, 10)
    assert (run.length, run.end) == (3, 13)
