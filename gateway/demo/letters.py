"""What the people of the demo write: a post with a paper, and an answer in the shape a mail client gives it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr, parsedate_to_datetime
from typing import cast

from gateway.core.clock import utc_now
from gateway.demo.quotation import inside_body, paragraphs, quote, to_text

# An answer is shown as it travels: what a client writes is what the gateway has to understand.
_POLICY = policy.SMTP.clone(max_line_length=998)


def post(
    author: str, forward_paths: list[str], subject: str, text: str, paper: tuple[str, bytes] | None = None
) -> EmailMessage:
    """A new mail, with this PDF attached. `author` is a whole From."""
    mail = _begin(author, subject)
    mail["To"] = ", ".join(forward_paths)
    mail.set_content(text, cte="8bit")
    if paper:
        name, data = paper
        mail.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return mail


def answer(author: str, received: EmailMessage, words: str) -> EmailMessage:
    """The answer Thunderbird would write below the quoted mail, in text and HTML, built from what was received."""
    prefix = _attribution(received)
    page = quote(part_of(received, "html"), str(received["Message-ID"]), {})
    body = f"{_cited(prefix)}{page}\r\n{paragraphs(words)}"
    return _answer(author, received, f"{prefix}\n{_quoted(received)}\n\n{words}\n", body)


def answer_above(author: str, received: EmailMessage, words: str) -> EmailMessage:
    """The answer a client writes above the quoted mail, in text alone, in French."""
    return _answer(author, received, f"{words}\n\n{_french_attribution(received)}\n{_quoted(received)}\n", "")


def answer_under(author: str, received: EmailMessage, words: Mapping[int, str]) -> EmailMessage:
    """The answer a French Thunderbird writes to a digest where somebody clicks below the words of topics and types.

    `words` by topic number. The text is made from the HTML, as Thunderbird does. Raises ValueError where the digest
    does not show such a topic.
    """
    page = part_of(received, "html")
    typed = {place_under(inside_body(page), topic): text for topic, text in words.items()}
    prefix = _french_attribution(received)
    body = quote(page, str(received["Message-ID"]), typed)
    return _answer(author, received, f"{prefix}\n{to_text(body)}\n", f"{_cited(prefix)}{body}")


def place_under(body: str, topic: int) -> int:
    """Where the words of this topic end in the HTML of a digest: before the paragraph of its button."""
    heading = body.find(f"[#{topic}]")
    place = body.find('<p class="do"', heading)
    if heading < 0 or place < 0:
        raise ValueError(f"the digest does not show topic #{topic}")
    return place


def as_sent(mail: EmailMessage) -> bytes:
    """The mail with CRLF line ends."""
    return mail.as_bytes(policy=_POLICY)


def text_of(mail: EmailMessage) -> str:
    """The text part as a person reads it: format=flowed lines joined (RFC 3676 §4.1)."""
    return re.sub(r"(?<!\n--) \n(?=\S)", " ", part_of(mail, "plain").replace("\r\n", "\n"))


def part_of(mail: EmailMessage, subtype: str) -> str:
    """The body of that text subtype; "" where there is none."""
    part = cast("EmailMessage | None", mail.get_body((subtype,)))
    return str(part.get_content()) if part else ""


def attachments_of(mail: EmailMessage) -> list[tuple[str, bytes]]:
    """(name, content) of each attached file."""
    return [
        (part.get_filename() or "", cast("bytes", part.get_payload(decode=True))) for part in mail.iter_attachments()
    ]


def paper() -> tuple[str, bytes]:
    """A PDF of one page that every reader opens."""
    words = b"BT /F1 24 Tf 72 720 Td (Budget 2027) Tj ET"
    font = b"/Resources << /Font << /F1 5 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %s >>" % font,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(words), words),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return "Budget 2027.pdf", out + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table) + tail


def _begin(author: str, subject: str) -> EmailMessage:
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = author
    mail["Subject"] = subject
    mail["Date"] = format_datetime(utc_now())
    mail["Message-ID"] = make_msgid(domain=parseaddr(author)[1].rpartition("@")[2])
    return mail


def _answering(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _attribution(received: EmailMessage) -> str:
    name, _ = parseaddr(str(received["From"]))
    date = parsedate_to_datetime(str(received["Date"]))
    return f"On {date:%m/%d/%y %H:%M}, {name} wrote:"


def _french_attribution(received: EmailMessage) -> str:
    name, _ = parseaddr(str(received["From"]))
    date = parsedate_to_datetime(str(received["Date"]))
    return f"Le {date:%d/%m/%Y} à {date:%H:%M}, {name} a écrit :"


def _cited(prefix: str) -> str:
    return f'    <div class="moz-cite-prefix">{html.escape(prefix)}<br>\r\n    </div>\r\n    '


def _quoted(received: EmailMessage) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text_of(received).strip().splitlines())


def _answer(author: str, received: EmailMessage, text: str, body: str) -> EmailMessage:
    mail = _begin(author, _answering(str(received["Subject"])))
    mail["To"] = str(received["Reply-To"] or received["From"])
    mail["In-Reply-To"] = str(received["Message-ID"])
    mail["References"] = f"{received['References'] or ''} {received['Message-ID']}".strip()
    if body:
        mail["User-Agent"] = "Mozilla Thunderbird"
    mail.set_content(text, cte="8bit")
    if body:
        mail.add_alternative(
            '<!DOCTYPE html>\r\n<html>\r\n  <head>\r\n    <meta http-equiv="content-type" content="text/html; '
            'charset=UTF-8">\r\n  </head>\r\n  <body>\r\n'
            f"{body}\r\n  </body>\r\n</html>\r\n",
            subtype="html",
            cte="quoted-printable",
        )
    return mail
