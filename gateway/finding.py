"""What a check of `relais doctor` found: shared by the checks of this machine and those of its name in the world."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """ok; warn: it works, and somebody should look; fail: it does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, in words that say how to mend it."""

    name: str
    state: State
    text: str
