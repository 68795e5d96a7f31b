"""digests/select.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digests.candidate import (
    EXCERPT_BYTES,
    FRAME_BYTES,
    FULL_BYTES,
    HEAVIEST_BYTES,
    LEAST_BYTES,
    LINE_BYTES,
    Budget,
    Candidate,
    Reader,
)
from digests.select import Explained, Selection, explain, select
from gateway.core.digest import Item, Section, Shape, Why
from tests.digests.candidates import DULL, NOW

NOBODY = Reader()
ROOMY = Budget()
MISSED = replace(DULL, topic_id=900, news=0, missed=True, started=False)


def dull(topic_id: int, **changes: object) -> Candidate:
    return replace(DULL, topic_id=topic_id, first=topic_id * 10, last=topic_id * 10 + 9, **changes)  # type: ignore[arg-type]


def chosen(*candidates: Candidate, reader: Reader = NOBODY, budget: Budget = ROOMY) -> Selection:
    return select(candidates, reader, budget, NOW)


def ids(selection: Selection, shape: Shape | None = None) -> list[int]:
    return [item.topic_id for item in selection.items if shape in (None, item.shape)]


def room(fulls: int, lines: int, spare: int = 0) -> int:
    return FRAME_BYTES + fulls * DULL.full_bytes + lines * LINE_BYTES + spare


def test_nothing_in_nothing_out() -> None:
    assert chosen() == Selection()


def test_an_item_tells_of_the_topic_and_the_span_of_its_news() -> None:
    selection = chosen(dull(7, community_id=3, news=4, authors=3))
    why = (Why.LIVELY, Why.FRESH)
    assert selection.items == (Item(7, 3, Section.NEW, Shape.FULL, first=70, last=79, news=4, why=why),)
    assert (selection.topics, selection.answers, selection.left_out) == (1, 3, 0)
    assert selection.size == room(1, 0)


def test_counts_as_answers_what_opened_no_topic() -> None:
    assert chosen(dull(1, news=3), dull(2, news=3, started=False)).answers == 5


@pytest.mark.parametrize("silent", [dull(1, news=0), dull(1, muted=True), dull(1, muted=True, answers_reader=2)])
def test_leaves_out_what_is_no_news_or_muted(silent: Candidate) -> None:
    assert chosen(silent) == Selection()
    assert ids(chosen(silent, dull(2))) == [2]
    assert chosen(silent, dull(2)).topics == 1


def test_whoever_is_named_in_a_muted_topic_hears_of_it() -> None:
    (item,) = chosen(dull(1, muted=True, mentions_reader=True)).items
    assert (item.section, item.why[0]) == (Section.WAITING, Why.MENTIONS_YOU)


def test_refuses_a_topic_that_is_given_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        chosen(dull(1), dull(1, news=2))


def test_what_waits_comes_first_the_strongest_then_the_longest_waiting() -> None:
    lively = dull(1, authors=8, people=30, answers=40, thanks=20, followed=True)
    selection = chosen(
        *(lively, dull(2, mentions_reader=True), dull(4, answers_reader=5), dull(3, answers_reader=1)),
        dull(5, answers_reader=1, mentions_reader=True),
    )
    assert ids(selection) == [5, 3, 4, 2, 1]
    assert [item.section for item in selection.items] == [Section.WAITING] * 4 + [Section.NEW]
    assert selection.scores[:4] == (3.0, 2.0, 2.0, 1.0)


def test_the_best_come_first_and_among_equals_the_newer_topic() -> None:
    assert ids(chosen(dull(1), dull(2, thanks=3), dull(3, community_id=2), dull(4, community_id=3))) == [2, 4, 3, 1]


def test_the_readers_own_community_comes_first() -> None:
    topics = (dull(1, community_id=1), dull(2, community_id=2))
    assert ids(chosen(*topics, reader=Reader({1: 0.9}))) == [1, 2]
    assert ids(chosen(*topics, reader=Reader({2: 0.9}))) == [2, 1]


@pytest.mark.parametrize("interest", [7.0, float("inf"), 1.0])
def test_an_interest_beyond_all_is_a_whole_one(interest: float) -> None:
    assert chosen(dull(1), reader=Reader({1: interest})) == chosen(dull(1), reader=Reader({1: 1.0}))


@pytest.mark.parametrize("interest", [-3.0, float("nan"), float("-inf")])
def test_an_interest_that_is_none_counts_nothing(interest: float) -> None:
    assert chosen(dull(1), reader=Reader({1: interest})) == chosen(dull(1))


@pytest.mark.parametrize("max_topics", [2, 3, 5, 12])
def test_no_community_takes_all_the_places(max_topics: int) -> None:
    loud = [dull(n, authors=30, people=60, answers=99, thanks=50, followed=True) for n in range(1, 21)]
    quiet = dull(99, community_id=2, started=False)
    selection = chosen(*loud, quiet, reader=Reader({1: 1.0}), budget=Budget(90_000, max_topics))
    full = ids(selection, Shape.FULL)
    assert len(full) == max_topics
    assert 99 in full


def test_the_best_in_full_and_the_rest_in_a_line() -> None:
    topics = [dull(n, thanks=14 - n) for n in range(1, 15)]
    selection = chosen(*topics, budget=Budget(60_000, 12))
    assert ids(selection, Shape.FULL) == list(range(1, 13))
    assert ids(selection, Shape.LINE) == [13, 14]
    assert selection.left_out == 0


def test_what_does_not_fit_is_counted() -> None:
    topics = [dull(n) for n in range(1, 401)]
    selection = chosen(*topics)
    assert selection.left_out == 400 - len(selection.items) > 0
    assert selection.topics == 400
    assert len(ids(selection, Shape.FULL)) == 12
    assert ROOMY.max_bytes - DULL.full_bytes < selection.size <= ROOMY.max_bytes


def test_two_more_are_named_before_the_next_is_written_out() -> None:
    topics = [dull(n, thanks=9 - n, excerpt_chars=1_500) for n in range(1, 9)]
    full = topics[0].full_bytes
    enough = FRAME_BYTES + 2 * full + 3 * LINE_BYTES
    selection = chosen(*topics, budget=Budget(enough))
    assert (ids(selection, Shape.FULL), ids(selection, Shape.LINE)) == ([1, 2], [3, 4, 5])
    selection = chosen(*topics, budget=Budget(enough - LINE_BYTES * 2 - 1))
    assert (ids(selection, Shape.FULL), ids(selection, Shape.LINE)) == ([1], [2, 3])
    assert selection.left_out == 5


def test_all_that_waits_has_a_line_before_anything_stands_in_full() -> None:
    lines = (LEAST_BYTES - FRAME_BYTES) // LINE_BYTES
    waiting = [dull(n, answers_reader=1) for n in range(1, lines + 1)]
    selection = chosen(*waiting, dull(99, authors=8), budget=Budget(LEAST_BYTES))
    assert ids(selection, Shape.LINE) == list(range(1, lines + 1))
    assert selection.left_out == 1


def test_what_waits_is_written_out_before_anything_else_is_named() -> None:
    enough = room(2, 0, spare=LINE_BYTES - 1)
    waiting = [dull(n, answers_reader=1, excerpt_chars=1_000) for n in (1, 2)]
    budget = Budget(enough + 2 * EXCERPT_BYTES * 800)
    selection = chosen(*waiting, dull(3), budget=budget)
    assert (ids(selection, Shape.FULL), selection.left_out) == ([1, 2], 1)


def test_the_lines_of_a_section_stand_below_what_is_in_full() -> None:
    heavy = HEAVIEST_BYTES // EXCERPT_BYTES
    selection = chosen(
        *(dull(1, answers_reader=1, mentions_reader=True, excerpt_chars=heavy), dull(2, answers_reader=1)),
        *(dull(3, thanks=9, excerpt_chars=heavy), dull(4)),
    )
    assert [(item.topic_id, item.section, item.shape) for item in selection.items] == [
        (2, Section.WAITING, Shape.FULL),
        (1, Section.WAITING, Shape.LINE),
        (4, Section.NEW, Shape.FULL),
        (3, Section.NEW, Shape.LINE),
    ]


def test_what_is_as_heavy_as_allowed_stands_in_full_and_no_heavier() -> None:
    chars = (HEAVIEST_BYTES - FULL_BYTES) // EXCERPT_BYTES
    assert ids(chosen(dull(1, excerpt_chars=chars)), Shape.FULL) == [1]
    assert ids(chosen(dull(1, excerpt_chars=chars + 1)), Shape.LINE) == [1]


def test_one_that_everyone_missed_comes_last_and_marked() -> None:
    selection = chosen(MISSED, replace(MISSED, topic_id=901, is_question=True), dull(1))
    assert ids(selection) == [1, 901]
    assert selection.items[1].section is Section.MISSED
    assert selection.items[1].why == (Why.EVERYONE_MISSED, Why.QUESTION)
    assert (selection.topics, selection.answers, selection.left_out) == (1, 0, 0)
    assert selection.size == room(2, 0)


def test_a_missed_one_alone_is_nothing_to_say() -> None:
    assert chosen(MISSED) == Selection()
    assert chosen(replace(MISSED, news=1), dull(1, muted=True)) == Selection()


@pytest.mark.parametrize(
    "change",
    [{"muted": True}, {"takes_part": True}, {"excerpt_chars": HEAVIEST_BYTES}, {"topic_id": 33}],
    ids=["muted", "their own", "heavy", "brought back before"],
)
def test_never_brings_back(change: dict[str, int]) -> None:
    missed = replace(MISSED, **change)  # type: ignore[arg-type]
    assert ids(chosen(missed, dull(1), reader=Reader(brought_back=frozenset({33})))) == [1]


def test_brings_nothing_back_on_a_busy_day() -> None:
    assert ids(chosen(MISSED, dull(1), dull(2), budget=Budget(60_000, 2))) == [2, 1]
    long = [dull(n, excerpt_chars=1_200) for n in (1, 2)]
    enough = FRAME_BYTES + 2 * long[0].full_bytes + MISSED.full_bytes
    assert ids(chosen(MISSED, *long, budget=Budget(enough))) == [2, 1, 900]
    assert ids(chosen(MISSED, *long, budget=Budget(enough - 1))) == [2, 1]


def test_brings_nothing_back_in_the_place_of_news_in_full() -> None:
    news = [dull(n, excerpt_chars=(HEAVIEST_BYTES - FULL_BYTES) // EXCERPT_BYTES) for n in (1, 2)]
    small = replace(MISSED, excerpt_chars=0)
    budget = Budget(FRAME_BYTES + news[0].full_bytes + LINE_BYTES + small.full_bytes)
    assert ids(chosen(small, *news, budget=budget)) == [2, 1]


def test_says_of_each_item_why_it_is_there() -> None:
    selection = chosen(dull(1, thanks=1), dull(2, answers_reader=1), MISSED)
    waiting, new, missed = explain(selection)
    assert waiting == Explained(2, Section.WAITING, Shape.FULL, (Why.ANSWERS_YOU, Why.FRESH), 2.0)
    assert (new.topic_id, new.why, new.score) == (1, (Why.THANKED, Why.FRESH), selection.scores[1])
    assert (missed.section, missed.why) == (Section.MISSED, (Why.EVERYONE_MISSED,))


def test_the_second_topic_of_a_community_is_scored_less() -> None:
    selection = chosen(dull(1), dull(2), dull(3, community_id=2))
    best, other, second = selection.scores
    assert best == other > second
