"""What is packed comes back, and is small."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.digest import Item, Section, Shape, Why
from store.packing import pack, unpack

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


def test_a_usual_item_takes_few_characters() -> None:
    one = Item(12_345, 321, Section.NEW, Shape.FULL, 987_654, 987_654, 1, (Why.QUESTION, Why.FRESH))
    assert pack([one]) == "nfqo.9ix.8x.l62u"
