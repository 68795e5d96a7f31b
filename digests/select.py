"""Selection: what goes into one person's digest, in what order, how much of each topic, and why.

Called by close_digest and by the preview; pure, the time is passed in. Promises: the same output for the same input in
any order; no topic twice; nothing muted that does not name the reader; within the budget, and more octets never show
less; what waits for the reader is never pushed out by what does not. Nothing to say: no items, and no mail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from digests.candidate import FRAME_BYTES, LINE_BYTES, Budget, Candidate, Reader
from digests.points import CEILING, rate, reasons, reasons_to_bring_back
from gateway.core.digest import Item, Section, Shape, Why

REPEAT = 2.0
"""What a topic loses for each better one of its own community; more where few may stand in full. No community takes all
of these places while another has news: at the last one nothing is left even of CEILING."""
LINES_PER_FULL = 2
"""For each item in full, so many more are named in a line before the next one is written out."""


@dataclass(frozen=True, slots=True)
class Selection:
    """One person's digest. No items: there is nothing to say."""

    items: tuple[Item, ...] = ()
    """As they stand in the mail: by section, in it those in full before the lines, in these the best first."""
    left_out: int = 0
    """Topics with news for which there was no room; the mail says how many."""
    topics: int = 0
    """Topics with news, shown or not."""
    answers: int = 0
    """Posts of the news that opened no topic."""
    size: int = 0
    """Octets of the mail, as estimated; 0 where there is none."""
    scores: tuple[float, ...] = ()
    """For each item. Waiting: 1 for words to the reader, 2 for answers to them, 3 for both. Else the points of
    digests.points, less what the better topics of the same community cost it."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One line of `relais digest preview --why`."""

    topic_id: int
    section: Section
    shape: Shape
    why: tuple[Why, ...]
    score: float


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A candidate that may be shown, with what it is worth."""

    candidate: Candidate
    section: Section
    score: float
    interest: float

    def item(self, shape: Shape) -> Item:
        one = self.candidate
        give_reasons = reasons_to_bring_back if self.section is Section.MISSED else reasons
        return Item(
            topic_id=one.topic_id,
            community_id=one.community_id,
            section=self.section,
            shape=shape,
            first=one.first,
            last=one.last,
            news=one.news,
            why=give_reasons(one, self.interest),
        )


def select(candidates: Sequence[Candidate], reader: Reader, budget: Budget, now: datetime) -> Selection:
    """Chooses and orders what one person gets. `now` is aware.

    A muted topic is in only when its news name the reader: whoever mutes a discussion wants no more answers, their own
    included, but still hears when called by name. One that everyone missed comes only beside news, when all of these
    stand in full that may and there is room for one more. ValueError where a topic is given twice: its news would be
    told in part, and the watermark would pass over the rest.
    """
    if len({one.topic_id for one in candidates}) != len(candidates):
        raise ValueError("a topic is given twice")
    due = [one for one in candidates if one.news > 0 and not one.missed and (one.mentions_reader or not one.muted)]
    if not due:
        return Selection()
    waiting = _rank_waiting([one for one in due if _waits(one)], reader)
    repeat = max(REPEAT, CEILING / max(1, budget.max_topics - 1))
    ranked = waiting + _rank_new([one for one in due if not _waits(one)], reader, repeat, now)
    shapes, size = _fit(ranked, len(waiting), budget)
    shown = [*zip(ranked, shapes, strict=False)]
    # By section, in it what is in full before the lines; the sort is stable, so each of these keeps its rank.
    shown.sort(key=lambda pair: (pair[0].section is Section.NEW, pair[1] is Shape.LINE))
    complete = len(shown) == len(ranked) and all(shape is Shape.FULL or one.candidate.is_heavy for one, shape in shown)
    if complete and shapes.count(Shape.FULL) < budget.max_topics:
        missed = _best_missed(candidates, reader, now)
        if missed is not None and size + missed.candidate.full_bytes <= budget.max_bytes:
            shown.append((missed, Shape.FULL))
            size += missed.candidate.full_bytes
    return Selection(
        items=tuple(one.item(shape) for one, shape in shown),
        left_out=len(ranked) - len(shapes),
        topics=len(due),
        answers=sum(one.news - one.started for one in due),
        size=size,
        scores=tuple(one.score for one, _ in shown),
    )


def explain(selection: Selection) -> tuple[Explained, ...]:
    """Why each item is there, in the order of the mail."""
    return tuple(
        Explained(item.topic_id, item.section, item.shape, item.why, score)
        for item, score in zip(selection.items, selection.scores, strict=True)
    )


def _waits(candidate: Candidate) -> bool:
    return candidate.mentions_reader or candidate.answers_reader > 0


def _strength(candidate: Candidate) -> float:
    return 2.0 * (candidate.answers_reader > 0) + 1.0 * candidate.mentions_reader


def _interest(candidate: Candidate, reader: Reader) -> float:
    """From 0 to 1, whatever was handed in; what is no number at all counts 0."""
    return min(1.0, max(0.0, reader.interests.get(candidate.community_id, 0.0)))


def _rank_waiting(candidates: Sequence[Candidate], reader: Reader) -> list[_Ranked]:
    """The strongest first; among equals, what has been waiting longest."""
    ranked = [_Ranked(one, Section.WAITING, _strength(one), _interest(one, reader)) for one in candidates]
    ranked.sort(key=lambda one: (-one.score, one.candidate.first, one.candidate.topic_id))
    return ranked


def _rank_new(candidates: Sequence[Candidate], reader: Reader, repeat: float, now: datetime) -> list[_Ranked]:
    """By points, less `repeat` for each better one of the same community; among equals the newer topic first.

    Within a community the order is that of the points, so this is what one would get by taking the best, paying for
    its community, and looking again.
    """
    interests = [_interest(one, reader) for one in candidates]
    points = rate(candidates, interests, now)
    better: dict[int, int] = {}
    ranked: list[_Ranked] = []
    for place in sorted(range(len(points)), key=lambda at: (-points[at], -candidates[at].topic_id)):
        one = candidates[place]
        repeats = better.get(one.community_id, 0)
        better[one.community_id] = repeats + 1
        ranked.append(_Ranked(one, Section.NEW, points[place] - repeat * repeats, interests[place]))
    ranked.sort(key=lambda one: (-one.score, -one.candidate.topic_id))
    return ranked


def _fit(ranked: Sequence[_Ranked], waiting: int, budget: Budget) -> tuple[list[Shape], int]:
    """The shapes of as many as there is room for, from the first on, and the octets of the mail.

    It ends at the first step that does not fit, though a smaller one might: only so can more room never show less.
    """
    shapes: list[Shape] = []
    size = FRAME_BYTES
    for place, shape, cost in _steps(ranked, waiting, budget.max_topics):
        if size + cost > budget.max_bytes:
            break
        size += cost
        if place < len(shapes):
            shapes[place] = shape
        else:
            shapes.append(shape)
    return shapes, size


def _steps(ranked: Sequence[_Ranked], waiting: int, most_full: int) -> Iterator[tuple[int, Shape, int]]:
    """In what order room is given away, whatever room there is: place, shape, and the octets that it takes more.

    First a line for everything that waits for the reader, then that in full: what does not wait takes nothing from it.
    Then the best of the rest in full, one by one, and for each of them a line for LINES_PER_FULL more. At last a line
    for whatever is left.
    """
    named = waiting
    yield from ((place, Shape.LINE, LINE_BYTES) for place in range(waiting))
    light = [place for place, one in enumerate(ranked) if not one.candidate.is_heavy]
    for place in light[:most_full]:
        yield from ((before, Shape.LINE, LINE_BYTES) for before in range(named, place))
        full = ranked[place].candidate.full_bytes
        yield place, Shape.FULL, full - LINE_BYTES if place < named else full
        if place >= waiting:
            start = max(named, place + 1)
            named = min(start + LINES_PER_FULL, len(ranked))
            yield from ((more, Shape.LINE, LINE_BYTES) for more in range(start, named))
    yield from ((rest, Shape.LINE, LINE_BYTES) for rest in range(named, len(ranked)))


def _best_missed(candidates: Sequence[Candidate], reader: Reader, now: datetime) -> _Ranked | None:
    """The one topic to bring back, if any: never one that came back before, is muted, heavy, or has words of theirs."""
    missed = [
        one
        for one in candidates
        if one.missed and not (one.muted or one.takes_part or one.topic_id in reader.brought_back) and not one.is_heavy
    ]
    if not missed:
        return None
    interests = [_interest(one, reader) for one in missed]
    points = rate(missed, interests, now)
    best = max(range(len(missed)), key=lambda place: (points[place], missed[place].topic_id))
    return _Ranked(missed[best], Section.MISSED, points[best], interests[best])
