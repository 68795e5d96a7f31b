from __future__ import annotations

import pytest

from inbound.choices import read_choice

TOPICS = {12: "Budget 2027 : qui valide ?", 27: "Cantine", 31: "Migration « v2 »"}


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        *(
            ("12", 12),
            ("#12", 12),
            ("[#12]", 12),
            ("12.", 12),
            ("« 12 »", 12),
            ("*12*", 12),
            ("\n12\n", 12),
            ("1️⃣2️⃣", 12),
        ),
        *(("le 12", 12), ("n° 12", 12), ("sujet 12", 12), ("topic #12", 12), ("the 12", 12), ("dans le 12", 12)),
        *(("12 Budget 2027", 12), ("12 BUDGET", 12), ("12 : Budget 2027 : qui valide ?", 12), ("[#12] Budget", 12)),
        *(("27 Cantine", 27), ("27 - cantine", 27), ("31 Migration v2", 31)),
    ],
)
def test_a_choice(text: str, topic: int) -> None:
    assert read_choice(text, TOPICS) == topic


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "13",
            "Budget 2027",
            "Cantine",
            "12 27",
            "12, 27",
            "12 ou 27",
            "12?",
            "12 ?",
            "12 Budget ?",
            "12 %",
            "12%",
        ),
        *("27 personnes", "12 oui", "le 12 décembre", "12,5", "1 2", "-12", "+12", "12 Budget 2027 : qui valide ? Moi"),
        *("9" * 5000, "12 " + "x" * 5000, "#", "[#12", "#12#"),
    ],
)
def test_anything_else(text: str) -> None:
    assert read_choice(text, TOPICS) is None


def test_nothing_is_chosen_where_nothing_was_offered() -> None:
    assert read_choice("12", {}) is None
