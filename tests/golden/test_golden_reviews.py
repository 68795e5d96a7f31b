"""The mails about mails that wait, as they leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.outbound.mails import DELIVERY, composer
from tests.outbound.reviews import POSTED, REVIEWS

Golden = Callable[[str, bytes], None]


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("name", REVIEWS | POSTED)
def test_what_waits_for_those_who_run_a_place(golden: Golden, name: str, locale: str) -> None:
    golden(
        f"{name}-{locale}", composer().compose_notice((REVIEWS | POSTED)[name], replace(DELIVERY, locale=locale)).data
    )
