"""A start that cannot succeed names everything that is wrong, with its key, and ends with 78."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError
from gateway.starting import Mistakes, require_free
from tests.gateway.console import Console, run_program


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def set_keys(relais: Console, **sections: dict[str, str]) -> None:
    """Writes these keys in place of what the settings say."""
    text = relais.config.read_text()
    for section, keys in sections.items():
        if f"[{section}]" not in text:
            text += f"[{section}]\n"
        for key, value in keys.items():
            head, mark, tail = text.partition(f"[{section}]\n")
            own, _, rest = tail.partition("[")
            own = re.sub(rf"(?m)^{key} = .*\n", "", own) + f'{key} = "{value}"\n'
            text = head + mark + own + ("[" + rest if rest else "")
    relais.config.write_text(text)


def keys_named(stderr: str) -> list[str]:
    return [line.partition(":")[0] for line in stderr.splitlines() if not line.startswith("{")]


def test_a_port_in_use_is_78_and_names_its_key(relais: Console, taken: int) -> None:
    place = f"127.0.0.1:{taken}"
    set_keys(relais, smtp={"listen": place}, lmtp={"listen": "unix:/nowhere/at/all.sock"}, web={"listen": place})
    ended = run_program("serve", folder=relais.folder)
    assert ended.returncode == 78
    assert keys_named(ended.stderr) == ["smtp.listen", "lmtp.listen", "web.listen"]
    assert f"cannot listen at {place}: address already in use" in ended.stderr
    assert "there is no folder /nowhere/at" in ended.stderr
    assert "Traceback" not in ended.stderr and "recovered" not in ended.stderr


def test_all_that_keeps_it_from_starting_is_named(relais: Console, taken: int) -> None:
    pem = relais.folder / "no.pem"
    pem.write_text("no certificate")
    set_keys(
        relais,
        smtp={"listen": f"127.0.0.1:{taken}", "certificate": str(pem), "key": str(pem)},
        dkim={"domain": "talk.example.com", "selector": "a", "key_file": "/nowhere"},
        relay={"host": "relay.example.com", "security": "tls", "ca_file": "/nowhere"},
    )
    ended = run_program("serve", folder=relais.folder)
    assert ended.returncode == 78
    assert keys_named(ended.stderr) == ["dkim.key_file", "relay.ca_file", "smtp.certificate", "smtp.listen"]
    (relais.folder / "secret").unlink()
    ended = run_program("serve", folder=relais.folder)
    assert ended.returncode == 78
    assert keys_named(ended.stderr) == ["gateway.secret_file", "smtp.certificate", "dkim.key_file", "relay.ca_file"]


@pytest.mark.parametrize("key", ["smtp", "web"])
def test_only_lmtp_has_unix_sockets(relais: Console, key: str) -> None:
    set_keys(relais, **{key: {"listen": "unix:/run/relais.sock"}})
    ended = run_program("serve", folder=relais.folder)
    assert (ended.returncode, keys_named(ended.stderr)) == (78, [f"{key}.listen"])


def test_an_outbox_that_is_a_file_is_78(relais: Console) -> None:
    (relais.folder / "outbox").write_text("")
    ended = run_program("serve", folder=relais.folder)
    assert (ended.returncode, keys_named(ended.stderr)) == (78, ["relay.outbox"])
    assert "File exists" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["serve", "status", "init", "drain"])
@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://me@127.0.0.1:port/relais",
        "sqlite:////dev/null/below/relais.db",
        "mysql://127.0.0.1/relais",
        "nothing",
    ],
)
def test_an_odd_store_url_is_78(relais: Console, url: str, command: str) -> None:
    ended = run_program(command, folder=relais.folder, RELAIS__STORE__URL=url)
    assert (ended.returncode, keys_named(ended.stderr)) == (78, ["store.url"]), ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_free_place_is_free(tmp_path: Path, taken: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    require_free("web.listen", f"127.0.0.1:{port}")
    require_free("lmtp.listen", f"unix:{tmp_path}/lmtp.sock")
    with pytest.raises(ConfigurationError, match="in use"):
        require_free("web.listen", f"127.0.0.1:{taken}")


def test_other_errors_are_not_gathered() -> None:
    mistakes = Mistakes()
    with pytest.raises(KeyError), mistakes:
        raise KeyError
    mistakes.raise_all()
    with mistakes:
        raise ConfigurationError([("a", "b")])
    with mistakes:
        raise ConfigurationError([("a", "b"), ("c", "d")])
    assert mistakes.found == [("a", "b"), ("c", "d")]
