from __future__ import annotations

from inbound.flowed import unwrap


def test_soft_breaks_vanish_and_stuffing_too() -> None:
    assert unwrap("a \nb\n From here\n> quoted \n> on\n>> deep\nc", delsp=False) == (
        "a b\nFrom here\n> quoted on\n>> deep\nc"
    )


def test_delsp_joins_without_a_blank() -> None:
    assert unwrap("super \ncali", delsp=True) == "supercali"


def test_the_signature_separator_is_never_joined() -> None:
    assert unwrap("end \n-- \nAnn", delsp=False) == "end \n-- \nAnn"


def test_a_change_of_depth_ends_the_paragraph() -> None:
    assert unwrap("> a \nb", delsp=False) == "> a \nb"
