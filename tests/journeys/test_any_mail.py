"""Every mail of the corpus through a socket into a running gateway: each that was accepted ends in an outcome, and the
books add up."""

from __future__ import annotations

import asyncio
import json
import re
import smtplib
from collections import Counter
from pathlib import Path

from gateway.demo.company import AUTHSERV_ID, MailServer
from gateway.demo.house import House
from inbound.parse import parse
from tests.journeys.conftest import address

CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.eml"))
_TO = re.compile(rb"^(?:To|Cc):[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE)


def as_sent(raw: bytes, author: str | None) -> bytes:
    """The mail with CRLF, sent to the community, and what the border says of its author."""
    head, blank, body = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n\n")
    proof = (
        f"Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from={author.rpartition('@')[2]}\n" if author else ""
    )
    to = f"To: <{address('projets')}>\n"
    return (proof.encode() + to.encode() + _TO.sub(b"", head + b"\n") + blank[1:] + body).replace(b"\n", b"\r\n")


def submit(port: int, mails: list[tuple[Path, bytes]]) -> Counter[int]:
    """Hands the mails over by LMTP; returns how often each code was answered."""
    codes: Counter[int] = Counter()
    with smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo("mx.example.com")
        for path, raw in mails:
            bounced = path.name.startswith("bounce-")
            client.mail("" if bounced else "somebody@example.com")
            client.rcpt(address("projets"))
            codes[client.data(raw)[0]] += 1
    return codes


async def test_every_accepted_mail_ends_in_an_outcome(tmp_path: Path) -> None:
    """I2: every arrival ends in one outcome with a reason, or waits for a human."""
    server = MailServer(tmp_path / "mailboxes")
    await server.start()
    house = House(tmp_path, server.port)
    authors = {path: parsed.key if (parsed := parse(path.read_bytes()).author) else None for path in CORPUS}
    writers = sorted({author for author in authors.values() if author})
    people = [f'"{who}",Writer,en,Europe/Paris' for who in (*writers, "reader@example.com")]
    members = [f'"{who}",projets,member,off' for who in writers] + ["reader@example.com,projets,member,each"]
    await house.furnish(people, ["projets,Projets,project,each,open,members,"], members)
    await house.start()
    try:
        mails = [(path, as_sent(path.read_bytes(), authors[path])) for path in CORPUS]
        codes = await asyncio.to_thread(submit, house.ports.lmtp, mails)
        status = await house.settle()
        told = json.loads(await house.relais("arrivals", "list", "--state", "closed", "--limit", "5000", "--json"))
    finally:
        assert await house.stop() == 0, house.log.read_text()
        await server.stop()

    assert len(CORPUS) >= 200
    assert set(codes) <= {250, 550, 552, 554}
    assert codes[250] >= 0.98 * len(CORPUS)
    assert status["arrivals"] == {"spooled": 0, "claimed": 0, "set_aside": 0, "held": status["arrivals"]["held"]}
    assert len(told["arrivals"]) + status["arrivals"]["held"] == codes[250]
    reasons = Counter(entry["reason"] for entry in told["arrivals"])
    posted = reasons["member_post"] + reasons["member_answer"]
    assert status["store"]["posts"] == posted
    assert posted > len(CORPUS) / 2
    assert len(server.mailboxes["reader@example.com"]) == posted
    assert status["deliveries"]["failed"] == status["deliveries"]["dropped"] == 0
    troubles = [line for line in house.log.read_text().splitlines() if '"level": "error"' in line]
    assert troubles == []
