"""How far an author is believed: only what our own border wrote, about the one From that we read ourselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.message import ParsedMessage
from inbound.authenticity import Border, Proof, prove
from inbound.parse import parse
from tests.network import envelope

ID = "mx.people.example"
BORDER = Border(ID, ("dmarc", "dkim", "auth"))
NAMELESS = replace(BORDER, authserv_id="")
LMTP = envelope("projets")


def read(*headers: str, author: str = "From: Ann <ann@people.example>") -> ParsedMessage:
    """A mail with these header fields, topmost first, then its From."""
    return parse("\r\n".join((*headers, author, "Subject: x", "", "words", "")).encode())


def results(text: str, authserv_id: str = ID) -> str:
    return f"Authentication-Results: {authserv_id}; {text}" if authserv_id else f"Authentication-Results: {text}"


def proof(*headers: str, border: Border = BORDER, author: str = "From: Ann <ann@people.example>") -> Proof:
    return prove(read(*headers, author=author), LMTP, border)


PASS = results("dmarc=pass header.from=people.example")

PROVEN = {
    "dmarc": (PASS, "dmarc"),
    "dmarc, case of domain and word": (results("DMARC=Pass header.From=People.Example"), "dmarc"),
    "with a version": (f"Authentication-Results: {ID} 1; dmarc=pass header.from=people.example", "dmarc"),
    "comments": (results("dmarc=pass (p=REJECT sp=NONE dis=NONE) header.from=people.example"), "dmarc"),
    "folded": (results("spf=fail smtp.mailfrom=x.example;\r\n\tdmarc=pass\r\n header.from=people.example"), "dmarc"),
    "dkim of the domain": (results("dkim=pass header.d=people.example header.s=k"), "dkim"),
    "dkim by identity": (results("dkim=pass header.i=@people.example"), "dkim"),
    "the second of two signatures": (
        results("dkim=fail header.d=people.example; dkim=pass header.d=people.example"),
        "dkim",
    ),
    "the submitter": (results("auth=pass smtp.auth=ann@people.example"), "auth"),
    "Google's shape": (
        results(
            "\r\n       dkim=pass header.i=@people.example header.s=google header.b=AbC1;\r\n"
            "       spf=pass (google.com: domain of ann@people.example designates 192.0.2.1)"
            " smtp.mailfrom=ann@people.example;\r\n       dmarc=pass (p=NONE dis=NONE) header.from=people.example"
        ),
        "dkim",
    ),
}


@pytest.mark.parametrize(("header", "how"), PROVEN.values(), ids=PROVEN)
def test_what_our_border_says_counts(header: str, how: str) -> None:
    assert proof(header) == Proof(True, how)


def test_a_signature_of_the_domain_above_is_aligned() -> None:
    header = results("dkim=pass header.d=people.example")
    assert proof(header, author="From: ann@mail.people.example").proven
    assert not proof(results("dkim=pass header.d=mail.people.example")).proven
    assert not proof(results("dkim=pass header.d=example")).proven


UNPROVEN = {
    "nothing": (),
    "another's words": (results("dmarc=pass header.from=people.example", "mx.evil.example"),),
    "an id that only begins like ours": (results("dmarc=pass header.from=people.example", f"{ID}.evil.example"),),
    "an id that only ends like ours": (results("dmarc=pass header.from=people.example", f"evil.{ID}"),),
    "below the topmost": (results("dmarc=fail header.from=people.example"), PASS),
    "below another's": (results("dmarc=fail", "mx.evil.example"), PASS),
    "below a broken one": ("Authentication-Results: ;;;", PASS),
    "an empty one on top": ("Authentication-Results:", PASS),
    "fail": (results("dmarc=fail header.from=people.example"),),
    "none": (results("none"),),
    "temperror": (results("dmarc=temperror header.from=people.example"),),
    "bestguesspass": (results("dmarc=bestguesspass header.from=people.example"),),
    "in a comment": (results("dmarc=fail (dmarc=pass header.from=people.example) header.from=people.example"),),
    "in a quoted string": (results('dmarc=fail reason="x; dmarc=pass header.from=people.example"'),),
    "another domain": (results("dmarc=pass header.from=evil.example"),),
    "a domain that ends like ours": (results("dmarc=pass header.from=evilpeople.example"),),
    "a domain that begins like ours": (results("dmarc=pass header.from=people.example.evil.example"),),
    "a domain below": (results("dmarc=pass header.from=x.people.example"),),
    "no domain": (results("dmarc=pass"),),
    "a domain in another property": (results("dmarc=pass smtp.mailfrom=people.example"),),
    "spf alone": (results("spf=pass smtp.mailfrom=ann@people.example"),),
    "arc alone": (results("arc=pass (i=1 dmarc=pass fromdomain=people.example)"),),
    "dkim of a stranger": (results("dkim=pass header.d=evil.example"),),
    "dkim of one that ends alike": (results("dkim=pass header.d=evilpeople.example"),),
    "dkim of a top-level domain": (results("dkim=pass header.d=example"),),
    "dkim by identity under another signer": (results("dkim=pass header.d=evil.example header.i=@people.example"),),
    "another submitter": (results("auth=pass smtp.auth=bob@people.example"),),
    "a submitter without domain": (results("auth=pass smtp.auth=ann"),),
    "too long": (results("dmarc=pass header.from=people.example" + " (x)" * 3000),),
    "the old header": ("X-Authentication-Results: mx.people.example; dmarc=pass header.from=people.example",),
    "ARC's copy": ("ARC-Authentication-Results: i=1; mx.people.example; dmarc=pass header.from=people.example",),
    "Received-SPF": ("Received-SPF: pass (people.example)",),
}


@pytest.mark.parametrize("headers", UNPROVEN.values(), ids=UNPROVEN)
def test_nothing_else_does(headers: tuple[str, ...]) -> None:
    assert not proof(*headers).proven


FORGED = {
    "two From": "From: ann@people.example\r\nFrom: eve@evil.example",
    "two addresses": "From: ann@people.example, eve@evil.example",
    "a name that is an address": "From: ann@people.example <eve@evil.example>",
    "a name that looks like one": 'From: "ann@people.example" <eve@evil.example>',
    "a comment after the address": "From: ann@people.example)bob@evil.example",
    "a group": "From: us:ann@people.example;",
    "an encoded address": "From: =?utf-8?q?ann=40people.example?=",
    "a route": "From: <@evil.example:ann@people.example>",
    "no address": "From: Ann",
    "a full-width at": "From: ann＠people.example",
    "a suffix": "From: ann@people.example.evil.example",
    "a prefix": "From: ann@evilpeople.example",
    "a Cyrillic letter": "From: ann@реорle.example",
    "blanks": "From: ann @people.example",
    "a NUL": "From: ann\0@people.example",
}


@pytest.mark.parametrize("author", FORGED.values(), ids=FORGED)
def test_a_doubtful_from_is_never_ann(author: str) -> None:
    parsed = read(PASS, author=author)
    found = prove(parsed, LMTP, BORDER)
    assert not (found.proven and parsed.author and parsed.author.key == "ann@people.example")
    assert not found.proven


def test_only_a_trusted_peer_is_our_border() -> None:
    """I7: a field of the mail proves nothing by itself; who handed it over is asked of the envelope."""
    assert prove(read(PASS), replace(LMTP, trusted=False), BORDER) == Proof(False, "no_border")


def test_without_a_border_nobody_is_believed() -> None:
    assert proof(PASS, border=replace(BORDER, authserv_id=None)) == Proof(False, "no_border")


def test_only_the_proofs_that_are_named_count() -> None:
    assert not proof(PASS, border=replace(BORDER, proofs=("dkim", "auth"))).proven
    assert not proof(PASS, border=replace(BORDER, proofs=())).proven


def test_a_border_that_could_not_tell_says_so() -> None:
    assert proof(results("dmarc=temperror header.from=people.example")) == Proof(False, "no_pass", temporary=True)
    assert proof(results("dkim=temperror; dmarc=pass header.from=people.example")).proven


def test_why_there_is_none_has_a_word() -> None:
    assert proof().how == "no_results"
    assert proof(results("dmarc=pass", "other")).how == "foreign_results"
    assert proof(results("dmarc=fail")).how == "no_pass"
    assert proof(PASS, author="To: x@y.example").how == "no_author"


# A border that writes no authserv-id, as Microsoft 365 does.

M365 = (
    "Authentication-Results: spf=pass (sender IP is 192.0.2.7)\r\n smtp.mailfrom=people.example;"
    " dkim=pass (signature was verified)\r\n header.d=people.example;dmarc=pass action=none\r\n"
    " header.from=people.example;compauth=pass reason=100"
)


def test_a_border_without_a_name_is_read() -> None:
    assert proof(M365, border=NAMELESS).proven
    assert proof(M365.replace("dkim=pass", "dkim=fail"), border=NAMELESS) == Proof(True, "dmarc")
    failed = M365.replace("dkim=pass", "dkim=none").replace("dmarc=pass", "dmarc=fail")
    assert proof(failed, border=NAMELESS) == Proof(False, "no_pass")


def test_a_named_border_does_not_write_that_shape_and_the_other_way_round() -> None:
    assert not proof(M365).proven
    assert not proof(PASS, border=NAMELESS).proven
    assert not proof(results("dmarc=fail header.from=people.example", ""), PASS, border=NAMELESS).proven


def test_each_mailbox_has_a_border_of_its_own() -> None:
    border = Border(ID, ("dmarc",), (("relais@one.example", "mx.one.example"), ("relais@two.example", None)))
    one = replace(LMTP, protocol="IMAP", helo="relais@one.example", trusted=True)
    own = results("dmarc=pass header.from=people.example", "mx.one.example")
    assert prove(read(own), one, border) == Proof(True, "dmarc")
    # What the border of the listener would have written counts for nothing there, nor the other way round.
    assert prove(read(PASS), one, border) == Proof(False, "foreign_results")
    assert prove(read(own), LMTP, border) == Proof(False, "foreign_results")
    for untold in ("relais@two.example", "relais@three.example"):
        assert prove(read(own, PASS), replace(one, helo=untold), border) == Proof(False, "no_border")
    # Whoever names itself so by SMTP is no mailbox.
    assert prove(read(own), replace(LMTP, helo="relais@one.example"), border) == Proof(False, "foreign_results")


EXCHANGE = Border(
    None,
    ("dmarc", "dkim", "auth"),
    (("relais@outlook.example", ""), ("relais@other.example", "")),
    frozenset({"relais@outlook.example"}),
    frozenset({"people.example"}),
)
IN_EXCHANGE = replace(LMTP, protocol="IMAP", helo="relais@outlook.example", trusted=True)
MARK = "X-MS-Exchange-Organization-AuthAs: Internal"
FROM_OUTSIDE = (
    "Authentication-Results: spf=pass (sender IP is 198.51.100.4)\r\n smtp.mailfrom=people.example; dkim=pass"
    " (signature was verified)\r\n header.d=people.example;dmarc=pass action=none\r\n header.from=people.example;"
    "compauth=pass reason=100"
)


def in_exchange(*headers: str, author: str = "From: Ann <ann@people.example>") -> Proof:
    return prove(read(*headers, author=author), IN_EXCHANGE, EXCHANGE)


def test_exchange_marks_what_its_own_people_wrote() -> None:
    source = "X-MS-Exchange-Organization-AuthSource: AB1PR01MB0001.eurprd01.prod.example"
    assert in_exchange(source, MARK) == Proof(True, "internal")
    assert in_exchange(MARK.replace("Internal", " internal ")).proven


@pytest.mark.parametrize(
    ("headers", "author"),
    [
        ((MARK.replace("Internal", "Anonymous"),), "ann@people.example"),
        ((MARK, MARK.replace("Internal", "Anonymous")), "ann@people.example"),
        ((MARK, MARK), "ann@people.example"),
        ((MARK.replace("Organization", "CrossTenant"),), "ann@people.example"),
        ((f"X-{MARK}",), "ann@people.example"),
        ((MARK + " (Anonymous)",), "ann@people.example"),
        ((MARK,), "guest@partner.example"),
        ((MARK,), "ann@mail.people.example"),
        ((MARK,), "ann@people.example, eve@people.example"),
        # Where it wrote results, these alone decide.
        ((results("dmarc=fail header.from=people.example", ""), MARK), "ann@people.example"),
        (("Authentication-Results: ;;;", MARK), "ann@people.example"),
    ],
)
def test_no_other_mark_is_that_one(headers: tuple[str, ...], author: str) -> None:
    assert not in_exchange(*headers, author=f"From: {author}").proven


def test_the_mark_counts_nowhere_else() -> None:
    parsed = read(MARK)
    assert not prove(parsed, replace(IN_EXCHANGE, helo="relais@other.example"), EXCHANGE).proven
    assert not prove(parsed, replace(LMTP, helo="relais@outlook.example"), EXCHANGE).proven
    assert not prove(parsed, LMTP, NAMELESS).proven
    assert not prove(parsed, IN_EXCHANGE, replace(EXCHANGE, domains=frozenset())).proven


OF_EXCHANGE = {
    "whole": (FROM_OUTSIDE, "dkim"),
    "signed by the tenant's other domain": (
        FROM_OUTSIDE.replace("header.d=people.example", "header.d=people.onmicrosoft.example"),
        "dmarc",
    ),
    "not signed": (
        FROM_OUTSIDE.replace("dkim=pass (signature was verified)", "dkim=none (message not signed)"),
        "dmarc",
    ),
    "let through by a list": (FROM_OUTSIDE.replace("compauth=pass reason=100", "compauth=other reason=501"), "dkim"),
}


@pytest.mark.parametrize(("header", "how"), OF_EXCHANGE.values(), ids=OF_EXCHANGE)
def test_exchange_says_what_it_found_of_mail_from_outside(header: str, how: str) -> None:
    assert in_exchange(header) == Proof(True, how)


FORGED_IN_EXCHANGE = {
    "failed": FROM_OUTSIDE.replace("=pass", "=fail"),
    "composite authentication alone": "Authentication-Results: spf=fail smtp.mailfrom=x.example; dkim=none; "
    "dmarc=none action=none header.from=people.example;compauth=pass reason=130",
    "a guess": FROM_OUTSIDE.replace("dmarc=pass", "dmarc=bestguesspass").replace("dkim=pass", "dkim=none"),
    "of another": FROM_OUTSIDE.replace("people.example", "evil.example"),
    "under a name": FROM_OUTSIDE.replace("Results: ", "Results: mx.evil.example; "),
    "set aside by Exchange": FROM_OUTSIDE.replace("Results:", "Results-Original:"),
    "of ARC": "ARC-Authentication-Results: i=1; mx.microsoft.example 1; dmarc=pass header.from=people.example",
}


@pytest.mark.parametrize("header", FORGED_IN_EXCHANGE.values(), ids=FORGED_IN_EXCHANGE)
def test_exchange_is_not_spoken_for(header: str) -> None:
    assert not in_exchange(header).proven


GOOGLE = replace(BORDER, authserv_id="mx.google.example")
COPY_IN_ARC = "ARC-Authentication-Results: i=2; mx.google.example; dmarc=fail header.from=people.example"
OF_GOOGLE = (
    "Authentication-Results: mx.google.example;\r\n       dkim=pass header.i=@people.example header.s=20230601"
    " header.b=aB3+dE/f;\r\n       arc=pass (i=1 spf=pass spfdomain=people.example dkim=pass dkdomain=people.example"
    " dmarc=pass fromdomain=people.example);\r\n       spf=pass (google.com: domain of ann@people.example designates"
    " 2001:db8::1 as permitted sender) smtp.mailfrom=ann@people.example;\r\n       dmarc=pass (p=REJECT sp=REJECT"
    " dis=NONE) header.from=people.example;\r\n       dara=pass header.i=@relais.example"
)


def test_google_is_read_and_its_copy_in_arc_is_not() -> None:
    copy, told = COPY_IN_ARC, OF_GOOGLE
    assert proof(copy, told, border=GOOGLE) == Proof(True, "dkim")
    assert proof(told.replace("dkim=pass header", "dkim=neutral header"), border=GOOGLE) == Proof(True, "dmarc")
    assert proof(copy.replace("=fail", "=pass"), border=GOOGLE) == Proof(False, "no_results")
    forwarded = told.replace("dkim=pass header", "dkim=fail header").replace("dmarc=pass (p", "dmarc=fail (p")
    assert proof(forwarded, border=GOOGLE) == Proof(False, "no_pass"), "what the chain says in a comment is no proof"
