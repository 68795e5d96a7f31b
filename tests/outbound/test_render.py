"""Templates, stylesheet and catalogues: what survives inlining, what a mail may weigh, how its colours contrast."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar

import premailer
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from gateway.core.decision import Reason
from gateway.core.notice import NamedFile, NoticeKind, NoticeMail
from outbound.compose import Composer
from outbound.language import language_of
from outbound.notice_views import NoticeAddresses, NoticeView, WriterLine, notice_view
from outbound.reading_views import ReadingLinks
from outbound.receipt_views import PlaceAddresses
from outbound.render import _EXPRESSION, ROOT, Rendered, inline
from outbound.views import FileLine, Links, PostView, post_view
from tests.outbound.mails import (
    ANSWER,
    BLOBS,
    CONTENT,
    DELIVERY,
    KEYS,
    PASSED_ON,
    PHOTOS,
    POST,
    PROGRAMME,
    RENDERED_KINDS,
    RENDERER,
    RETURNED,
    SITE,
    body,
    composer,
    read,
    sent,
)

REFUSALS = (
    Reason.NOT_A_MEMBER,
    Reason.EMPTY,
    Reason.ATTACHMENT_TOO_LARGE,
    Reason.TOPIC_CLOSED,
    Reason.TOPIC_GONE,
    Reason.COMMUNITY_ARCHIVED,
    Reason.NO_PLACE,
    Reason.DIGEST_GONE,
)


def source_of(kind: str) -> str:
    layout = (ROOT / "mail" / "layout.html").read_text("utf-8")
    return layout.replace("<!-- main -->", (ROOT / "mail" / kind / "mail.html").read_text("utf-8"))


@pytest.mark.parametrize("kind", RENDERED_KINDS)
def test_every_expression_survives_inlining(kind: str) -> None:
    source = source_of(kind)
    inlined = inline(source, (ROOT / "mail" / "inline.css").read_text("utf-8"))
    assert len(_EXPRESSION.findall(source)) > 10
    assert _EXPRESSION.findall(inlined) == _EXPRESSION.findall(source)
    assert "%7B" not in inlined.upper()
    assert inlined.count('style="') > source.count('style="') + 10


def test_an_expression_in_a_link_survives_inlining() -> None:
    source = '<html><body><a class="link" href="{{ mail.url }}?a={{ b["c"] }}">x</a></body></html>'
    inlined = inline(source, ".link { color: #1a654a; }")
    assert '<a class="link" href="{{ mail.url }}?a={{ b["c"] }}" style="color:#1a654a">' in inlined


@pytest.mark.parametrize("kind", RENDERED_KINDS)
def test_templates_fetch_nothing(kind: str) -> None:
    everything = source_of(kind) + "".join(p.read_text("utf-8") for p in (ROOT / "mail").glob("*.css"))
    assert not re.search(r"<link|@import|url\(|<script|<img|display:\s*none", everything)


@pytest.mark.parametrize("kind", RENDERED_KINDS)
def test_no_table_outside_the_conditional_one(kind: str) -> None:
    assert "<table" not in re.sub(r"<!--.*?-->", "", source_of(kind), flags=re.DOTALL)


def test_premailer_runs_per_template_and_never_per_post(monkeypatch: pytest.MonkeyPatch) -> None:
    sent(POST)

    def refuse(*_: object, **__: object) -> str:
        raise AssertionError("premailer ran again")

    monkeypatch.setattr(premailer.Premailer, "transform", refuse)
    assert sent(replace(POST, post_id=99))


def test_the_mail_stays_small() -> None:
    data = sent(POST)
    page = body(read(data), "html")
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style and len(style[1].encode()) < 16_000
    assert len(page.encode()) < 12_000


def test_first_visible_words_are_author_and_community() -> None:
    page = body(read(sent(POST)), "html")
    visible = re.sub(r"<!--.*?-->|<[^>]*>", " ", page[page.index("<body") :], flags=re.DOTALL)
    assert " ".join(visible.split()).startswith("Inès Delmas dans Projets")


def test_post_says_who_hears_an_answer() -> None:
    text = body(read(sent(POST)), "plain")
    assert "les 42 personnes de «\u00a0Projets\u00a0» vous liront" in text.replace(" \n", " ")
    assert "Envoyé aussi à «\u00a0Achats\u00a0» et «\u00a0Vie du site\u00a0»." in text.replace(" \n", " ")
    many = body(read(sent(replace(POST, readers=12_345), "en")), "plain")
    assert "all 12,345 people in “Projets” will read you, not only Inès Delmas." in many.replace(" \n", " ")
    assert "one person in “Projets” will read you." in body(read(sent(ANSWER, "en")), "plain")
    nobody = body(read(sent(replace(POST, readers=0), "en")), "plain")
    assert "your answer goes to “Projets”." in nobody


def test_a_mail_that_was_passed_on_goes_along_set_off_and_labelled() -> None:
    mail = read(sent(PASSED_ON))
    page, text = body(mail, "html"), body(mail, "plain")
    words, label, forwarded = text.partition("Message transféré\u00a0:\n\n")
    assert label and "répond enfin" in words
    quoted = forwarded.partition("\n-- \n")[0].rstrip("\n").split("\n")
    assert all(line.startswith(">") for line in quoted) and "> Cars Loire" in quoted
    assert "Message transféré</p>" in page and "&lt;Devis&gt; joint." in page
    assert "transféré" not in body(read(sent(POST)), "html")


def test_footer_of_the_text_follows_the_signature_line() -> None:
    text = body(read(sent(POST)), "plain")
    words, found, footer = text.partition("\n-- \n")
    assert found
    assert "le car part de la gare" in words
    assert "/u/" in footer and "/u/" not in words
    assert "[#12]" in footer


def test_author_html_gets_our_styles() -> None:
    page = body(read(sent(POST)), "html")
    assert '<blockquote style="margin:0 0 14px; padding' in page
    assert '<a href="https://chantier.example/plan?a=1&amp;b=2" style="color:#1a654a">' in page


def test_hostile_html_is_cleaned_again() -> None:
    hostile = (
        '<p onclick="x()">a<script>alert(1)</script></p><img src="https://spy.example/1.gif">'
        '<iframe src="//x"></iframe><a href="javascript:x()">b</a>'
        '<p style="position:fixed">c</p><form action="/x">d</form>{{ 7*7 }}'
    )
    page = body(read(sent(replace(POST, content=replace(CONTENT, html=hostile)))), "html")
    for trace in ("onclick", "alert", "spy.example", "iframe", "javascript", "position:fixed", "<form", "49"):
        assert trace not in page


def test_names_are_escaped() -> None:
    content = replace(CONTENT, author_name="<b>Eve</b> & {{ co }}")
    page = body(read(sent(replace(POST, content=content, topic_title="<i>x</i>"))), "html")
    assert "&lt;b&gt;Eve&lt;/b&gt; &amp; {{ co }}" in page
    assert "<title>[Projets] &lt;i&gt;x&lt;/i&gt;</title>" in page


# A stranger's words: markup, and quotes that would end an attribute.
HOSTILE = """<b>x</b>"onload="'"""
View = TypeVar("View", PostView, NoticeView)
LINE = FileLine(HOSTILE, HOSTILE, HOSTILE)


