"""Elements: what boxes of mail programs are called, and what divides words from what is cut below them."""

from __future__ import annotations

import pytest

from inbound.elements import is_border, is_hidden, mark_of
from inbound.lines import Mark


@pytest.mark.parametrize(
    ("tag", "attributes", "mark"),
    [
        ("div", {"class": "io-ox-signature"}, Mark.SIGNATURE),
        ("div", {"class": "x_gmail_signature"}, Mark.SIGNATURE),
        ("div", {"id": "x_divRplyFwdMsg"}, Mark.CUT),
        ("div", {"data-marker": "__QUOTED_TEXT__"}, Mark.QUOTE),
        ("blockquote", {"type": "cite"}, Mark.QUOTE),
        ("blockquote", {}, Mark.INDENT),
        ("div", {"class": "signature-of-the-contract"}, Mark.NONE),
    ],
)
def test_what_the_names_of_clients_say(tag: str, attributes: dict[str, str | None], mark: Mark) -> None:
    assert mark_of(tag, attributes) is mark


def test_hidden_is_what_nobody_sees() -> None:
    assert is_hidden({"style": "display:none"})
    assert is_hidden({"hidden": None})
    assert not is_hidden({"style": "display:block"})


@pytest.mark.parametrize(
    ("tag", "attributes", "border"),
    [
        ("hr", {}, True),
        ("img", {"width": "120", "height": "40px"}, True),
        ("img", {"width": "20", "height": "20"}, False),
        ("img", {"width": "640", "height": "480"}, False),
        ("img", {"width": "100%", "height": None}, False),
        ("br", {}, False),
    ],
)
def test_a_border_is_a_rule_or_a_logo(tag: str, attributes: dict[str, str | None], border: bool) -> None:
    assert is_border(tag, attributes) is border
