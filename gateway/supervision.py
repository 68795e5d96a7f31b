"""Who looks whether everybody still works: a thread of ours that died ends the process, which its manager restarts.

A gateway without its spool writer would answer nobody, one without its worker would take mail and decide nothing, and
both would look alive. Used by the wiring.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from gateway.core.delivery import DeliveryState, Outcome

LOOK_EVERY_S = 1.0
UNREACHABLE_S = 300.0
"""So long nothing may get through to the relay before this node says that it is not ready."""
_CALM_S = 120.0
"""After so long without a rest the relay is well, also where there was nothing to send to it."""


class Part(Protocol):
    """What has a thread of its own."""

    def has_died(self) -> bool:
        """Whether the thread ended without being asked to."""


class Supervisor:
    """Watches parts. `watch` before `wait`; the rest from any thread."""

    def __init__(self) -> None:
        self._parts: dict[str, Part] = {}

    def watch(self, name: str, part: Part) -> None:
        """Looks after this one, too."""
        self._parts[name] = part

    def dead(self) -> list[str]:
        """The names of those whose thread died."""
        return [name for name, part in self._parts.items() if part.has_died()]

    async def wait(self, look: Callable[[], None]) -> None:
        """Returns when one has died. `look` is called each time, too."""
        while not self.dead():
            look()
            await asyncio.sleep(LOOK_EVERY_S)


class RelayWatch:
    """For how long nobody has got through to the relay. Thread-safe: each field is written whole."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._since: float | None = None
        self._rested = 0.0

    def look(self, resting_s: float) -> None:
        """Takes a look at the courier: whether it rests because nobody can be reached."""
        now = self._now()
        if resting_s > 0:
            self._rested = now
            if self._since is None:
                self._since = now
        elif now - self._rested > _CALM_S:
            self._since = None

    def attempted(self, outcome: Outcome) -> None:
        """Hears of an attempt: one that was taken ends the trouble."""
        if outcome.state is DeliveryState.DELIVERED:
            self._since = None

    def trouble(self) -> str:
        """What /readyz says of it; "" when all is well."""
        since = self._since
        if since is None or self._now() - since < UNREACHABLE_S:
            return ""
        return f"the relay has not taken a mail for {round((self._now() - since) / 60)} minutes"
