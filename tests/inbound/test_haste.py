"""Haste: what nobody can have written so soon, and what somebody can."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.message import Attachment, Body, Classification, Kind
from inbound.haste import is_too_fast, needs_time
from tests.inbound.test_policy import WORDS

LONG = "We have received your message and will come back to you. " * 4
ANSWER = replace(WORDS, body=Body(LONG, None))


@pytest.mark.parametrize(
    ("seconds", "words", "hasty"),
    [
        (0.1, LONG, True),
        (-0.5, LONG, True),
        (7.0, LONG, True),
        # Eleven words four times: 8.8 seconds of the fastest typing.
        (9.0, LONG, False),
        # It answers an earlier copy of what was sent again.
        (-5.0, LONG, False),
        # Somebody may have pasted what they had at hand.
        (16.0, LONG * 50, False),
        (14.0, LONG * 50, True),
        (1.0, "Bravo, count me in, see you all on Friday!", False),
    ],
)
def test_it_is_words_that_take_time(seconds: float, words: str, hasty: bool) -> None:
    reading = replace(ANSWER, body=Body(words, None))
    assert is_too_fast(reading, timedelta(seconds=seconds)) is hasty


@pytest.mark.parametrize(
    "reading",
    [
        replace(ANSWER, body=Body(LONG, None, quoted="> Who comes?")),
        replace(ANSWER, body=Body(LONG, None, forwarded="From: Tom")),
        replace(
            ANSWER,
            parsed=replace(ANSWER.parsed, attachments=(Attachment("a.pdf", "application/pdf", 9, "0", inline=False),)),
        ),
        replace(ANSWER, classification=Classification(Kind.BOUNCE)),
    ],
    ids=["quotes", "passes on", "attaches", "is known already"],
)
def test_a_sign_of_a_hand_outweighs_haste(reading: object) -> None:
    assert needs_time(ANSWER)
    assert not needs_time(reading)  # type: ignore[arg-type]
