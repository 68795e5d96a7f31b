"""A quote is broken open where somebody writes, and its text says who wrote which line."""

from __future__ import annotations

from gateway.demo.quotation import inside_body, quote, to_text

PAGE = '<html><head><style>p {}</style></head><body class="x"><div id="a"><p>One<br></p><p>Two</p></div></body></html>'


def test_what_was_open_ends_before_the_words_and_begins_again_after_them() -> None:
    place = inside_body(PAGE).index("<p>Two")
    begin = '<blockquote type="cite" cite="mid:m@x">'
    assert quote(PAGE, "<m@x>", {place: "A & B\n\nC"}) == (
        f'{begin}<div id="a"><p>One<br></p></div></blockquote>\r\n<p>A &amp; B</p>\r\n<p>C</p>\r\n'
        f'{begin}<div id="a"><p>Two</p></div></blockquote>'
    )


def test_within_a_paragraph_the_paragraph_is_broken_too() -> None:
    body = "<div><p>One</p></div>"
    assert quote(body, "<m@x>", {body.index("e</p>"): "Mine"}).count("</p></div></blockquote>") == 2


def test_without_words_it_is_one_quote() -> None:
    assert quote("Hello", "<m@x>", {}) == '<blockquote type="cite" cite="mid:m@x">Hello</blockquote>'


def test_the_text_marks_what_is_quoted() -> None:
    assert to_text("<style>no</style><blockquote><p>One</p><blockquote>Deep</blockquote></blockquote><p>Mine</p>") == (
        "> One\n>\n>> Deep\n\nMine"
    )


def test_long_lines_are_broken_and_links_are_written_out() -> None:
    lines = to_text(f"<blockquote><p>{'word ' * 30}<a href='https://x.example'>there</a></p></blockquote>").splitlines()
    assert all(len(line) <= 74 for line in lines) and len(lines) > 2
    assert "there <https://x.example>" in " ".join(line.removeprefix("> ") for line in lines)
