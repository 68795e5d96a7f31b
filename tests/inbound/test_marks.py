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
