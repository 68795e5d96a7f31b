"""Mails of clients that we did not write: swaks posts by SMTP and LMTP, neomutt answers what the gateway sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.demo import letters
from tests.journeys.clients import answer_with_neomutt, swaks
from tests.journeys.conftest import Company
from tests.programs import needs

PAPER = b"%PDF-1.4\n" + bytes(range(256)) * 300


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

    file = company.house.folder / "mailboxes" / "cem@example.com" / "1.eml"
    await answer_with_neomutt(program, company, tmp_path, "cem", file, 'lines += ["", "I do, as last time."]')
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
