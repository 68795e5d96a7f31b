"""Names of attached files, safe to show and to save.

parse calls safe_name() with what the sender declared: the result has no path, no control or bidi character, nothing a
file system refuses, and at most 150 characters; where nothing is left, a name is made from the part's place and type.
"""

from __future__ import annotations

import re

from inbound import charset

MAX_NAME = 150
_REFUSED = re.compile(r'[<>:"|?*]')
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
    if not name:
        return f"attachment-{number}.{_EXTENSIONS.get(content_type, 'bin')}"
    if len(name) > MAX_NAME:
        stem, dot, extension = name.rpartition(".")
        keep = dot + extension if dot and len(extension) <= 10 else ""
        name = (stem if keep else name)[: MAX_NAME - len(keep)].rstrip(" .") + keep
    return name
