"""The command line as a whole: exit codes, --config, init, status, serve and drain."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from store.database import Database
from tests.gateway.console import Console, run_program

MAIL = (
    b"From: Ann <ann@people.example>\nTo: garden@talk.example.com\nSubject: Hello\nMessage-ID: <%d@x.example>\n\nHi.\n"
)


def grow(relais: Console) -> None:
    """A community with a writer and a reader."""
    relais.done("community", "add", "garden", "--name", "Garden")
    for name in ("ann", "bob"):
        relais.done("person", "add", f"{name}@people.example")
        relais.done("member", "add", f"{name}@people.example", "garden")


def file_mail(relais: Console, number: int) -> str:
    path = relais.folder / f"{number}.eml"
    path.write_bytes(MAIL % number)
    return str(path)


@pytest.mark.parametrize("words", [("nonsense",), ("status", "--nonsense"), ("serve", "--role", "nonsense")])
def test_wrong_usage_is_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = run_program(*words, folder=tmp_path)
    assert ended.returncode == 2
    assert ended.stdout == "" and "nonsense" in ended.stderr


def test_wrong_settings_are_78_and_all_named_wherever_config_stands(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('[gateway]\nlocale = "de"\ncolour = "red"\n[smtp]\nlisten = "everywhere"\n')
    before = run_program("--config", "bad.toml", "status", folder=tmp_path)
    after = run_program("status", "--config=bad.toml", folder=tmp_path)
    variable = run_program("status", folder=tmp_path, RELAIS_CONFIG="bad.toml")
    for ended in (before, after, variable):
        assert (ended.returncode, ended.stdout) == (78, "")
        keys = [line.partition(":")[0] for line in ended.stderr.splitlines()]
        assert keys == ["gateway.locale", "gateway.colour", "smtp.listen"]


def test_a_missing_file_and_a_missing_database_are_78(relais: Console, tmp_path: Path) -> None:
    ended = run_program("status", folder=tmp_path / "..", RELAIS_CONFIG="absent.toml")
    assert ended.returncode == 78 and "absent.toml" in ended.stderr
    (tmp_path / "relais.db").unlink()
    for command in ("status", "drain", "arrivals list"):
        result = relais.run(*command.split())
        assert result.exit_code == 78 and "run relais init" in result.stderr
    assert not (tmp_path / "relais.db").exists()


def test_every_command_has_help(relais: Console) -> None:
    shown = relais.done("--help")
    for name in (
        *("init", "serve", "doctor", "status", "explain", "accept", "drain", "arrivals", "deliveries"),
        *("community", "person", "member", "import"),
    ):
        assert f"\n  {name} " in shown
        assert "--help" in relais.done(name, "--help")


def test_init_makes_everything_once(tmp_path: Path) -> None:
    relais = Console(tmp_path, f"sqlite:///{tmp_path}/var/relais.db")
    relais.done("init", "--admin", "chief@people.example")
    secret = tmp_path / "secret"
    key = secret.read_text()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    relais.done("init", "--admin", "chief@people.example")
    assert secret.read_text() == key
    people = relais.json("person", "list")["people"]
    assert [(person["address"], person["role"]) for person in people] == [("chief@people.example", "admin")]
    relais.done("person", "add", "second@people.example")
    relais.done("init", "--admin", "Second@people.example")
    assert relais.json("person", "show", "second@people.example")["role"] == "admin"
    assert "not a mail address" in relais.refused("init", "--admin", "nobody")


def test_status_names_exactly_these(either_relais: Console) -> None:
    grow(either_relais)
    either_relais.done("accept", file_mail(either_relais, 1), "--to", "garden@talk.example.com")
    found = either_relais.json("status")
    assert found.pop("oldest_arrival_s") >= 0
    assert found == {
        "arrivals": {"spooled": 1, "claimed": 0, "set_aside": 0, "held": 0},
        "deliveries": {"pending": 0, "deferred": 0, "delivered": 0, "failed": 0, "dropped": 0},
        "posts": 0,
        "topics": 0,
        "people": 2,
        "communities": 1,
        "digests": 0,
        "digests_paused_since": None,
        "oldest_delivery_s": 0,
        "mailboxes": [],
    }
    assert "arrivals spooled      1\n" in either_relais.done("status")


def test_drain_works_until_nothing_is_left(either_relais: Console) -> None:
    relais = either_relais
    grow(relais)
    relais.done("accept", file_mail(relais, 1), file_mail(relais, 2), "--to", "garden@talk.example.com")
    assert relais.run("drain", "--timeout", "0").exit_code == 1
    draining = relais.start("drain", "--timeout", "60")
    stdout, stderr = draining.communicate(timeout=60)
    assert (draining.returncode, stdout) == (0, ""), stderr
    found = relais.json("status")
    assert (found["posts"], found["arrivals"]["spooled"], found["deliveries"]["delivered"]) == (2, 0, 2)
    assert len(list((relais.folder / "outbox" / "new").iterdir())) == 2
    assert relais.run("drain", "--timeout", "0").exit_code == 0, "nothing to do needs no time"


def test_drain_waits_for_the_process_that_has_the_database(relais: Console, sqlite_url: str) -> None:
    grow(relais)
    relais.done("accept", file_mail(relais, 1), "--to", "garden@talk.example.com")
    other = Database(sqlite_url)
    other.hold()
    try:
        result = relais.run("drain", "--timeout", "0.5")
    finally:
        other.close()
    assert result.exit_code == 1 and "in time" in result.stderr
    assert relais.json("status")["arrivals"]["spooled"] == 1, "it did the other's work"
    serving = relais.start("serve")
    try:
        assert serving.stderr
        while "started" not in (line := serving.stderr.readline()):
            assert line, "serve ended"
        refused = run_program("serve", "--role", "sender", folder=relais.folder)
        assert refused.returncode == 78 and "another Relais" in refused.stderr
        assert relais.run("drain", "--timeout", "60").exit_code == 0
        assert relais.json("status")["deliveries"]["delivered"] == 1
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=60)
    assert serving.returncode == 0


def test_json_is_one_document_and_nothing_else(relais: Console) -> None:
    ended = run_program("status", "--json", folder=relais.folder)
    assert json.loads(ended.stdout)["posts"] == 0
    assert ended.stderr == ""


@pytest.mark.parametrize("command", ["arrivals show", "arrivals retry", "deliveries show", "deliveries drop"])
def test_a_number_that_no_database_knows_is_wrong_usage(relais: Console, command: str) -> None:
    largest = relais.run(*command.split(), str((1 << 63) - 1))
    assert largest.exit_code == 1 and "there is no" in largest.stderr
    assert relais.run(*command.split(), str(1 << 63)).exit_code == 2


@pytest.mark.parametrize(
    "words", [("status", "--json"), ("status",), ("arrivals", "list"), ("--help",), ("community", "list", "--json")]
)
def test_an_output_that_takes_no_more_is_told(relais: Console, words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "gateway", "--config", str(relais.config), *words]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (1, "cannot write the output: No space left on device\n")


@pytest.mark.parametrize("words", [("status", "--json"), ("--help",), ("arrivals", "list")])
def test_an_output_that_nobody_reads_is_no_trouble_to_tell(relais: Console, words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "gateway", "--config", str(relais.config), *words]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        ended = subprocess.run(command, stdout=nobody, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_a_closed_output_is_none(relais: Console) -> None:
    command = f'exec "{sys.executable}" -m gateway --config "{relais.config}" status >&- 2>&-'
    assert subprocess.run(["/bin/sh", "-c", command], timeout=60, check=False).returncode == 0


def test_a_word_that_is_no_text_is_wrong_usage(relais: Console) -> None:
    for words in (
        ("person", "add", b"p\xff@people.example"),
        ("person", "add", "p@people.example", "--name", b"\xff"),
        ("community", "show", b"\xff"),
        (b"\xff",),
        ("accept", b"\xff.eml", "--to", "garden@talk.example.com"),
    ):
        command = [sys.executable, "-m", "gateway", "--config", str(relais.config), *words]
        ended = subprocess.run(command, capture_output=True, timeout=60, check=False)
        assert ended.returncode == 2, ended.stderr
        assert b"is not UTF-8" in ended.stderr and b"Traceback" not in ended.stderr


def test_a_file_may_have_any_name_and_its_sender_must_be_one(relais: Console) -> None:
    grow(relais)
    path = os.fsencode(relais.folder) + b"/caf\xe9.eml"
    Path(os.fsdecode(path)).write_bytes(MAIL % 1)
    command = [sys.executable, "-m", "gateway", "--config", str(relais.config), "accept", path]
    command += ["--to", "garden@talk.example.com"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, "1 accepted\n"), ended.stderr
    for sender in ("no address", "a\nb@people.example", "a@b@c"):
        assert "not a mail address" in relais.refused(
            "accept", file_mail(relais, 2), "--to", command[-1], "--from", sender
        )
    relais.done("accept", file_mail(relais, 3), "--to", "garden@talk.example.com", "--from", "<>")
    relais.done("accept", file_mail(relais, 4), "--to", "garden@talk.example.com", "--from", "<Ann@people.example>")
    found = {row["reverse_path"] for row in relais.json("arrivals", "list")["arrivals"]}
    assert "" in found and "Ann@people.example" in found
