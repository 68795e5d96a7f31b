"""What relais doctor says of our name in the world: the answers of the DNS are given here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway import diagnosis, reputation
from gateway.core.clock import utc_now
from gateway.finding import State
from gateway.reputation import Names
from gateway.settings import Settings
from inbound.resolver import NotAnsweredError, Record
from outbound.dkim import Signer

HOME = "relais.firma.fr"
FIELDS: dict[str, dict[str, str | int]] = {
    "gateway": {"domain": HOME},
    "relay": {"host": "smtp.firma.fr"},
    "dkim": {"domain": "firma.fr", "selector": "s1"},
}


@dataclass
class Zone:
    """The DNS as a test has it."""

    txt: dict[str, list[str]] = field(default_factory=dict)
    mx: dict[str, list[str]] = field(default_factory=dict)
    hosts: dict[str, list[str]] = field(default_factory=dict)
    ptr: dict[str, list[str]] = field(default_factory=dict)
    away: bool = False

    def ask(self, name: str, kind: str, seconds: float) -> tuple[Record, ...]:
        assert 0 < seconds < 10
        if self.away:
            raise NotAnsweredError(f"{name}: timed out")
        match kind:
            case "TXT":
                # A long record comes in pieces.
                return tuple((text[:9].encode(), text[9:].encode()) for text in self.txt.get(name, []))
            case "MX":
                return tuple((10, f"{host}.") for host in self.mx.get(name, []))
            case "PTR":
                address = ".".join(reversed(name.removesuffix(".in-addr.arpa").split(".")))
                return tuple(f"{pointer}." for pointer in self.ptr.get(address, []))
            case _:
                return tuple(self.hosts.get(name, [])) if kind == "A" else ()


@pytest.fixture(scope="module")
def pem() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, layout = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, layout, serialization.NoEncryption())


@pytest.fixture
def zone(pem: bytes) -> Zone:
    """Everything as it should be."""
    return Zone(
        txt={
            HOME: ["google-site-verification=x", "v=spf1 ip4:1.1.1.25 -all"],
            "s1._domainkey.firma.fr": [Signer("firma.fr", "s1", pem).dns_record],
            "_dmarc.firma.fr": ["v=DMARC1; p=reject; sp=quarantine"],
        },
        mx={HOME: ["mx.firma.fr"]},
        hosts={"smtp.firma.fr": ["1.1.1.25"], "out.firma.fr": ["1.1.1.25"]},
        ptr={"1.1.1.25": ["out.firma.fr"]},
    )


@pytest.fixture
def settings(tmp_path: Path, pem: bytes) -> Settings:
    file = tmp_path / "dkim.pem"
    file.write_bytes(pem)
    return Settings.model_validate({**FIELDS, "dkim": {**FIELDS["dkim"], "key_file": str(file)}})


def states(settings: Settings, zone: Zone) -> dict[str, str]:
    return {name: check(settings, Names(zone.ask))[0].value for name, check in reputation.CHECKS}


def test_a_name_in_order_is_well(settings: Settings, zone: Zone) -> None:
    assert states(settings, zone) == dict.fromkeys(("mx", "spf", "dkim_record", "dmarc", "ptr"), "ok")
    assert "quarantine" in reputation.check_dmarc(settings, Names(zone.ask))[1]


def _put(kind: str, name: str, *records: str) -> Callable[[Zone], None]:
    return lambda zone: getattr(zone, kind).update({name: list(records)})


@pytest.mark.parametrize(
    ("change", "check", "state", "words"),
    [
        (_put("mx", HOME), "mx", "fail", "neither MX nor address"),
        (_put("mx", HOME, ""), "mx", "fail", "null MX"),
        (_put("txt", HOME, "other"), "spf", "fail", "no SPF record"),
        (_put("txt", HOME, "v=spf1 -all", "v=SPF1 a -all"), "spf", "fail", "2 SPF records"),
        (_put("txt", HOME, "v=spf1 a +all"), "spf", "fail", "lets everybody"),
        (_put("txt", HOME, "v=spf1 a all"), "spf", "fail", "lets everybody"),
        (_put("txt", HOME, "v=spf1 a"), "spf", "warn", "no end"),
        (_put("txt", HOME, "v=spf1 redirect=_spf.firma.fr"), "spf", "ok", "redirect"),
        (_put("txt", "s1._domainkey.firma.fr"), "dkim_record", "fail", "v=DKIM1; k=rsa; p=MII"),
        (_put("txt", "s1._domainkey.firma.fr", "v=DKIM1; p="), "dkim_record", "fail", "revoked"),
        (_put("txt", "s1._domainkey.firma.fr", "v=DKIM1; p=AAAA"), "dkim_record", "fail", "another key"),
        (_put("txt", "s1._domainkey.firma.fr", "a", "b"), "dkim_record", "fail", "2 records"),
        (_put("txt", "_dmarc.firma.fr"), "dmarc", "fail", "no DMARC policy"),
        (_put("txt", "_dmarc.firma.fr", "v=DMARC1; p=none; adkim=s"), "dmarc", "fail", "not aligned"),
        (_put("txt", "_dmarc.firma.fr", "v=DMARC1"), "dmarc", "warn", "asks for nothing"),
        (_put("txt", f"_dmarc.{HOME}", "v=DMARC1;p=none"), "dmarc", "ok", f"_dmarc.{HOME} asks for none"),
        (_put("ptr", "1.1.1.25"), "ptr", "fail", "has no name"),
        (_put("hosts", "out.firma.fr", "1.1.1.26"), "ptr", "fail", "has not that address"),
        (_put("hosts", "smtp.firma.fr", "10.0.0.5"), "ptr", "ok", "no public address"),
    ],
)
def test_each_trouble_is_found_and_no_other(
    settings: Settings, zone: Zone, change: Callable[[Zone], None], check: str, state: str, words: str
) -> None:
    change(zone)
    found = {name: ask(settings, Names(zone.ask)) for name, ask in reputation.CHECKS}
    assert found[check][0].value == state and words in found[check][1], found[check]
    assert {name for name, (told, _) in found.items() if told is not State.OK} <= {check}


def test_a_key_with_blanks_in_its_record_is_the_same_key(settings: Settings, zone: Zone) -> None:
    [record] = zone.txt["s1._domainkey.firma.fr"]
    zone.txt["s1._domainkey.firma.fr"] = [record.replace("; ", " ;").replace("p=MIIB", "p = MII B ")]
    assert states(settings, zone)["dkim_record"] == "ok"
    zone.txt["s1._domainkey.firma.fr"] = [f"{record}; t=y:s"]
    assert states(settings, zone)["dkim_record"] == "warn"


def test_without_dns_doctor_warns_and_goes_on(settings: Settings, zone: Zone) -> None:
    zone.away = True
    found = {finding.name: finding for finding in diagnosis.examine(settings, utc_now, zone.ask)}
    assert {name for name, _ in reputation.CHECKS} <= set(found)
    assert all(found[name].state is State.WARN and "timed out" in found[name].text for name, _ in reputation.CHECKS)


@pytest.mark.parametrize("domain", ["relais.localhost", "relais.example.com", "a.test", "mail.corp.internal"])
def test_names_that_mean_nothing_are_not_asked_for(settings: Settings, zone: Zone, domain: str) -> None:
    zone.away = True
    private = settings.model_copy(
        update={
            "gateway": settings.gateway.model_copy(update={"domain": domain}),
            "dkim": settings.dkim.model_copy(update={"domain": domain}),
            "relay": settings.relay.model_copy(update={"host": "127.0.0.1"}),
        }
    )
    assert set(states(private, zone).values()) == {"ok"}
