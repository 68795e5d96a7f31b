"""Small mails for the tests of reading: written here, by hand."""

from __future__ import annotations

import base64

HEAD = b"From: Alice Martin <alice@example.org>\r\nTo: projets@talk.example\r\nMessage-ID: <one@example.org>\r\n"


def mail(body: str, *, headers: str = "Subject: Hello\r\n") -> bytes:
    """A text/plain mail in UTF-8 whose body is `body`; `headers` are added to the usual ones."""
    text = body.replace("\r\n", "\n").replace("\n", "\r\n")
    kind = "" if "content-type:" in headers.lower() else "Content-Type: text/plain; charset=utf-8\r\n"
    return HEAD + headers.encode() + kind.encode() + b"\r\n" + text.encode()


def html_mail(html: str, *, text: str | None = None, subject: str = "Hello") -> bytes:
    """A mail with `html`, and with `text` as its plain twin where given."""
    head = HEAD + f"Subject: {subject}\r\n".encode()
    if text is None:
        return head + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode()
    return head + multipart("alternative", part("text/plain", text), part("text/html", html))


def part(content_type: str, content: str | bytes, *headers: str) -> bytes:
    """One base64 MIME part."""
    octets = content.encode() if isinstance(content, str) else content
    charset = "; charset=utf-8" if content_type.startswith("text/") and "charset" not in content_type else ""
    lines = [f"Content-Type: {content_type}{charset}", "Content-Transfer-Encoding: base64", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + base64.encodebytes(octets).replace(b"\n", b"\r\n")


def multipart(kind: str, *parts: bytes, boundary: str = "edge") -> bytes:
    """Content-Type field and body of a multipart."""
    edge = b"--" + boundary.encode()
    inside = b"".join(edge + b"\r\n" + one + b"\r\n" for one in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode() + inside + edge + b"--\r\n"
