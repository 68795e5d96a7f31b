"""Attachments that nobody attached: logos of signatures, pictures of quoted mails, our own pictures coming back.

reading asks when body has cut quotes and signatures. In doubt a file stays: only pictures are ever left out, and only
where the mail's HTML shows that they belong to what was cut, or holds the very same octets twice.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from gateway.core.message import Attachment, Body, ParsedMessage

# A screenshot that somebody pasted is larger than this; a logo or an icon is not.
MAX_LOGO = 100 * 1024
_SHOWN = re.compile(r"cid:([^\"'\s<>)]{1,250})", re.IGNORECASE)
_OURS = re.compile(r"image\d+\.\d+@")


def own_attachments(parsed: ParsedMessage, body: Body, domain: str) -> tuple[Attachment, ...]:
    """The attachments of `parsed` without what only was carried along. `domain` is ours, "" where none is known."""
    if not any(attachment.content_type.startswith("image/") for attachment in parsed.attachments):
        return parsed.attachments
    referred = _referred(parsed.html)
    # Where the HTML was not cut there is no telling what belongs to what; a forward carries its pictures rightly.
    cut = referred - _referred(body.html) if body.html is not None and not body.forwarded else set()
    kept: list[Attachment] = []
    seen: set[tuple[str, str]] = set()
    for attachment in parsed.attachments:
        if attachment.content_type.startswith("image/"):
            carried = attachment.content_id in cut and attachment.size <= MAX_LOGO
            # Who attaches a picture under another name than the one shown in the text means to.
            same = (attachment.sha256, attachment.name)
            twice = same in seen and attachment.content_id not in referred - cut
            if carried or twice or _is_ours(attachment.content_id, domain):
                continue
            seen.add(same)
        kept.append(attachment)
    return tuple(kept)


def _referred(html: str | None) -> set[str]:
    return {unquote(name) for name in _SHOWN.findall(html)} if html and "cid:" in html.lower() else set()


def _is_ours(content_id: str, domain: str) -> bool:
    """The Content-ID is one that our posts give to pictures."""
    return bool(domain and _OURS.match(content_id)) and content_id.lower().endswith(f"@{domain.lower()}")
