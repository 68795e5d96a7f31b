"""The secret file: the keys that sign our tokens, one line each, `ID HEX`, newest signs.

Made by `relais init`. To rotate, add a line with a higher id; to end what an old key signed, take its line out.
"""

from __future__ import annotations

import os
import secrets
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
        return KeyRing({int(words[0]): bytes.fromhex(words[1]) for line in lines if len(words := line.split()) == 2})
    except ValueError as error:
        raise ConfigurationError([(_KEY, f"{path}: {error}")]) from error


def make(path: Path) -> bool:
    """Makes a file with one fresh key, unless there is one; returns whether it did."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(f"1 {secrets.token_hex(_OCTETS)}\n")
        file.flush()
        os.fsync(file.fileno())
    return True
