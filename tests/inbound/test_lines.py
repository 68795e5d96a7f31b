from __future__ import annotations

from inbound.lines import MAX_LOOKED_AT, visible


def test_marks_that_nobody_sees_are_not_looked_at() -> None:
    assert visible("\u202b\u200fa\u00a0b\u202c \u200b") == "a b"
    assert visible("\u2009: \ufeff") == ":"


def test_a_long_line_is_cut() -> None:
    assert len(visible("x" * 5000)) == MAX_LOOKED_AT
