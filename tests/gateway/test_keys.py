"""The secret file: made once, read only where nobody else can read it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import keys
from gateway.core.errors import ConfigurationError
from gateway.core.token import Purpose

OTHER = bytes(range(100, 132)).hex()
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_make_then_load(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret"
    assert keys.make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    ring = keys.load(path)
    token = ring.sign(Purpose.REPLY, (1, 2), issued=NOW)
    assert not keys.make(path)
    assert keys.load(path).verify(Purpose.REPLY, token) is not None


def test_a_second_key_signs_and_the_first_still_verifies(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    keys.make(path)
    old = keys.load(path).sign(Purpose.REPLY, (1, 2), issued=NOW)
    path.write_text(path.read_text() + f"2 {OTHER}\n")
    ring = keys.load(path)
    assert ring.current == 2
    assert ring.verify(Purpose.REPLY, old) is not None
    assert ring.sign(Purpose.REPLY, (1, 2), issued=NOW) != old


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (f"1 {OTHER}", 0o644, "chmod 600"),
        ("", 0o600, "at least 32 octets"),
        ("1 abcd", 0o600, "line 1 has a key of 2 octets"),
        (f"0 {OTHER}", 0o600, "line 1 has an id that is not between 1 and 255"),
        (f"300 {OTHER}", 0o600, "line 1 has an id"),
        (f"one {OTHER}", 0o600, "line 1 is not ID HEX"),
        ("1 " + "zz" * 32, 0o600, "line 1 is not ID HEX"),
        (f"1 {OTHER}\n\n2\n", 0o600, "line 3 has a key of 0 octets"),
        (f"1 {OTHER} # the first", 0o600, "line 1 is not ID HEX"),
        (f"1 {OTHER}\n1 {OTHER}\n", 0o600, "line 2 has the id of another"),
        ("1 " + "00" * 32, 0o600, "line 1 has a key that is not random"),
        ("1 " + "ab12" * 16, 0o600, "line 1 has a key that is not random"),
        ("\0" * 70, 0o600, "line 1 is not ID HEX"),
    ],
)
def test_what_cannot_sign_is_refused(tmp_path: Path, content: str, mode: int, says: str) -> None:
    path = tmp_path / "secret"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=says):
        keys.load(path)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="relais init"):
        keys.load(tmp_path / "secret")


def test_a_place_where_no_file_can_be_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "secret", tmp_path / "file" / "below" / "secret"):
        with pytest.raises(ConfigurationError, match=r"gateway\.secret_file"):
            keys.make(path)
