"""relais doctor: one finding each, and 1 when something fails."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway import diagnosis
from tests.gateway.console import Console


def states(relais: Console) -> dict[str, str]:
    result = relais.run("doctor", "--json")
    document = json.loads(result.stdout)
    found = {check["name"]: check["state"] for check in document["checks"]}
    assert document["ok"] == ("fail" not in found.values()) == (result.exit_code == 0)
    return found


def change(relais: Console, old: str, new: str) -> None:
    text = relais.config.read_text()
    assert old in text
    relais.config.write_text(text.replace(old, new))


def use_relay(relais: Console, port: int) -> None:
    change(relais, "[relay]", f'[relay]\nhost = "127.0.0.1"\nport = {port}')


Relay = Callable[[bytes], int]


@pytest.fixture
def relay() -> Iterator[Relay]:
    """Starts something that says these octets to whoever connects; returns its port."""
    opened: list[socket.socket] = []

    def start(banner: bytes) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        opened.append(server)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(banner)
                connection.recv(100)

        threading.Thread(target=serve, daemon=True).start()
        port: int = server.getsockname()[1]
        return port

    yield start
    for server in opened:
        server.close()


def test_a_sound_machine_is_well(either_relais: Console, relay: Relay) -> None:
    use_relay(either_relais, relay(b"220 relay ESMTP\r\n"))
    found = states(either_relais)
    assert list(found) == [
        *("settings", "secret", "store", "blobs", "disk", "certificate", "mailboxes", "relay", "dkim"),
        *("authentication", "base_url", "digests", "clock"),
        *("mx", "spf", "dkim_record", "dmarc", "ptr"),
    ]
    warned = {name for name, state in found.items() if state == "warn"}
    assert warned == {"certificate", "dkim", "authentication"}
    assert "fail" not in found.values()


def test_each_trouble_is_told_and_stops_no_other(relais: Console, relay: Relay) -> None:
    (relais.folder / "secret").chmod(0o644)
    (relais.folder / "relais.db").unlink()
    (relais.folder / "blobs").write_text("in the way")
    change(relais, 'require = "none"', 'require = "proof"')
    change(relais, "https://", "http://")
    change(relais, "reserve_bytes = 0", f"reserve_bytes = {1 << 62}")
    use_relay(relais, relay(b"554 go away\r\n"))
    found = states(relais)
    assert {name for name, state in found.items() if state == "fail"} == {
        *("secret", "store", "blobs", "disk", "relay", "authentication"),
    }
    assert found["base_url"] == "warn"
    human = relais.run("doctor")
    assert human.exit_code == 1
    assert "fail  secret" in human.stdout and "chmod 600" in human.stdout
    assert not (relais.folder / "relais.db").exists()


def test_a_relay_that_is_not_there_fails_and_none_at_all_warns(relais: Console) -> None:
    assert states(relais)["relay"] == "warn"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    use_relay(relais, port)
    assert states(relais)["relay"] == "fail"


def test_a_relay_that_says_nothing_fails(relais: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "RELAY_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_relay(relais, silent.getsockname()[1])
        assert states(relais)["relay"] == "fail"


@pytest.mark.parametrize(("days", "state"), [(60, "ok"), (10, "warn"), (-1, "fail")])
def test_a_certificate_is_looked_at_before_it_expires(relais: Console, days: int, state: str) -> None:
    certify(relais.folder, datetime.now(UTC) + timedelta(days=days))
    change(relais, "[smtp]", f'[smtp]\ncertificate = "{relais.folder}/cert.pem"\nkey = "{relais.folder}/key.pem"')
    assert states(relais)["certificate"] == state
    (relais.folder / "key.pem").unlink()
    assert states(relais)["certificate"] == "fail"


def certify(folder: Path, until: datetime) -> None:
    """A self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "talk.example.com")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(until - timedelta(days=90))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encoding, layout = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(encoding, layout, serialization.NoEncryption()))


def test_a_dkim_key_must_be_readable(relais: Console) -> None:
    section = '[dkim]\ndomain = "example.com"\nselector = "s"\nkey_file = "{}"\n[web]'
    change(relais, "[web]", section.format(relais.folder / "secret"))
    assert states(relais)["dkim"] == "ok"
    (relais.folder / "other").mkdir()
    change(relais, f'{relais.folder}/secret"\n[web]', f'{relais.folder}/absent"\n[web]')
    assert states(relais)["dkim"] == "fail"
