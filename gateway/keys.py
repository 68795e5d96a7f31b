"""The secret file: the keys that sign our tokens, one line each, `ID HEX`, newest signs.

Made by `relais init`. To rotate, add a line with a higher id; to end what an old key signed, take its line out.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from gateway.core.errors import ConfigurationError
from gateway.core.token import KeyRing

_KEY = "gateway.secret_file"
_OCTETS = 32


def load(path: Path) -> KeyRing:
    """The key ring of this file. Raises ConfigurationError where it is missing, open to others or malformed."""
    try:
        mode = path.stat().st_mode
        lines = path.read_text("ascii").split("\n")
    except FileNotFoundError as error:
        raise ConfigurationError(
            [(_KEY, f"{path} is missing: run relais init, or restore it from a backup")]
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([(_KEY, f"{path} cannot be read: {error}")]) from error
    if mode & 0o077:
        raise ConfigurationError([(_KEY, f"{path} can be read by others: chmod 600 {path}")])
    try:
        return KeyRing(_keys(lines))
    except ValueError as error:
        mend = "restore it from a backup, or take the line out"
        raise ConfigurationError([(_KEY, f"{path}: {error}; {mend}")]) from error


def _keys(lines: Sequence[str]) -> dict[int, bytes]:
    keys: dict[int, bytes] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            name, key = _key(number, line)
            if name in keys:
                raise ValueError(f"line {number} has the id of another")
            keys[name] = key
    return keys


def _key(number: int, line: str) -> tuple[int, bytes]:
    """(id, key) of one line. Raises ValueError, and never shows what the line holds."""
    name, _, text = line.strip().partition(" ")
    try:
        key = bytes.fromhex(text)
        found = int(name)
    except ValueError as error:
        raise ValueError(f"line {number} is not ID HEX") from error
    if not 0 < found < 256:
        raise ValueError(f"line {number} has an id that is not between 1 and 255")
    if len(key) < _OCTETS:
        raise ValueError(f"line {number} has a key of {len(key)} octets, fewer than {_OCTETS}")
    if len(set(key)) < _OCTETS // 4:
        # Of a random key so few would be a wonder; a file of zeros is what some crashes leave.
        raise ValueError(f"line {number} has a key that is not random")
    return found, key


def make(path: Path) -> bool:
    """Makes a file with one fresh key, unless there is one; returns whether it did. Raises ConfigurationError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"1 {secrets.token_hex(_OCTETS)}\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        if path.exists():
            return False
        # Something else than a folder is in the way.
        raise ConfigurationError([(_KEY, f"{path} cannot be made: {error.strerror}")]) from error
    except OSError as error:
        raise ConfigurationError([(_KEY, f"{path} cannot be made: {error.strerror}")]) from error
    return True
