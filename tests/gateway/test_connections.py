"""The web port bears so many connections and no more, and who only holds one gives way."""

from __future__ import annotations

import pytest

from gateway.web.connections import HEAD_S, WORK_S, Connections


class Caller:
    """A connection that remembers whether it was cut."""

    def __init__(self) -> None:
        self.is_cut = False

    def cut(self) -> None:
        self.is_cut = True


class Door:
    """Connections under a clock that is set by hand."""

    def __init__(self, most: int) -> None:
        self.now = 1000.0
        self.inside = Connections(most, lambda: self.now)

    def come(self, number: int = 1) -> list[Caller]:
        callers = [Caller() for _ in range(number)]
        for caller in callers:
            assert self.inside.enter(caller)
        return callers


@pytest.fixture
def door() -> Door:
    return Door(3)


def test_who_waited_longest_gives_way(door: Door) -> None:
    first, second, third = door.come(3)
    # The first has asked something, so it is the second that waits longest.
    door.inside.begin(first)
    (new,) = door.come()
    assert [caller.is_cut for caller in (first, second, third, new)] == [False, True, False, False]
    assert len(door.inside) == 3
    door.inside.rest(first)
    door.come()
    assert third.is_cut and not first.is_cut


def test_nobody_who_is_answered_gives_way_at_once(door: Door) -> None:
    callers = door.come(3)
    for caller in callers:
        door.inside.begin(caller)
    assert not door.inside.enter(Caller())
    door.now += WORK_S - 1
    assert not door.inside.enter(Caller())
    assert len(door.inside) == 3
    door.now += 1
    assert door.inside.enter(Caller())
    assert [caller.is_cut for caller in callers] == [True, False, False]


def test_a_request_head_has_its_time(door: Door) -> None:
    (slow,) = door.come()
    door.now += 5
    (quick,) = door.come()
    door.inside.begin(quick)
    door.now += HEAD_S - 5
    door.inside.cut_late()
    assert slow.is_cut and not quick.is_cut
    # Between two requests the time is the same.
    door.inside.rest(quick)
    door.now += HEAD_S - 1
    door.inside.cut_late()
    assert not quick.is_cut
    door.now += 1
    door.inside.cut_late()
    assert quick.is_cut and len(door.inside) == 0


def test_who_is_gone_leaves_its_place(door: Door) -> None:
    waiting, working, _ = door.come(3)
    door.inside.begin(working)
    door.inside.leave(waiting)
    door.inside.leave(working)
    door.inside.leave(working)
    # Nothing that is told of it later brings it back.
    door.inside.begin(waiting)
    door.inside.rest(working)
    assert len(door.inside) == 1
