"""What people may be called, however a directory writes their name."""

from __future__ import annotations

import pytest

from gateway.core.calling import Calling, callings

CLAIRE = {
    (Calling.LOCAL_PART, "cm"),
    (Calling.FULL, "claire morel"),
    (Calling.FIRST, "claire"),
}


@pytest.mark.parametrize("name", ["Claire Morel", "CLAIRE  MOREL", "Cláire Morel"])
def test_a_person_has_three_callings(name: str) -> None:
    assert callings(name, "CM@people.example") == CLAIRE


@pytest.mark.parametrize("name", ["MOREL Claire", "Morel, Claire"])
def test_a_family_name_in_front_is_told_from_a_first_name(name: str) -> None:
    assert callings(name, "cm@people.example") == {*CLAIRE, (Calling.FULL, "morel claire")}


def test_without_a_name_the_local_part_is_one() -> None:
    assert callings("", "claire.morel@people.example") == {
        (Calling.LOCAL_PART, "claire.morel"),
        (Calling.FULL, "claire morel"),
        (Calling.FIRST, "claire"),
    }


@pytest.mark.parametrize("name", [",", "—", "X", "É", ", x", "\u200b", "ﷺ" * 200, "A, B, C"])
def test_no_name_is_too_odd(name: str) -> None:
    for kind, key in callings(name, "x@people.example"):
        assert isinstance(kind, Calling)
        assert 0 < len(key) <= 200
