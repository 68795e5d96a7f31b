"""bytes → Reading: all that a mail alone can tell, composed of parse, body and classify.

What a reader process runs, so its argument and result travel between processes. Pure; never raises on any bytes.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.core.message import NOTHING_KNOWN, Classification, Hints, Kind, Reading
from inbound import digest_reply
from inbound.body import read_body
from inbound.classify import classify
from inbound.language import language
from inbound.leftovers import own_attachments
from inbound.parse import parse, parse_archived


def read(raw: bytes, reverse_path: str, domain: str, hints: Hints = NOTHING_KNOWN) -> Reading:
    """Read `raw`. `reverse_path` is that of the envelope ("" for null), `domain` is ours, for the loops."""
    parsed = parse(raw)
    body = read_body(parsed, hints)
    # The kind is told from all that came, the returned mail of a report among it.
    kind = classify(parsed, reverse_path, domain)
    parsed = replace(parsed, attachments=own_attachments(parsed, body, domain))
    parts = digest_reply.split(parsed, hints.digest) if hints.digest is not None else None
    if parts is not None:
        # What of it is new, the digest knows word for word.
        body = replace(body, text="\n\n".join(part.text for part in parts), html=None)
    return Reading(parsed, body, kind, language(body.text), parts)


def read_archived(raw: bytes, domain: str) -> Reading:
    """Read a mail that was posted elsewhere long ago: what kind it is was settled when it was posted."""
    parsed = parse_archived(raw)
    body = read_body(parsed)
    parsed = replace(parsed, attachments=own_attachments(parsed, body, domain))
    return Reading(parsed, body, Classification(Kind.ORDINARY), language(body.text))
