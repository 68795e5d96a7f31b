"""A part that died ends the process; a relay that is away for long is no secret."""

from __future__ import annotations

import asyncio

import pytest

from gateway import settings, supervision
from gateway.app import App
from gateway.core.delivery import DeliveryState, Outcome
from gateway.core.errors import PartDiedError
from gateway.supervision import RelayWatch
from inbound.spool import Spool
from inbound.worker import Worker
from outbound.fan_out import FanOut
from tests.gateway.console import Console

PATIENCE_S = 30.0


@pytest.mark.parametrize(
    ("part", "loop", "name"),
    [(Spool, "_run", "spool writer"), (Worker, "_run", "inbound worker"), (FanOut, "run", "fan-out")],
)
async def test_a_thread_that_ends_ends_the_process(
    relais: Console, monkeypatch: pytest.MonkeyPatch, part: type, loop: str, name: str
) -> None:
    monkeypatch.setattr(part, loop, lambda _self: None)
    monkeypatch.setattr(supervision, "LOOK_EVERY_S", 0.05)
    app = App(settings.load(relais.config))
    with pytest.raises(PartDiedError, match=name):
        await asyncio.wait_for(app.run(), PATIENCE_S)


async def test_parts_that_were_asked_to_end_have_not_died(relais: Console) -> None:
    app = App(settings.load(relais.config))
    running = asyncio.create_task(app.run())
    await asyncio.sleep(0)
    app.stop()
    await asyncio.wait_for(running, PATIENCE_S)
    assert app.supervisor.dead() == []


class Time:
    """Seconds, set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_relay_is_in_trouble_after_five_minutes_and_well_after_one_mail() -> None:
    time = Time()
    watch = RelayWatch(time)
    for _ in range(30):
        # It rests, is tried, and rests again.
        for resting_s in (5.0, 0.0):
            watch.look(resting_s)
            time.now += 5.0
    assert watch.trouble() == "the relay has not taken a mail for 5 minutes"
    watch.attempted(Outcome(1, 1, DeliveryState.DEFERRED))
    assert watch.trouble()
    watch.attempted(Outcome(1, 2, DeliveryState.DELIVERED))
    assert watch.trouble() == ""


def test_a_relay_that_nobody_needs_any_more_is_forgiven() -> None:
    time = Time()
    watch = RelayWatch(time)
    watch.look(5.0)
    time.now += 400.0
    assert watch.trouble()
    watch.look(0.0)
    assert watch.trouble() == ""
