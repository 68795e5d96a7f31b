"""What is told of a person's data has words for all that is counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.sheet import Holding
from store.dossier import COUNTED
from tests.outbound.joinings import MAILS
from tests.outbound.mails import DELIVERY, body, composer, read


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_everything_that_is_counted_is_told(locale: str) -> None:
    asked = MAILS["data"]
    assert asked.sheet
    counted = replace(asked.sheet, places=(), holdings=tuple(Holding(kind, 7) for kind in COUNTED))
    mail = composer().compose_notice(replace(asked, sheet=counted), replace(DELIVERY, locale=locale))
    lines = [line for line in body(read(mail.data), "plain").splitlines() if line.startswith("* ")]
    assert len(lines) == len(COUNTED) == len(set(lines))
    assert all("7" in line for line in lines)
