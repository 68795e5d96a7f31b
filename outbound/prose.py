"""What people wrote, made ready for a mail: clean HTML gets our inline styles, text becomes paragraphs or lines.

Called by render, once per post and language. The HTML is sanitised a second time on its way (it was once when it came
in), so that no old row and no slip elsewhere reaches a reader; images are shown only where they travel with the mail.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from urllib.parse import unquote

import nh3

# fmt: off
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp",
    "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
    "col", "colgroup", "figcaption", "figure", "var",
}
# fmt: on
_ATTRIBUTES = {
    "*": {"lang", "dir"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}
# Every attribute nh3 writes is in double quotes, and quotes inside are escaped: this finds whole <img> tags only.
_IMAGE_WITHOUT_SOURCE = re.compile(r'<img(?! [^<>]*?src=")(?: [a-z-]+="[^"]*")*>')
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?'’»)\]]")
_WIDE_LINE = 72
_FOLD = re.compile(r"(?=.{73})(.{1,71}) +(?=[^ ])")


class Dresser:
    """Gives clean HTML the inline styles of our stylesheet. `styles` is a style attribute per tag."""

    def __init__(self, styles: Mapping[str, str]) -> None:
        self._styles = {tag: {"style": style} for tag, style in styles.items() if tag in _TAGS}
        self._plain = nh3.Cleaner(
            tags=_TAGS - {"img"},
            attributes={tag: names for tag, names in _ATTRIBUTES.items() if tag != "img"},
            set_tag_attribute_values=self._without_image_style(),
            url_schemes=_SCHEMES - {"cid"},
            link_rel=None,
        )

    def dress(self, clean_html: str, images: Mapping[str, str]) -> str:
        """The HTML with styles. `images` names for each Content-ID of the author's mail the one it has in ours.

        An image that is not among them, or somewhere on the network, is left out.
        """
        if not images or "<img" not in clean_html:
            return strip_controls(self._plain.clean(clean_html))

        def keep(tag: str, name: str, value: str) -> str | None:
            if tag != "img" or name != "src":
                return value
            ours = images.get(unquote(value[4:])) if value[:4].lower() == "cid:" else None
            return f"cid:{ours}" if ours else None

        cleaner = nh3.Cleaner(
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            attribute_filter=keep,
            set_tag_attribute_values=self._styles,
            url_schemes=_SCHEMES,
            link_rel=None,
        )
        return strip_controls(_IMAGE_WITHOUT_SOURCE.sub("", cleaner.clean(clean_html)))

    def _without_image_style(self) -> dict[str, dict[str, str]]:
        return {tag: values for tag, values in self._styles.items() if tag != "img"}


def strip_controls(text: str) -> str:
    """The text without control characters but tab and newline.

    The slots of a mail are marked by control characters: after this, no author's words can pass for one.
    """
    return _CONTROLS.sub("", text)


def to_html(text: str) -> str:
    """Plain text as paragraphs, with its line breaks and with its web addresses as links."""
    blocks = re.split(r"\n(?:[ \t]*\n)+", text.strip("\n"))
    return "\n".join(f"<p>{_lines(block)}</p>" for block in blocks if block.strip())


def _lines(block: str) -> str:
    pieces, end = [], 0
    for match in _ADDRESS.finditer(block):
        address = html.escape(match[0])
        pieces += [html.escape(block[end : match.start()], quote=False), f'<a href="{address}">{address}</a>']
        end = match.end()
    pieces.append(html.escape(block[end:], quote=False))
    # Runs of blanks hold columns and indents, which HTML would fold away.
    return "".join(pieces).replace("\t", "    ").replace("  ", "\u00a0 ").replace("\n", "<br>\n")


def flow(text: str) -> str:
    """The text in lines of at most 72 characters where it has blanks to break at: format=flowed (RFC 3676 §4)."""
    return "\n".join(map(_flow_line, text.split("\n")))


def _flow_line(line: str) -> str:
    # A signature line keeps its blank; elsewhere a blank at the end would join the next line to this one.
    if line == "-- ":
        return line
    line = line.rstrip(" ")
    if len(line) > _WIDE_LINE and line[0] != ">":
        return "\n".join(map(_stuff, _FOLD.sub("\\1 \n", line).split("\n")))
    return line if line[:1] == ">" else _stuff(line)


def _stuff(line: str) -> str:
    # RFC 3676 §4.4: a reader takes one leading blank away; without it these beginnings would mean something else.
    return f" {line}" if line.startswith((" ", ">", "From ")) else line
