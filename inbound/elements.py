"""What an element of a mail's HTML says by its tag, its names and its style: a quote, a signature, hidden, a border.

html asks for every element. Clients name the boxes they draw around what they quote; to teach Relais another client,
add its name here and a case to the tests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from inbound.lines import Mark

_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?:\.0*)?(?:px|pt|em|%|rem)?\s*(?:!|;|$)|"
    r"opacity\s*:\s*0(?:\.0*)?\s*(?:!|;|$)|max-height\s*:\s*0(?:px)?\s*(?:!|;|$)|"
    r"text-indent\s*:\s*-\d{4,}|(?:left|top|margin-left)\s*:\s*-\d{4,}|font-size\s*:\s*1px\s*(?:!|;|$)",
    re.IGNORECASE,
)
_COLOUR = re.compile(
    r"(?:^|[;\s])(color|background-color|background)\s*:\s*(#[0-9a-f]{3,8}|[a-z]{3,20})(?=\s*(?:!|;|$))"
)
_COLOUR_NAMES = {"white": "#ffffff", "#fff": "#ffffff", "black": "#000000", "#000": "#000000"}

# Clients put their own prefix before another's names (x_, gmail-m_123…, v1): the end of a name decides.
_CUT_NAMES = """
divrplyfwdmsg outlookmessageheader stopspelling zwchr mail-editor-reference-message-container olk_src_body_section
ms-outlook-mobile-body-separator-line
"""
_QUOTE_NAMES = """
moz-cite-prefix gmail_attr yahoo_quoted protonmail_quote tutanota_quote zmail_extra isreplycontent
ms-outlook-mobile-reference-message moz-email-headers-table yahoo-quoted-begin gmail_quote_attribution mailru-blockquote
reply-intro replybody quoted_text email_quote mail-app-auto-quote blockquote_zmail cm_quote front-blockquote
missive_quote airmail_on messagereplysection quoted-content mail-quote-collapse
"""
_SIGNATURE_NAMES = """
gmail_signature gmail_signature_prefix moz-signature protonmail_signature_block applemailsignature
ms-outlook-mobile-signature ms-outlook-ios-signature tutanota_signature k9mail-signature composer_signature bloop_sign
edo-signature cm_signature io-ox-signature front-signature sh-signature messagesignaturesection mobile-signature
"""
_CUTS = tuple(_CUT_NAMES.split())
_QUOTES = tuple(_QUOTE_NAMES.split())
_FORWARDS = ("moz-forward-container", "isforwardcontent")
_SIGNATURES = tuple(_SIGNATURE_NAMES.split())
# One drawing of a line above the header block is Word's alone: Outlook writes it and no person does.
_HEADER_LINE = re.compile(
    r"border:\s?none;\s?border-top:\s?solid [^;]{3,30};\s?padding:\s?3(?:\.0)?pt(?: 0(?:cm|in|mm|px|pt)?){3}",
    re.IGNORECASE,
)
_EXACT_SIGNATURES = frozenset({"signature", "x_signature"})
_PIXELS = re.compile(r"(\d{1,4})(?:px)?$")
_MAX_KEPT = 300
"""Characters of names or styles up to which what they say is remembered: programs repeat the same few."""


def mark_of(tag: str, attributes: Mapping[str, str | None]) -> Mark:
    """What the element says of all that stands in it."""
    if attributes.get("data-marker") == "__QUOTED_TEXT__":
        return Mark.QUOTE
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''} {attributes.get('name') or ''}"
    mark = _mark_of_names(names) if len(names) <= _MAX_KEPT else _mark_of_names.__wrapped__(names)
    if mark is not Mark.NONE:
        return mark
    if tag == "div" and "border-top" in (style := attributes.get("style") or "") and _HEADER_LINE.match(style[:300]):
        return Mark.CUT
    if tag == "signature":
        return Mark.SIGNATURE
    if tag == "blockquote":
        named = any(name.endswith("gmail_quote") for name in names.lower().split())
        cited = named or (attributes.get("type") or "").lower() == "cite"
        return Mark.QUOTE if cited else Mark.INDENT
    return Mark.NONE


@lru_cache(maxsize=512)
def _mark_of_names(names: str) -> Mark:
    for name in names.lower().split():
        if name.endswith(_CUTS):
            return Mark.CUT
        if name.endswith(_QUOTES):
            return Mark.QUOTE
        if name.endswith(_FORWARDS):
            return Mark.FORWARD
        if name.endswith(_SIGNATURES) or name in _EXACT_SIGNATURES:
            return Mark.SIGNATURE
    return Mark.NONE


def is_hidden(attributes: Mapping[str, str | None]) -> bool:
    """Nobody sees what stands in the element."""
    if not attributes:
        return False
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    if not style:
        return False
    return _hides(style) if len(style) <= _MAX_KEPT else _hides.__wrapped__(style)


@lru_cache(maxsize=512)
def _hides(style: str) -> bool:
    return bool(_HIDDEN.search(style)) or ("color" in style.lower() and _is_unseen(style.lower()))


def _is_unseen(style: str) -> bool:
    """Text in the very colour it stands on, or transparent."""
    colours = {name: _COLOUR_NAMES.get(value, value) for name, value in _COLOUR.findall(style)}
    colour = colours.get("color", "")
    below = (colours.get("background-color"), colours.get("background"))
    return colour == "transparent" or (bool(colour) and colour in below)


def is_border(tag: str | None, attributes: Mapping[str, str | None]) -> bool:
    """A rule, or a picture drawn as wide and low as logos are; emoji are smaller, screenshots higher."""
    if tag == "hr":
        return True
    wide, high = (_PIXELS.match(attributes.get(name) or "") for name in ("width", "height"))
    return tag == "img" and wide is not None and high is not None and 60 <= int(wide[1]) <= 400 and int(high[1]) <= 120
