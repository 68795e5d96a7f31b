"""Who somebody only seems to be: every way of writing ann's name over a stranger's mail ends as a stranger's.

The border is taken at its worst: it says that ann's domain passed, whatever it read itself.
"""

from __future__ import annotations

import pytest

from gateway.core import address
from store import mailboxes
from tests.inbound.post_office import PostOffice, mail

ANN = "ann@people.example"
STRANGERS = {
    # Display names that say somebody.
    "her address as a name": f'"{ANN}" <eve@evil.example>',
    "her address as a bare name": f"{ANN} <eve@evil.example>",
    "her address in an encoded name": "=?utf-8?q?ann=40people.example?= <eve@evil.example>",
    "her whole mailbox as a name": f'"Ann <{ANN}>" <eve@evil.example>',
    "her mailbox in a single-quoted name": f"'Ann <{ANN}>' <eve@evil.example>",
    "her mailbox, then another": f"<{ANN}> <eve@evil.example>",
    "her mailbox in a comment": f"eve@evil.example ({ANN})",
    "her mailbox in a comment of a name": f"Ann (<{ANN}>) <eve@evil.example>",
    "her name alone": "Ann",
    "her name before nothing": "Ann <>",
    "a name with a line in it": f'"Ann\\\r\n" <{ANN}> <eve@evil.example>',
    "a name behind a hundred blanks": f'"{ANN}{" " * 100}" <eve@evil.example>',
    # Two readings of one field.
    "a list": f"{ANN}, eve@evil.example",
    "a list the other way round": f"eve@evil.example, {ANN}",
    "a list with an empty member": f", {ANN}",
    "a list that ends open": f"{ANN},",
    "a list by semicolon": f"{ANN}; eve@evil.example",
    "a bracket that closes nothing": f"{ANN})eve@evil.example",
    "a bracket in a bracket": f"<<{ANN}>>",
    "an angle that never closes": f"Ann <{ANN}",
    "an angle that never opens": f"Ann {ANN}>",
    "words after the angle": f"<{ANN}> eve",
    "an address after the angle": f"<{ANN}>eve@evil.example",
    "two at signs": f"{ANN}@evil.example",
    "two at signs, the other way round": f"eve@evil.example@{ANN}",
    "a quoted at sign": '"ann@people.example"@evil.example',
    "a backslash": "ann\\@people.example",
    "a backslash before the domain": "ann@\\people.example",
    # Groups and routes.
    "a group": f"Team: {ANN};",
    "a group of two": f"Team: {ANN}, eve@evil.example;",
    "a group in a name": f"Team: Ann <{ANN}>;",
    "an empty group before her": f"undisclosed:; {ANN}",
    "a route": f"<@evil.example:{ANN}>",
    "two routes": f"<@evil.example,@other.example:{ANN}>",
    "a percent": "ann%people.example@evil.example",
    "a bang": "people.example!ann@evil.example",
    # Comments and blanks inside.
    "a comment before the at": "ann(x)@people.example",
    "a comment after the at": "ann@(x)people.example",
    "a comment in the domain": "ann@people(x).example",
    "a comment behind the angle's address": f"<{ANN} (eve)>",
    "a nested comment that swallows": f"(a(b){ANN}",
    "a blank before the at": "ann @people.example",
    "a blank after the at": "ann@ people.example",
    "a blank in the domain": "ann@people .example",
    "a fold in the address": "ann@\r\n people.example",
    # Encoded words where none may be.
    "all encoded": "=?utf-8?q?ann=40people.example?=",
    "all in base64": "=?utf-8?b?YW5uQHBlb3BsZS5leGFtcGxl?=",
    "an encoded local part": "=?utf-8?q?ann?=@people.example",
    "an encoded domain": "ann@=?utf-8?q?people.example?=",
    "an encoded angle": "=?utf-8?q?=3Cann=40people.example=3E?=",
    "encoded inside the angle": "<=?utf-8?q?ann=40people.example?=>",
    "an encoded line": "=?utf-8?q?Ann=0D=0AFrom:_ann=40people.example?= <eve@evil.example>",
    # Quoted local parts, literals, no domain.
    "a quoted local part": '"ann"@people.example',
    "a quoted local part in an angle": 'Ann <"ann"@people.example>',
    "a local part with a blank": '"ann "@people.example',
    "an address literal": "ann@[192.0.2.1]",
    "a literal that is her domain": "ann@[people.example]",
    "an address of numbers": "ann@192.0.2.1",
    "no domain": "ann",
    "no local part": "@people.example",
    # Dots and case.
    "a dot at the end": "ann@people.example.",
    "a dot at the end of the local part": "ann.@people.example",
    "a dot at its beginning": ".ann@people.example",
    "two dots": "ann@people..example",
    "a dot before the domain": "ann@.people.example",
    # Domains that look like hers.
    "a suffix": "ann@evilpeople.example",
    "a hyphen and a suffix": "ann@evil-people.example",
    "a prefix": "ann@people.example.evil.example",
    "a prefix with a hyphen": "ann@people.example-evil.example",
    "a domain below": "ann@x.people.example",
    "the domain above": "ann@example",
    "another top-level domain": "ann@people.example.com",
    # Letters that look like hers.
    "a Cyrillic local part": "аnn@people.example",
    "a Cyrillic domain": "ann@реорle.example",
    "a Cyrillic domain in A-labels": "ann@xn--le-8kc6ahk.example",
    "an A-label that spells ASCII": "ann@xn--people-.example",
    "an A-label of nothing": "ann@xn--.example",
    "a Greek letter": "ann@peοple.example",
    "a dotless i": "ann@ıpeople.example",
    "full-width letters": "ａｎｎ@people.example",
    "a full-width domain": "ann@ｐeople.example",
    "a full-width at": "ann＠people.example",
    "a small at": "ann﹫people.example",
    "a full-width dot": "ann@people．example",
    "an ideographic dot": "ann@people。example",
    "a ligature": "ann@people.exampﬂe",
    "an accent composed on": "anñ@people.example",
    "an accent beside": "ann\u0301@people.example",
    "mathematical letters": "𝐚𝐧𝐧@people.example",
    "a letter in a circle": "ⓐnn@people.example",
    # What nobody sees.
    "a zero-width space": "ann\u200b@people.example",
    "a zero-width joiner": "a\u200dnn@people.example",
    "a soft hyphen": "ann@peo\u00adple.example",
    "a word joiner": "ann@people\u2060.example",
    "a byte order mark": "\ufeffann@people.example",
    "a variation selector": "ann\ufe0f@people.example",
    "right to left": "\u202eelpmaxe.elpoep@nna",
    "an isolate": "\u2066ann@people.example\u2069",
    "a NUL": "ann\0@people.example",
    "a NUL at the end": "ann@people.example\0.evil.example",
    "a bell": "ann\a@people.example",
    "a delete": "ann\x7f@people.example",
    "a bare CR": "ann@people.example\rX: y",
    "a next line": "ann@people.example\x85",
    "a line separator": "ann@people.example\u2028eve",
    # Subaddresses are mailboxes of their own.
    "a subaddress": "ann+x@people.example",
    "a subaddress by hyphen": "ann-x@people.example",
    "dots within": "a.nn@people.example",
    # Nothing.
    "nothing": "",
    "blanks": "   ",
    "a null path": "<>",
    "only a comment": f"({ANN})",
    "9,000 letters": "a" * 9000 + "@people.example",
    "a name of 9,000 letters": "A" * 9000 + f" <{ANN}>",
}
FIELDS = {
    "two From": f"From: {ANN}\r\nFrom: eve@evil.example\r\n",
    "two From, the other way round": f"From: eve@evil.example\r\nFrom: {ANN}\r\n",
    "the same From twice": f"From: {ANN}\r\nFrom: {ANN}\r\n",
    "no From, but a Sender": f"Sender: {ANN}\r\n",
    "no From, but a Reply-To": f"Reply-To: {ANN}\r\n",
    "no From, but a Return-Path": f"Return-Path: <{ANN}>\r\n",
    "no From, but a Resent-From": f"Resent-From: {ANN}\r\n",
    "no From, but an X-From": f"X-From: {ANN}\r\n",
    "From with a blank before the colon": f"From : {ANN}\r\nFrom: eve@evil.example\r\n",
    "her in Sender and Reply-To": f"From: eve@evil.example\r\nSender: {ANN}\r\nReply-To: {ANN}\r\n",
    "her in the line of an mbox": f"From {ANN} Fri Nov 20 09:00:00 2026\r\nFrom: eve@evil.example\r\n",
    "her From below the blank line": f"Subject: x\r\n\r\nFrom: {ANN}\r\n",
}
CLAIMS = (
    "Authentication-Results: mx.people.example; dmarc=pass header.from=people.example",
    "Authentication-Results: mx.people.example; dkim=pass header.d=people.example; auth=pass smtp.auth=" + ANN,
)


