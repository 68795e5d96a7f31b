"""The chapter of the digest: one mail a day about two communities, answered topic by topic, and ended by one word.

Told by the story, after the post and its first answer.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from gateway.core.clock import utc_now
from gateway.demo import letters
from gateway.demo.cast import ANNA, CLAIRE, INES, KARIM, TOM
from gateway.demo.house import DOMAIN, ZONE, DemoError
from gateway.demo.stage import Stage

SUBJECT = "New chairs for Lyon: which supplier?"
TEXT = """\
Two offers are on my desk: Durand, 142 € a chair and six weeks, and Novasit, 118 € and twelve weeks.

Which one do you prefer?
"""
ON_BUDGET = "D’accord avec Tom : je suis à Lyon chaque semaine, je peux relire les devis avec lui."
ON_CHAIRS = "Plutôt Durand : ils reprennent aussi les anciennes chaises."
WEEKLY = "SEMAINE"


async def run(stage: Stage) -> None:
    """All of it. Raises DemoError where it cannot go on."""
    asked = await _ask(stage)
    digest = await _send_digest(stage)
    await _answer(stage, digest, asked)
    await _slow_down(stage, digest)


def next_morning(now: datetime, hour: time) -> datetime:
    """The first working day after today, at that hour in Paris."""
    zone = ZoneInfo(ZONE)
    day = now.astimezone(zone).date() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return datetime.combine(day, hour, zone)


async def _ask(stage: Stage) -> EmailMessage:
    """Anna's mail, as she sent it."""
    before = stage.counts()
    mail = letters.post(ANNA.mailbox, [f"achats@{DOMAIN}"], SUBJECT, TEXT)
    stage.tell.step("Anna asks Achats something; the next morning Inès gets her digest")
    await stage.submit(ANNA.address, [f"achats@{DOMAIN}"], letters.as_sent(mail))
    await stage.receive(before, CLAIRE, KARIM)
    stage.tell.check(stage.heard(before, CLAIRE, KARIM), "Claire and Karim got Anna’s mail at once, Inès did not")
    return mail


async def _send_digest(stage: Stage) -> EmailMessage:
    tell, before = stage.tell, stage.counts()
    morning = next_morning(utc_now(), stage.house.daily_at)
    words = ("digest", "run", "--now", morning.isoformat())
    tell.command(words, await stage.house.relais(*words))
    digest = (await stage.receive(before, INES))[INES][0]
    stage.show(INES, digest)
    text = letters.text_of(digest)
    tell.check(stage.heard(before, INES), "it is one mail for both communities, and nobody else got one")
    tell.check(
        "Claire Morel" in text and "Tom Reed" in text and "Anna Schmidt" in text, "all that was written is in it"
    )
    return digest


async def _answer(stage: Stage, digest: EmailMessage, asked: EmailMessage) -> None:
    tell, before = stage.tell, stage.counts()
    tell.step("Inès answers the digest under two topics, in Thunderbird")
    typed = {_topic(digest, "Budget 2027"): ON_BUDGET, _topic(digest, "New chairs"): ON_CHAIRS}
    mail = letters.answer_under(INES.mailbox, digest, typed)
    tell.mail("as Inès sent it", mail, letters.part_of(mail, "plain"))
    await stage.submit(INES.address, [str(digest["Reply-To"])], letters.as_sent(mail))
    readers = (CLAIRE, CLAIRE, KARIM, KARIM, TOM, ANNA, INES)
    new = await stage.receive(before, *readers)
    on_budget, on_chairs, receipt = new[TOM][0], new[ANNA][0], new[INES][0]
    for person, told in ((TOM, on_budget), (ANNA, on_chairs), (INES, receipt)):
        stage.show(person, told)
    both = [" ".join(letters.text_of(mail) for mail in new[person]) for person in (CLAIRE, KARIM)]
    tell.check(
        stage.heard(before, *readers) and all(ON_BUDGET in text and ON_CHAIRS in text for text in both),
        "Tom got the one, Anna the other, Claire and Karim both",
    )
    tell.check(
        _says_only(on_budget, ON_BUDGET, ON_CHAIRS) and _says_only(on_chairs, ON_CHAIRS, ON_BUDGET),
        "each answer has its own words, and nothing of the digest",
    )
    tell.check(
        _follows(on_budget, stage.mails(TOM)[0]) and _follows(on_chairs, asked),
        "each stands in the thread of its topic: a client shows it under the post it answers",
    )
    text = letters.text_of(receipt)
    tell.check(all(f"#{topic}" in text for topic in typed), "one receipt tells Inès where both of them are")


async def _slow_down(stage: Stage, digest: EmailMessage) -> None:
    tell, before = stage.tell, stage.counts()
    tell.step(f"Inès answers the digest with one word: {WEEKLY}")
    mail = letters.answer_above(INES.mailbox, digest, WEEKLY)
    await stage.submit(INES.address, [str(digest["Reply-To"])], letters.as_sent(mail))
    receipt = (await stage.receive(before, INES))[INES][0]
    stage.show(INES, receipt)
    tell.check(stage.heard(before, INES), "it is no post: she got the receipt, and nobody got anything else")
    paces = await _paces(stage)
    tell.check(
        paces == dict.fromkeys(INES.places, "weekly"), "from now on she gets one mail a week, for both communities"
    )


async def _paces(stage: Stage) -> dict[str, str]:
    """How Inès hears of each community."""
    shown = json.loads(await stage.house.relais("person", "show", INES.address, "--json"))
    return {membership["community"]: membership["pace"] for membership in shown["memberships"]}


def _topic(digest: EmailMessage, title: str) -> int:
    """The number of the topic whose title begins so."""
    found = re.search(rf"\[#(\d+)\] {re.escape(title)}", letters.text_of(digest))
    if found is None:
        raise DemoError(f"the digest shows no topic “{title}”")
    return int(found[1])


def _says_only(mail: EmailMessage, words: str, others: str) -> bool:
    bodies = (letters.text_of(mail), letters.part_of(mail, "html"))
    return words in bodies[0] and not any(others in body or "écrivez sous" in body for body in bodies)


def _follows(mail: EmailMessage, first: EmailMessage) -> bool:
    return str(first["Message-ID"]) in str(mail["References"])
