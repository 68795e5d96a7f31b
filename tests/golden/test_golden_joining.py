"""The mails about coming in, leaving, and what there is to ask for, as they leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.outbound.joinings import MAILS, help_in
from tests.outbound.mails import DELIVERY, composer

Golden = Callable[[str, bytes], None]


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("name", [*MAILS, "help", "unknown-word"])
def test_what_is_told_about_places(golden: Golden, name: str, locale: str) -> None:
    mail = MAILS.get(name) or help_in(locale, "Abracadabra" if name == "unknown-word" else "")
    golden(f"place-{name}-{locale}", composer().compose_notice(mail, replace(DELIVERY, locale=locale)).data)
