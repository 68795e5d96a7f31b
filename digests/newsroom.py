"""Newsroom: the news of the communities as candidates for each reader's digest.

Called by digests.close, one Newsroom a run. What is the same for all readers is built once and shared; a candidate is
built anew only where its reader has something to do with the topic.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digests.candidate import Candidate, Reader
from gateway.core.community import Choice
from store import concerns, news
from store.digests import Following
from store.news import NewPost, ReadersFacts, TopicFacts

_LATELY = timedelta(days=90)
_MISSED_FROM, _MISSED_UNTIL = timedelta(days=30), timedelta(days=4)
"""What everyone missed is older than any digest's span would forgive, and young enough to matter still."""
_MOST_MISSED = 5
_MUCH = math.log1p(20)
"""So many posts of one's own in a community of late make it as interesting as can be."""
_EXCERPT, _LAST = 600, 200


@dataclass(frozen=True, slots=True)
class Offer:
    """What select wants to know for one reader."""

    candidates: Sequence[Candidate]
    reader: Reader
    common: tuple[tuple[int, int, int], ...] | None
    """The spans it is made of, where it is what anybody with the same spans is offered; else None."""


@dataclass(slots=True)
class _Span:
    """Posts of one community above `after`, up to `through`, by number."""

    after: int
    through: int
    posts: list[NewPost]
    numbers: list[int]


@dataclass(slots=True)
class _Common:
    """A community's candidates as a reader without any part in them sees them."""

    candidates: list[Candidate]
    by_topic: dict[int, list[NewPost]]
    authors: frozenset[int]
    answered: frozenset[int]
    """Whose posts are answered by the news, or who opened a topic of it."""
    shared: bool

    @property
    def posts(self) -> Iterator[NewPost]:
        """All of them, by topic."""
        return (post for posts in self.by_topic.values() for post in posts)


