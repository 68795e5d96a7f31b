from __future__ import annotations

import pytest

from inbound.html import read_html
from inbound.lines import Mark


def text_of(html: str) -> str:
    return "\n".join(line.text for line in read_html(html).lines)


def clean(html: str) -> str | None:
    document = read_html(html)
    return document.shown([True] * len(document.lines))


def test_paragraphs_lists_tables_and_links_become_text() -> None:
    html = (
        "<h1>Title</h1><p>One  two<br>three</p><ul><li>a</li><li>b &amp; c</li></ul>"
        '<p><a href="https://example.org/x">the page</a></p><table><tr><td>1</td><td>2</td></tr></table>'
        "<pre>x\n  y</pre>"
    )
    assert text_of(html) == (
        "Title\n\nOne two\nthree\n\n- a\n- b & c\n\nthe page <https://example.org/x>\n\n1 2\n\nx\n  y"
    )


def test_a_link_that_shows_its_target_is_written_once() -> None:
    assert text_of('<a href="https://example.org/">https://example.org</a>') == "https://example.org"
    assert text_of('<a href="mailto:a@example.org">a@example.org</a>') == "a@example.org"


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display: none">secret</div>',
        '<span style="font-size:0px">secret</span>',
        '<span style="color:red;FONT-SIZE:0">secret</span>',
        '<p style="visibility:hidden">secret</p>',
        '<p style="mso-hide:all">secret</p>',
        '<p style="color:#fff;background-color:white">secret</p>',
        '<p style="color:transparent">secret</p>',
        '<p style="position:absolute; left:-9999px">secret</p>',
        '<p style="text-indent:-9999px">secret</p>',
        '<p style="max-height:0; overflow:hidden">secret</p>',
        '<p style="font-size:1px">secret</p>',
        "<p hidden>secret</p>",
        "<style>secret</style>",
        "<script>secret</script>",
        "<!-- secret -->",
        "<title>secret</title>",
        "<noscript>secret</noscript>",
    ],
)
def test_hidden_text_is_in_neither_form(hidden: str) -> None:
    html = f"<p>seen</p>{hidden}"
    assert text_of(html).strip() == "seen"
    assert clean(html) == "<p>seen</p>"


@pytest.mark.parametrize(
    "style",
    ["color:#fff;background:#000", "color:white", "text-indent:-18.0pt", "margin-left:-20px", "background:white"],
)
def test_text_that_can_be_seen_stays(style: str) -> None:
    assert text_of(f'<p style="{style}">seen</p>') == "seen"


@pytest.mark.parametrize(
    ("html", "mark"),
    [
        ('<div name="quoted-content">old</div>', Mark.QUOTE),
        ('<div name="messageReplySection">old</div>', Mark.QUOTE),
        ('<div class="gmail-m_12moz-cite-prefix">old</div>', Mark.QUOTE),
        ('<div class="x_gmail_signature">old</div>', Mark.SIGNATURE),
        ("<signature>old</signature>", Mark.SIGNATURE),
        ('<div id="composer_signature">old</div>', Mark.SIGNATURE),
    ],
)
def test_names_of_clients(html: str, mark: Mark) -> None:
    assert [line.mark for line in read_html(html).lines if line.text] == [mark]


@pytest.mark.parametrize("padding", ["3.0pt 0cm 0cm 0cm", "3.0pt 0in 0in 0in", "3pt 0 0 0"])
def test_the_line_that_word_draws_above_a_header_block(padding: str) -> None:
    cut = f"<p>new</p><div style='border:none;border-top:solid #B5C4DF 1.0pt;padding:{padding}'><p>old</p></div>"
    assert Mark.CUT in [line.mark for line in read_html(cut).lines]
    assert Mark.CUT not in [line.mark for line in read_html("<div style='border-top:solid red 1pt'>x</div>").lines]


def test_the_blank_behind_the_delimiter_of_a_signature_stays() -> None:
    assert [line.text for line in read_html("yes<br>-- <br>Ann").lines] == ["yes", "-- ", "Ann"]


def test_small_text_is_not_hidden() -> None:
    assert text_of('<p style="font-size:0.9em">seen</p>') == "seen"


