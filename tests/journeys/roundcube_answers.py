"""Makes the answers of Roundcube in tests/inbound/digest_answers anew: `python -m tests.journeys.roundcube_answers`.

A real Roundcube answers the digests of tests.inbound.sent_digests, in each language, editor and style. Run by hand.
"""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.demo.company import MailServer
from tests.inbound.answering_clients import SUBJECT
from tests.inbound.sent_digests import SENTENCE, WORDS, digest
from tests.inbound.test_digest_reply import ANSWERS, GENERAL, SAID
from tests.journeys.roundcube import Window
from tests.journeys.webmail import LANGUAGES, Webmail, programs

REPLY_TO = "digest+token@relais.example"
STYLES = ("inline", "inside", "selection", "typed", "top", "bottom")
LAST_WORDS = {"fr": {12: "pendant trois jours.", 31: "bienvenues."}, "en": {12: "for three days.", 31: "welcome."}}


def mail(language: str) -> bytes:
    """The digest as it would arrive."""
    pieces = digest(language).pieces
    made = EmailMessage(policy=SMTP)
    made["From"] = "Relais <digest@relais.example>"
    made["To"] = f"alice-{language}@people.example"
    made["Reply-To"] = REPLY_TO
    made["Subject"] = SUBJECT
    made["Date"] = "Fri, 20 Nov 2026 07:30:00 +0100"
    made["Message-ID"] = "<digest.7@relais.example>"
    made.set_content("".join(piece.text for piece in pieces))
    page = "".join(piece.html for piece in pieces)
    made.add_alternative(f"<!DOCTYPE html><html><body>{page}</body></html>", subtype="html")
    return made.as_bytes()


def write(window: Window, uid: int, editor: str, style: str, language: str) -> None:
    """Answers in one way. "glued" types at once, where the HTML editor set the caret."""
    said, in_html = SAID[language], editor == "html"
    window.answer(uid, editor, top=style in ("top", "typed"))
    if style == "inline":
        for topic, words in said.items():
            window.go_after(WORDS[language]["reply"].format(n=topic))
            window.type(f"\n{words}" if in_html else f"\n\n{words}\n")
            if in_html:
                window.leave_quote()
    elif style == "inside":
        for topic, words in said.items():
            window.go_after(LAST_WORDS[language][topic])
            window.type(f"\n{words}" if in_html else f" {words}")
    elif style == "selection":
        window.keep_only(SENTENCE[language])
        window.go_below()
        window.type(said[31])
    elif style == "typed":
        window.type(f"#12 {said[12]}\n\n[#31]: {said[31]}")
    else:
        if style == "bottom":
            window.go_below()
        window.type(GENERAL[language])
    window.send()


async def main() -> None:
    """Writes all files."""
    with TemporaryDirectory() as folder:
        outbox = MailServer(Path(folder))
        await outbox.start()
        webmail = await asyncio.to_thread(Webmail, programs(), outbox.port)
        try:
            for language in LANGUAGES:
                who = f"alice-{language}@people.example"
                uid = await asyncio.to_thread(webmail.receive, who, mail(language))
                window = await asyncio.to_thread(webmail.window, who, language)
                for editor in ("html", "text"):
                    for style in (*STYLES, "glued") if editor == "html" else STYLES:
                        await asyncio.to_thread(write, window, uid, editor, style, language)
                        sent = Path(folder) / REPLY_TO / f"{len(outbox.mailboxes[REPLY_TO])}.eml"
                        name = f"roundcube-{language}-{editor}-{style}.eml"
                        (ANSWERS / name).write_bytes(sent.read_bytes())
                        print(name)
        finally:
            await asyncio.to_thread(webmail.close)
            await outbox.stop()


if __name__ == "__main__":
    asyncio.run(main())
