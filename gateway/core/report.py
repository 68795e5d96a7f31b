"""Report: the week of one community in figures, and what to do about it, for those who run it.

Made by digests.reports, kept with the notice as it was then, told by outbound/report_views.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Advice(StrEnum):
    """What somebody who runs a community can do; in the order in which it helps."""

    DECIDE = "decide"
    """Mails or requests wait for their word."""
    ANSWER = "answer"
    """Topics wait for an answer."""
    WELCOME = "welcome"
    """People have come who have not written yet."""
    OPEN = "open"
    """Nobody has opened a topic."""
    INVITE = "invite"
    """One or two people write all there is."""


MOST_ADVICE = 3
"""Whoever is told ten things does none."""


@dataclass(frozen=True, slots=True)
class QuietTopic:
    """A topic that nobody has answered."""

    topic_id: int
    title: str
    days: int
    """Since it was opened."""


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days of one community, up to and without `until`."""

    since: date
    until: date
    members: int
    """At its end."""
    joined: int
    left: int
    """By their own word or by somebody else's."""
    topics: int
    """Opened."""
    answers: int
    by_digest: int
    """Of these answers, those that were written under a digest."""
    writers: int
    """Different people."""
    waiting: int
    """Mails and requests that wait for somebody who runs the place, now."""
    quiet: tuple[QuietTopic, ...] = ()
    """Unanswered topics of the last weeks, the longest waiting first."""
    newcomers: tuple[str, ...] = ()
    """Names of some who came and have not written yet."""
    advice: tuple[Advice, ...] = ()


def advise(week: Week) -> tuple[Advice, ...]:
    """Up to MOST_ADVICE things to do, the most helpful first. Pure."""
    found = {
        Advice.DECIDE: week.waiting > 0,
        Advice.ANSWER: bool(week.quiet),
        Advice.WELCOME: bool(week.newcomers),
        Advice.OPEN: week.topics == 0,
        Advice.INVITE: 0 < week.writers <= 2 and week.members >= 10,
    }
    return tuple(advice for advice, holds in found.items() if holds)[:MOST_ADVICE]