def hostile(view: View, **changes: object) -> View:
    """The view with such words in every string but the clean HTML."""
    strings = {field.name: HOSTILE for field in fields(view) if field.type == "str" and "html" not in field.name}
    return replace(view, **{**strings, **changes})  # type: ignore[arg-type]


def assert_no_markup(rendered: Rendered, *words: str) -> None:
    assert "<b>x" not in rendered.html and '"onload=' not in rendered.html
    assert "&lt;b&gt;x&lt;/b&gt;" in rendered.html
    # In the text part nothing is escaped.
    assert HOSTILE in rendered.text and "&lt;" not in rendered.text
    for word in words:
        assert word in rendered.html


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("is_answer", [True, False])
@pytest.mark.parametrize("readers", [0, 1, 5])
def test_no_string_of_a_post_is_markup(language: str, is_answer: bool, readers: int) -> None:
    links = Links("", "", "", {PROGRAMME.id: "", PHOTOS.id: ""}, {})
    spoken = RENDERER.language(language)
    view = hostile(post_view(PASSED_ON, "", links, spoken, RENDERER.dresser), attached=(LINE,), linked=(LINE,))
    rendered = RENDERER.post(replace(view, is_answer=is_answer, readers=readers), spoken)
    assert_no_markup(rendered, "<b class=", "<b>le transporteur")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("proven", [True, False])
def test_no_string_of_a_notice_is_markup(language: str, kind: NoticeKind, proven: bool) -> None:
    spoken = RENDERER.language(language)
    view = notice_view(
        RETURNED,
        "",
        NoticeAddresses(PlaceAddresses("", "", "", ""), "", ReadingLinks(str, str)),
        spoken,
        RENDERER.dresser,
    )
    writer = WriterLine(HOSTILE, HOSTILE, HOSTILE if proven else "", proven)
    for reason in (*Reason, HOSTILE):
        bad = hostile(view, files=(LINE,), attached=(LINE,), heavy=LINE, author=writer, kind=kind, reason=reason)
        subject, rendered = RENDERER.notice(bad, spoken)
        assert_no_markup(rendered, "<h1 class=")
        assert "&lt;" not in subject


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_refusal_has_words_of_its_own(locale: str) -> None:
    delivery = replace(DELIVERY, locale=locale)
    mails = [read(composer().compose_notice(replace(RETURNED, reason=r), delivery).data) for r in REFUSALS]
    subjects = {str(mail["Subject"]) for mail in mails}
    texts = {body(mail, "plain").partition("Visite de Nantes : qui vient")[2].partition("\n\n")[0] for mail in mails}
    other = read(composer().compose_notice(replace(RETURNED, reason=Reason.LOOP), delivery).data)
    assert len(subjects | {str(other["Subject"])}) == len(REFUSALS) + 1
    assert len(texts) == len(REFUSALS)


