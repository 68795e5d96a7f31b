"""What a file really is, by its first octets, where its sender called it application/octet-stream or nothing.

parts asks. Only types that a browser shows without running anything, or never shows, are told: HTML and SVG stay
octet-streams. WHATWG MIME Sniffing §6.
"""

from __future__ import annotations

UNKNOWN = frozenset(
    {"", "application/octet-stream", "application/x-octet-stream", "application/octetstream", "binary/octet-stream",
     "application/force-download", "application/download", "application/x-download", "application/unknown"}
)  # fmt: skip
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"ID3", "audio/mpeg"),
    (b"{\\rtf", "application/rtf"),
)
# Where the octets say nothing: what no browser runs, by the ending of its name.
_NAMED = {
    "txt": "text/plain",
    "log": "text/plain",
    "csv": "text/csv",
    "md": "text/markdown",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "eml": "message/rfc822",
}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIPPED = (
    (b"word/", _OFFICE + "wordprocessingml.document"),
    (b"xl/", _OFFICE + "spreadsheetml.sheet"),
    (b"ppt/", _OFFICE + "presentationml.presentation"),
)
_OLE = {"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint"}
_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument."


def sniff(content: bytes, name: str) -> str:
    """The type of `content`, "application/octet-stream" where it is not clear; `name` tells apart what looks alike."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            # Two letters are not much of a sign.
            return kind if len(magic) > 2 or name.lower().endswith(".bmp") else "application/octet-stream"
    if content.startswith(b"PK\x03\x04"):
        return _zipped(content)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "image/heic" if content[8:12] in (b"heic", b"heix", b"mif1") else "video/mp4"
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _OLE.get(name.lower().rpartition(".")[2], "application/octet-stream")
    return _NAMED.get(name.lower().rpartition(".")[2], "application/octet-stream")


def _zipped(content: bytes) -> str:
    head = content[:4096]
    at = head.find(_OPEN_DOCUMENT)
    if at >= 0:
        kind = head[at + len(_OPEN_DOCUMENT) : at + len(_OPEN_DOCUMENT) + 20].split(b"PK")[0]
        word = next((w for w in (b"text", b"spreadsheet", b"presentation", b"graphics") if kind.startswith(w)), b"")
        return f"application/vnd.oasis.opendocument.{word.decode()}" if word else "application/zip"
    if b"[Content_Types].xml" in head or b"_rels/.rels" in head or b"docProps/" in head:
        # The names of all members stand at the end.
        around = head + content[-65536:]
        return next((kind for folder, kind in _ZIPPED if folder in around), "application/zip")
    return "application/zip"
