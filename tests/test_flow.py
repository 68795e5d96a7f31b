"""docs/flow.md names the functions a mail passes; this holds it to the code."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

PAPER = Path(__file__).parent.parent / "docs" / "flow.md"
NAMES = sorted(set(re.findall(r"`((?:gateway|inbound|outbound|digests|store)\.[\w.]+)`", PAPER.read_text("utf-8"))))


def test_the_paper_names_the_whole_path() -> None:
    assert len(NAMES) > 50


@pytest.mark.parametrize("name", NAMES)
def test_a_named_function_exists(name: str) -> None:
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        assert callable(found)
        return
    raise AssertionError(f"no module of {name}")
