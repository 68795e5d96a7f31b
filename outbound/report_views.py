"""What the templates of a notice see of a community's week. Called by outbound.notice_views."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gateway.core.report import Week
from outbound.headers import clean
from outbound.language import Language

_MAX_TITLE = 80
_MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class QuietLine:
    """A topic that nobody has answered."""

    topic_id: int
    title: str
    days: int


@dataclass(frozen=True, slots=True)
class WeekView:
    """The week in figures, each as a number and as it is shown."""

    since: str
    until: str
    """Its last day."""
    members: int
    members_shown: str
    joined: int
    left: int
    topics: int
    answers: int
    by_digest: int
    writers: int
    waiting: int
    quiet: tuple[QuietLine, ...]
    newcomers: str
    advice: tuple[str, ...]


def week_view(week: Week, language: Language) -> WeekView:
    """The view of a report."""
    return WeekView(
        since=language.day(week.since),
        until=language.day(week.until - timedelta(days=1)),
        members=week.members,
        members_shown=language.number(week.members),
        joined=week.joined,
        left=week.left,
        topics=week.topics,
        answers=week.answers,
        by_digest=week.by_digest,
        writers=week.writers,
        waiting=week.waiting,
        quiet=tuple(
            QuietLine(topic.topic_id, clean(topic.title, _MAX_TITLE) or language.untitled, topic.days)
            for topic in week.quiet
        ),
        newcomers=language.plain_list(tuple(clean(name, _MAX_NAME) for name in week.newcomers)),
        advice=tuple(advice.value for advice in week.advice),
    )
