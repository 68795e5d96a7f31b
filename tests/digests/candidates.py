"""Candidates for the tests: a dull topic of this morning, and what makes it another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from digests.candidate import Candidate

NOW = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
DULL = Candidate(
    topic_id=0,
    community_id=1,
    first=0,
    last=0,
    news=1,
    started=True,
    authors=1,
    people=1,
    answers=0,
    thanks=0,
    latest_at=NOW - timedelta(hours=2),
    opened_at=NOW - timedelta(hours=2),
    excerpt_chars=200,
)
