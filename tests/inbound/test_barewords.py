from __future__ import annotations

import pytest

from inbound.barewords import MAX_DEPTH, MAX_TAGS, bare_lines, is_costly


@pytest.mark.parametrize(
    "html",
    [
        "<p>" * 5_000,
        "<ul>" + "<li>x" * 5_000 + "</ul>",
        "<table>" + "<tr><td><b>x</b></td></tr>" * 2_000 + "</table>",
        "<div>" * (MAX_DEPTH - 1) + "x",
        "<b>" * 10 + "<p>x</p>" * 1_000,
        "",
    ],
)
def test_ordinary_documents_are_cheap(html: str) -> None:
    assert not is_costly(html)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * (MAX_DEPTH + 1),
        "<div></x>" * (MAX_DEPTH + 1),
        "<b></b>" * MAX_TAGS,
        "".join(f"<font size={i}>" for i in range(400)) + "<p>" * 1_000,
    ],
)
def test_documents_that_grow_while_they_are_read_are_costly(html: str) -> None:
    assert is_costly(html)


def test_all_words_stay() -> None:
    assert bare_lines("<div>one &lt; two<br>three</div><!-- four --><a href='x") == ["", "one < two", "three", "four"]
