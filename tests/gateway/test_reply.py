"""Reply: a code and an enhanced code that contradict each other cannot be made."""

from __future__ import annotations

import pytest

from gateway.core.reply import Reply


def test_text() -> None:
    assert str(Reply(550, "5.1.1", "No such address here")) == "550 5.1.1 No such address here"
    assert str(Reply(354, "", "Go on")) == "354 Go on"


@pytest.mark.parametrize(("code", "enhanced"), [(550, "4.7.0"), (250, "5.0.0"), (451, "2.0.0"), (199, ""), (600, "")])
def test_what_disagrees_is_refused(code: int, enhanced: str) -> None:
    """I9: code and enhanced code agree."""
    with pytest.raises(ValueError, match=r"disagree|not an SMTP code"):
        Reply(code, enhanced, "x")


def test_kinds() -> None:
    assert Reply(250, "2.0.0", "Ok").ok
    assert Reply(451, "4.3.0", "Later").temporary
    assert not Reply(550, "5.0.0", "No").temporary
