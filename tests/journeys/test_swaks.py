"""Mails of clients that we did not write: swaks posts by SMTP and LMTP, neomutt answers what the gateway sent."""

from __future__ import annotations

import asyncio
import os
import pty
import shlex
import stat
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import pytest

from gateway.demo import letters
from gateway.demo.company import AUTHSERV_ID
from tests.journeys.conftest import PATIENCE_S, Company, address
from tests.programs import needs

PAPER = b"%PDF-1.4\n" + bytes(range(256)) * 300


def proof(who: str) -> str:
    """What the company's border writes about a mail that one of its people submitted."""
    return f"Authentication-Results: {AUTHSERV_ID}; auth=pass smtp.auth={who}@example.com"


def swaks(program: str, port: int, who: str, *words: str) -> list[str]:
    sender = f"{who}@example.com"
    own = ["--from", sender, "--h-From", sender, "--to", address("projets"), "--add-header", proof(who)]
    return [program, "--server", f"127.0.0.1:{port}", "--timeout", "20", *own, *words]


@pytest.fixture
def programs() -> tuple[str, str]:
    """swaks and neomutt, asked for before a gateway is started."""
    return needs("swaks"), needs("neomutt")


async def test_swaks_posts_by_smtp_and_lmtp(programs: tuple[str, str], company: Company, tmp_path: Path) -> None:
    program, _ = programs
    paper = tmp_path / "plan.pdf"
    paper.write_bytes(PAPER)
    files = ["--attach-type", "application/pdf", "--attach-name", "plan.pdf", "--attach", f"@{paper}"]
    words = ["--header", "Subject: First by SMTP", "--body", "Hello all,\n\n.this line begins with a dot\n"]
    await company.run(*swaks(program, company.house.ports.smtp, "ann", *words, *files))
    await company.reach(bea=1, cem=1)
    mail = company.server.mailboxes["bea@example.com"][0]
    assert mail["From"] == '"Ann Lee (Projets)" <projets@relais.example.com>'
    assert mail["Subject"] == "[Projets] First by SMTP"
    assert "\n.this line begins with a dot" in letters.text_of(mail)
    assert "Répondez à ce message" in letters.text_of(mail)
    assert letters.attachments_of(mail) == [("plan.pdf", PAPER)]

    words = ["--protocol", "LMTP", "--header", "Subject: Then by LMTP", "--body", "Bonjour à toutes et à tous"]
    await company.run(*swaks(program, company.house.ports.lmtp, "bea", *words))
    await company.reach(ann=1, bea=1, cem=2)
    mail = company.server.mailboxes["cem@example.com"][1]
    assert mail["From"] == '"Béa Roux (Projets)" <projets@relais.example.com>'
    assert mail["Subject"] == "[Projets] Then by LMTP"
    assert "Bonjour à toutes et à tous" in letters.text_of(mail)
    assert company.received == {"ann@example.com": 1, "bea@example.com": 1, "cem@example.com": 2}
    status = await company.house.settle()
    assert status["store"]["posts"] == status["store"]["topics"] == 2
    assert status["deliveries"]["delivered"] == 4


async def test_neomutt_answers_a_post(programs: tuple[str, str], company: Company, tmp_path: Path) -> None:
    poster, program = programs
    words = ["--header", "Subject: Who takes the minutes?", "--body", "We need somebody on Friday."]
    await company.run(*swaks(poster, company.house.ports.smtp, "ann", *words))
    await company.reach(bea=1, cem=1)
    received = company.server.mailboxes["cem@example.com"][0]

    await answer_with_neomutt(program, company, tmp_path, received)
    await company.reach(ann=1, bea=2)
    answer = company.server.mailboxes["ann@example.com"][0]
    assert answer["Subject"] == "Re: [Projets] Who takes the minutes?"
    assert answer["In-Reply-To"] == received["Message-ID"]
    assert str(received["Message-ID"]) in str(answer["References"]).split()
    text = letters.text_of(answer)
    assert "I do, as last time." in text
    assert "somebody on Friday" not in text and "> " not in text
    assert company.received == {"ann@example.com": 1, "bea@example.com": 2, "cem@example.com": 1}
    status = await company.house.settle()
    assert (status["store"]["posts"], status["store"]["topics"]) == (2, 1)


async def answer_with_neomutt(program: str, company: Company, folder: Path, received: EmailMessage) -> None:
    """Cem opens the mail, answers, writes below the quote that neomutt made, and sends it to our port."""
    home = folder / "cem"
    for name in ("cur", "new", "tmp"):
        (home / "Mail" / name).mkdir(parents=True)
    mailbox = company.house.folder / "mailboxes" / "cem@example.com" / "1.eml"
    (home / "Mail" / "cur" / "1.eml:2,S").write_bytes(mailbox.read_bytes().replace(b"\r\n", b"\n"))
    assert received["Message-ID"]
    editor = home / "editor"
    editor.write_text('#!/bin/sh\nprintf "\\nI do, as last time.\\n" >> "$1"\n')
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    rc = home / "muttrc"
    rc.write_text(
        f"""
        set realname = "Cem Aydin"
        set from = "cem@example.com"
        set use_from = yes
        set hostname = "example.com"
        set smtp_url = "smtp://127.0.0.1:{company.house.ports.smtp}"
        set editor = {shlex.quote(str(editor))}
        set folder = {shlex.quote(str(home))}
        set spoolfile = {shlex.quote(str(home / "Mail"))}
        set record = ""
        set copy = no
        set include = yes
        set fast_reply = yes
        set reply_to = yes
        set mark_old = no
        set ssl_starttls = no
        set ssl_force_tls = no
        set confirmappend = no
        set wait_key = no
        my_hdr {proof("cem").replace(";", chr(92) + ";")}
        push "<display-message><reply><send-message><exit><quit>"
        """
    )
    screen, terminal = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        program, "-n", "-F", str(rc), "-f", str(home / "Mail"),
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        env={"HOME": str(home), "TERM": "vt100", "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    os.close(terminal)
    shown = asyncio.ensure_future(asyncio.to_thread(read_all, screen))
    try:
        async with asyncio.timeout(PATIENCE_S):
            code = await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        said = await shown
        os.close(screen)
    assert code == 0, said.decode("utf-8", "replace")


def read_all(screen: int) -> bytes:
    """What a program wrote on its terminal, until it ended."""
    parts = []
    with suppress(OSError):
        while part := os.read(screen, 4096):
            parts.append(part)
    return b"".join(parts)
