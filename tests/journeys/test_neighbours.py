"""Real neighbours: Debian's Postfix at the border and as smart host, OpenDKIM, Dovecot, swaks and neomutt.

One landscape for all tests of the file: each of them looks only at mails with words of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.demo import letters
from gateway.demo.house import DOMAIN, House
from inbound.explain import explain
from outbound.dkim import Signer
from tests.journeys.clients import use_neomutt
from tests.journeys.conftest import PATIENCE_S, address
from tests.journeys.neighbourhood import BEHIND, FRONT, Mailboxes, add, key_pair, lmtp_configuration, settle, smart_host
from tests.postfix import Postfix, needs_postfix
from tests.programs import needs

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEOPLE = ("ann", "bea", "cem")


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The gateway between the border and the smart host. `partner` signs as example.org."""

    house: House
    mx: Mailboxes
    behind: Postfix
    partner: Signer
    swaks: str

    async def send(self, *words: str, code: int = 0) -> str:
        """What swaks says; it must end with this code."""
        process = await asyncio.create_subprocess_exec(
            self.swaks, "--timeout", "20", *words, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode == code, out.decode() + self.mx.border.said()
        return out.decode()

    async def submit(self, who: str, to: str, subject: str, text: str) -> None:
        """A mail of one of the company's people, logged in."""
        await self.send(*self.mx.login(who), "--to", to, "--header", f"Subject: {subject}", "--body", text)

    async def ask(self, *to: str) -> list[str]:
        """What the border answers a stranger who names these recipients."""
        words = ["--from", "bob@example.org", "--to", ",".join(to), "--quit-after", "RCPT"]
        process = await asyncio.create_subprocess_exec(
            self.swaks, "--server", f"127.0.0.1:{self.mx.border.port}", *words,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        lines = out.decode().splitlines()
        return [lines[at + 1][4:] for at, line in enumerate(lines) if "RCPT TO:" in line]

    async def from_outside(self, mail: bytes, folder: Path) -> None:
        """Hands a whole mail to the border, as the world does."""
        file = folder / "mail.eml"
        file.write_bytes(mail)
        words = ["--from", "bob@example.org", "--to", address("projets"), "--data", f"@{file}"]
        await self.send("--server", f"127.0.0.1:{self.mx.border.port}", *words)

    def arrivals(self) -> list[tuple[str, str, str]]:
        """(local part without token, state, reason) of all that came in, in order."""
        with closing(sqlite3.connect(f"file:{self.house.folder}/relais.db?mode=ro", uri=True)) as store:
            rows = store.execute("SELECT forward_path, state, reason FROM arrivals ORDER BY id").fetchall()
        return [(path.partition("@")[0].partition("+")[0], state, reason) for path, state, reason in rows]

    def last_mail(self) -> bytes:
        """The newest mail that came in, as it is kept."""
        with closing(sqlite3.connect(f"file:{self.house.folder}/relais.db?mode=ro", uri=True)) as store:
            row = store.execute("SELECT data FROM raw_mails ORDER BY spool_id DESC LIMIT 1").fetchone()
        return bytes(row[0])

    async def arrived(self, count: int) -> list[tuple[str, str, str]]:
        """Waits until so many mails came in and nothing is on its way; all of them."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.arrivals()) < count:
                await asyncio.sleep(0.1)
        await self.house.settle()
        return self.arrivals()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def neighbourhood(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Neighbourhood]:
    """Ann (English), Bea (French) and Cem (English) in `projets`; Bob of example.org may write there."""
    needs_postfix()
    needs("neomutt")
    swaks = needs("swaks")
    folder = tmp_path_factory.mktemp("neighbourhood")
    own_key, own_record = key_pair(folder, DOMAIN)
    partner_key, partner_record = key_pair(folder, "example.org")
    house = House(folder, 25)
    mx = Mailboxes(PEOPLE, {**own_record, **partner_record}, lmtp_configuration(house))
    behind = smart_host(mx)
    settle(house, FRONT, {"127.0.0.1:2424": f"127.0.0.1:{house.ports.lmtp}"})
    settle(house, BEHIND, {"port = 25": f"port = {behind.port}"})
    add(house, "dkim", domain=DOMAIN, selector="s1", key_file=str(own_key))
    try:
        await asyncio.to_thread(mx.start)
        await asyncio.to_thread(behind.start)
        await house.furnish(*_company())
        await house.start()
        yield Neighbourhood(house, mx, behind, Signer("example.org", "s1", partner_key.read_bytes()), swaks)
        assert await house.stop() == 0, house.log.read_text()
    finally:
        await house.stop()
        behind.remove()
        mx.remove()


def _company() -> tuple[list[str], list[str], list[str]]:
    names = ("ann@example.com,Ann Lee,en", "bea@example.com,Béa Roux,fr", "cem@example.com,Cem Aydin,en")
    others = ("bob@example.org,Bob May,en", "ghost@example.com,Gus Host,en")
    places = [
        f"{place},project,each,open,members," for place in ("projets,Projets", "equipe,Équipe", "lointain,Lointain")
    ]
    members = [f"{who}@example.com,projets,member," for who in PEOPLE] + ["bob@example.org,projets,member,off"]
    members += [f"{who}@example.com,equipe,member," for who in ("ann", "bea")]
    members += [f"{who}@example.com,lointain,member," for who in ("ann", "ghost", "cem")]
    return [f"{name},Europe/Paris" for name in (*names, *others)], places, members


async def test_a_thread_goes_through_real_neighbours(neighbourhood: Neighbourhood, tmp_path: Path) -> None:
    n, about = neighbourhood, "Who takes the minutes?"
    await n.submit("ann", address("projets"), about, "We need somebody on Friday.")
    await n.mx.reach(about, bea=1, cem=1)
    [received] = await n.mx.mails("cem", about)
    assert received["Subject"] == f"[Projets] {about}"
    assert received["From"] == '"Ann Lee (Projets)" <projets@relais.example.com>'
    # Our signature outlives two Postfix on the way, and stands for the domain in From.
    results = str(received["Authentication-Results"])
    assert results.startswith("mx.example.com;") and "dkim=pass" in results and f"header.d={DOMAIN}" in results

    typing = 'lines += ["", "I do, as last time."]'
    await use_neomutt(needs("neomutt"), tmp_path / "cem", "cem", n.mx.account("cem"), typing)
    await n.mx.reach(about, ann=1, bea=2)
    [answer] = await n.mx.mails("ann", about)
    assert answer["Subject"] == f"Re: [Projets] {about}"
    assert answer["In-Reply-To"] == received["Message-ID"]
    assert "I do, as last time." in letters.text_of(answer)
    assert "> " not in letters.text_of(answer)
    await n.house.settle()
    assert await n.mx.tally(about) == {"ann": 1, "bea": 2, "cem": 1}


async def test_the_world_is_told_of_a_wrong_address_at_once(neighbourhood: Neighbourhood) -> None:
    n = neighbourhood
    answers = await n.ask(address("projets"), address("nowhere"), address("equipe"), "somebody@example.net")
    assert [answer[:9] for answer in answers] == ["250 2.1.5", "550 5.1.1", "250 2.1.5", "554 5.7.1"], answers
    assert "No such address here" in answers[1]
    # A place that is made this minute is refused from memory for seconds only.
    await n.house.relais("community", "add", "nowhere", "--name", "Nowhere")
    async with asyncio.timeout(PATIENCE_S):
        while not (await n.ask(address("nowhere")))[0].startswith("250"):
            await asyncio.sleep(1)


async def test_three_recipients_get_three_answers(neighbourhood: Neighbourhood) -> None:
    n, about = neighbourhood, "One of these exists"
    before = len(n.arrivals())
    await n.submit("ann", f"{address('wrong')},{address('projets')},some@example.net", about, f"{about}, I think.")
    await n.mx.reach(about, ann=1, cem=1)
    lines = [line for line in n.mx.border.said().splitlines() if f":{n.house.ports.lmtp}" in line and "status=" in line]
    answers = {line.partition("to=<")[2].partition(">")[0]: line.partition("status=")[2] for line in lines[-3:]}
    assert answers[address("projets")].startswith("sent (250 2.0.0 Ok")
    assert "said: 550 5.1.1 No such address here" in answers[address("wrong")]
    assert "said: 550 5.7.1 We do not relay" in answers["some@example.net"]
    # One session, as one mail with three recipients: the log names the same queue file for all.
    assert len({line.partition("]: ")[2].partition(":")[0] for line in lines[-3:]}) == 1
    [report] = await n.mx.mails("ann", about)
    assert "MAILER-DAEMON" in str(report["From"])
    assert "No such address here" in report.as_string() and "We do not relay" in report.as_string()
    assert (await n.arrived(before + 1))[before:] == [("projets", "closed", "member_post")]
    assert await n.mx.tally(about) == {"ann": 1, "bea": 1, "cem": 1}


async def test_only_what_the_border_proves_is_believed(neighbourhood: Neighbourhood, tmp_path: Path) -> None:
    n, about = neighbourhood, "The parts come on Monday"
    before = len(n.arrivals())
    mail = (
        f"From: Bob May <bob@example.org>\r\nTo: {address('projets')}\r\nSubject: {about}\r\n"
        f"Date: Mon, 23 Nov 2026 09:00:00 +0100\r\nMessage-ID: <1@example.org>\r\n\r\n{about}.\r\n"
    ).encode()
    await n.from_outside(n.partner.sign(mail) + mail, tmp_path)
    await n.mx.reach(about, ann=1)
    [post] = await n.mx.mails("ann", about)
    assert post["From"] == '"Bob May (Projets)" <projets@relais.example.com>'

    forged = mail.replace(b"Bob May <bob@example.org>", b"Ann Lee <ann@example.com>").replace(b"<1@", b"<2@")
    claim = b"Authentication-Results: mx.example.com; auth=pass smtp.auth=ann@example.com\r\n"
    await n.from_outside(claim + forged, tmp_path)
    # A good signature, but of another domain than the author's.
    forged = forged.replace(b"<2@", b"<3@")
    await n.from_outside(claim + n.partner.sign(forged) + forged, tmp_path)
    # Who is logged in is no other colleague, neither in From nor in the envelope.
    words = ["--to", address("projets"), "--h-From", "bea@example.com", "--header", "Subject: x", "--body", "I am Bea."]
    await n.send(*n.mx.login("ann"), *words)
    found = (await n.arrived(before + 4))[before:]
    assert [state for _, state, _ in found] == ["closed", "held", "held", "held"], found
    assert "553 5.7.1" in await n.send(*n.mx.login("ann"), *words, "--from", "bea@example.com", code=24)


async def test_a_bounce_of_postfix_suspends_nobody_on_the_first_day(neighbourhood: Neighbourhood) -> None:
    n, about = neighbourhood, "News of the ghost"
    before = len(n.arrivals())
    for number in (1, 2):
        await n.submit("ann", address("lointain"), f"{about} {number}", f"This is the news number {number}.")
        await n.mx.reach(about, cem=number)
        found = (await n.arrived(before + 2 * number))[before:]
        assert found[-1][:2] == ("bounce", "closed"), found
        told = explain(n.last_mail())
        [failed] = told["bounce"]["recipients"]
        assert (told["kind"], failed["address"], failed["status"]) == ("bounce", "ghost@example.com", "5.1.1")
        assert failed["action"] == "failed" and failed["permanent"] is True
    assert n.behind.said().count("to=<ghost@example.com>") == 2
    assert await n.mx.tally(about) == {"ann": 0, "bea": 0, "cem": 2}
