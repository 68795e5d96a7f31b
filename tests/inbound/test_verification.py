"""Where we are the border: what domains publish and sign proves authors; what is missing, broken or late does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.core.message import Envelope
from inbound.authenticity import NOT_ANSWERED, Border, Proof, find
from inbound.parse import parse
from inbound.resolver import MOST, Questions
from inbound.submission import check
from inbound.verification import Verifying
from tests.inbound.published import SELECTOR, Zones, key_record, sealed, signed
from tests.network import envelope

BORDER = Border(None, ("dmarc", "dkim", "auth"), verifying=Verifying())
STRANGER = replace(envelope("projets"), trusted=False, protocol="ESMTPS", peer="203.0.113.9", helo="mx.people.example")
OWN_SERVER = replace(STRANGER, peer="192.0.2.7")
RAW = (
    b"From: Ann <ann@people.example>\r\nTo: projets@relais.example\r\nSubject: A visit\r\n"
    b"Message-ID: <v1@people.example>\r\n\r\nWho comes along?\r\n"
)


def proof(raw: bytes, zones: Zones, wire: Envelope = STRANGER, border: Border = BORDER) -> Proof:
    return find(raw, parse(raw), wire, border, zones.ask)


def how(raw: bytes, zones: Zones, wire: Envelope = STRANGER, border: Border = BORDER) -> tuple[bool, str]:
    found = proof(raw, zones, wire, border)
    return found.proven, found.how


def test_a_signature_and_a_policy_of_the_domain_prove_its_author() -> None:
    found = proof(signed(RAW), Zones().company())
    assert found == Proof(True, "dmarc", seen="dmarc=pass dkim=people.example spf=fail")


def test_a_signature_proves_without_a_policy_too() -> None:
    assert how(signed(RAW), Zones().company(dmarc="")) == (True, "dkim")


def test_the_domains_own_server_proves_where_there_is_a_policy() -> None:
    assert how(RAW, Zones().company(), OWN_SERVER) == (True, "dmarc")
    # SPF speaks of who hands over, not of From: without a policy it is no proof.
    assert how(RAW, Zones().company(dmarc=""), OWN_SERVER) == (False, "no_pass")
    assert how(RAW, Zones().company(), replace(OWN_SERVER, reverse_path="eve@evil.example")) == (False, "no_pass")


def test_a_null_reverse_path_is_checked_by_the_name_of_the_peer() -> None:
    zones = Zones().company().text("mx.people.example", "v=spf1 ip4:192.0.2.0/24 -all")
    assert how(RAW, zones, replace(OWN_SERVER, reverse_path="")) == (True, "dmarc")
    assert how(RAW, zones, replace(STRANGER, reverse_path="")) == (False, "no_pass")


def test_any_of_several_signatures_will_do() -> None:
    twice = signed(signed(RAW), "evil.example")
    assert how(twice, Zones().company().company("evil.example")) == (True, "dmarc")


@pytest.mark.parametrize(
    ("policy", "signer", "proven"),
    [
        ("v=DMARC1; p=reject", "mail.people.example", True),
        ("v=DMARC1; p=reject; adkim=s", "mail.people.example", False),
        ("v=DMARC1; p=none", "mail.people.example", True),
        ("v=DMARC1; psd=y; p=reject", "mail.people.example", False),
        ("v=dmarc1; p=reject", "mail.people.example", False),
        ("p=reject; v=DMARC1", "mail.people.example", False),
        ("v=DMARC1; rua=mailto:x@people.example", "mail.people.example", False),
    ],
)
def test_a_domain_below_speaks_as_the_policy_says(policy: str, signer: str, proven: bool) -> None:
    zones = Zones().company(dmarc=policy).company(signer, dmarc="")
    assert proof(signed(RAW, signer), zones).proven is proven


def test_siblings_are_one_organization_where_one_policy_stands_above_them() -> None:
    raw = RAW.replace(b"ann@people", b"ann@paris.people")
    above = Zones().company().company("mail.people.example", dmarc="").company("paris.people.example", dmarc="")
    assert how(signed(raw, "mail.people.example"), above) == (True, "dmarc")
    apart = Zones().company("mail.people.example").company("paris.people.example")
    assert how(signed(raw, "mail.people.example"), apart) == (False, "no_pass")


TAMPERED: dict[str, Callable[[], bytes]] = {
    "not signed": lambda: RAW,
    "another body": lambda: signed(RAW).replace(b"Who comes", b"Nobody comes"),
    "more body": lambda: signed(RAW) + b"More.\r\n",
    "more body than its length": lambda: signed(RAW, length=True) + b"More.\r\n",
    "a length of the whole": lambda: signed(RAW, length=True),
    "another subject": lambda: signed(RAW).replace(b"A visit", b"A raise"),
    "another author": lambda: signed(RAW).replace(b"ann@people", b"bob@people"),
    "a second From on top": lambda: b"From: bob@people.example\r\n" + signed(RAW),
    "signed by a stranger": lambda: signed(RAW, "evil.example"),
    "signed by one that ends alike": lambda: signed(RAW, "evilpeople.example"),
    "signed by one that begins alike": lambda: signed(RAW, "people.example-evil.example"),
    "SHA-1": lambda: signed(RAW).replace(b"rsa-sha256", b"rsa-sha1"),
    "a selector with a path": lambda: signed(RAW).replace(b"s=k;", b"s=../k;"),
    "no selector": lambda: signed(RAW).replace(b"s=k;", b""),
    "nothing signed": lambda: b"DKIM-Signature: v=1; a=rsa-sha256; d=people.example; s=k; h=; bh=; b=\r\n" + RAW,
    "a broken signature": lambda: b"DKIM-Signature: ;;;=\r\n" + RAW,
    "only claimed": lambda: (
        b"Authentication-Results: mx.people.example; dmarc=pass header.from=people.example\r\n" + RAW
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_whatever_does_not_hold_proves_nothing(name: str) -> None:
    zones = Zones().company()
    for other in ("evil.example", "evilpeople.example", "people.example-evil.example"):
        zones.company(other)
    assert not proof(TAMPERED[name](), zones).proven


@pytest.mark.parametrize(
    "records",
    [
        (),
        ("v=DKIM1; p=",),
        ("v=DKIM1; p=AAAA",),
        ("nonsense",),
        (key_record("people.example", "t=y; "),),
        (key_record("people.example", "t=s:y; "),),
        (key_record("people.example", "k=dsa; "),),
        (key_record("people.example"), key_record("evil.example")),
        (key_record("evil.example"),),
    ],
)
def test_a_key_that_is_gone_revoked_or_a_test_proves_nothing(records: tuple[str, ...]) -> None:
    zones = Zones().company().text(f"{SELECTOR}._domainkey.people.example", *records)
    assert how(signed(RAW), zones) == (False, "no_pass")


def test_nobody_asks_about_strangers_to_the_author() -> None:
    zones = Zones()
    raw = signed(signed(RAW, "evil.example"), "other.example")
    assert not proof(raw, zones, replace(STRANGER, reverse_path="x@evil.example", helo="evil.example")).proven
    assert {name for name, _ in zones.asked} == {"_dmarc.people.example", "_dmarc.example"}


@pytest.mark.parametrize("silent", ["_domainkey.people.example", "_dmarc.people.example", "people.example"])
def test_what_is_not_answered_is_temporary(silent: str) -> None:
    zones = Zones().company(dmarc="")
    zones.silent.add(silent)
    found = proof(signed(RAW) if "_domainkey" in silent else RAW, zones, OWN_SERVER)
    assert (found.proven, found.how, found.temporary) == (False, NOT_ANSWERED, True)


def test_a_signature_that_holds_is_enough_though_the_policy_is_not_answered() -> None:
    zones = Zones().company()
    zones.silent.add("_dmarc.people.example")
    assert how(signed(RAW), zones) == (True, "dkim")


SPF = {
    "v=spf1 ip4:203.0.113.9 -all": "pass",
    "v=spf1 -all": "fail",
    "v=spf1 ~all": "softfail",
    "v=spf1 ?all": "neutral",
    "v=spf1 include:people.example -all": "permerror",
    "v=spf1 nonsense": "permerror",
    "v=spf1 a:a.example a:b.example a:c.example a:d.example -all": "permerror",
    "v=spf1 mx:mx.example -all": "pass",
    "v=spf1 exists:%{ir}.%{v}.example -all": "pass",
    "v=spf1 include:silent.example -all": "temperror",
    "v=spf10 +all": "none",
    "": "none",
}


@pytest.mark.parametrize(("record", "result"), SPF.items())
def test_spf_by_our_own_questions(record: str, result: str) -> None:
    zones = Zones().text("people.example", *filter(None, [record]))
    zones.found["mx.example", "MX"] = ((10, "one.example"),)
    zones.found["one.example", "A"] = ("203.0.113.9",)
    zones.found["9.113.0.203.in-addr.example", "A"] = ("127.0.0.2",)
    zones.silent.add("silent.example")
    assert check(Questions(zones.ask), "203.0.113.9", "ann@people.example", "x.example") == result


@pytest.mark.parametrize("peer", ["", "unix", "local", "list", "192.0.2.300"])
def test_without_an_address_there_is_nothing_to_check(peer: str) -> None:
    zones = Zones().text("people.example", "v=spf1 +all")
    assert check(Questions(zones.ask), peer, "ann@people.example", "x") == "none"
    assert zones.asked == []


def test_a_record_that_includes_a_hundred_others_asks_little() -> None:
    zones = Zones().company()
    for number in range(200):
        names = " ".join(f"include:i{number}x{n}.people.example" for n in range(9))
        zones.text("people.example" if number == 0 else f"i0x{number}.people.example", f"v=spf1 {names} -all")
    assert not proof(RAW, zones, OWN_SERVER).proven
    assert len(zones.asked) <= MOST


def test_a_forwarder_whose_seal_is_believed_tells_what_it_found() -> None:
    zones = Zones().company().company("forward.example")
    believing = replace(BORDER, verifying=Verifying(sealers=frozenset({"forward.example"})))
    changed = RAW.replace(b"A visit", b"[List] A visit")
    good = sealed(changed, "forward.example", "dmarc=pass header.from=people.example")
    assert how(good, zones, border=believing) == (True, "arc")
    # Nobody else's seal, and no other word than a pass about this very author.
    assert how(good, zones) == (False, "no_pass")
    for results in ("dmarc=fail header.from=people.example", "dmarc=pass header.from=evil.example", "spf=pass"):
        assert how(sealed(changed, "forward.example", results), zones, border=believing) == (False, "no_pass")
    assert how(good.replace(b"[List]", b"[Spam]"), zones, border=believing) == (False, "no_pass")
    assert how(good.replace(b"dmarc=pass", b"dmarc=pase"), zones, border=believing) == (False, "no_pass")
    stranger = sealed(changed, "evil.example", "dmarc=pass header.from=people.example")
    assert how(stranger, zones.company("evil.example"), border=believing) == (False, "no_pass")
    zones.silent.add("forward.example")
    assert how(good, zones, border=believing) == (False, NOT_ANSWERED)


def test_where_a_border_speaks_nobody_looks_for_more() -> None:
    zones = Zones().company()
    border = replace(BORDER, authserv_id="mx.people.example")
    behind = replace(OWN_SERVER, trusted=True)
    assert how(signed(RAW), zones, behind, border) == (False, "no_results")
    assert zones.asked == []
    # Who comes past it is verified, and a peer that writes no results vouches for nobody's address.
    assert how(signed(RAW), zones, STRANGER, border) == (True, "dmarc")
    assert how(RAW, zones, behind) == (False, "no_pass")
    assert how(signed(RAW), zones, behind) == (True, "dmarc")


def test_it_is_off_as_shipped() -> None:
    zones = Zones().company()
    assert how(signed(RAW), zones, border=replace(BORDER, verifying=None)) == (False, "no_border")
    assert zones.asked == []


def test_a_large_mail_under_many_signatures_costs_little() -> None:
    raw = RAW + b"Words of a line that is not too short to be one.  \r\n" * 250_000
    top = signed(raw)[: -len(raw)]
    many = top.replace(b"people.example", b"a.people.example") * 30 + raw
    zones = Zones().company("a.people.example")
    before = time.process_time()
    assert not proof(many, zones).proven
    assert time.process_time() - before < 3.0
