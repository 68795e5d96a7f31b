"""The words of HTML whose tree would cost too much: no structure, nothing lost, linear time.

html asks is_costly() before it builds a tree: depth makes each tag look back, and formatting left open is repeated in
every block after it, so a few kilobytes can become gigabytes (WHATWG HTML §13.2.4.3).
"""

from __future__ import annotations

import re
from html import unescape

MAX_TAGS = 25_000
MAX_DEPTH = 512
MAX_REPEATED = 200_000
MAX_ATTRIBUTES = 200
MAX_LINES = 50_000
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
# Only a long tag can have many attributes, each of which parsers compare with all before it.
_LONG_TAG = re.compile(r"""<[a-zA-Z](?:[^"'<>]++|"[^"]*+"|'[^']*+'|<)*+""")
_VALUE = re.compile(r""""[^"]*+"|'[^']*+'|/""")
_ANY_TAG = re.compile(r"<[^<>]*>?")
_BREAKS = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h[1-6]|/?blockquote)\b[^<>]*>", re.IGNORECASE)
_EMPTY_LINES = re.compile(r"\n\s*\n")
_ENDLESS = re.compile(r"<!--|-->|<!\[[^<>\]]{0,80}\]>")
# Elements that have no end or close themselves, so that leaving them open makes nothing deeper.
_VOID_NAMES = """
area base br col embed hr img input link meta source wbr p li td th tr dt dd option html head body tbody thead tfoot
"""
_FORMATTING_NAMES = "a b big code em font i nobr s small strike strong tt u"
_VOID = frozenset(_VOID_NAMES.split())
_FORMATTING = frozenset(_FORMATTING_NAMES.split())


def is_costly(source: str) -> bool:
    """Building its tree takes more than linear time: deep, many attributes, formatting that blocks repeat."""
    if any(len(tag) > 2 * MAX_ATTRIBUTES and _has_many_attributes(tag) for tag in _LONG_TAG.findall(source)):
        return True
    depth = formatting = repeated = 0
    still_open: dict[str, int] = {}
    for count, match in enumerate(_TAG.finditer(source)):
        repeated += formatting
        if depth > MAX_DEPTH or count > MAX_TAGS or repeated > MAX_REPEATED:
            return True
        name = match[2].lower()
        if name in _VOID:
            continue
        step = 1
        if match[1]:
            # An end tag without its beginning is ignored by parsers, so it must not make anything shallower here.
            step = -1 if still_open.get(name, 0) else 0
        still_open[name] = still_open.get(name, 0) + step
        depth += step
        formatting += step if name in _FORMATTING else 0
    return depth > MAX_DEPTH


def _has_many_attributes(tag: str) -> bool:
    return len(_VALUE.sub(" ", tag).split()) > MAX_ATTRIBUTES


def bare_lines(source: str) -> list[str]:
    """The words of the document, a line for each break of its blocks, at most MAX_LINES: the last has the rest."""
    text = _ENDLESS.sub(" ", source)
    text = _ANY_TAG.sub(" ", _BREAKS.sub("\n", text))
    lines = _EMPTY_LINES.sub("\n\n", unescape(text)).split("\n", MAX_LINES)
    return [" ".join(line.split()) for line in lines]
