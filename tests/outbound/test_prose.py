"""Clean HTML in our clothes, text as paragraphs, text as flowed lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.prose import Dresser, flow, strip_controls, to_html

DRESSER = Dresser({"p": "margin:0", "a": 'font-family:"x"', "img": "border:0"})


def test_styles_are_added_and_the_authors_dropped() -> None:
    assert DRESSER.dress('<p style="color:red" class="x">a</p>', {}) == '<p style="margin:0">a</p>'
    assert '<a href="https://x.example" style="font-family:&quot;x&quot;">' in DRESSER.dress(
        '<a href="https://x.example" onclick="y">b</a>', {}
    )


def test_images_only_from_the_mail() -> None:
    html = '<img src="cid:a" alt="1"><img src="https://x.example/b" alt="<img>"><img src="cid:gone"><img src="data:,x">'
    assert DRESSER.dress(html, {"a": "ours@x"}) == '<img src="cid:ours@x" alt="1" style="border:0">'
    assert DRESSER.dress(html, {}) == ""


def test_character_references_to_controls_are_dropped() -> None:
    assert DRESSER.dress("<p>a&#2;L0&#3;\x02b</p>", {}) == '<p style="margin:0">aL0b</p>'
    assert strip_controls("a\x00\x02\tb\nc\r\x85\ud800") == "a\tb\nc"


def test_text_becomes_paragraphs() -> None:
    html = to_html("One <b>\ntwo  three\n\n \nSee https://x.example/a?b=1&c=2.\n")
    assert html == (
        "<p>One &lt;b&gt;<br>\ntwo\u00a0 three</p>\n"
        '<p>See <a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>.</p>'
    )


def unflow(text: str) -> str:
    """RFC 3676 §4.2 for a reader that is not told DelSp, quotes left alone."""
    lines: list[str] = []
    joining = False
    for line in text.split("\n"):
        words = line[1:] if line.startswith(" ") else line
        if joining:
            lines[-1] += words
        else:
            lines.append(words)
        joining = words.endswith(" ") and line != "-- "
    return "\n".join(lines)


@pytest.mark.parametrize("text", ["-- ", "From here", " indented", "a\n\nb", "x" * 200, "From " + "word " * 40 + "end"])
def test_flowed_text_comes_back(text: str) -> None:
    assert unflow(flow(text)) == text


@given(st.lists(st.text(alphabet="ab > Fromé", min_size=1, max_size=30), max_size=60).map(" ".join))
def test_flowed_lines_are_short_and_nothing_is_lost(text: str) -> None:
    wanted = text.rstrip(" ")
    flowed = flow(wanted)
    assert re.sub(r"[ \n]", "", flowed) == wanted.replace(" ", "")
    if not wanted.startswith(">"):
        assert all(len(line) <= 74 for line in flowed.split("\n"))
        assert re.sub(" +", " ", unflow(flowed)) == re.sub(" +", " ", wanted)


def test_quoted_lines_are_not_broken() -> None:
    line = "> " + "quoted words " * 12
    assert flow(line) == line.rstrip()