def test_too_heavy_names_the_file_or_the_sum() -> None:
    one = replace(RETURNED, reason=Reason.ATTACHMENT_TOO_LARGE, files=(NamedFile("plans.zip", 35_651_584),))
    three = replace(one, files=(NamedFile("a.zip", 10_485_760),) * 3)
    english = replace(DELIVERY, locale="en")

    def words(notice: NoticeMail) -> str:
        return body(read(composer().compose_notice(notice, english).data), "plain").replace(" \n", " ")

    assert "“plans.zip” weighs 34 MB and the limit is 20 MB." in words(one)
    assert "Together its attachments weigh 30 MB and the limit is 20 MB." in words(three)
    # What is light enough to travel back with the mail is weighed with the rest.
    back = replace(one, files=(), attached=(NamedFile("plan.pdf", 314_572, "application/pdf", "c" * 64),))
    assert "“plan.pdf” weighs 307 KB and the limit is 195 KB." in words(replace(back, limit_bytes=200_000))


def test_waiting_is_not_a_refusal() -> None:
    notice = replace(RETURNED, kind=NoticeKind.WAITING, reason=Reason.MODERATED)
    mail = read(composer().compose_notice(notice, DELIVERY).data)
    assert mail["Subject"] == "Votre message attend les responsables de Projets"
    assert "publié" not in body(mail, "plain")


def test_notice_without_community_points_to_the_admins() -> None:
    notice = replace(RETURNED, reason=Reason.NO_PLACE, community=None, sent_to="projet@relais.example.org")
    mail = read(composer().compose_notice(notice, DELIVERY).data)
    assert mail["Reply-To"] == "postmaster@relais.example.org"
    assert "projet@relais.example.org" in body(mail, "plain")


@pytest.mark.parametrize(
    ("locale", "language"),
    [("fr", "fr"), ("fr_CA", "fr"), ("FR-be", "fr"), ("en", "en"), ("de", "en"), ("", "en")],
)
def test_language_of(locale: str, language: str) -> None:
    assert language_of(locale) == language


# ── catalogues ───────────────────────────────────────────────────────────────────────────────────────────────────────


def catalogue(language: str) -> Catalog:
    with (ROOT / "locale" / language / "LC_MESSAGES" / "relais.po").open("rb") as source:
        return read_po(source, locale=language)


def entries(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def message_ids() -> set[object]:
    with (ROOT / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = extract_from_dir(ROOT.parent, methods, options)
    return {message for _, _, message, _, _ in found}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_catalogue_has_exactly_the_messages_in_use(language: str) -> None:
    assert {message.id for message in entries(language)} == message_ids()
    assert not catalogue(language).obsolete
    assert not any(message.fuzzy for message in entries(language))


def forms(message: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    return ids, strings


def test_everything_is_said_in_french() -> None:
    for message in entries("fr"):
        ids, strings = forms(message)
        assert all(strings), ids
        for english, french in zip(ids, strings, strict=True):
            assert sorted(re.findall(r"%\(\w+\)s", english)) == sorted(re.findall(r"%\(\w+\)s", french)), english


def test_french_keeps_its_punctuation_together() -> None:
    for message in entries("fr"):
        for french in forms(message)[1]:
            assert not re.search(r"[ \w)][:;?!»]|«[^\u00a0]|'(?![àh]')(?<!à')(?<!h')", french), french


# ── colours ──────────────────────────────────────────────────────────────────────────────────────────────────────────

LIGHT = {
    "ink": ("#22272b", "#ffffff"),
    "muted": ("#5c6469", "#ffffff"),
    "link": ("#1a654a", "#ffffff"),
    "ink on box": ("#22272b", "#f1f5f1"),
    "muted on box": ("#5c6469", "#f1f5f1"),
    "link on box": ("#1a654a", "#f1f5f1"),
    "code": ("#22272b", "#f6f4ef"),
}
DARK = {
    "ink": ("#eae7e1", "#1d2024"),
    "muted": ("#a9aeb1", "#1d2024"),
    "link": ("#86d3b1", "#1d2024"),
    "ink on box": ("#eae7e1", "#262b2d"),
    "muted on box": ("#a9aeb1", "#262b2d"),
    "link on box": ("#86d3b1", "#262b2d"),
}


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("sheet", "pairs"), [("inline.css", LIGHT), ("screen.css", DARK)])
def test_contrast(sheet: str, pairs: dict[str, tuple[str, str]]) -> None:
    css = Path(ROOT / "mail" / sheet).read_text("utf-8")
    for use, (ink, paper) in pairs.items():
        # A colour changed in the stylesheet has to be changed, and so to be checked, here.
        assert f"color: {ink}" in css and f"background-color: {paper}" in css, use
        light, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, use


def test_a_composer_brings_its_own_renderer() -> None:
    one = Composer(SITE, KEYS, BLOBS.__getitem__)
    assert one.fill(one.prepare(POST, "fr"), DELIVERY).data == sent(POST)
    assert RENDERER.language("fr").code == "fr"
