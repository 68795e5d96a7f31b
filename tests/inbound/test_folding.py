from __future__ import annotations

import pytest

from inbound.folding import bare, fold


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("DÉSABONNER", "desabonner"),
        ("de\u0301sabonner", "desabonner"),
        ("Jusqu’au\u00a04\u202fd\u00e9c", "jusqu'au 4 dec"),
        ("  a \n b ", "a b"),
        ("ｓｔｏｐ", "stop"),
        ("st\u200bop\ufe0f", "stop"),
        ("1 – 2", "1 - 2"),
        ("İ", "i"),
        ("", ""),
    ],
)
def test_folds(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(
    "written", ["Stop", "Stop.", "*Stop*", "« Stop »", "“Stop !”", "\n\n\u200b Stop \n", "__Stop__", "Stop…", "'Stop',"]
)
def test_bares(written: str) -> None:
    assert bare(written) == "Stop"


def test_a_question_mark_stays() -> None:
    assert bare("Stop ?") == "Stop ?"
