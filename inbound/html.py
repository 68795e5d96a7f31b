"""HTML of strangers: to lines of readable text, and back to the HTML of the lines worth keeping.

body reads a document once, labels its lines and asks for the clean HTML of the new ones. Hidden text is in neither.
Documents that would cost more than linear time are read as bare words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from inbound.barewords import bare_lines, is_costly
from inbound.clean import clean
from inbound.elements import is_border, is_hidden, mark_of
from inbound.lines import Line, Mark

MAX_NODES = 100_000
_SKIPPED_NAMES = """
head script style title template object embed iframe noscript svg math select textarea audio video canvas xml meta link
map button noframes datalist
"""
_PARAGRAPH_NAMES = "p h1 h2 h3 h4 h5 h6 ul ol dl blockquote pre table hr"
_BLOCK_NAMES = """
div li tr section article header footer dd dt center address body form main aside nav figure figcaption caption fieldset
legend thead tbody tfoot
"""
_SKIPPED = frozenset(_SKIPPED_NAMES.split())
_PARAGRAPHS = frozenset(_PARAGRAPH_NAMES.split())
_BLOCKS = _PARAGRAPHS | frozenset(_BLOCK_NAMES.split())
# A single blank is left alone: nearly all are.
_BLANKS = re.compile(r"[\t\n\r\f][ \t\n\r\f]*| [ \t\n\r\f]+")
_ANY_BLANKS = re.compile(r"[ \t\n\r\f]+")
_LINKS = ("http:", "https:", "mailto:")
_BLANK = Line("")
_ENDS = {tag: "\n\n" if tag in _PARAGRAPHS else "\n" for tag in _BLOCKS}


@dataclass(slots=True)
class _Context:
    mark: Mark = Mark.NONE
    pre: bool = False
    depth: int = 0


@dataclass(slots=True)
class Document:
    """A document as lines. `shown(keep)` may be asked once: it takes the tree apart."""

    lines: list[Line]
    _nodes: list[list[LexborNode]]
    _doomed: list[LexborNode]
    _tree: LexborHTMLParser | None
    """None where the document was too costly to build a tree of."""

    def shown(self, keep: list[bool]) -> str | None:
        """Clean HTML of the lines whose flag is set; None where nothing is left of it."""
        for node in self._doomed:
            node.decompose()
        for nodes, kept in zip(self._nodes, self._without_borders(keep), strict=True):
            if not kept:
                for node in nodes:
                    _remove(node)
        body = self._tree.body if self._tree is not None else None
        return clean(body.inner_html or "") if body is not None else None

    def _without_borders(self, keep: list[bool]) -> list[bool]:
        """Rules that divided the kept lines from what is cut, and logos of undelimited signatures, go with the cut."""
        said = [number for number, line in enumerate(self.lines) if line.text]
        flags, place = list(keep), 0
        for number, line in enumerate(self.lines):
            if line.text:
                place += 1
                continue
            above = place > 0 and keep[said[place - 1]]
            below = place < len(said) and keep[said[place]]
            # Who sends nothing but a picture means it.
            if (
                said
                and not (above and below)
                and any(is_border(n.tag, n.attributes) for n in self._nodes[number] if n.tag in ("hr", "img"))
            ):
                flags[number] = False
        return flags


def read_html(source: str) -> Document:
    """Lines of readable text with what the HTML says of each. Never raises; iterative, so depth costs no stack."""
    if is_costly(source):
        return _read_crudely(source)
    tree = LexborHTMLParser(source)
    writer = _Writer()
    if tree.body is not None and not _traverse(tree.body, writer):
        return _read_crudely(source)
    writer.end_line()
    return Document(writer.lines, writer.nodes, writer.doomed, tree)


def _read_crudely(source: str) -> Document:
    """All words without structure: no tree is built, so there is no clean HTML either."""
    lines = [Line(text) for text in bare_lines(source)]
    return Document(lines, [[] for _ in lines], [], None)


@dataclass(slots=True)
class _Writer:
    lines: list[Line] = field(default_factory=list)
    nodes: list[list[LexborNode]] = field(default_factory=list)
    doomed: list[LexborNode] = field(default_factory=list)
    _pieces: list[str] = field(default_factory=list)
    _line_nodes: list[LexborNode] = field(default_factory=list)
    _mark: Mark = Mark.NONE
    _depth: int = 0
    _gap: bool = False
    _prefix: str = ""
    _said: bool = False
    """The line has more than blanks so far."""

    def text(self, text: str, node: LexborNode, context: _Context) -> None:
        if context.pre:
            *whole, last = text.replace("\r", "").split("\n")
            for part in whole:
                self._add(part, node, context)
                self.end_line(hard=True)
            self._add(last, node, context)
            return
        if not self._pieces and text == "\n":
            # What stands between most blocks says nothing.
            self._line_nodes.append(node)
            return
        text = _BLANKS.sub(" ", text)
        if not self._pieces or self._pieces[-1].endswith(" "):
            text = text.lstrip(" ")
        self._add(text, node, context)

    def _add(self, text: str, node: LexborNode, context: _Context) -> None:
        self._line_nodes.append(node)
        if not text:
            return
        if not self._pieces or (self._mark is Mark.NONE and not self._said):
            self._mark, self._depth = context.mark, context.depth
        self._said = self._said or not text.isspace()
        self._pieces.append(text)

    def attach(self, node: LexborNode) -> None:
        """A node without text goes with the line it stands in."""
        self._line_nodes.append(node)

    def word(self, text: str) -> None:
        if self._pieces:
            self._said = self._said or not text.isspace()
            self._pieces.append(text)

    def begin_item(self, prefix: str) -> None:
        self.end_line()
        self._prefix = prefix

    def cut(self, mark: Mark) -> None:
        """An empty line that carries a mark of its own."""
        self.end_line()
        self.lines.append(Line("", mark))
        self.nodes.append([])

    def end_line(self, *, hard: bool = False, gap: bool = False) -> None:
        """End the line; `hard` even where it is empty, `gap` with a blank line before the next one."""
        if not self._pieces and not self._line_nodes and not hard:
            self._gap = self._gap or gap
            return
        written = "".join(self._pieces)
        # The blank behind the delimiter of a signature is part of it (RFC 3676 §4.3).
        text = written if written == "-- " else written.rstrip()
        if text or hard:
            if self._gap and self.lines and self.lines[-1].text:
                self.lines.append(Line("", self._mark if self._mark is Mark.INDENT else Mark.NONE))
                self.nodes.append([])
            self._gap = False
            self.lines.append(Line(self._prefix + text if text else "", self._mark if text else Mark.NONE, self._depth))
            self.nodes.append(self._line_nodes)
            self._prefix = ""
        elif self._line_nodes:
            self.lines.append(_BLANK)
            self.nodes.append(self._line_nodes)
        self._pieces, self._line_nodes, self._mark, self._said = [], [], Mark.NONE, False
        self._gap = self._gap or gap


def _traverse(body: LexborNode, writer: _Writer) -> bool:
    """Write the lines of the tree; False where it has too many nodes."""
    stack: list[tuple[LexborNode | None, _Context, str]] = [(body, _Context(), "")]
    seen = 0
    while stack:
        node, context, closing = stack.pop()
        if node is None:
            _close(writer, closing)
            continue
        seen += 1
        if seen > MAX_NODES:
            return False
        if seen > 1 and (following := node.next) is not None:
            stack.append((following, context, ""))
        tag = node.tag
        if tag == "-text":
            writer.text(node.text_content or "", node, context)
            continue
        if tag is None or tag.startswith(("-", "!")) or tag in _SKIPPED:
            continue
        attributes = node.attributes if tag != "br" else {}
        if attributes and is_hidden(attributes):
            writer.doomed.append(node)
            continue
        inner = _enter(writer, node, tag, attributes, context)
        if closing := _closing(tag, attributes, node):
            stack.append((None, context, closing))
        if (child := node.first_child) is not None:
            stack.append((child, inner, ""))
    return True


def _enter(
    writer: _Writer, node: LexborNode, tag: str, attributes: dict[str, str | None], context: _Context
) -> _Context:
    if tag == "br":
        writer.attach(node)
        writer.end_line(hard=True)
        return context
    mark = mark_of(tag, attributes) if attributes or tag in ("blockquote", "signature") else Mark.NONE
    if mark in (Mark.CUT, Mark.FORWARD):
        writer.cut(mark)
        mark = Mark.NONE
    if context.mark not in (Mark.NONE, Mark.INDENT) or mark is Mark.NONE:
        mark = context.mark
    if tag == "img":
        writer.attach(node)
    elif tag == "li":
        writer.begin_item("- ")
    elif tag in ("td", "th"):
        writer.word(" ")
    elif tag == "hr":
        writer.end_line()
        writer.attach(node)
        writer.end_line()
    elif tag in _BLOCKS:
        writer.end_line(gap=tag in _PARAGRAPHS)
    if mark is context.mark and tag not in ("pre", "blockquote"):
        return context
    return _Context(mark, context.pre or tag == "pre", context.depth + (tag == "blockquote"))


def _closing(tag: str, attributes: dict[str, str | None], node: LexborNode) -> str:
    """What to write when the element ends: "" nothing, "\\n" a line end, "\\n\\n" a gap, else a link's target."""
    if tag != "a":
        return _ENDS.get(tag, "")
    target = (attributes.get("href") or "").strip()
    if not target.lower().startswith(_LINKS) or len(target) > 300:
        return ""
    shown = _ANY_BLANKS.sub("", node.text(deep=True)).strip("<>").rstrip("/").lower()
    bare = (
        target.lower().removeprefix("mailto:").split("?")[0].rstrip("/")
        if "mailto:" in target[:7].lower()
        else target.lower()
    )
    if not shown or shown in bare.rstrip("/"):
        return ""
    return f" <{target}>"


def _close(writer: _Writer, closing: str) -> None:
    if closing in ("\n", "\n\n"):
        writer.end_line(gap=closing == "\n\n")
    elif closing:
        writer.word(closing)


def _remove(node: LexborNode) -> None:
    """Take a node out, and what around it is empty without it."""
    parent = node.parent
    node.remove()
    while parent is not None and parent.tag not in ("body", "html", "td", "th", "tr"):
        child, looked = parent.first_child, 0
        while child is not None and looked < 8 and _is_blank(child):
            child, looked = child.next, looked + 1
        if child is not None:
            return
        empty, parent = parent, parent.parent
        empty.remove()


def _is_blank(node: LexborNode) -> bool:
    return node.tag in ("br", "-comment", "hr") or (node.tag == "-text" and not (node.text_content or "").strip())
