from __future__ import annotations

import pytest

from inbound.language import language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Bonjour, je suis d'accord avec vous.", "fr"),
        ("I agree with you, thanks for this.", "en"),
        ("Merci", "fr"),
        ("", None),
        ("12 / 34", None),
        ("Ich bin damit einverstanden", None),
        ("the les and et", None),
    ],
)
def test_the_common_words_vote(text: str, code: str | None) -> None:
    assert language(text) == code
