"""ParsedMessage → Body: the person's new words apart from quotes, signature and forwarded mail.

Called by reading. read_body() never raises and never cuts in doubt: a mail without a recognisable quote is kept whole.
The plain text gives `text` where it says something; the HTML gives `html`, and `text` where there is nothing plain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.core.message import NOTHING_KNOWN, Body, Hints, ParsedMessage
from inbound import charset, phrases, subtraction, tails
from inbound.html import read_html
from inbound.quoting import MAX_LINES, Label, Line, label
from inbound.seams import apart

_STUB = re.compile(
    r"\bhtml\b|view (?:this|the) (?:e-?mail|message)|votre (?:logiciel|client) de (?:messagerie|courrier)|"
    r"in (?:your|a) browser|dans (?:votre|un) navigateur",
    re.IGNORECASE,
)
_MAX_STUB = 400
_DIFFERENCE = 10
"""So many words are a link or a footer that only one of the two forms has."""
_BLANK_LINES = re.compile(r"\n(?:[ \t\xa0]*\n){2,}")


def read_body(parsed: ParsedMessage, hints: Hints = NOTHING_KNOWN) -> Body:
    """The Body of a parsed mail; empty strings where it has nothing of a kind. Linear in the size of the mail."""
    from_html, shown = _read_html(parsed.html, parsed, hints) if parsed.html else (None, None)
    plain = parsed.text or ""
    if from_html is not None and (not plain.strip() or _is_stub(plain, from_html)):
        return from_html
    lines = [Line(text) for text in _BLANK_LINES.sub("\n\n", plain).split("\n", MAX_LINES)]
    body = _body(*_labelled(lines, parsed, hints), shown)
    if from_html is not None and _is_part(body, from_html):
        return from_html
    if from_html is not None and body.text and not _agree(body.text, from_html.text):
        return Body(body.text, None, body.quoted, body.signature, body.forwarded)
    return body


def _labelled(lines: Sequence[Line], parsed: ParsedMessage, hints: Hints) -> tuple[Sequence[Line], list[Label]]:
    """The lines with a label each: what patterns tell first, then what we know."""
    forward = phrases.is_forward_subject(parsed.subject)
    answer = bool(parsed.in_reply_to or parsed.references) or phrases.is_answer_subject(parsed.subject)
    lines = apart(lines)
    labels = label(lines, forward=forward, answer=answer)
    # A forward of ours is meant to be read again; an answer to ours is not.
    if hints.sent and not forward:
        lines, labels = subtraction.relabel(lines, labels, hints.sent)
    if hints.earlier:
        labels = tails.relabel(lines, labels, hints.earlier)
    return lines, labels


def _read_html(source: str, parsed: ParsedMessage, hints: Hints) -> tuple[Body, str | None]:
    document = read_html(source)
    lines, labels = _labelled(document.lines, parsed, hints)
    # Of a line that was taken apart the HTML cannot be shown in part.
    whole = len(labels) == len(document.lines)
    shown = document.shown([what is Label.NEW for what in labels]) if whole else None
    return _body(lines, labels, shown), shown


def _body(lines: Sequence[Line], labels: list[Label], shown: str | None) -> Body:
    def joined(wanted: Label) -> str:
        text = "\n".join(line.text.rstrip() for line, what in zip(lines, labels, strict=True) if what is wanted)
        return charset.clean_text(_BLANK_LINES.sub("\n\n", text).strip("\n").rstrip())

    return Body(
        text=joined(Label.NEW),
        html=shown,
        quoted=joined(Label.QUOTED),
        signature=joined(Label.SIGNATURE),
        forwarded=joined(Label.FORWARDED),
    )


def _is_stub(plain: str, from_html: Body) -> bool:
    """The plain part only says that there is HTML."""
    words = plain.strip()
    return len(words) < _MAX_STUB and bool(_STUB.search(words)) and len(from_html.text) > len(words)


def _is_part(body: Body, from_html: Body) -> bool:
    """The plain part is the beginning of the HTML, or a word about it: more new words stand there."""
    if body.quoted or body.forwarded:
        return False
    plain = len(f"{body.text} {body.signature}".split())
    return 2 * len(from_html.text.split()) > 3 * plain + 2 * _DIFFERENCE


def _agree(text: str, other: str) -> bool:
    """The HTML says about as much as the text: else one of the two was cut in another place."""
    ours, theirs = len(text.split()), len(other.split())
    return abs(ours - theirs) <= _DIFFERENCE + max(ours, theirs) // 4