def test_there_are_enough_of_them() -> None:
    assert len(STRANGERS) + len(FIELDS) >= 100


def fields() -> dict[str, str]:
    return {name: f"From: {value}\r\n" for name, value in STRANGERS.items()} | FIELDS


def test_each_is_a_stranger(office: PostOffice) -> None:
    ann = office.network.person("ann")
    office.network.join(office.network.community("projets"), ann)
    fooled: dict[str, object] = {}
    number = 0
    for name, lines in fields().items():
        for claim in CLAIMS:
            number += 1
            head = f"{claim}\r\n{lines}To: projets@relais.example\r\nSubject: Visit\r\nMessage-ID: <{number}@x.example>"
            result = office.post(f"{head}\r\n\r\nWho comes along?\r\n".encode("utf-8", "surrogateescape"), "projets")
            if result.person_id is not None or result.verdict != "hold":
                fooled[name] = result
    assert not fooled
    assert office.posted() == []
    assert office.told() == [], "nobody is written to on a stranger's word"


def test_the_plain_ways_of_writing_her_are_hers(office: PostOffice) -> None:
    """Without this the test above would pass where nobody is believed."""
    office.network.join(office.network.community("projets"), office.network.person("ann"))
    own = (
        ANN,
        f"<{ANN}>",
        f"Ann <{ANN}>",
        f'"Martin, Ann" <{ANN}>',
        "ANN@People.Example",
        f"{ANN} (Ann)",
        f"{ANN} <{ANN}>",
    )
    for number, field in enumerate(own):
        raw = mail(message_id=f"<{number}@x.example>", text=f"Visit {number}").replace(
            b"From: " + ANN.encode(), b"From: " + field.encode()
        )
        assert office.post(raw, "projets").reason == "member_post", field


