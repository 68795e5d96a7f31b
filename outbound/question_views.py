"""What the templates of a notice see of the question that it asks.

Called by outbound.notice_views. A new question is words in templates/mail/notice/question.txt and what they need here.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from gateway.core.notice import NoticeMail
from gateway.core.question import Circumstances
from outbound.headers import clean
from outbound.language import Language
from outbound.prose import Dresser, strip_controls, to_html

_MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class QuestionView:
    """What is asked."""

    asks: str
    community: str
    who: str
    """The person it is about; "" where that is the reader."""
    members: int
    members_shown: str
    posts: int
    """A week."""
    posts_shown: str
    charter: str
    """Its words, where it is the charter that is asked about; else ""."""
    charter_html: str
    """The same, clean and styled."""
    number: int | None
    """Of the mail that is asked about, with what follows; "" and None where there is none."""
    subject: str
    author: str
    at: str
    topic: str
    reason: str
    taken_off: str
    """The names of files that would not go out with it."""
    until: str
    """The day on which the question is over."""
    again: bool
    answer: str
    """Where a word that answers it goes, for a link that opens a mail with it."""
    address: str
    """That is asked about; "" for none."""
    before: str
    """Until when a post can be taken back; "" where it cannot."""
    at_once: int
    """How many get the post by itself without waiting, and in a digest."""
    at_once_shown: str
    later: int
    """How many get it by itself when their quiet hours end, the first of them at `later_from`."""
    later_shown: str
    later_from: str
    in_digests: int
    in_digests_shown: str
    urgency: str
    urgent_count_shown: str
    urgent_limit: int
    urgent_limit_shown: str


def question_view(mail: NoticeMail, answer: str, language: Language, dresser: Dresser) -> QuestionView | None:
    """What the notice asks, None where it asks nothing; `answer` is where an answer to it goes."""
    question = mail.question
    if question is None:
        return None
    around = mail.circumstances or Circumstances()
    charter = strip_controls(around.charter).strip("\n")
    at_once = max(0, question.at_once - question.later)
    return QuestionView(
        asks=question.asks,
        community=clean(mail.community.name, _MAX_NAME) if mail.community else "",
        who=clean(around.who, _MAX_NAME),
        members=around.members,
        members_shown=language.number(around.members),
        posts=around.posts_a_week,
        posts_shown=language.number(around.posts_a_week),
        charter=charter,
        charter_html=dresser.dress(to_html(charter), {}) if charter else "",
        number=question.arrival_id,
        subject=clean(mail.subject) or language.untitled,
        author=clean(mail.author.name, _MAX_NAME) if mail.author else "",
        at=language.moment(mail.sent_at, mail.timezone),
        topic=clean(mail.topic_title),
        reason=mail.reason,
        taken_off=language.names(tuple(clean(name, _MAX_NAME) for name in question.taken_off)),
        until=language.day(question.until) if question.until else "",
        again=question.again,
        answer=quote(answer, safe="@+"),
        address=clean(question.address),
        before=language.day_and_time(question.before, mail.timezone) if question.before else "",
        at_once=at_once,
        at_once_shown=language.number(at_once),
        later=question.later,
        later_shown=language.number(question.later),
        later_from=language.day_and_time(question.later_from, mail.timezone) if question.later_from else "",
        in_digests=question.in_digests,
        in_digests_shown=language.number(question.in_digests),
        urgency=question.urgency,
        urgent_count_shown=language.number(question.urgent_count),
        urgent_limit=question.urgent_limit,
        urgent_limit_shown=language.number(question.urgent_limit),
    )
