"""HTML as Thunderbird quotes it: broken open where somebody writes in between, and made into text with `> `.

Used by the letters. Everything here is about how a client writes, nothing about how the gateway reads.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser

_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_UNSEEN = frozenset({"head", "style", "title", "script"})
_BLOCKS = frozenset({"address", "blockquote", "body", "div", "h1", "h2", "h3", "hr", "li", "ol", "p", "pre", "ul"})
_APART = frozenset({"h1", "h2", "h3", "ol", "p", "pre", "ul"})
_WIDTH = 72


def paragraphs(words: str) -> str:
    """What somebody typed, a blank line between paragraphs, as HTML."""
    return "".join(f"<p>{html.escape(part)}</p>\r\n" for part in words.split("\n\n"))


def quote(page: str, cite: str, typed: Mapping[int, str]) -> str:
    """The body of `page` as a quote of the message `cite`; `typed` is written at these places of it.

    A place is an index into the body (`inside_body`). Whoever presses Enter in a quote breaks it in two: every element
    open there ends, and begins again after the words.
    """
    begin = f'<blockquote type="cite" cite="mid:{html.escape(cite.strip("<>"))}">'
    body, out, last = inside_body(page), [begin], 0
    for place in sorted(typed):
        opened = _open_at(body[:place])
        ends = "".join(f"</{name}>" for name, _ in reversed(opened))
        begins = "".join(tag for _, tag in opened)
        out += [body[last:place], ends, "</blockquote>\r\n", paragraphs(typed[place]), begin, begins]
        last = place
    return "".join([*out, body[last:], "</blockquote>"])


def inside_body(page: str) -> str:
    """What stands between <body> and </body>; all of it where these are missing."""
    found = re.search(r"<body[^>]*>(.*)</body>", page, re.DOTALL | re.IGNORECASE)
    return found[1].strip() if found else page


def to_text(page: str) -> str:
    """The text that goes with this HTML: blocks are lines of up to 72 characters, quoted ones begin with `> `."""
    reader = _Text()
    reader.feed(page)
    reader.close()
    return reader.text()


def _open_at(beginning: str) -> list[tuple[str, str]]:
    """The elements that are open after this beginning, outermost first: name and start tag."""
    reader = _Open()
    reader.feed(beginning)
    return reader.opened


class _Open(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.opened: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.opened.append((tag, self.get_starttag_text() or f"<{tag}>"))

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _ in self.opened]
        if tag in names:
            del self.opened[len(names) - 1 - names[::-1].index(tag) :]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[int, str]] = []
        self._line = ""
        self._links: list[str] = []
        self._depth = 0
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br" or tag in _BLOCKS:
            self._end_line(apart=tag in _APART)
        if tag == "a":
            self._links.append(dict(attrs).get("href") or "")
        self._unseen += tag in _UNSEEN
        self._depth += tag == "blockquote"

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._links and (link := self._links.pop()):
            self._line += f" <{link}>"
        if tag in _BLOCKS:
            self._end_line(apart=tag in _APART)
        self._unseen -= tag in _UNSEEN
        self._depth -= tag == "blockquote"

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._line += data

    def text(self) -> str:
        self._end_line(apart=False)
        return "\n".join(f"{'>' * depth} {line}".rstrip() if depth else line for depth, line in self._lines).strip()

    def _end_line(self, *, apart: bool) -> None:
        words, self._line = self._line.split(), ""
        line = ""
        for word in words:
            if line and len(line) + 1 + len(word) > _WIDTH:
                self._lines.append((self._depth, line))
                line = ""
            line = f"{line} {word}".strip()
        if line:
            self._lines.append((self._depth, line))
        if apart and self._lines and self._lines[-1] != (self._depth, ""):
            self._lines.append((self._depth, ""))
