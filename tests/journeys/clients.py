"""Programs that we did not write, as people of the company use them: swaks posts, neomutt answers."""

from __future__ import annotations

import asyncio
import os
import pty
import shlex
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.demo.company import AUTHSERV_ID
from tests.journeys.conftest import PATIENCE_S, Company, address


def proof(who: str) -> str:
    """What the company's border writes about a mail that one of its people submitted."""
    return f"Authentication-Results: {AUTHSERV_ID}; auth=pass smtp.auth={who}@example.com"


def swaks(program: str, port: int, who: str, *words: str) -> list[str]:
    """The command line by which this person mails `projets`."""
    sender = f"{who}@example.com"
    own = ["--from", sender, "--h-From", sender, "--to", address("projets"), "--add-header", proof(who)]
    return [program, "--server", f"127.0.0.1:{port}", "--timeout", "20", *own, *words]


@dataclass(frozen=True, slots=True)
class Account:
    """A person's mailbox, a folder or a URL, and where they submit.

    `proof` is what a border would say of them, where there is none.
    """

    inbox: str
    submission: str
    password: str = ""
    proof: str = ""


async def answer_with_neomutt(
    program: str, company: Company, folder: Path, who: str, received: Path, typing: str
) -> None:
    """The person opens the mail of this file, answers, types and sends it to our port.

    `typing` is Python that changes `lines`, what neomutt put before them: its attribution and its quote.
    """
    home = folder / f"{who}-{len(list(folder.iterdir()))}"
    for name in ("cur", "new", "tmp"):
        (home / "Mail" / name).mkdir(parents=True)
    (home / "Mail" / "cur" / "1.eml:2,S").write_bytes(received.read_bytes().replace(b"\r\n", b"\n"))
    account = Account(str(home / "Mail"), f"smtp://127.0.0.1:{company.house.ports.smtp}", proof=proof(who))
    await use_neomutt(program, home, who, account, typing)


async def use_neomutt(program: str, home: Path, who: str, account: Account, typing: str) -> None:
    """The person opens the newest mail of the account, answers, types and sends it. `home` keeps their settings."""
    home.mkdir(exist_ok=True)
    editor = home / "editor"
    editor.write_text(
        f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\npath = Path(sys.argv[1])\n"
        f'lines = path.read_text("utf-8").split("\\n")\n{typing}\npath.write_text("\\n".join(lines), "utf-8")\n',
        "utf-8",
    )
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    rc = home / "muttrc"
    rc.write_text(
        f"""
        set realname = "{who.title()}"
        set from = "{who}@example.com"
        set use_from = yes
        set use_envelope_from = yes
        set hostname = "example.com"
        set smtp_url = "{account.submission}"
        set smtp_pass = "{account.password}"
        set imap_pass = "{account.password}"
        set editor = {shlex.quote(str(editor))}
        set folder = {shlex.quote(account.inbox)}
        set spoolfile = {shlex.quote(account.inbox)}
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
        {f"my_hdr {account.proof}".replace(";", chr(92) + ";") if account.proof else ""}
        push "<last-entry><display-message><reply><send-message><exit><quit>"
        """,
        "utf-8",
    )
    screen, terminal = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        program, "-n", "-F", str(rc), "-f", account.inbox,
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        env={"HOME": str(home), "TERM": "vt100", "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    os.close(terminal)
    shown = asyncio.ensure_future(asyncio.to_thread(_read_all, screen))
    try:
        async with asyncio.timeout(PATIENCE_S):
            code = await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        said = await shown
        os.close(screen)
    assert code == 0, said.decode("utf-8", "replace")


def _read_all(screen: int) -> bytes:
    """What a program wrote on its terminal, until it ended."""
    parts = []
    with suppress(OSError):
        while part := os.read(screen, 4096):
            parts.append(part)
    return b"".join(parts)
