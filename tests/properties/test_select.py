"""What goes into a digest: nothing twice, nothing muted, within the budget, the same whatever the order."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from digests.candidate import FRAME_BYTES, LEAST_BYTES, LINE_BYTES, Budget, Candidate, Reader
from digests.points import CEILING, rate
from digests.select import REPEAT, Selection, select
from gateway.core.digest import Section, Shape, Why
from tests.digests.candidates import DULL, NOW

ORDER = (Section.WAITING, Section.NEW, Section.MISSED)
LINES = (LEAST_BYTES - FRAME_BYTES) // LINE_BYTES
FLAGS = (
    *("started", "is_question", "mentions_reader", "answers_reader", "followed", "muted", "takes_part", "newcomer"),
    "missed",
)


# News, authors, people, answers, thanks.
CROWDS = ((0, 0, 3, 5, 1), (1, 1, 1, 0, 0), (1, 1, 9, 40, 12), (2, 2, 3, 2, 0), (5, 4, 4, 6, 2), (9, 9, 20, 40, 30))
HOURS = (-30, 0, 2, 20, 150)
DAYS = (0, 1, 29, 31, 900)


@st.composite
def topics(draw: st.DrawFn) -> Candidate:
    flags = dict.fromkeys(draw(st.sets(st.sampled_from(FLAGS), max_size=3)), True)
    news, authors, people, answers, thanks = draw(st.sampled_from(CROWDS))
    return replace(
        replace(DULL, started=False),
        topic_id=draw(st.integers(1, 10_000)),
        community_id=draw(st.integers(1, 4)),
        first=draw(st.integers(1, 50)),
        last=50,
        news=news,
        authors=authors,
        people=people,
        answers=answers,
        thanks=thanks,
        latest_at=NOW - timedelta(hours=draw(st.sampled_from(HOURS))),
        opened_at=NOW - timedelta(days=draw(st.sampled_from(DAYS))),
        excerpt_chars=draw(st.integers(0, 2_500)),
        answers_reader=int(flags.pop("answers_reader", False)),
        **flags,
    )


def lists(max_size: int = 16) -> st.SearchStrategy[list[Candidate]]:
    return st.lists(topics(), max_size=max_size, unique_by=lambda one: one.topic_id)


BUDGETS = st.builds(Budget, st.integers(LEAST_BYTES, 60_000), st.integers(1, 14))
READERS = st.builds(
    Reader,
    st.dictionaries(st.integers(1, 4), st.floats(0, 1), max_size=4),
    st.frozensets(st.integers(1, 10_000), max_size=3),
)


def shapes(selection: Selection) -> dict[int, Shape]:
    return {item.topic_id: item.shape for item in selection.items}


def as_news(one: Candidate) -> Candidate:
    """What is left of it when it neither waits for the reader nor is kept from them."""
    return replace(one, news=one.news + 1, muted=False, missed=False, mentions_reader=False, answers_reader=0)


def weight(selection: Selection, candidates: list[Candidate]) -> int:
    known = {one.topic_id: one for one in candidates}
    return FRAME_BYTES + sum(
        known[item.topic_id].full_bytes if item.shape is Shape.FULL else LINE_BYTES for item in selection.items
    )


@given(lists(), READERS, BUDGETS)
def test_what_every_digest_is(candidates: list[Candidate], reader: Reader, budget: Budget) -> None:
    selection = select(candidates, reader, budget, NOW)
    items, known = selection.items, {one.topic_id: one for one in candidates}
    assert len(shapes(selection)) == len(items) == len(selection.scores)
    for item in items:
        one = known[item.topic_id]
        assert not one.muted or one.mentions_reader
        assert (item.section is Section.MISSED) == one.missed
        assert one.missed or one.news > 0
        assert (item.section is Section.WAITING) == (bool({Why.ANSWERS_YOU, Why.MENTIONS_YOU} & {*item.why}))
        assert item.why
        assert (item.community_id, item.first, item.last, item.news) == (
            *(one.community_id, one.first, one.last),
            one.news,
        )
    missed = [item for item in items if item.section is Section.MISSED]
    assert len(missed) <= 1
    assert not {item.topic_id for item in missed} & reader.brought_back
    told = sum(one.news > 0 and not one.missed and (one.mentions_reader or not one.muted) for one in candidates)
    assert selection.topics == told == len(items) - len(missed) + selection.left_out
    assert bool(items) == (told > 0)
    assert all(0 <= score <= CEILING for item, score in zip(items, selection.scores, strict=True) if item in missed)


@given(lists(), READERS, BUDGETS)
def test_is_within_the_budget(candidates: list[Candidate], reader: Reader, budget: Budget) -> None:
    selection = select(candidates, reader, budget, NOW)
    if selection.items:
        assert selection.size == weight(selection, candidates) <= budget.max_bytes
    assert sum(item.shape is Shape.FULL for item in selection.items) <= budget.max_topics


@given(lists(), READERS, BUDGETS)
def test_stands_in_order(candidates: list[Candidate], reader: Reader, budget: Budget) -> None:
    selection = select(candidates, reader, budget, NOW)
    for (before, score), (after, next_score) in pairwise(zip(selection.items, selection.scores, strict=True)):
        assert ORDER.index(before.section) <= ORDER.index(after.section)
        if before.section is after.section:
            assert (before.shape, after.shape) != (Shape.LINE, Shape.FULL)
            assert before.shape is not after.shape or score >= next_score


@given(lists(), READERS, BUDGETS, st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_does_not_matter(
    candidates: list[Candidate], reader: Reader, budget: Budget, dice: random.Random
) -> None:
    shuffled = dice.sample(candidates, len(candidates))
    assert select(shuffled, reader, budget, NOW) == select(candidates, reader, budget, NOW)


@given(lists(), READERS, BUDGETS, st.integers(0, 30_000))
def test_more_octets_never_show_less(candidates: list[Candidate], reader: Reader, budget: Budget, more: int) -> None:
    less = shapes(select(candidates, reader, budget, NOW))
    full = shapes(select(candidates, reader, replace(budget, max_bytes=budget.max_bytes + more), NOW))
    assert less.keys() <= full.keys()
    assert all(full[topic] is Shape.FULL for topic, shape in less.items() if shape is Shape.FULL)


@given(lists(), READERS, st.integers(1, 13))
def test_more_places_are_never_fewer_in_full(candidates: list[Candidate], reader: Reader, places: int) -> None:
    roomy = 10 * 60_000
    fewer, more = (select(candidates, reader, Budget(roomy, most), NOW) for most in (places, places + 1))
    assert shapes(fewer).keys() <= shapes(more).keys()
    assert [*shapes(fewer).values()].count(Shape.FULL) <= [*shapes(more).values()].count(Shape.FULL)


@given(lists(max_size=LINES - 1), topics(), READERS, BUDGETS)
def test_a_further_candidate_pushes_nothing_out_that_waits(
    candidates: list[Candidate], further: Candidate, reader: Reader, budget: Budget
) -> None:
    """The smallest budget has a line for each of them; beyond that only what waits, too, can push it out."""
    assume(all(one.topic_id != further.topic_id for one in candidates))
    before, after = (select(those, reader, budget, NOW) for those in (candidates, [*candidates, further]))
    waiting = {item.topic_id for item in before.items if item.section is Section.WAITING}
    assert waiting <= {item.topic_id for item in after.items if item.section is Section.WAITING}


@given(lists(), READERS, BUDGETS)
def test_what_does_not_wait_takes_nothing_from_what_does(
    candidates: list[Candidate], reader: Reader, budget: Budget
) -> None:
    waiting = [one for one in candidates if one.mentions_reader or one.answers_reader]
    alone, among = (
        [item for item in select(those, reader, budget, NOW).items if item.section is Section.WAITING]
        for those in (waiting, candidates)
    )
    assert alone == among


@given(lists(), READERS)
def test_is_what_one_gets_by_taking_the_best_and_paying_for_its_community(
    candidates: list[Candidate], reader: Reader
) -> None:
    plain = [as_news(one) for one in candidates]
    points = rate(plain, [reader.interests.get(one.community_id, 0.0) for one in plain], NOW)
    left = {one.topic_id: (one, worth) for one, worth in zip(plain, points, strict=True)}
    taken: Counter[int] = Counter()
    ranked: list[int] = []
    scores: list[float] = []
    while left:
        now = {topic: worth - REPEAT * taken[one.community_id] for topic, (one, worth) in left.items()}
        best = max(now, key=lambda topic: (now[topic], topic))
        taken[left.pop(best)[0].community_id] += 1
        ranked.append(best)
        scores.append(now[best])
    selection = select(plain, reader, Budget(10 * 60_000, 14), NOW)
    by_rank = sorted(
        zip(selection.items, selection.scores, strict=True), key=lambda pair: ranked.index(pair[0].topic_id)
    )
    assert [item.topic_id for item, _ in by_rank] == ranked
    assert [score for _, score in by_rank] == pytest.approx(scores)


@given(lists(), READERS, st.integers(2, 14))
def test_no_community_takes_all_the_places(candidates: list[Candidate], reader: Reader, places: int) -> None:
    plain = [replace(as_news(one), excerpt_chars=one.excerpt_chars % 500) for one in candidates]
    selection = select(plain, reader, Budget(10 * 60_000, places), NOW)
    full = {item.community_id for item in selection.items if item.shape is Shape.FULL}
    assert len(full) >= min(2, len({one.community_id for one in plain}))