@pytest.mark.parametrize(
    "evil",
    [
        '<img src="https://evil.example/pixel.png">',
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="cid:x">x</a>',
        '<a href="//evil.example/">x</a>',
        '<iframe src="https://evil.example"></iframe>',
        '<p style="background:url(https://evil.example)" class="c" onclick="x()">x</p>',
        '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
        '<form action="https://evil.example"><input name=a><button>go</button></form>',
        '<link rel=stylesheet href="https://evil.example/x.css"><meta http-equiv=refresh content="0;url=https://evil.example">',
        '<math><mtext><table><mglyph><style><img src=x onerror="alert(1)">',
        '<base href="https://evil.example/">',
        '<div background="https://evil.example/x.png">x</div>',
        '<video src="https://evil.example/x.mp4" poster="https://evil.example/x.png"></video>',
    ],
)
def test_nothing_is_fetched_and_nothing_runs(evil: str) -> None:
    cleaned = (clean(f"<p>seen</p>{evil}") or "").lower()
    assert "seen" in cleaned
    for word in (
        "evil.example",
        "javascript",
        "onerror",
        "onclick",
        "style",
        "class",
        "<img",
        "<svg",
        "<form",
        "<input",
    ):
        assert word not in cleaned


def test_attached_images_and_plain_links_stay() -> None:
    html = '<p>a <img src="cid:pic@x" alt="plan"> <a href="https://example.org/">b</a></p>'
    assert clean(html) == (
        '<p>a <img src="cid:pic@x" alt="plan"> <a href="https://example.org/" rel="noopener">b</a></p>'
    )


@pytest.mark.parametrize(
    ("html", "mark"),
    [
        ("<blockquote type=cite>old</blockquote>", Mark.QUOTE),
        ('<blockquote class="gmail_quote">old</blockquote>', Mark.QUOTE),
        ('<blockquote class="v1gmail_quote">old</blockquote>', Mark.QUOTE),
        ('<div class="gmail_attr">old</div>', Mark.QUOTE),
        ('<div class="moz-cite-prefix">old</div>', Mark.QUOTE),
        ('<div class="yahoo_quoted">old</div>', Mark.QUOTE),
        ('<div class="protonmail_quote">old</div>', Mark.QUOTE),
        ("<blockquote>old</blockquote>", Mark.INDENT),
        ('<div class="gmail_signature">old</div>', Mark.SIGNATURE),
        ('<div id="x_Signature">old</div>', Mark.SIGNATURE),
        ("<p>old</p>", Mark.NONE),
    ],
)
def test_marks_of_mail_programs(html: str, mark: Mark) -> None:
    (line,) = [line for line in read_html(html).lines if line.text]
    assert line.mark is mark


@pytest.mark.parametrize(
    "marker", ['<div id="x_divRplyFwdMsg">', '<hr id="stopSpelling">', '<div id="gmail-m_12divRplyFwdMsg">']
)
def test_marks_after_which_all_is_old(marker: str) -> None:
    assert Mark.CUT in [line.mark for line in read_html(f"new{marker}old").lines]


def test_cutting_lines_leaves_the_rest_clean() -> None:
    document = read_html("<div>new</div><blockquote type=cite><p>old</p><p>new too</p></blockquote><div>end</div>")
    keep = [line.text != "old" for line in document.lines]
    assert document.shown(keep) == "<div>new</div><blockquote><p>new too</p></blockquote><div>end</div>"


def test_nothing_left_is_none() -> None:
    document = read_html("<p>old</p><br>")
    assert document.shown([False] * len(document.lines)) is None


def test_a_costly_document_is_read_as_bare_words() -> None:
    document = read_html("<div>" * 600 + "one &amp; two<br>three" + "</div>" * 600)
    assert [line.text for line in document.lines if line.text] == ["one & two", "three"]
    assert document.shown([True] * len(document.lines)) is None


def test_a_line_knows_how_deep_it_is_quoted() -> None:
    lines = read_html("a<blockquote>b<blockquote type=cite><p>c</p></blockquote>d</blockquote>e").lines
    assert [(line.text, line.depth) for line in lines if line.text] == [
        ("a", 0),
        ("b", 1),
        ("c", 2),
        ("d", 1),
        ("e", 0),
    ]


@pytest.mark.parametrize("border", ["<hr>", '<p><img src="cid:logo@x" width="120" height="40"></p>'])
def test_what_divides_the_words_from_what_is_cut_goes_with_it(border: str) -> None:
    document = read_html(f"<div>Yes.</div>{border}<div>old words</div>")
    assert document.shown([line.text != "old words" for line in document.lines]) == "<div>Yes.</div>"


@pytest.mark.parametrize("own", ["<hr>", '<p><img src="cid:shot@x" width="640" height="480"></p>'])
def test_what_stands_between_kept_lines_and_pictures_of_some_size_stay(own: str) -> None:
    document = read_html(f"<div>One.</div>{own}<div>two</div>")
    assert own[:3] in (document.shown([True] * len(document.lines)) or "")
    document = read_html('<div>See:</div><img src="cid:shot@x" width="640" height="480"><hr><div>old</div>')
    assert "cid:shot@x" in (document.shown([line.text != "old" for line in document.lines]) or "")
    document = read_html('<img src="cid:a@x" width="120" height="40">')
    assert document.shown([True] * len(document.lines)) is not None
