"""Templates to HTML and text; the only file that knows Jinja2 and premailer.

Called by compose, once per post and language, because rendering is paid per thing and not per person. premailer runs
on our own layouts only, once per template and language when first needed, without network; what people wrote gets the
same stylesheet by a map of styles that premailer computes once from a specimen (outbound/prose.py).
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from functools import cache
from html import unescape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup
from premailer import Premailer

import templates
from outbound.language import LANGUAGES, Language, language_of
from outbound.notice_views import NoticeView
from outbound.prose import Dresser, flow
from outbound.views import PostView

ROOT = Path(templates.__file__).parent
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_PIECE = re.compile(r"<!-- piece: (\w+) -->\n")
_STAND_IN = re.compile(r"jinja(\d+)x")
_STYLED = re.compile(r"""<([a-z][a-z0-9]*)[^>]*? style=("[^"]*"|'[^']*')""")
_SPECIMEN = (
    "<p>x</p><h1>x</h1><h2>x</h2><h3>x</h3><h4>x</h4><h5>x</h5><h6>x</h6><a href='#'>x</a><ul><li>x</li></ul><ol></ol>"
    "<dl><dd>x</dd></dl><blockquote>x</blockquote><pre>x</pre><code>x</code><hr><img src='#'>"
    "<table><tr><th>x</th><td>x</td></tr></table>"
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The two bodies of a mail, `\\n` line ends; the text is format=flowed."""

    html: str
    text: str


class Renderer:
    """The templates in every language; each is loaded and inlined when first used, and kept."""

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._folder = root / "mail"
        self._css = (self._folder / "inline.css").read_text("utf-8")
        self._languages = {code: Language(code, root) for code in LANGUAGES}
        # Two of each language: autoescape is settled where a macro is compiled, not where it is called, and the words
        # of a mail stand in its HTML and in its text.
        self._html = {code: self._environment(it, autoescape=True) for code, it in self._languages.items()}
        self._text = {code: self._environment(it, autoescape=False) for code, it in self._languages.items()}
        self.dresser = Dresser(self._author_styles())
        # One sheet per kind and language; a race of two threads costs a second inlining and nothing else.
        self._sheet = cache(self._load)
        self._pieces = cache(self._load_pieces)

    def language(self, locale: str) -> Language:
        """The language spoken to a person of that locale."""
        return self._languages[language_of(locale)]

    def post(self, view: PostView, language: Language) -> Rendered:
        """The bodies of a post's mail."""
        page, lines = self._sheet("post", language.code)
        clean = {"words_html": Markup(view.html), "forwarded_html": Markup(view.forwarded_html)}  # noqa: S704
        html = page.render(mail=view, language=language.code, **clean)
        return Rendered(html, flow(lines.render(mail=view)) + "\n")

    def notice(self, view: NoticeView, language: Language) -> tuple[str, Rendered]:
        """Subject and bodies of a notice; the subject is among the words of its template."""
        words = self._text[language.code].get_template("mail/notice/words.txt").module
        view = replace(view, subject=str(words.subject(view)))  # type: ignore[attr-defined]
        page, lines = self._sheet("notice", language.code)
        clean = {
            "words_html": Markup(view.html),  # noqa: S704
            "parts_html": [Markup(line.html) for line in view.receipt.lines] if view.receipt else [],  # noqa: S704
            "charter_html": Markup(view.question.charter_html) if view.question else "",  # noqa: S704
            "posts_html": [Markup(post.html) for post in view.reading.posts] if view.reading else [],  # noqa: S704
        }
        html = page.render(mail=view, language=language.code, **clean)
        return view.subject, Rendered(html, flow(lines.render(mail=view)) + "\n")

    def piece(self, name: str, view: object, language: Language, words_html: str = "") -> Rendered:
        """One stretch of a digest, whole lines both: `name` is that of its mark in templates/mail/digest/mail.html."""
        page, lines = self._pieces(language.code)[name]
        html = page.render(mail=view, language=language.code, words_html=Markup(words_html))  # noqa: S704
        return Rendered(html + "\n", flow(lines.render(mail=view)) + "\n" if lines else "")

    def page(self, name: str, locale: str, **words: str) -> str:
        """A page of the web role: templates/web/<name>.html in the language of that locale."""
        language = self.language(locale)
        template = self._html[language.code].get_template(f"web/{name}.html")
        return template.render(language=language.code, **words)

    def warm_up(self) -> None:
        """Loads and inlines every sheet ahead of the first mail, which would wait for it."""
        for kind in ("post", "notice"):
            for code, language in self._languages.items():
                self._sheet(kind, code)
                language.number(1)
        for code in self._languages:
            self._pieces(code)

    def _load(self, kind: str, code: str) -> tuple[Template, Template]:
        page = self._html[code].from_string(self._inlined(kind))
        return page, self._text[code].get_template(f"mail/{kind}/mail.txt")

    def _load_pieces(self, code: str) -> dict[str, tuple[Template, Template | None]]:
        """The digest's templates by piece; what stands before the first mark is `shell`, which text has none of."""
        pages = _cut_pieces(self._inlined("digest"))
        lines = _cut_pieces((self._folder / "digest" / "mail.txt").read_text("utf-8"))
        html, text = self._html[code], self._text[code]
        spoken = {env: {"words": env.get_template("mail/digest/words.txt").module} for env in (html, text)}
        return {
            name: (
                html.from_string(source, globals=spoken[html]),
                text.from_string(lines[name], globals=spoken[text]) if lines[name] else None,
            )
            for name, source in pages.items()
        }

    def _inlined(self, kind: str) -> str:
        """The whole HTML template of a kind of mail, styles written into it; a kind may add sheets of its own."""
        own = self._folder / kind
        sheets = [
            "".join(path.read_text("utf-8") for path in (self._folder / name, own / name) if path.exists())
            for name in ("inline.css", "screen.css")
        ]
        layout = (self._folder / "layout.html").read_text("utf-8")
        main = (own / "mail.html").read_text("utf-8")
        source = layout.replace("/* screen.css */", sheets[1]).replace("<!-- main -->", main)
        return inline(source, sheets[0])

    def _author_styles(self) -> dict[str, str]:
        specimen = inline(f"<html><body><div class='words'>{_SPECIMEN}</div></body></html>", self._css)
        return {tag: unescape(style[1:-1]) for tag, style in _STYLED.findall(specimen)}

    def _environment(self, language: Language, *, autoescape: bool) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self._root),
            extensions=["jinja2.ext.i18n"],
            autoescape=autoescape,  # noqa: S701
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined]
        return environment


def _cut_pieces(source: str) -> dict[str, str]:
    parts = ["shell", *_PIECE.split(source)]
    # What premailer made one line is a line still: a piece ends with one.
    return dict(zip(parts[::2], parts[1::2], strict=True))


def inline(source: str, css: str) -> str:
    """The document with the stylesheet in its style attributes, its Jinja expressions as they were.

    premailer parses HTML and percent-encodes what it takes for URLs, so each expression waits behind a plain word.
    """
    expressions: list[str] = []

    def stand_in(match: re.Match[str]) -> str:
        expressions.append(match[0])
        return f"jinja{len(expressions) - 1}x"

    premailer = Premailer(
        _EXPRESSION.sub(stand_in, source),
        css_text=css,
        allow_network=False,
        disable_leftover_css=True,
        disable_validation=True,
        disable_basic_attributes=["width", "height", "bgcolor", "align", "valign"],
        cssutils_logging_level=logging.CRITICAL,
    )
    return _STAND_IN.sub(lambda match: expressions[int(match[1])], premailer.transform(pretty_print=False))
