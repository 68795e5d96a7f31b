"""A digest that left the gateway is answered in a real webmail, in both of its editors, in two languages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from gateway.demo import letters
from gateway.demo.company import MailServer, submit
from tests.journeys.conftest import Company
from tests.journeys.office import Office
from tests.journeys.roundcube import Window
from tests.journeys.webmail import Programs, Webmail, programs
from tests.programs import needs

LANGUAGES = {"bea": "fr", "cem": "en"}
Writing = Callable[[Window], None]


@pytest.fixture
def installed() -> tuple[Programs, str]:
    """All programs, asked for before a gateway is started."""
    return programs(), needs("swaks")


class Desks:
    """Where Bea and Cem read and answer: each in a browser, at the webmail of the company."""

    def __init__(self, office: Office, webmail: Webmail, outbox: MailServer, folder: Path) -> None:
        self._office = office
        self._webmail = webmail
        self._outbox = outbox
        self._folder = folder

    async def answer(
        self, who: str, mail: EmailMessage, editor: str, writing: Writing, *, top: bool = False
    ) -> EmailMessage:
        """What comes back to them for it."""

        def write(window: Window, uid: int) -> None:
            window.answer(uid, editor, top=top)
            writing(window)

        return await self._send(who, mail, write)

    async def choose(self, who: str, mail: EmailMessage, link: str) -> EmailMessage:
        """What comes back where they choose a link to write to and send the mail that it begins."""
        return await self._send(who, mail, lambda window, uid: window.choose(uid, link))

    async def _send(self, who: str, mail: EmailMessage, writing: Callable[[Window, int], None]) -> EmailMessage:
        count, address = len(self._office.received(who)), f"{who}@example.com"
        to = str(mail["Reply-To"]).strip("<>")
        sent = len(self._outbox.mailboxes[to])
        read = self._office.file(who, mail).read_bytes()

        def at_the_desk() -> None:
            uid = self._webmail.receive(address, read)
            window = self._webmail.window(address, LANGUAGES[who])
            writing(window, uid)
            window.send()

        await asyncio.to_thread(at_the_desk)
        assert await self._outbox.wait({to: sent + 1}, 20)
        written = (self._folder / to / f"{sent + 1}.eml").read_bytes()
        await asyncio.to_thread(submit, self._office.company.house.ports.smtp, address, [to], written)
        await self._office.company.reach(**{who: count + 1})
        assert len(self._office.received(who)) == count + 1
        return self._office.received(who)[-1]


@pytest.fixture
async def desks(
    installed: tuple[Programs, str], company: Company, tmp_path: Path
) -> AsyncIterator[tuple[Office, Desks]]:
    """The office with its digests sent, and the webmail running."""
    office = Office(company, tmp_path)
    await office.send_digests(installed[1])
    outbox = MailServer(tmp_path / "outbox")
    await outbox.start()
    webmail = await asyncio.to_thread(Webmail, installed[0], outbox.port)
    yield office, Desks(office, webmail, outbox, tmp_path / "outbox")
    await asyncio.to_thread(webmail.close)
    await outbox.stop()


def under(button: str, typed: dict[int, str]) -> Writing:
    """Words below the buttons of topics, between the parts of the quote."""

    def write(window: Window) -> None:
        for topic, words in typed.items():
            window.go_after(button.format(topic))
            if window.editor == "html":
                window.type(f"\n{words}")
                window.leave_quote()
            else:
                window.type(f"\n\n{words}\n")

    return write


def inside(quoted: str, words: str) -> Writing:
    """Words behind those of the quote, on its line or in its paragraph."""

    def write(window: Window) -> None:
        window.go_after(quoted)
        window.type(f" {words}")

    return write


def below(words: str) -> Writing:
    """Words below everything."""

    def write(window: Window) -> None:
        window.go_below()
        window.type(words)

    return write


def to_selection(quoted: str, words: str) -> Writing:
    """Words to one sentence, where the rest of the quote was deleted."""

    def write(window: Window) -> None:
        window.keep_only(quoted)
        below(words)(window)

    return write


def at_once(words: str) -> Writing:
    """Words typed where the caret is."""
    return lambda window: window.type(words)


async def test_digests_are_answered_in_two_languages(desks: tuple[Office, Desks]) -> None:
    office, desk = desks
    await answer_in_french(office, desk)
    await answer_in_english(office, desk)
    assert office.paces() == {"ann": None, "bea": "weekly", "cem": "off"}
    # Ann hears each message at once, without a word of ours.
    heard = [letters.text_of(mail) for mail in office.received("ann")]
    assert sum("with two bags." in text for text in heard) == 1
    assert not any("Your answer to topic" in text or "Répondre à #" in text for text in heard)


async def answer_in_french(office: Office, desk: Desks) -> None:
    digest = office.received("bea")[0]
    typed = {1: "Je m’en occupe demain.", 2: "Et une prise, non ?"}
    receipt = await desk.answer("bea", digest, "html", under("Répondre à #{}", typed))
    assert office.parts() == [(1, "posted", typed[1]), (2, "posted", typed[2])]
    assert "#1" in letters.text_of(receipt) and "#2" in letters.text_of(receipt)
    await desk.answer("bea", receipt, "html", at_once("DÉPLACER 1 #3"), top=True)
    assert office.posted() == [(2, typed[2]), (3, typed[1])]

    await desk.answer("bea", digest, "text", under("Répondre à #{}", {3: "Je prends le même train."}))
    await desk.answer("bea", digest, "plain", inside("the lift until", "Vu, il est beau !"))
    await desk.answer("bea", digest, "html", to_selection("one more winter", "Deux hivers, même."))
    new = [(3, "Je prends le même train."), (2, "Vu, il est beau !"), (1, "Deux hivers, même.")]
    assert office.posted()[2:] == new
    await desk.choose("bea", digest, "SEMAINE")
    assert len(office.posted()) == 5


async def answer_in_english(office: Office, desk: Desks) -> None:
    digest, before = office.received("cem")[0], len(office.posted())
    # Where Roundcube's HTML editor has set the caret: on the line of its attribution.
    said = "That suits me, thanks to all of you for the work."
    question = await desk.answer("cem", digest, "html", at_once(said))
    assert office.parts()[-1] == (None, "asked", said)
    await desk.answer("cem", question, "html", below("1"))
    assert office.posted()[before:] == [(1, said)]

    await desk.answer("cem", digest, "text", at_once("#3 I take the same train, and I know a cab."), top=True)
    await desk.answer("cem", digest, "html", inside("to the building site.", "Count me in, with two bags."))
    await desk.answer("cem", digest, "plain", under("Your answer to topic #{}", {2: "And a socket for mine."}))
    await desk.answer("cem", digest, "text", to_selection("Twenty-four places", "Twenty would do."))
    assert office.posted()[before + 1 :] == [
        (3, "I take the same train, and I know a cab."),
        (3, "Count me in, with two bags."),
        (2, "And a socket for mine."),
        (2, "Twenty would do."),
    ]
    await desk.answer("cem", digest, "plain", below("STOP"))
    assert len(office.posted()) == before + 5
