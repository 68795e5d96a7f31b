"""digests/points.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from digests.candidate import Candidate
from digests.points import CEILING, NEWCOMER, OLD, rate, reasons, reasons_to_bring_back
from gateway.core.digest import Why
from tests.digests.candidates import DULL, NOW

WOKEN = replace(DULL, opened_at=NOW - OLD - timedelta(days=1), started=False, authors=1, people=9, answers=20, thanks=9)


def points(*candidates: Candidate, interest: float = 0.0) -> list[float]:
    numbered = [replace(one, topic_id=place) for place, one in enumerate(candidates, 1)]
    return rate(numbered, [interest] * len(numbered), NOW)


@pytest.mark.parametrize(
    "better",
    [
        replace(DULL, authors=2),
        replace(DULL, people=2),
        replace(DULL, answers=1),
        replace(DULL, thanks=1),
        replace(DULL, followed=True),
        replace(DULL, takes_part=True),
        replace(DULL, is_question=True),
        replace(DULL, newcomer=True),
        replace(DULL, latest_at=NOW),
    ],
    ids=["authors", "people", "answers", "thanks", "followed", "takes part", "question", "newcomer", "younger"],
)
def test_each_of_these_is_worth_something(better: Candidate) -> None:
    lifted, dull = points(better, DULL)
    assert lifted > dull


def test_a_new_topic_is_worth_more_than_the_same_news_in_a_known_one() -> None:
    new, known = points(DULL, replace(DULL, started=False))
    assert new > known


def test_own_interest_counts() -> None:
    assert points(DULL, interest=1.0) > points(DULL, interest=0.5) > points(DULL)


def test_to_follow_is_more_than_to_take_part_and_both_are_no_more() -> None:
    both, followed, takes_part = points(
        replace(DULL, followed=True, takes_part=True), replace(DULL, followed=True), replace(DULL, takes_part=True)
    )
    assert both == followed > takes_part


def test_each_further_one_brings_less_and_a_thousand_bring_no_more_than_plenty() -> None:
    one, two, three, plenty, crowd = points(*(replace(DULL, authors=count) for count in (1, 2, 3, 8, 1000)))
    assert two - one > three - two > 0
    assert plenty == crowd


def test_an_unanswered_question_beats_a_chat_of_four() -> None:
    question, chat = points(
        replace(DULL, is_question=True), replace(DULL, authors=4, people=4, answers=6, started=False)
    )
    assert question > chat


def test_nothing_has_more_than_the_ceiling() -> None:
    everything = replace(
        replace(DULL, authors=999, people=999, answers=999, thanks=999, followed=True),
        is_question=True,
        newcomer=True,
        latest_at=NOW + timedelta(days=1),
    )
    assert points(everything, interest=1.0) == [pytest.approx(CEILING)]


def test_a_post_of_tomorrow_is_no_younger_than_one_of_now() -> None:
    tomorrow, today = points(replace(DULL, latest_at=NOW + timedelta(days=1)), replace(DULL, latest_at=NOW))
    assert tomorrow == today


def test_two_first_posts_of_newcomers_are_lifted_the_best() -> None:
    welcome = replace(DULL, newcomer=True)
    rated = points(welcome, replace(welcome, thanks=2), replace(welcome, thanks=1), DULL)
    plain = points(DULL, replace(DULL, thanks=2), replace(DULL, thanks=1), DULL)
    assert [new - old for new, old in zip(rated, plain, strict=True)] == pytest.approx([0, NEWCOMER, NEWCOMER, 0])


def test_one_old_favourite_has_the_points_of_its_past() -> None:
    most, less, bare = points(WOKEN, replace(WOKEN, thanks=8), replace(WOKEN, people=1, answers=0, thanks=0))
    assert most > less == bare


def test_a_topic_of_last_week_has_them_without_being_the_favourite() -> None:
    recent = replace(WOKEN, opened_at=NOW - timedelta(days=7))
    first, second = points(recent, recent)
    assert first == second == points(WOKEN)[0]


def test_the_reasons_stand_strongest_first() -> None:
    everything = replace(
        replace(DULL, answers_reader=1, mentions_reader=True, followed=True, takes_part=True, is_question=True),
        authors=3,
        thanks=1,
        newcomer=True,
    )
    assert reasons(everything, 0.5) == tuple(why for why in Why if why is not Why.EVERYONE_MISSED)


def test_there_is_always_a_reason() -> None:
    assert reasons(replace(DULL, started=False), 0.4) == (Why.FRESH,)


def test_what_is_brought_back_was_missed_first_of_all() -> None:
    missed = replace(DULL, missed=True, is_question=True, newcomer=True, followed=True)
    assert reasons_to_bring_back(missed, 0.9) == (
        *(Why.EVERYONE_MISSED, Why.QUESTION, Why.YOUR_INTEREST, Why.NEWCOMER),
    )
    assert reasons_to_bring_back(DULL, 0.0) == (Why.EVERYONE_MISSED,)
