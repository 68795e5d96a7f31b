"""Marks: which marked lines are quoted, and which are a person's own commands, verses and lists."""

from __future__ import annotations

import time

import pytest

from inbound.lines import Line
from inbound.marks import find_quoted, other_mark
from tests.inbound.test_quoting import new_words

HISTORY = "\n\nOn 2 March 2026 at 10:00, Bob <bob@example.org> wrote:\n> old words"


@pytest.mark.parametrize("below", ["", HISTORY])
def test_marked_lines_that_a_sentence_announces_are_the_persons(below: str) -> None:
    own = "To start the pump, type this:\n\n> pump --start\n> pump --flow 4\n\nand close the valve."
    assert new_words(f"{own}{below}") == own


@pytest.mark.parametrize(
    "above",
    ["I wanted to answer your points:", "Bob asked the following:", "Roger:", "Bob Roux, 2026:", "See below."],
)
def test_what_is_announced_as_somebody_elses_is_quoted(above: str) -> None:
    assert new_words(f"{above}\n> old words\n\nAgreed.") == f"{above}\n\nAgreed."


def test_where_nothing_follows_the_marked_lines_are_the_history() -> None:
    assert new_words("This is how it went so far:\n> old words\n> more of them") == "This is how it went so far:"


@pytest.mark.parametrize(
    "own",
    [
        "As Woolf says:\n\n> one cannot think well\n> if one has not dined well\n\nand I agree.",
        "The alarm rings at\n> 90 % for five minutes, or\n> 95 % at once.\nFine?",
        ">:( that was not the plan",
    ],
)
def test_marked_lines_above_the_history_that_are_not_of_it_are_the_persons(own: str) -> None:
    assert new_words(f"{own}{HISTORY}") == own
    assert new_words(f"So:\n{own}\n\nFrom: Bob <b@example.org>\nSent: Monday\nSubject: x\n\nold words") == f"So:\n{own}"


def test_marked_lines_above_the_history_that_are_of_it_are_quoted() -> None:
    assert new_words(f"Of this:\n> old words\nI like most.{HISTORY}") == "Of this:\nI like most."


def test_the_unmarked_tail_of_a_wrapped_quote_introduces_nothing() -> None:
    wrapped = "> " + "many words of a quote that a program wrapped " + "at its width\nwrote: and on\n> more"
    assert new_words(f"Yes.\n\n{wrapped}") in ("Yes.", "Yes.\n\nwrote: and on")


def test_the_tail_of_a_quoted_line_is_quoted() -> None:
    texts = ["> " + "long words " * 7, "of the quote", "> more", ">From here on", "x"]
    assert find_quoted([Line(text) for text in texts], [text.strip() for text in texts]) == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_other_marks() -> None:
    assert (other_mark("AB> words"), other_mark("| words"), other_mark("words"), other_mark("")) == ("AB>", "|", "", "")


def test_many_announcements_cost_no_more_than_their_length() -> None:
    def spent(count: int) -> float:
        text = "type this now:\n> a\n" * count
        begun = time.process_time()
        new_words(text)
        return time.process_time() - begun

    spent(200)
    assert min(spent(2000) for _ in range(3)) < 2.5 * min(spent(1000) for _ in range(3))
