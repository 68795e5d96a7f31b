"""Failure reports in the shapes of known mail systems; the only file that knows flufl.bounce.

bounces asks it where a report has no delivery-status part. The library searches each line with many patterns, some of
them quadratic in a line's length, so it gets the report with its lines and their number cut. Never raises.
"""

from __future__ import annotations

import logging
from email import message_from_bytes

from flufl.bounce import all_failures

MAX_OCTETS = 48 * 1024
MAX_LINES = 400
MAX_LINE = 160

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)


def read_shape(report: bytes) -> tuple[list[str], list[str]]:
    """(delayed, failed) addresses that a known mail system names in `report`, each sorted; both empty for others."""
    # The header stays whole: its boundary decides what the library sees.
    head, separator, body = report[:MAX_OCTETS].replace(b"\r\n", b"\n").partition(b"\n\n")
    lines = [line[:MAX_LINE] for line in body.split(b"\n", MAX_LINES)[:MAX_LINES]]
    # What the library raises is as various as what strangers send, and its word is only one of several.
    try:
        delayed, failed = all_failures(message_from_bytes(head[:8192] + separator + b"\n".join(lines)))
    except Exception:
        return [], []
    return _texts(delayed), _texts(failed - delayed)


def _texts(addresses: frozenset[bytes]) -> list[str]:
    texts = (address.decode("ascii", "replace").strip(" \t\r\n<>.,;") for address in addresses)
    return sorted(text for text in texts if "@" in text and len(text) <= 320 and text.isprintable())
