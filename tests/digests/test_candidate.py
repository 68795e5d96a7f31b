"""digests/candidate.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digests.candidate import EXCERPT_BYTES, FULL_BYTES, LEAST_BYTES, Budget
from tests.digests.candidates import DULL


def test_an_item_in_full_weighs_its_excerpts() -> None:
    assert replace(DULL, excerpt_chars=0).full_bytes == FULL_BYTES
    assert replace(DULL, excerpt_chars=100).full_bytes == FULL_BYTES + 100 * EXCERPT_BYTES


@pytest.mark.parametrize(("max_bytes", "max_topics"), [(LEAST_BYTES - 1, 12), (60_000, 0), (-1, 12)])
def test_refuses_a_budget_that_holds_nothing(max_bytes: int, max_topics: int) -> None:
    with pytest.raises(ValueError, match="room"):
        Budget(max_bytes, max_topics)


def test_the_smallest_budget_is_one() -> None:
    assert Budget(LEAST_BYTES, 1).max_bytes == LEAST_BYTES
