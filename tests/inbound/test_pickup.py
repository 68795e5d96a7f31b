"""The bridge from a mailbox against a real server: one post per mail, whatever breaks meanwhile."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from inbound import pickup as module
from store import pickups
from tests.inbound.bridge import Bridge, letter, until
from tests.wire_proxy import WireProxy

LONG = "Words in a line.\r\n" * 170_000


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SOON_S", 0.05)
    monkeypatch.setattr(module, "_LATER_S", 0.05)
    monkeypatch.setattr(module, "_MOST_S", 0.1)
    monkeypatch.setattr(module, "_CALM_S", 0.05)
    monkeypatch.setattr(module, "_SLICE_S", 0.1)


def test_what_waits_and_what_comes_becomes_posts(bridge: Bridge) -> None:
    bridge.put(letter(1))
    bridge.start()
    until(lambda: bridge.posts() == ["Words of letter 1."])
    # Now it is idle: the server tells.
    bridge.put(letter(2))
    until(lambda: len(bridge.posts()) == 2)
    until(lambda: (bridge.count(), bridge.count("Relais-done"), bridge.count("Relais-failed")) == (0, 2, 0))
    assert bridge.well == [True]
    assert bridge.outcomes == {"taken": 2}


@pytest.mark.usefixtures("quick")
def test_a_server_that_cannot_tell_is_asked(bridge: Bridge, wire: WireProxy) -> None:
    wire.edit = lambda data: data.replace(b" IDLE ", b" ")
    bridge.start()
    until(lambda: bridge.well == [True])
    bridge.put(letter(1))
    until(lambda: bridge.posts() == ["Words of letter 1."])


@pytest.mark.usefixtures("quick")
def test_a_connection_cut_in_a_mail_costs_nothing(bridge: Bridge, wire: WireProxy) -> None:
    bridge.put(letter(1, text=LONG), letter(2))
    wire.cut_after = [1_500_000, 2_500_000]
    bridge.start()
    until(lambda: bridge.count("Relais-done") == 2)
    assert wire.connections == 3
    bridge.posts()
    assert bridge.office.words() == [("publish", "member_post")] * 2
    assert bridge.stored() == sorted(bridge.dovecot.mails(bridge.user, "Relais-done"), key=len)
    assert bridge.outcomes == {"taken": 2}
    assert bridge.well == [False, True]


@pytest.mark.usefixtures("quick")
def test_a_connection_lost_while_idle_is_made_anew_without_a_storm(bridge: Bridge, wire: WireProxy) -> None:
    bridge.start()
    until(lambda: bridge.well == [True])
    for number in range(3):
        time.sleep(0.2)
        wire.cut()
        bridge.put(letter(number))
        until(lambda: len(bridge.posts()) == number + 1)  # noqa: B023
    assert 4 <= wire.connections <= 8


@pytest.mark.usefixtures("quick")
def test_a_connection_that_died_without_a_word_is_found_out(
    bridge: Bridge, wire: WireProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_S", 0.5)
    bridge.through(wire.port, timeout_s=0.5)
    bridge.start()
    until(lambda: bridge.well == [True])
    wire.freeze()
    bridge.put(letter(1))
    until(lambda: bridge.well == [True, False])
    wire.thaw()
    until(lambda: bridge.posts() == ["Words of letter 1."])
    until(lambda: bridge.well == [True, False, True])


@pytest.mark.usefixtures("quick")
def test_a_mailbox_that_goes_and_comes_back(bridge: Bridge) -> None:
    folder = "Shared"
    with bridge.dovecot.client(bridge.user) as other:
        other.create_folder(folder)
    bridge.source = replace(bridge.source, account=replace(bridge.account, folder=folder))
    bridge.start()
    until(lambda: bridge.well == [True])
    with bridge.dovecot.client(bridge.user) as other:
        other.delete_folder(folder)
    until(lambda: bridge.well == [True, False])
    with bridge.dovecot.client(bridge.user) as other:
        other.create_folder(folder)
    bridge.dovecot.put(bridge.user, letter(1), folder=folder)
    until(lambda: bridge.posts() == ["Words of letter 1."])


@pytest.mark.usefixtures("quick")
def test_a_refused_password_is_told_once_and_stands_in_the_store(bridge: Bridge) -> None:
    bridge.source = replace(bridge.source, account=replace(bridge.account, password="another"))
    with capture_logs() as lines:
        made = bridge.start()
        until(lambda: made._tries >= 4)
    told = [line for line in lines if line["event"] == "mailbox_down"]
    assert len(told) == 1
    assert "login refused" in told[0]["trouble"]
    assert bridge.well == [False]
    with bridge.database.reading() as tx:
        [state] = pickups.states(tx)
    assert "AUTHENTICATIONFAILED" in state.trouble
    assert state.since == bridge.clock.now


def test_pauses_grow_to_five_minutes_and_never_beyond(bridge: Bridge) -> None:
    made = module.Pickup(bridge.source, bridge.store, "node", module.Reports(lambda *_: None, lambda _: None))
    pauses = [made._pause(False) for _ in range(20)]
    assert pauses[0] <= 1
    assert all(0.5 * 2**n <= pause <= 2**n for n, pause in enumerate(pauses[:8]))
    assert all(150 <= pause <= 300 for pause in pauses[10:])
    assert len(set(pauses)) == 20


def test_the_end_comes_in_time_although_the_server_is_silent(bridge: Bridge, wire: WireProxy) -> None:
    bridge.put(letter(1, text=LONG))
    wire.freeze_after(100_000)
    made = bridge.start()
    until(wire.is_frozen)
    begun = time.monotonic()
    made.stop(0.5)
    assert time.monotonic() - begun < 8
    assert not made.has_died()
    wire.thaw()
    bridge.start()
    until(lambda: len(bridge.posts()) == 1)


@pytest.mark.usefixtures("quick")
def test_one_node_works_and_another_takes_over(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ELSEWHERE_S", 0.05)
    first = bridge.start("first")
    until(lambda: bridge.well == [True])
    bridge.start("second")
    until(lambda: None in bridge.well)
    bridge.put(letter(1))
    until(lambda: bridge.count("Relais-done") == 1)
    with bridge.database.reading() as tx:
        assert [state.node for state in pickups.states(tx)] == ["first"]
    first.stop(5.0)
    bridge.put(letter(2))
    until(lambda: bridge.count("Relais-done") == 2)
    with bridge.database.reading() as tx:
        assert [state.node for state in pickups.states(tx)] == ["second"]
    assert len(bridge.posts()) == 2
