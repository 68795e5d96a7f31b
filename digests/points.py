"""Points: how much a topic is worth to one reader, and the words that say why.

Called by digests.select; pure. Each weight below is the most that its reason can bring. What is counted brings little
more for each further one (a logarithm, up to a number that is plenty), so that one loud topic does not win for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import log2

from digests.candidate import Candidate
from gateway.core.digest import Why

AUTHORS, PLENTY_OF_AUTHORS = 2.0, 8
"""Distinct people who wrote the news."""
PEOPLE, PLENTY_OF_PEOPLE = 1.0, 16
"""Distinct people of the whole topic."""
ANSWERS, PLENTY_OF_ANSWERS = 1.0, 32
THANKS, PLENTY_OF_THANKS = 1.0, 16
INTEREST = 1.5
"""The reader's own activity in the community."""
FOLLOWED = 1.5
TAKES_PART = 1.0
"""For a topic they wrote in and do not follow."""
QUESTION = 2.0
"""A question that nobody has answered."""
STARTED = 0.5
AGE = 1.0
"""For news of this moment; half of it a day later, a third after two days."""
NEWCOMER = 1.0
CEILING = AUTHORS + PEOPLE + ANSWERS + THANKS + INTEREST + FOLLOWED + QUESTION + STARTED + AGE + NEWCOMER
"""Nothing has more points."""

NEWCOMERS = 2
"""So many first posts of newcomers are lifted in one digest, the best."""
FAVOURITES = 1
"""So many old favourites have the points of their past: a topic with old merits that somebody woke up."""
OLD = timedelta(days=30)
"""A topic opened longer ago lives on its news alone, unless it is the favourite."""

LIVELY_FROM = 3
"""So many people who wrote the news are a lively topic."""
INTEREST_FROM = 0.5

DAY_S = 86_400.0


def _damp(limit: int) -> tuple[float, ...]:
    return tuple(log2(1 + count) / log2(1 + limit) for count in range(limit + 1))


# The logarithms are worked out once: there are only so many numbers below plenty.
_AUTHORS = tuple(AUTHORS * share for share in _damp(PLENTY_OF_AUTHORS))
_PEOPLE = tuple(PEOPLE * share for share in _damp(PLENTY_OF_PEOPLE))
_ANSWERS = tuple(ANSWERS * share for share in _damp(PLENTY_OF_ANSWERS))
_THANKS = tuple(THANKS * share for share in _damp(PLENTY_OF_THANKS))


def rate(candidates: Sequence[Candidate], interests: Sequence[float], now: datetime) -> list[float]:
    """The points of each candidate, from 0 to CEILING, in the order given.

    `interests` holds the reader's interest in the community of each, from 0 to 1. Newcomers and old favourites are
    lifted sparingly: the best of those given.
    """
    points: list[float] = []
    newcomers: list[int] = []
    old: list[tuple[float, int, int]] = []
    for place, (candidate, interest) in enumerate(zip(candidates, interests, strict=True)):
        past = (
            _PEOPLE[_within(candidate.people, PLENTY_OF_PEOPLE)]
            + _ANSWERS[_within(candidate.answers, PLENTY_OF_ANSWERS)]
            + _THANKS[_within(candidate.thanks, PLENTY_OF_THANKS)]
        )
        worth = _news_points(candidate, interest, now)
        if now - candidate.opened_at > OLD:
            old.append((past, candidate.topic_id, place))
        else:
            worth += past
        if candidate.newcomer:
            newcomers.append(place)
        points.append(worth)
    for past, _, place in sorted(old, reverse=True)[:FAVOURITES]:
        points[place] += past
    newcomers.sort(key=lambda place: (points[place], candidates[place].topic_id), reverse=True)
    for place in newcomers[:NEWCOMERS]:
        points[place] += NEWCOMER
    return points


def reasons(candidate: Candidate, interest: float) -> tuple[Why, ...]:
    """Why a topic is in the digest, strongest first, never empty."""
    why: list[Why] = []
    if candidate.answers_reader > 0:
        why.append(Why.ANSWERS_YOU)
    if candidate.mentions_reader:
        why.append(Why.MENTIONS_YOU)
    if candidate.followed:
        why.append(Why.YOU_FOLLOW)
    if candidate.takes_part:
        why.append(Why.YOU_TAKE_PART)
    if candidate.is_question:
        why.append(Why.QUESTION)
    if candidate.authors >= LIVELY_FROM:
        why.append(Why.LIVELY)
    if candidate.thanks > 0:
        why.append(Why.THANKED)
    if interest >= INTEREST_FROM:
        why.append(Why.YOUR_INTEREST)
    if candidate.newcomer:
        why.append(Why.NEWCOMER)
    if candidate.started or not why:
        why.append(Why.FRESH)
    return tuple(why)


def reasons_to_bring_back(candidate: Candidate, interest: float) -> tuple[Why, ...]:
    """Why a topic that everyone missed is shown once more: that it was missed, and what speaks for it beside."""
    why = [Why.EVERYONE_MISSED]
    if candidate.is_question:
        why.append(Why.QUESTION)
    if interest >= INTEREST_FROM:
        why.append(Why.YOUR_INTEREST)
    if candidate.newcomer:
        why.append(Why.NEWCOMER)
    return tuple(why)


def _within(count: int, plenty: int) -> int:
    return plenty if count > plenty else max(count, 0)


def _news_points(candidate: Candidate, interest: float, now: datetime) -> float:
    """What does not come from the past of the topic."""
    days = (now - candidate.latest_at).total_seconds() / DAY_S
    # A post that says it is of tomorrow is of now: a clock that was ahead earns nothing.
    worth = _AUTHORS[_within(candidate.authors, PLENTY_OF_AUTHORS)] + INTEREST * interest + AGE / (1.0 + max(days, 0.0))
    if candidate.followed:
        worth += FOLLOWED
    elif candidate.takes_part:
        worth += TAKES_PART
    if candidate.is_question:
        worth += QUESTION
    if candidate.started:
        worth += STARTED
    return worth
