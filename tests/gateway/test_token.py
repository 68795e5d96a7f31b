"""Tokens: they round-trip, survive a relay that changes case, and no other text is one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.token import KeyRing, Purpose

RING = KeyRing({1: b"a" * 32, 2: b"b" * 32})
NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
IDS = st.lists(st.integers(0, 2**34), min_size=1, max_size=2).map(tuple)


@given(IDS, st.sampled_from(Purpose), st.sampled_from([1, 2]))
def test_a_token_round_trips_in_any_case(ids: tuple[int, ...], purpose: Purpose, key_id: int) -> None:
    text = RING.sign(purpose, ids, issued=NOW, key_id=key_id)
    assert text == text.lower()
    assert len(f"digest+{text}") <= 64
    for spelling in (text, text.upper(), text.swapcase(), text.title()):
        token = RING.verify(purpose, spelling)
        assert token is not None
        assert (token.purpose, token.ids, token.issued) == (purpose, ids, NOW.date())


@given(IDS, st.data())
def test_a_changed_letter_never_verifies(ids: tuple[int, ...], data: st.DataObject) -> None:
    text = RING.sign(Purpose.REPLY, ids, issued=NOW)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from([c for c in "abcdefghijklmnopqrstuvwxyz234567" if c != text[place]]))
    assert RING.verify(Purpose.REPLY, text[:place] + letter + text[place + 1 :]) is None


@given(st.text(max_size=70))
def test_no_other_text_is_a_token(text: str) -> None:
    assert RING.verify(Purpose.REPLY, text) is None


def test_a_token_serves_one_end() -> None:
    text = RING.sign(Purpose.REPLY, (1, 2), issued=NOW)
    assert [purpose for purpose in Purpose if RING.verify(purpose, text)] == [Purpose.REPLY]


def test_the_same_arguments_give_the_same_token() -> None:
    assert RING.sign(Purpose.BOUNCE, (7,), issued=NOW) == RING.signer(Purpose.BOUNCE, issued=NOW)(7)


def test_a_key_that_was_taken_out_verifies_no_more_and_the_current_one_steps_in() -> None:
    old = RING.sign(Purpose.REPLY, (1, 2), issued=NOW, key_id=1)
    later = KeyRing({2: b"b" * 32})
    assert later.verify(Purpose.REPLY, old) is None
    again = later.sign(Purpose.REPLY, (1, 2), issued=NOW, key_id=1)
    assert later.verify(Purpose.REPLY, again) is not None


@pytest.mark.parametrize("keys", [{}, {1: b"short"}, {0: b"a" * 32}, {256: b"a" * 32}])
def test_a_ring_needs_proper_keys(keys: dict[int, bytes]) -> None:
    with pytest.raises(ValueError, match="key ring"):
        KeyRing(keys)


def test_ids_are_not_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        RING.sign(Purpose.REPLY, (-1, 2), issued=NOW)
