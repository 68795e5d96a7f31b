"""Whole digests, as they leave: beside this file stand the mails that a reviewer reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.core.digest import Cadence
from tests.outbound.digests import DIGEST, WEEKLY, digest_sent

Golden = Callable[[str, bytes], None]


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_daily(golden: Golden, locale: str) -> None:
    golden(f"digest-daily-{locale}", digest_sent(DIGEST, locale))


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_weekly(golden: Golden, locale: str) -> None:
    golden(f"digest-weekly-{locale}", digest_sent(WEEKLY, locale))


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_catch_up_with_one_topic(golden: Golden, locale: str) -> None:
    mail = replace(DIGEST, cadence=Cadence.CATCH_UP, items=DIGEST.items[1:2], communities=("Vie du site",))
    golden(f"digest-catch-up-{locale}", digest_sent(mail, locale))