@dataclass(slots=True)
class Newsroom:
    """The news as of `now`. Spans and topics are kept for the run, so each is asked of the store about once."""

    now: datetime
    _spans: dict[int, _Span] = field(default_factory=dict)
    _topics: dict[int, TopicFacts] = field(default_factory=dict)
    _missed: dict[int, list[Candidate]] = field(default_factory=dict)
    _common: dict[tuple[int, int, int], _Common] = field(default_factory=dict)

    def offers(self, tx: Connection, followed: Sequence[Following], *, rest: bool = False) -> dict[int, Offer]:
        """By reader, what is new to them. Asks the store a fixed number of questions for all of them.

        Of a `rest` that is owed some may have come singly meanwhile: between two pauses, say. That is left out.
        """
        by_reader: dict[int, list[Following]] = defaultdict(list)
        for item in followed:
            by_reader[item.person_id].append(item)
        self._read(tx, followed)
        spans = {(item.community_id, item.after, item.through) for item in followed}
        commons = {span: self._common_news(*span) for span in spans}
        topics = {topic_id for common in commons.values() for topic_id in common.by_topic}
        topics |= {one.topic_id for span in spans for one in self._missed.get(span[0], ())}
        shared = {
            post.content_id for common in commons.values() if common.shared for post in common.posts if post.shared
        }
        facts = news.readers_facts(tx, by_reader, topics, shared, self.now - _LATELY)
        # Posts of a topic that somebody follows come singly, where there is no quiet or pause to keep them.
        came = set(by_reader) if rest else {i for i in by_reader if _follows(facts.choices.get(i, {}))}
        if came:
            told = {post.content_id for common in commons.values() for post in common.posts}
            facts = replace(facts, got=news.got(tx, came, told))
        picky = [item for item in followed if item.matters_only]
        spans = {(item.community_id, item.after, item.through) for item in picky}
        facts = replace(facts, matters=concerns.concerning(tx, spans, sorted({item.person_id for item in picky})))
        if rest:
            facts = replace(facts, homes=news.homes_of_owed(tx, followed, shared, facts.matters))
        return {person_id: self._offer(person_id, items, facts) for person_id, items in by_reader.items()}

    def _read(self, tx: Connection, followed: Iterable[Following]) -> None:
        wanted: dict[int, tuple[int, int]] = {}
        for item in followed:
            after, through = wanted.get(item.community_id, (item.after, item.through))
            wanted[item.community_id] = min(after, item.after), max(through, item.through)
        for community_id, (after, through) in wanted.items():
            known = self._spans.get(community_id)
            if known and known.after <= after and known.through >= through:
                continue
            start = min(after, known.after) if known else after
            end = max(through, known.through) if known else through
            posts = news.posts_between(tx, community_id, start, end)
            self._spans[community_id] = _Span(start, end, posts, [post.number for post in posts])
            self._read_topics(tx, community_id, {post.topic_id for post in posts})

    def _read_topics(self, tx: Connection, community_id: int, topic_ids: set[int]) -> None:
        missed: list[int] = []
        if community_id not in self._missed:
            since, until = self.now - _MISSED_FROM, self.now - _MISSED_UNTIL
            missed = news.unanswered(tx, community_id, since, until, _MOST_MISSED)
        fresh = {*topic_ids, *missed} - self._topics.keys()
        if fresh:
            self._topics.update(news.topic_facts(tx, fresh))
        if community_id not in self._missed:
            self._missed[community_id] = [
                _missed_candidate(self._topics[topic_id]) for topic_id in missed if topic_id in self._topics
            ]

    def _common_news(self, community_id: int, after: int, through: int) -> _Common:
        key = (community_id, after, through)
        if key not in self._common:
            span = self._spans[community_id]
            posts = span.posts[bisect_right(span.numbers, after) : bisect_right(span.numbers, through)]
            by_topic: dict[int, list[NewPost]] = defaultdict(list)
            for post in posts:
                if post.topic_id in self._topics:
                    by_topic[post.topic_id].append(post)
            openers = {self._topics[topic_id].opener_id for topic_id in by_topic}
            self._common[key] = _Common(
                [self._candidate(topic_id, fresh) for topic_id, fresh in by_topic.items()],
                dict(by_topic),
                frozenset(post.author_id for post in posts),
                frozenset({*openers, *(p.answered_author_id for p in posts if p.answered_author_id is not None)}),
                any(post.shared for post in posts),
            )
        return self._common[key]

    def _candidate(self, topic_id: int, fresh: Sequence[NewPost]) -> Candidate:
        topic = self._topics[topic_id]
        shown = min(_EXCERPT, fresh[0].length) + (min(_LAST, fresh[-1].length) if len(fresh) > 1 else 0)
        return Candidate(
            topic_id=topic_id,
            community_id=topic.community_id,
            first=fresh[0].id,
            last=fresh[-1].id,
            news=len(fresh),
            started=fresh[0].id == topic.first_post_id,
            authors=len({post.author_id for post in fresh}),
            people=topic.people,
            answers=topic.answers,
            thanks=topic.thanks,
            latest_at=fresh[-1].created_at,
            opened_at=topic.opened_at,
            excerpt_chars=shown,
            is_question=topic.asks and topic.answers == 0,
            newcomer=topic.newcomer and fresh[0].id == topic.first_post_id,
        )

    def _offer(self, person_id: int, items: Sequence[Following], facts: ReadersFacts) -> Offer:
        spans = tuple((item.community_id, item.after, item.through) for item in items)
        commons = [self._common[span] for span in spans]
        choices = facts.choices.get(person_id, {})
        interests = {i: min(1.0, math.log1p(n) / _MUCH) for i, n in facts.interests.get(person_id, {}).items()}
        reader = Reader(interests, frozenset(t for t, made in choices.items() if Choice.BROUGHT_BACK in made))
        touched = [
            item.matters_only or self._touches(person_id, common, facts)
            for item, common in zip(items, commons, strict=True)
        ]
        candidates: list[Candidate] = []
        for item, common, mine in zip(items, commons, touched, strict=True):
            candidates += self._own(item, common, facts) if mine else common.candidates
        news_of = {one.topic_id for one in candidates}
        for community_id, _, _ in spans:
            for one in self._missed.get(community_id, ()):
                mine = self._topics[one.topic_id].opener_id == person_id
                if one.topic_id not in news_of and not mine and Choice.MUTED not in choices.get(one.topic_id, ()):
                    candidates.append(one)
        alone = any(touched) or bool(choices) or bool(interests) or person_id in self._openers_of_missed(spans)
        return Offer(candidates, reader, None if alone else spans)

    def _openers_of_missed(self, spans: Iterable[tuple[int, int, int]]) -> set[int]:
        return {self._topics[one.topic_id].opener_id for span in spans for one in self._missed.get(span[0], ())}

    @staticmethod
    def _touches(person_id: int, common: _Common, facts: ReadersFacts) -> bool:
        """Whether this reader has any part in this news."""
        return (
            person_id in common.authors
            or person_id in common.answered
            or common.shared
            or bool(facts.mentioned.get(person_id))
            or bool(facts.got.get(person_id))
            or not common.by_topic.keys().isdisjoint(facts.choices.get(person_id, ()))
            or not common.by_topic.keys().isdisjoint(facts.wrote.get(person_id, ()))
        )

    def _own(self, item: Following, common: _Common, facts: ReadersFacts) -> list[Candidate]:
        person_id = item.person_id
        matters = facts.matters.get(person_id, set()) if item.matters_only else None
        got = facts.got.get(person_id, set())
        homes, mentioned = facts.homes.get(person_id, {}), facts.mentioned.get(person_id, set())
        choices, wrote = facts.choices.get(person_id, {}), facts.wrote.get(person_id, {})
        candidates = []
        for base in common.candidates:
            posts = common.by_topic[base.topic_id]
            fresh = [
                post
                for post in posts
                if post.author_id != person_id
                and post.content_id not in got
                and (matters is None or post.id in matters)
                and (not post.shared or homes.get(post.content_id, post.id) == post.id)
            ]
            if not fresh:
                continue
            opened = self._topics[base.topic_id].opener_id == person_id
            made = choices.get(base.topic_id, ())
            candidates.append(
                replace(
                    base if len(fresh) == len(posts) else self._candidate(base.topic_id, fresh),
                    answers_reader=sum(opened or post.answered_author_id == person_id for post in fresh),
                    mentions_reader=any(post.id in mentioned for post in fresh),
                    followed=Choice.FOLLOWED in made,
                    muted=Choice.MUTED in made,
                    takes_part=base.topic_id in wrote,
                )
            )
        return candidates


def _follows(choices: Mapping[int, Collection[Choice]]) -> bool:
    return any(Choice.FOLLOWED in made for made in choices.values())


def _missed_candidate(topic: TopicFacts) -> Candidate:
    return Candidate(
        topic_id=topic.id,
        community_id=topic.community_id,
        first=topic.first_post_id,
        last=topic.first_post_id,
        news=1,
        started=False,
        authors=1,
        people=topic.people,
        answers=topic.answers,
        thanks=topic.thanks,
        latest_at=topic.opened_at,
        opened_at=topic.opened_at,
        excerpt_chars=min(_EXCERPT, topic.length),
        is_question=topic.asks,
        newcomer=False,
        missed=True,
    )
