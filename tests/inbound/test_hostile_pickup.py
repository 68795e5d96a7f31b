"""The hostile mails out of a mailbox: each ends as it does by the other doors."""

from __future__ import annotations

import pytest

from tests.inbound.bridge import Bridge
from tests.inbound.hostile_mails import Hostile, corpus

VERDICTS = {"publish": "posted", "hold": "held", "reject": "returned", "discard": "dropped"}
TRACE = b"Return-Path: <somebody@people.example>\r\nDelivered-To: projets@relais.example\r\n"


def _fits(mail: Hostile) -> bool:
    """A mail server would keep it, with its trace on top, and it has one outcome there."""
    is_whole = mail.by_wire == mail.outcome != "quiet" and not mail.null_path and len(mail.raw) < 100_000
    return is_whole and mail.outcome != "any" and mail.family in ("speaker", "claim", "field", "body")


@pytest.mark.parametrize("third", [0, 1, 2])
def test_each_ends_in_its_class(bridge: Bridge, third: int) -> None:
    chosen = [mail for mail in corpus() if _fits(mail)][third::3]
    assert len(chosen) >= 40
    bridge.put(*(TRACE + mail.raw for mail in chosen))
    assert bridge.empty() == len(chosen)
    bridge.office.work()
    became = [VERDICTS[result.verdict or ""] for result in bridge.office.results()]
    wrong = {
        mail.name: (mail.outcome, outcome)
        for mail, outcome in zip(chosen, became, strict=True)
        if outcome != mail.outcome
    }
    assert not wrong
    assert bridge.outcomes == {"taken": len(chosen)}
