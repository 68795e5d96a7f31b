"""Who is called in a text, and what only looks like it."""

from __future__ import annotations

import time

import pytest

from inbound.mentions import MOST, callings, resolve

MEANT = {"claire.morel": 1, "claire morel": 1, "claire": 1, "jean-pierre o'neil": 2, "tom": 3, "inès": 0, "ines": 4}
TWO = {"claire": None, "claire morel": 1}


def called(text: str) -> set[int]:
    return resolve(callings(text), MEANT)


@pytest.mark.parametrize(
    "text",
    [
        "@claire.morel",
        "@Claire.Morel, what do you think?",
        "As @Claire Morel said.",
        "@Claire",
        "(@claire)",
        "cc:@CLAIRE.",
        "hello @claire please look at it",
        "@Claire\nMorel, at the end of a line",
        "@Claire\u00a0Morel",
        "@Cláire!",
        "@claire's idea",
        "@claire’s idea",
        "“@Claire”",
    ],
)
def test_a_person_is_called(text: str) -> None:
    assert called(text) == {1}


def test_several_are_called_and_each_once() -> None:
    assert called("@Claire, @Jean-Pierre O’Neil and @claire.morel, see @Inès") == {1, 2, 4}


@pytest.mark.parametrize(
    "text",
    [
        "write to x@claire or a.b@claire.morel",
        "claire@people.example",
        "@claire@people.example",
        "https://social.example/@claire",
        "@claire(max-width: 600px) {",
        "@tom (min-width: 1px) {",
        "@tom print;",
        "@claire()",
        "`@claire`",
        "x=@claire",
        "@ claire",
        "@@claire",
        "@clairette",
        "@nobody",
        "claire",
        "",
    ],
)
def test_nobody_is_called(text: str) -> None:
    assert called(text) == set()


def test_a_name_that_several_have_calls_nobody() -> None:
    assert resolve(callings("@Claire"), TWO) == set()
    assert resolve(callings("@Claire Morel"), TWO) == {1}


def test_what_is_longer_goes_first() -> None:
    assert callings("@Claire Morel, hi") == [("claire morel", "claire")]
    assert resolve(callings("@Claire Morel"), {"claire morel": None, "claire": 1}) == set()


def test_only_so_many_are_looked_at() -> None:
    text = " ".join(f"@name{n}," for n in range(100))
    assert len(callings(text)) == MOST


@pytest.mark.parametrize(
    "text", ["@" * 1_000_000, "@a{\n" * 250_000, "@" + "a." * 500_000, " @a@" * 250_000, "@a\u0301" * 300_000]
)
def test_it_is_linear(text: str) -> None:
    start = time.process_time()
    callings(text)
    assert time.process_time() - start < 2.0
