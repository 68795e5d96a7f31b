"""What is packed comes back, and is small."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.digest import Item, Section, Shape, Why
from store.packing import pack, unpack

BESIDE = 450
"""What a digest takes beside its items, its delivery and all their indexes included: measured on SQLite."""
ids = st.integers(1, 2**62)
items = st.builds(
    lambda topic, community, section, shape, first, span, news, why: Item(
        topic, community, section, shape, first, first + span, news, tuple(why)
    ),
    *(ids, ids, st.sampled_from(Section), st.sampled_from(Shape), ids, st.integers(0, 10**9), st.integers(0, 10**6)),
    st.lists(st.sampled_from(Why), unique=True),
)


@given(st.lists(items))
def test_what_is_packed_comes_back(some: list[Item]) -> None:
    assert unpack(pack(some)) == tuple(some)


def test_a_usual_item_takes_few_octets() -> None:
    one = Item(12_345, 321, Section.NEW, Shape.FULL, 987_654, 987_654, 1, (Why.QUESTION, Why.FRESH))
    assert len(pack([one])) == 10
    assert len(pack([one] * 11)) == 10 + 10 * 5


def test_thirty_days_for_a_hundred_thousand_people_are_under_two_gigabytes() -> None:
    """Daily digests of 50 topics in any order, of 200 that are new each day, in 50 communities: 22 working days."""
    draw = random.Random(12)
    day = [
        Item(
            topic_id=40_000 + n,
            community_id=1 + n % 50,
            section=Section.NEW,
            shape=Shape.FULL,
            first=900_000 + 4 * n,
            last=900_000 + 4 * n + draw.choice([0, 0, 3, 7]),
            news=draw.choice([1, 1, 2]),
            why=(Why.FRESH, Why.LIVELY)[: draw.choice([1, 2])],
        )
        for n in range(200)
    ]
    packed = [len(pack(draw.sample(day, 50))) for _ in range(200)]
    assert (sum(packed) / len(packed) + BESIDE) * 100_000 * 22 < 2e9
