"""Twice the mail is at most two and a half times the work, measured in time, whatever a mail is a flood of.

test_body counts the calls of reading a body; this looks at the clock of the thread, from which no pattern can hide, and
at all that is read: the kind of the mail, the day of return and the language as well.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from inbound.reading import read
from tests.slopes import STEEPEST, steepness

SIZE = 1_000
HEAD = (
    b"From: Ann <ann@people.example>\r\nTo: garden@relais.example\r\nSubject: Re: x\r\n"
    b"Date: Mon, 20 Jul 2026 09:00:00 +0000\r\nMessage-ID: <1@people.example>\r\nMIME-Version: 1.0\r\n"
)
DAEMON = b"Return-Path: <>\r\nAuto-Submitted: auto-replied\r\n"


def plain(text: str, *, kind: str = "text/plain", more: bytes = b"") -> bytes:
    return HEAD + more + f"Content-Type: {kind}; charset=utf-8\r\n\r\n{text}".encode()


def html_mail(source: str) -> bytes:
    return plain(source, kind="text/html")


FAMILIES: dict[str, Callable[[int], bytes]] = {
    "many levels of >": lambda n: plain("words\n" + "".join(">" * (i % 200 + 1) + " q\n" for i in range(n // 10))),
    "one line of >": lambda n: plain("words\n" + ">" * n),
    "> and blanks": lambda n: plain("words\n" + "> " * n),
    "On": lambda n: plain("words\n" + "On " * n),
    "On lines": lambda n: plain("words\n" + "On\n" * n),
    "On a lines": lambda n: plain("words\n" + "On 2 March 2026 at 10:00\n" * n),
    "On wrote": lambda n: plain("words\n" + "On Mon, 2 Mar 2026 at 10:00, Bob <b@x.example> wrote:\n" * n),
    "Le a écrit": lambda n: plain("words\n" + "Le 2 mars 2026 à 10:00, Bob <b@x.example> a écrit :\n" * n),
    "Le": lambda n: plain("words\n" + "Le " * n),
    "wrote:": lambda n: plain("words\n" + "wrote: " * n),
    "glued": lambda n: plain("words\n" + "a:b wrote:c " * n),
    "-- ": lambda n: plain("words\n" + "-- \n" * n),
    "-- x": lambda n: plain("words\n" + "-- \nx\n\n" * n),
    "--": lambda n: plain("words\n" + "--\n" * n),
    "dashes line": lambda n: plain("words\n" + "-" * n),
    "underscores": lambda n: plain("words\n" + "_" * n + "x"),
    "stars": lambda n: plain("words\n" + "*" * n + "x"),
    "equals": lambda n: plain("words\n" + "= " * n),
    "rules": lambda n: plain("words\n" + "-----\n\n" * n),
    "From:": lambda n: plain("words\n" + "From: a\n" * n),
    "From: To: blocks": lambda n: plain("words\n" + "From: a@b.example\nTo: c@d.example\n" * n),
    "To: list": lambda n: plain("words\nFrom: a\nTo: " + "a@b.example; " * n),
    "To: lines": lambda n: plain("words\nFrom: a\nTo: " + "a@b.example;\n" * n),
    "De : bold": lambda n: plain("words\n" + "*De :* a\n*Date :* b\n" * n),
    "columns": lambda n: plain("words\n" + "To\ncc\nSubject\n08/06/2026 a@b\n" * n),
    "blanks": lambda n: plain("words\n" + " " * n + "x"),
    "tabs": lambda n: plain("words\n" + "\t" * n + "x"),
    "nbsp": lambda n: plain("words\n" + "\xa0" * n + "x"),
    "zero width": lambda n: plain("words\n" + "\u200b" * n + "x"),
    "blank lines": lambda n: plain("words\n" + "\n" * n + "x"),
    "blank lines with blanks": lambda n: plain("words\n" + " \n\t\n" * n + "x"),
    "colons": lambda n: plain("words\n" + ":" * n),
    "announced": lambda n: plain("type this now:\n> a\n" * n),
    "answers below": lambda n: plain("my answers " * n + "\nFrom: a@b.example\nTo: b@c.example\nSubject: 1\n"),
    "sent from": lambda n: plain("words\n" + "Sent from my iPhone\n\n" * n),
    "sent from one": lambda n: plain("words\n" + "Sent from " * n),
    "envoyé de mon": lambda n: plain("words\n" + "Envoyé de mon " * n),
    "get outlook": lambda n: plain("words\n" + "Get " * n + "outlook"),
    "disclaimers": lambda n: plain(
        "words\n" + "This message is confidential and intended for the addressee; delete it.\n\n" * n
    ),
    "disclaimer one": lambda n: plain("words\n\n" + "this message is " * n),
    "banners": lambda n: plain("[EXTERNAL]\n" * n + "words"),
    "banner one": lambda n: plain("CAUTION: this message originated " * n + "words"),
    "forward markers": lambda n: plain("words\n" + "---------- Forwarded message ---------\n" * n),
    "original markers": lambda n: plain("words\n" + "-----Original Message-----\n" * n),
    "addresses": lambda n: plain("words\n" + "<a@b.example> " * n),
    "at signs": lambda n: plain("words\n" + "@" * n),
    "pipes": lambda n: plain("words\n" + "| a | b |\n" * n),
    "dates": lambda n: plain("words\n" + "2026-03-02 10:00 GMT+01:00 a <a@b.example>:\n" * n),
    "uuencode": lambda n: plain("words\n" + "begin 644 a\n" * n + "end\n"),
    "uuencode open": lambda n: plain("words\nbegin 644 a\n" + "M" * 60 + "\n" * n),
    "flowed": lambda n: plain("words \n" * n, kind="text/plain; format=flowed"),
    "flowed quotes": lambda n: plain("> words \n" * n, kind="text/plain; format=flowed"),
    "words of many languages": lambda n: plain("le the der el il de het och " * n),
    "apostrophes": lambda n: plain("l'" * n),
    "deep blockquotes": lambda n: html_mail("<p>words</p>" + "<blockquote>" * (n // 4) + "x"),
    "deep cite": lambda n: html_mail("<p>words</p>" + "<blockquote type=cite>" * (n // 4) + "x"),
    "blockquotes side": lambda n: html_mail("<p>words</p>" + "<blockquote>x</blockquote>" * n),
    "gmail quotes": lambda n: html_mail("<p>words</p>" + "<div class=gmail_quote>x</div>" * n),
    "rply ids": lambda n: html_mail("<p>words</p>" + "<div id=divRplyFwdMsg>x</div>" * n),
    "br": lambda n: html_mail("<p>words</p>" + "<br>" * n),
    "spans": lambda n: html_mail("<p>words</p>" + "<span>" * (n // 4) + "x"),
    "html On wrote": lambda n: html_mail("<p>words</p>" + "<p>On Mon, 2 Mar 2026 at 10:00, Bob wrote:</p>" * n),
    "bounce addresses": lambda n: plain("Delivery failed\n" + "<a@b.example>: user unknown\n" * n, more=DAEMON),
    "bounce codes": lambda n: plain("Delivery failed to a@b.example\n" + "550 5.1.1 " * n, more=DAEMON),
    "bounce digits": lambda n: plain("Delivery failed to a@b.example\n" + "5." * n, more=DAEMON),
    "bounce mailbox": lambda n: plain("Delivery failed to a@b.example\n" + "mailbox " * n, more=DAEMON),
    "bounce fields": lambda n: plain(
        "Delivery failed\n" + "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n" * n, more=DAEMON
    ),
    "bounce undeliver": lambda n: plain("delivery " * n, more=DAEMON),
    "away dates": lambda n: plain("I am away until 3/8 " * n, more=DAEMON),
    "away months": lambda n: plain("back on 3 August and " * n, more=DAEMON),
    "away to": lambda n: plain("to 3 to " * n, more=DAEMON),
}


def understood(raw: bytes) -> object:
    return read(raw, "ann@people.example", "relais.example")


@pytest.mark.parametrize("family", FAMILIES)
def test_twice_the_mail_is_about_twice_the_time(family: str) -> None:
    once, twice = FAMILIES[family](SIZE), FAMILIES[family](2 * SIZE)
    assert steepness(lambda: understood(once), lambda: understood(twice)) < STEEPEST
