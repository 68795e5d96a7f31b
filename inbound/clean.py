"""Clean HTML: what may be shown to others of a stranger's HTML.

html calls clean() last, on what is left of a mail. An explicit allow-list: no style, no class, no script; links say
http, https or mailto; images only where they are attached to the mail, so nothing is ever fetched from anywhere.
"""

from __future__ import annotations

import re

import nh3

from inbound import charset

MAX_SOURCE = 4 * 1024 * 1024
# Each reference makes the cleaner copy the text before it; so would each control, which clean_text takes out.
MAX_REFERENCES = 50_000
_LINKS = ("http:", "https:", "mailto:")
_TAGS = {
    *(
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
    ),
    *("em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark"),
    *("ol", "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot"),
    *("th", "thead", "tr", "u", "ul", "var"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
    "ol": {"start", "type"},
    "*": {"dir", "lang"},
}


def clean(source: str) -> str | None:
    """The clean form of an HTML fragment; None where nothing readable is left or it is too large to clean."""
    if len(source) > MAX_SOURCE or source.count("&") > MAX_REFERENCES:
        return None
    return _trim(_CLEANER.clean(charset.clean_text(source))) or None


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    if name in ("href", "src"):
        scheme = value.strip().lower()
        if tag == "img":
            return value if scheme.startswith("cid:") else None
        return value if scheme.startswith(_LINKS) else None
    return value


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style", "title", "template", "iframe", "object", "noscript", "svg", "math"},
    attributes=_ATTRIBUTES,
    attribute_filter=_filter_attribute,
    link_rel="noopener",
    url_schemes={"http", "https", "mailto", "cid"},
    url_relative="deny",
)
_REMOTE_IMAGE = re.compile(r"<img(?![^>]{0,2000}\ssrc=)[^>]{0,2000}>")
_OUTER_BLANKS = re.compile(r"(?:\s|<br>|<p>\s*</p>|<div>\s*</div>)+")


def _trim(cleaned: str) -> str:
    """Without images that lost their source, and without blank lines at the ends."""
    cleaned = _REMOTE_IMAGE.sub("", cleaned)
    opening = _OUTER_BLANKS.match(cleaned)
    cleaned = cleaned[opening.end() :] if opening else cleaned
    while True:
        shorter = cleaned.rstrip().removesuffix("<br>")
        if shorter == cleaned:
            break
        cleaned = shorter
    return cleaned if re.search(r"<img|[^<>\s](?![^<]*>)", cleaned[:20000]) else ""
