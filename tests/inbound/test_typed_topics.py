"""A topic is what a person typed at the start of a line, and nothing that only looks like it."""

from __future__ import annotations

import pytest

from inbound.typed_topics import divide

KNOWN = (12, 31)
HEADINGS = {12: ("who", "keeps", "the", "key")}


@pytest.mark.parametrize(
    ("line", "topics", "rest"),
    [
        ("#12 fine", (12,), "fine"),
        ("[#12] fine", (12,), "fine"),
        ("#12: fine", (12,), "fine"),
        ("#12 : d'accord", (12,), "d'accord"),
        ("#12, fine", (12,), "fine"),
        ("#12 - fine", (12,), "fine"),
        ("#12 -> fine", (12,), "fine"),
        ("#12 -5 %", (12,), "-5 %"),
        ("(#12) fine", (12,), "fine"),
        ("**#12** fine", (12,), "fine"),
        ("- #12 fine", (12,), "fine"),
        ("\u2022 [#12] fine", (12,), "fine"),
        ("\uff0312 fine", (12,), "fine"),
        ("Sujet #12 : fine", (12,), "fine"),
        ("topic #12: fine", (12,), "fine"),
        ("12: fine", (12,), "fine"),
        ("12 : fine", (12,), "fine"),
        ("#99 fine", (99,), "fine"),
        ("#12 +1", (12,), "+1"),
        ("#12, #31: fine", (12, 31), "fine"),
        ("#12 et #31 : d'accord", (12, 31), "d'accord"),
        ("#12 and #31 contradict each other", (12,), "#12 and #31 contradict each other"),
        ("[#12] Who keeps the key?", (12,), ""),
    ],
)
def test_a_line_that_begins_with_a_topic(line: str, topics: tuple[int, ...], rest: str) -> None:
    above, typed = divide(["before", line, "more"], KNOWN, HEADINGS)
    assert above.lines == ("before",)
    assert (typed.topics, " ".join(typed.lines)) == (topics, f"{rest} more".strip())


@pytest.mark.parametrize(
    "line",
    [
        "see #12",
        "12 people came",
        "12:30 is fine",
        "13: not of this digest",
        "#12th floor",
        "# 1. A title",
        "#",
        "C#12 sharp",
        "#1234567890 is no number of ours",
    ],
)
def test_a_line_that_does_not(line: str) -> None:
    (only,) = divide([line], KNOWN, HEADINGS)
    assert (only.topics, only.lines) == ((), (line,))
