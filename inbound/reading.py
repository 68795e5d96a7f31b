"""bytes → Reading: all that a mail alone can tell, composed of parse, body and classify.

What a reader process runs, so its argument and result travel between processes. Pure; never raises on any bytes.
"""

from __future__ import annotations

from gateway.core.message import Reading
from inbound.body import read_body
from inbound.classify import classify
from inbound.language import language
from inbound.parse import parse


def read(raw: bytes, reverse_path: str, domain: str) -> Reading:
    """Read `raw`. `reverse_path` is that of the envelope ("" for null), `domain` is ours, for the loops."""
    parsed = parse(raw)
    body = read_body(parsed)
    return Reading(parsed, body, classify(parsed, reverse_path, domain), language(body.text))
