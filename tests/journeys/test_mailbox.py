"""A company that has nothing but a mailbox: mails lie there, and the gateway picks them up."""

from __future__ import annotations

import asyncio
import json
import tomllib
from pathlib import Path

from gateway.demo.company import AUTHSERV_ID, MailServer
from gateway.demo.house import DOMAIN, House
from tests.dovecot import PASSWORD, Dovecot
from tests.journeys.conftest import PATIENCE_S
from tests.journeys.neighbourhood import BOX, Mailboxes
from tests.opendkim import OpenDkim
from tests.papers import block
from tests.programs import needs

SHARED = "relais@example.com"


def letter(number: int, to: str) -> bytes:
    return (
        f"Return-Path: <ann@example.com>\r\nDelivered-To: {SHARED}\r\n"
        f"Authentication-Results: {AUTHSERV_ID}; auth=pass smtp.auth=ann@example.com\r\n"
        f"From: Ann <ann@example.com>\r\nTo: {to}\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <letter{number}@example.com>\r\n\r\nWho reads the letter number {number}?\r\n"
    ).encode()


async def test_mails_of_a_shared_mailbox_reach_the_members(tmp_path: Path) -> None:
    dovecot = Dovecot()
    dovecot.start()
    server = MailServer(tmp_path / "mailboxes")
    await server.start()
    house = House(tmp_path, server.port)
    with house.config.open("a") as file:
        file.write(
            f'\n[[imap]]\nhost = "localhost"\nport = {dovecot.tls_port}\nca_file = "{dovecot.trusted}"\n'
            f'username = "{SHARED}"\npassword = "{PASSWORD}"\nauthserv_id = "{AUTHSERV_ID}"\naddress = "{SHARED}"\n'
        )
    people = [f"{who}@example.com,{who.title()},en,Europe/Paris" for who in ("ann", "bea")]
    members = [f"{who}@example.com,projets,member," for who in ("ann", "bea")]
    await house.furnish(people, ["projets,Projets,project,each,open,members,"], members)
    await asyncio.to_thread(dovecot.put, SHARED, letter(1, "relais+projets@example.com"))
    await house.start()
    try:
        assert await server.wait({"bea@example.com": 1}, PATIENCE_S), house.log.read_text()
        await asyncio.to_thread(
            dovecot.put, SHARED, letter(2, f"projets@{DOMAIN}"), letter(3, "colleagues@example.com")
        )
        assert await server.wait({"bea@example.com": 2}, PATIENCE_S), house.log.read_text()
        [state] = json.loads(await house.relais("status", "--json"))["mailboxes"]
        assert (state["account"], state["folder"], state["trouble"]) == (f"{SHARED}@localhost", "INBOX", "")
        assert f"{SHARED}@localhost/INBOX" in await house.relais("status")
    finally:
        code = await house.stop()
        await server.stop()
    assert code == 0, house.log.read_text()
    folders = ("INBOX", "Relais-done", "Relais-failed")
    assert [await asyncio.to_thread(dovecot.count, SHARED, folder) for folder in folders] == [0, 2, 1]
    assert '"level": "error"' not in house.log.read_text()
    dovecot.remove()


def catch_all(milter: OpenDkim) -> str:
    """What the border's main.cf says where there is only a mailbox."""
    return f"smtpd_milters = inet:127.0.0.1:{milter.port}\n{block(BOX, '/etc/postfix/main.cf')}"


async def test_one_mailbox_on_dovecot_serves_every_address(tmp_path: Path) -> None:
    swaks = needs("swaks")
    mx = Mailboxes(("ann", "bea", "relais"), {}, catch_all, block(BOX, "/etc/dovecot/local.conf"))
    server = MailServer(tmp_path / "mailboxes")
    await server.start()
    house = House(tmp_path, server.port)
    places = {"imap.example.com": "localhost", "993": str(mx.dovecot.tls_port)}
    bridge = block(BOX, "settings.toml", places) + f'ca_file = "{mx.dovecot.trusted}"\n'
    assert tomllib.loads(bridge)["imap"][0]["password"] == PASSWORD
    with house.config.open("a") as file:
        file.write(f"\n{bridge}")
    people = [f"{who}@example.com,{who.title()},en,Europe/Paris" for who in ("ann", "bea")]
    members = [f"{who}@example.com,projets,member," for who in ("ann", "bea")]

    async def write(who: str, to: str, *words: str) -> None:
        process = await asyncio.create_subprocess_exec(
            swaks, *mx.login(who), "--to", to, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode == 0, out.decode() + mx.border.said()

    try:
        await asyncio.to_thread(mx.start)
        await house.furnish(people, ["projets,Projets,project,each,open,members,"], members)
        await house.start()
        await write("ann", "relais+projets@example.com", "--header", "Subject: A roof", "--body", "Who draws it?")
        assert await server.wait({"bea@example.com": 1}, PATIENCE_S), house.log.read_text()
        [post] = server.mailboxes["bea@example.com"]
        to = str(post["Reply-To"]).strip("<>")
        assert to.startswith("reply+") and to.endswith(f"@{DOMAIN}")
        await write("bea", to, "--header", "Subject: Re: A roof", "--body", "I draw it on Friday.")
        assert await server.wait({"ann@example.com": 1}, PATIENCE_S), house.log.read_text()
        [answer] = server.mailboxes["ann@example.com"]
        assert answer["In-Reply-To"] == post["Message-ID"]
        # Who came without a login is held, whatever they say of themselves.
        stranger = ["--server", f"127.0.0.1:{mx.border.port}", "--from", "ann@example.com"]
        claim = ["--add-header", f"Authentication-Results: {AUTHSERV_ID}; auth=pass smtp.auth=ann@example.com"]
        process = await asyncio.create_subprocess_exec(
            swaks, *stranger, "--to", f"projets@{DOMAIN}", *claim, stdout=asyncio.subprocess.DEVNULL
        )
        assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0
        async with asyncio.timeout(PATIENCE_S):
            while (await house.status())["arrivals"]["held"] < 1:
                await asyncio.sleep(0.1)
        assert await house.stop() == 0, house.log.read_text()
        folders = ("INBOX", "Relais-done", "Relais-failed")
        box = "relais@example.com"
        assert [await asyncio.to_thread(mx.dovecot.count, box, folder) for folder in folders] == [0, 3, 0]
    finally:
        await house.stop()
        await server.stop()
        mx.remove()
