"""The mails that answer an answer to a digest, or a word of command, as they leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.core.decision import Reason
from gateway.core.notice import NoticeMail
from tests.outbound.mails import DELIVERY, RETURNED, composer
from tests.outbound.receipts import (
    ASKS,
    DONE,
    LETTER,
    QUESTION,
    QUESTION_AGAIN,
    READING,
    RECEIPT,
    REPORT,
    TWO_POSTED,
    UNCLEAR,
    obeyed,
)

Golden = Callable[[str, bytes], None]

NOTICES: dict[str, NoticeMail] = {
    "receipt": RECEIPT,
    "receipt-posted": TWO_POSTED,
    "receipt-asks": QUESTION,
    "receipt-asks-again": QUESTION_AGAIN,
    "receipt-unclear": UNCLEAR,
    **{f"obeyed-{name}": obeyed(done) for name, done in DONE.items()},
    **{f"asks-{name}": question for name, question in ASKS.items()},
    "letter": LETTER,
    "report": REPORT,
    "reading": READING,
    "reading-gone": replace(READING, topic=None, read=(), post_id=None),
    "returned-digest-gone": replace(
        RETURNED,
        reason=Reason.DIGEST_GONE,
        community=None,
        sent_to="digest@relais.example.org",
        subject="Re: [Relais] Résumé du 2 sept. : Chaudière de l’atelier",
        text="D’accord pour la visite, mais pas un lundi.",
        files=(),
    ),
}


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("name", NOTICES)
def test_what_answers_an_answer(golden: Golden, name: str, locale: str) -> None:
    golden(f"{name}-{locale}", composer().compose_notice(NOTICES[name], replace(DELIVERY, locale=locale)).data)
