"""What a community may be called."""

from __future__ import annotations

import pytest

from gateway import naming
from gateway.core import address
from inbound.route import RESERVED


@pytest.mark.parametrize("text", ["projets", "r-et-d", "equipe.nord", "2026", "a", "x" * 30])
def test_an_address_that_mail_programs_take(text: str) -> None:
    assert naming.community_address(f" {text.upper()} ", "+") == text
    assert address.parse(f"{text}@talk.example.com").split("+") == (text, None)


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_reserved_word_is_refused_in_any_case(word: str) -> None:
    with pytest.raises(ValueError, match="reserved"):
        naming.community_address(word.title(), "+")


@pytest.mark.parametrize("separator", ["+", "=", "_", "-"])
def test_the_separator_is_no_part_of_an_address(separator: str) -> None:
    with pytest.raises(ValueError, match="separates"):
        naming.community_address(f"a{separator}b", separator)


def test_the_longest_name_leaves_room_for_a_detail() -> None:
    longest = naming.community_address("x" * naming.MAX_LOCAL_OCTETS, "+")
    assert len(longest) + len("+responsables") < address.MAX_LOCAL_OCTETS
    with pytest.raises(ValueError, match="longer"):
        naming.community_address(longest + "x", "+")


def test_shown_text_is_one_visible_line() -> None:
    assert naming.shown_text(" Les \n\t projets\u00a0: l\u2019e\u0301te\u0301 ") == "Les projets : l’été"
    for hidden in ("a\x00b", "a\u200fb", "a\ud800b"):
        with pytest.raises(ValueError, match="invisible"):
            naming.shown_text(hidden)
