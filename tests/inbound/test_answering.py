"""The notice about a mail: what it takes from the mail, and what it does not believe."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from inbound.actions.answering import believable

CAME = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
WEST = timezone(timedelta(hours=-11))


@pytest.mark.parametrize("own", [None, datetime(9999, 12, 31, 23, 59, tzinfo=WEST), datetime(1, 1, 1, tzinfo=UTC)])
def test_a_date_that_cannot_be_is_the_day_the_mail_came(own: datetime | None) -> None:
    assert believable(own, CAME) == CAME


def test_a_date_that_may_be_is_kept() -> None:
    slow = CAME - timedelta(days=9)
    assert believable(slow, CAME) == slow
