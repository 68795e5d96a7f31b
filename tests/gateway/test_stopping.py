"""The end of the gateway: nobody closes the database under a task that still writes."""

from __future__ import annotations

import asyncio

import pytest

from gateway import app


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "GRACE_S", 0.02)
    monkeypatch.setattr(app, "_CANCEL_S", 0.02)


async def test_who_stops_in_time_is_not_cancelled() -> None:
    task = asyncio.create_task(asyncio.sleep(0))
    assert await app._end_tasks([task]) == set()
    assert not task.cancelled()
    assert await app._end_tasks([]) == set()


async def test_who_takes_too_long_is_cancelled() -> None:
    task = asyncio.create_task(asyncio.sleep(60))
    assert await app._end_tasks([task]) == set()
    assert task.cancelled()


async def test_who_lives_on_is_told_of() -> None:
    over = asyncio.Event()

    async def stubborn() -> None:
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    assert await app._end_tasks([task]) == {task}
    over.set()
    await task
