"""What a digest is made of: excerpts, the names of fragments, and the title that a fragment shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.digest import Item, Section, Shape, Why
from outbound.digest_parts import EXCERPT, Fragment, excerpt, fragment_key, waiting_for
from outbound.headers import clean
from tests.outbound.digests import QUOTE, ZONE, digest_composer, item_of

ITEM = item_of(QUOTE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("  Two words \n\n\n\nand more  \n", "Two words\n\nand more"),
        ("one two three four", "one two…"),
        ("one two, three", "one two…"),
        ("abcdefghijklmnop", "abcdefghi…"),
        ("a\nb\x00\x02T0\x03", "a\nbT0"),
    ],
)
def test_excerpt(text: str, shown: str) -> None:
    assert excerpt(text, 20 if "more" in text else 10) == shown


def test_an_excerpt_of_many_lines_is_cut_too() -> None:
    shown = excerpt("\n".join("abcdefghijklmnopqrstuvwxyz"))
    assert shown == "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl…"


@given(st.text(max_size=2_000), st.integers(10, EXCERPT))
def test_an_excerpt_is_a_beginning(text: str, most: int) -> None:
    shown = excerpt(text, most)
    assert len(shown) <= most
    assert not shown.endswith((" ", "\n"))
    assert all(not line.endswith(" ") for line in shown.split("\n"))


def test_no_line_of_an_excerpt_is_a_signature_mark() -> None:
    assert "-- " not in excerpt("Words.\n-- \nTom").split("\n")


@pytest.mark.parametrize(
    "other",
    [
        replace(ITEM, topic_id=13),
        replace(ITEM, first=1),
        replace(ITEM, last=999),
        replace(ITEM, news=9),
        replace(ITEM, shape=Shape.LINE),
        replace(ITEM, section=Section.MISSED),
        replace(ITEM, why=(Why.ANSWERS_YOU,)),
        replace(ITEM, section=Section.NEW, why=(Why.QUESTION,)),
    ],
)
def test_what_looks_different_has_another_key(other: Item) -> None:
    assert fragment_key(other, "fr", ZONE) != fragment_key(ITEM, "fr", ZONE)


def test_what_looks_the_same_has_the_same_key() -> None:
    assert fragment_key(ITEM, "fr_CA", ZONE) == fragment_key(ITEM, "fr", ZONE) != fragment_key(ITEM, "en", ZONE)
    lively = replace(ITEM, section=Section.NEW, why=(Why.LIVELY, Why.YOUR_INTEREST))
    fresh = replace(lively, why=(Why.FRESH,), community_id=99)
    assert fragment_key(lively, "en", ZONE) == fragment_key(fresh, "en", ZONE)
    assert fragment_key(ITEM, "en", "Asia/Tokyo") != fragment_key(ITEM, "en", ZONE)
    line = replace(ITEM, shape=Shape.LINE)
    assert fragment_key(line, "en", "Asia/Tokyo") == fragment_key(line, "en", ZONE)


def test_only_what_waits_says_why() -> None:
    assert waiting_for(ITEM) is Why.MENTIONS_YOU
    assert waiting_for(replace(ITEM, section=Section.NEW)) is None
    assert waiting_for(replace(ITEM, why=(Why.LIVELY, Why.YOU_FOLLOW))) is Why.YOU_FOLLOW


@given(
    st.text(st.characters(codec="utf-8"), max_size=200)
    | st.text(" ab<>-From[#12]\u00a0", max_size=200)
    | st.lists(st.sampled_from(["From ", "> ", "long word "]), max_size=30).map("".join)
)
def test_a_fragment_knows_its_title(title: str) -> None:
    composer = digest_composer()
    for shape in Shape:
        fragment = composer.render_fragment(replace(QUOTE, title=title), shape, "en")
        shown = fragment.title.removesuffix("…")
        assert (clean(title) or "(no subject)").startswith(shown)
        assert shown


def test_no_title_where_there_is_none() -> None:
    assert Fragment("", "words\n").title == ""
