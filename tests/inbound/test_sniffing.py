from __future__ import annotations

import io
import zipfile

import pytest

from inbound.sniffing import sniff


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "application/vnd.oasis.opendocument.text" if name == "mimetype" else "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"%PDF-1.7 ...", "", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n...", "", "image/png"),
        (b"\xff\xd8\xff\xe0", "", "image/jpeg"),
        (b"GIF89a", "", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "", "image/webp"),
        (b"BMW is a car", "notes", "application/octet-stream"),
        (b"<html><script>", "x.html", "application/octet-stream"),
        (b"<svg onload=x>", "x.svg", "application/octet-stream"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.XLS", "application/vnd.ms-excel"),
        (b"", "", "application/octet-stream"),
        (b"a;b", "Annexe.CSV", "text/csv"),
        (zipped("a.txt"), "", "application/zip"),
        (
            zipped("[Content_Types].xml", "word/document.xml"),
            "",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (zipped("mimetype", "content.xml"), "", "application/vnd.oasis.opendocument.text"),
    ],
)
def test_the_first_octets_tell(content: bytes, name: str, kind: str) -> None:
    assert sniff(content, name) == kind
