from __future__ import annotations

from inbound.clean import MAX_SOURCE, clean


def test_blank_ends_are_trimmed() -> None:
    assert clean("<br><div></div><p>a</p><br><br>") == "<p>a</p>"


def test_an_image_alone_is_worth_keeping_and_a_lost_one_is_not() -> None:
    assert clean('<img src="cid:a">') == '<img src="cid:a">'
    assert clean('<img src="https://evil.example/a.png">') is None
    assert clean("") is None


def test_too_much_is_not_cleaned() -> None:
    assert clean("x" * (MAX_SOURCE + 1)) is None