@pytest.mark.parametrize(
    "spelt", ["ann.martin@mail.example", "Ann.Martin@MAIL.example", "Ann <ann.martin@mail.example>"]
)
def test_a_second_address_is_the_person_where_it_is_proven(office: PostOffice, spelt: str) -> None:
    ann = office.network.person("ann")
    office.network.join(office.network.community("projets"), ann)
    second = mail(proven=False, headers="To: projets@relais.example\r\n").replace(ANN.encode(), spelt.encode())
    proof = b"Authentication-Results: mx.people.example; dmarc=pass header.from=mail.example\r\n"
    assert office.post(proof + second, "projets").reason == "sender_unknown"
    with office.database.transaction() as tx:
        assert mailboxes.add(tx, ann, address.parse("ann.martin@mail.example"), office.clock())
    again = second.replace(b"<m1@", b"<m2@")
    # The proof of one of her domains is none for the other.
    wrong = b"Authentication-Results: mx.people.example; dmarc=pass header.from=people.example\r\n"
    assert office.post(wrong + again, "projets").reason == "sender_not_proven"
    posted = office.post(proof + again.replace(b"<m2@", b"<m3@"), "projets")
    assert (posted.reason, posted.person_id) == ("member_post", ann)
    with office.database.transaction() as tx:
        assert mailboxes.remove(tx, ann, address.parse("ann.martin@mail.example"))
    assert office.post(proof + again.replace(b"<m2@", b"<m4@"), "projets").reason == "sender_unknown"
