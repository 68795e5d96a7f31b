"""kill -9 under load, a dozen times: what was answered with 250 is one post, and reaches everybody (P1-P3, P9)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.crashtest import Plan, run


def test_nothing_is_lost_and_nothing_is_twice(tmp_path: Path) -> None:
    found = run(Plan(kills=12, mails=600, longest_s=0.9, patience_s=60), tmp_path)
    assert not found.breaches, f"{found}\n{(tmp_path / 'log').read_text('utf-8', 'replace')[-5000:]}"
    assert (found.acked, found.posts, found.kills) == (600, 600, 12)


@pytest.mark.parametrize("mutant", ["answer-before-commit"])
def test_the_harness_notices_a_broken_promise(tmp_path: Path, mutant: str) -> None:
    found = run(Plan(kills=2, mails=60, longest_s=0.6, patience_s=30, mutant=mutant), tmp_path)
    assert any(breach.startswith("P1: ") for breach in found.breaches), str(found)
