"""The mark of urgency on a mail: a header field that mail programs write, or `[URGENT]` before the title. Pure.

Called by actions.hurrying, which knows who may mark and how often. `Importance` and `Priority` are of RFC 2156,
`X-Priority` of no standard: 1 and 2 are the upper half of its five.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.core.message import ParsedMessage
from inbound.actions.publishing import bare_subject

_MARK = re.compile(r"[\[【]\s*urgent\s*[\]】]", re.IGNORECASE)
_HIGH = re.compile(r"[12](?![0-9])")


def is_marked(parsed: ParsedMessage, names: Iterable[str]) -> bool:
    """Whether its author calls it urgent; `names` are those by which the community tags its subjects."""
    title, _ = bare_subject(parsed.subject, names)
    return bool(
        _MARK.match(title)
        or _field(parsed, "importance") == "high"
        or _field(parsed, "priority") == "urgent"
        or _HIGH.match(_field(parsed, "x-priority"))
    )


def _field(parsed: ParsedMessage, name: str) -> str:
    return parsed.header(name).strip().lower()
