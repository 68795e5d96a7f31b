"""Names of attached files, safe to show and to save.

parts calls safe_name() with what the sender declared: the result has no path, no control or bidi character, nothing a
file system refuses, and at most 150 characters; where nothing is left, a name is made from the part's place and type.
"""

from __future__ import annotations

import re
from email.message import Message

from inbound import charset, structure

MAX_NAME = 150
_REFUSED = re.compile(r'[<>:"|?*]')
# Devices of one system, whatever their ending.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)", re.IGNORECASE)
_EXTENSIONS = {
    "application/ics": "ics",
    "application/json": "json",
    "application/ms-tnef": "dat",
    "application/msword": "doc",
    "application/pdf": "pdf",
    "application/pgp-encrypted": "asc",
    "application/pgp-keys": "asc",
    "application/pgp-signature": "asc",
    "application/pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s",
    "application/rtf": "rtf",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/xml": "xml",
    "application/zip": "zip",
    "audio/mpeg": "mp3",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/tiff": "tiff",
    "image/webp": "webp",
    "message/rfc822": "eml",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/rtf": "rtf",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
    "video/mp4": "mp4",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}


def safe_name(declared: str, content_type: str, number: int) -> str:
    """The name for the `number`-th attachment (from 1) that declared itself so; the same mail gives the same names."""
    name = charset.clean_line(charset.decode_words(declared[:4000]))
    name = re.split(r"[/\\]", name)[-1]
    name = _REFUSED.sub("_", name).strip(" .") if name.strip(" .") else ""
    if _DEVICES.match(name):
        name = f"_{name}"
    if not name:
        return f"attachment-{number}.{_EXTENSIONS.get(content_type, 'bin')}"
    if len(name) > MAX_NAME:
        stem, dot, extension = name.rpartition(".")
        keep = dot + extension if dot and len(extension) <= 10 else ""
        name = (stem if keep else name)[: MAX_NAME - len(keep)].rstrip(" .") + keep
    return name


def declared_name(view: Message) -> str:
    """The name in the MIME fields of a part; "" where there is none (RFC 2183 §2.3, RFC 2231, RFC 2047)."""
    # What is written in the way of RFC 2231 is the name; who writes both gives old readers the letters they know.
    places = (("content-disposition", "filename"), ("content-disposition", "name"), ("content-type", "name"))
    for header, name in places:
        # The standard library gives up on some percent-encodings and charsets.
        try:
            values: list[object] = [v for key, v in view.get_params([], header) if key.lower() == name and v]
        except (LookupError, ValueError, TypeError):
            continue
        best = next((value for value in values if isinstance(value, tuple)), values[0] if values else "")
        if isinstance(best, tuple):
            label, _, value = best
            # Octets stand there as characters; where others do, nothing was encoded.
            return charset.decode(value.encode("latin-1"), label or "") if all(c <= "\xff" for c in value) else value
        if isinstance(best, str) and best:
            return best
    return ""


def nested_subject(kind: str, content: bytes) -> str:
    """What a nested mail without a file name is called: its subject."""
    if kind != "message/rfc822":
        return ""
    fields = structure.limit(content[: structure.LARGE_PART]).fields
    subject = next((f.value for f in fields if f.name == b"subject"), b"")
    decoded = charset.clean_line(charset.decode_words(charset.decode(subject.strip())))
    return decoded.replace("/", "-").replace("\\", "-")[:100]
