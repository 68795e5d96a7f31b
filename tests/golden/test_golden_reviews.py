"""The mails about mails that wait, as they leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.outbound.mails import DELIVERY, composer
from tests.outbound.reviews import POSTED, REACHING, REVIEWS

Golden = Callable[[str, bytes], None]


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("name", REVIEWS | POSTED)
def test_what_waits_for_those_who_run_a_place(golden: Golden, name: str, locale: str) -> None:
    golden(
        f"{name}-{locale}", composer().compose_notice((REVIEWS | POSTED)[name], replace(DELIVERY, locale=locale)).data
    )


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("name", REACHING)
def test_what_an_address_that_fails_is_told_about(golden: Golden, name: str, locale: str) -> None:
    mail = composer().compose_notice(REACHING[name], replace(DELIVERY, locale=locale))
    # Only a probe may come back: of everything else that we write ourselves nobody is told that it failed.
    assert mail.reverse_path.startswith("bounce+") == (name == "probe")
    golden(f"{name}-{locale}", mail.data)
