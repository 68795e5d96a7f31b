from __future__ import annotations

import pytest

from inbound.signature import is_delimiter, is_signature


@pytest.mark.parametrize("text", ["--", "—", "__", "___", "---"])
def test_delimiters(text: str) -> None:
    assert is_delimiter(text, text, "Ann")
    assert not is_delimiter(text, f"  {text}", "Ann")


def test_the_rule_of_a_list() -> None:
    assert is_delimiter("_" * 47, "_" * 47, "Team mailing list")
    assert not is_delimiter("_" * 47, "_" * 47, "We begin with the chairs.")


def test_the_delimiter_of_the_standard_is_believed() -> None:
    assert is_signature("-- ", ["This is a sentence that somebody has put into a signature."])


def test_others_need_something_that_looks_like_one() -> None:
    assert is_signature("--", ["Ann Martin", "Head of Chairs"])
    assert is_signature("—", ["Ann Martin", "+33 1 23 45 67 89"])
    assert not is_signature("—", ["Violets,", "blue as noon"])
    assert not is_signature("--", ["The second part is about money and how we spend it."])
    assert not is_signature("--", ["one", "--", "two"])
