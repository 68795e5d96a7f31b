"""The pool, its sessions and their handshakes against a scriptable relay: one outcome per mail, always."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.core.clock import utc_now
from gateway.core.delivery import DeliveryState, Outcome, Outgoing
from gateway.core.errors import ConfigurationError
from outbound import client
from outbound.client import Relay
from outbound.connection import Timeouts
from outbound.courier import TAKEN_BACK
from outbound.refusals import IN_A_ROW
from outbound.relay import RelayConfig, Security
from tests.outbound.conftest import MakeMail
from tests.relay_server import DROP, SILENT, STALL, Answer, RelayServer, State, make_certificate, relay_in_thread

DELIVERED, DEFERRED, FAILED = DeliveryState.DELIVERED, DeliveryState.DEFERRED, DeliveryState.FAILED
QUICK = Timeouts(connect_s=2, command_s=0.3, dot_s=0.3, quit_s=0.3, idle_close_s=0.2)
NO_PIPELINING = ("8BITMIME", "SMTPUTF8", "SIZE 52428800")


@pytest.fixture(autouse=True)
def quick_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TICK_S", 0.05)


@asynccontextmanager
async def connected(server: RelayServer, **changes: Any) -> AsyncIterator[Relay]:
    settings: dict[str, Any] = {"connections": 1, **changes}
    relay = Relay(RelayConfig("127.0.0.1", server.port, "gateway.test", **settings))
    try:
        yield relay
    finally:
        await relay.close(grace_s=1)
    assert server.faults == []


async def send(relay: Relay, mails: Sequence[Outgoing]) -> dict[int, Outcome]:
    """Outcomes by delivery; fails unless there is exactly one for each."""
    said: list[Outcome] = []
    async with asyncio.timeout(10):
        await relay.send(mails, said.extend)
    outcomes = [outcome for outcome in said if outcome.detail != TAKEN_BACK]
    assert sorted(o.delivery_id for o in outcomes) == sorted(m.delivery_id for m in mails)
    assert all(o.attempts == 1 for o in outcomes)
    return {o.delivery_id: o for o in outcomes}


def on(verb: str, reply: Any, *, containing: str = "", mails: int | None = None) -> Answer:
    """Answer `verb` with `reply` where the argument contains a text and the session took so many mails."""

    def answer(said: str, argument: str, state: State) -> Any:
        if said == verb and containing in argument and mails in (None, state.mails):
            return reply
        return None

    return answer


@pytest.fixture(params=["pipelining", "one by one"])
def extensions(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return NO_PIPELINING if request.param == "one by one" else (*NO_PIPELINING, "PIPELINING")


# --- mails arrive ---------------------------------------------------------------------------------------------------


async def test_mail_arrives_whole(make_mail: MakeMail, extensions: tuple[str, ...]) -> None:
    data = b".first\r\nSubject: x\r\n\r\n.\r\n..\r\n.a\r\n" + b"x" * 70_000 + b"\r\nend\r\n"
    async with RelayServer(extensions=extensions) as server, connected(server) as relay:
        outcome = (await send(relay, [make_mail(7, data=data)]))[7]
    assert outcome == Outcome(7, 1, DELIVERED, outcome.reply, "")
    assert str(outcome.reply) == "250 2.0.0 taken"
    (mail,) = server.accepted
    assert (mail.reverse_path, mail.forward_paths) == ("bounce+7@gateway.test", ["m7@example.test"])
    assert mail.data == data
    assert mail.parameters == [f"SIZE={len(data)}"]


async def test_many_mails_share_few_sessions(make_mail: MakeMail, extensions: tuple[str, ...]) -> None:
    mails = [make_mail(i) for i in range(500)]
    async with RelayServer(extensions=extensions) as server, connected(server, connections=3) as relay:
        outcomes = await send(relay, mails)
        again = await send(relay, mails[:50])
        assert server.connections == server.peak == 3
    assert {o.state for o in [*outcomes.values(), *again.values()]} == {DELIVERED}
    assert sorted(server.received) == sorted(m.forward_path for m in [*mails, *mails[:50]])


async def test_next_envelope_follows_the_dot(make_mail: MakeMail) -> None:
    """The second MAIL is on its way before the first dot is answered."""
    seen: list[tuple[str, str]] = []

    def answer(verb: str, argument: str, state: State) -> Any:
        seen.append((verb, argument))
        return SILENT if verb == "." and state.mails == 1 else None

    async with RelayServer(answer) as server, connected(server, timeouts=QUICK) as relay:
        outcomes = await send(relay, [make_mail(1), make_mail(2)])
    dot = seen.index((".", "m1@example.test"))
    assert seen[dot + 1][0] == "MAIL"
    assert "bounce+2@" in seen[dot + 1][1]
    # The reply to that MAIL is not taken for the one to the dot, which never came.
    assert (outcomes[1].state, outcomes[1].detail[:14]) == (DEFERRED, "reply not read")


async def test_one_mail_opens_one_connection(make_mail: MakeMail) -> None:
    async with RelayServer() as server, connected(server, connections=4) as relay:
        await send(relay, [make_mail(1)])
        await send(relay, [make_mail(2)])
        assert server.connections == 1


async def test_outcomes_come_while_others_are_under_way(make_mail: MakeMail) -> None:
    outcomes: list[Outcome] = []
    async with RelayServer(on(".", STALL, containing="m2@")) as server, connected(server) as relay:
        sending = asyncio.create_task(relay.send([make_mail(1), make_mail(2)], outcomes.extend))
        async with asyncio.timeout(5):
            while not outcomes:
                await asyncio.sleep(0)
        assert [o.delivery_id for o in outcomes] == [1]
        assert not sending.done()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


async def test_session_ends_after_its_number_of_mails(make_mail: MakeMail, extensions: tuple[str, ...]) -> None:
    async with (
        RelayServer(extensions=extensions) as server,
        connected(server, max_mails_per_session=10) as relay,
    ):
        outcomes = await send(relay, [make_mail(i) for i in range(25)])
        assert server.connections == 3
        assert server.commands.count("QUIT") == 2
    assert {o.state for o in outcomes.values()} == {DELIVERED}


async def test_idle_session_quits(make_mail: MakeMail) -> None:
    async with RelayServer() as server, connected(server, timeouts=QUICK) as relay:
        await send(relay, [make_mail(1)])
        async with asyncio.timeout(5):
            while server.open:
                await asyncio.sleep(0.01)
        assert server.commands[-1] == "QUIT"
        assert (await send(relay, [make_mail(2)]))[2].state is DELIVERED


async def test_empty_batch_needs_no_connection() -> None:
    async with RelayServer() as server, connected(server) as relay:
        assert await send(relay, []) == {}
        assert server.connections == 0


async def test_nagle_is_off(make_mail: MakeMail) -> None:
    async with RelayServer() as server, connected(server) as relay:
        await send(relay, [make_mail(1)])
        (session,) = relay._sessions
        connection = session._transport.get_extra_info("socket")
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "reply", "state"),
    [
        *((verb, "450 4.2.1 later", DEFERRED) for verb in ("MAIL", "RCPT", "DATA", ".")),
        ("MAIL", "552 5.3.4 too large", FAILED),
        *((verb, "550 5.1.1 never", FAILED) for verb in ("RCPT", "DATA", ".")),
    ],
)
async def test_refusal_touches_its_mail_only(
    make_mail: MakeMail, extensions: tuple[str, ...], verb: str, reply: str, state: DeliveryState
) -> None:
    def answer(said: str, argument: str, session: State) -> Any:
        refused = session.reverse_path == "bounce+5@gateway.test" or "bounce+5@" in argument
        return reply if said == verb and refused else None

    mails = [make_mail(i) for i in range(10)]
    async with RelayServer(answer, extensions=extensions) as server, connected(server) as relay:
        outcomes = await send(relay, mails)
        assert server.connections == 1
    assert str(outcomes.pop(5).reply) == reply
    assert {o.state for o in outcomes.values()} == {DELIVERED}
    assert sorted(server.received) == sorted(m.forward_path for m in mails if m.delivery_id != 5)


async def test_refused_outcome_keeps_its_state(make_mail: MakeMail) -> None:
    async with RelayServer(on("RCPT", "550 5.1.1 never")) as server, connected(server) as relay:
        assert (await send(relay, [make_mail(1)]))[1].state is FAILED


@pytest.mark.parametrize("dot", [None, "250 2.0.0 taken for nobody"])
async def test_data_accepted_after_a_refused_recipient_are_ended(make_mail: MakeMail, dot: str | None) -> None:
    """RFC 2920 §3.1: 354 although no recipient is left; nothing of the mail may be sent."""

    def answer(verb: str, argument: str, state: State) -> Any:
        if verb == "RCPT" and "m2@" in argument:
            return "550 5.1.1 never"
        if verb == "DATA" and not state.forward_paths:
            return "354 go ahead"
        return dot if verb == "." and not argument else None

    async with RelayServer(answer) as server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(i) for i in (1, 2, 3)])
        assert server.connections == 1
    assert (outcomes[2].state, outcomes[2].reply and outcomes[2].reply.enhanced) == (FAILED, "5.1.1")
    assert outcomes[1].state is outcomes[3].state is DELIVERED
    assert all(mail.data for mail in server.accepted if mail.forward_paths)


# --- sessions that break --------------------------------------------------------------------------------------------


async def test_drop_after_the_dot_is_not_sent_again(make_mail: MakeMail, extensions: tuple[str, ...]) -> None:
    dropped: list[str] = []

    def answer(verb: str, argument: str, state: State) -> Any:
        if verb == "." and "m3@" in argument:
            dropped.append(argument)
            return DROP
        return None

    async with RelayServer(answer, extensions=extensions) as server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(i) for i in range(6)])
    lost = outcomes.pop(3)
    assert (lost.state, lost.reply) == (DEFERRED, None)
    assert lost.detail.startswith("reply not read")
    assert dropped == ["m3@example.test"]
    assert {o.state for o in outcomes.values()} == {DELIVERED}
    assert len(server.accepted) == 5


async def test_421_in_mid_session_moves_on(make_mail: MakeMail, extensions: tuple[str, ...]) -> None:
    answer = on("MAIL", "421 4.7.0 enough for today", mails=4)
    async with RelayServer(answer, extensions=extensions) as server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(i) for i in range(12)])
        assert server.connections == 3
    assert {o.state for o in outcomes.values()} == {DELIVERED}


async def test_421_to_the_dot_defers_with_the_reply(make_mail: MakeMail) -> None:
    answer = on(".", "421 4.3.2 going down", containing="m1@")
    async with RelayServer(answer) as server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(i) for i in range(4)])
    assert (outcomes[1].state, str(outcomes[1].reply)) == (DEFERRED, "421 4.3.2 going down")
    assert [outcomes[i].state for i in (0, 2, 3)] == [DELIVERED] * 3


async def test_421_on_a_fresh_session_defers(make_mail: MakeMail) -> None:
    async with RelayServer(on("MAIL", "421 4.7.0 no")) as server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(1), make_mail(2)])
        assert relay.resting_s > 0
        assert server.connections == 1
    assert {o.state for o in outcomes.values()} == {DEFERRED}
    assert str(outcomes[1].reply) == "421 4.7.0 no"


async def test_sessions_that_die_at_data_do_not_loop(make_mail: MakeMail) -> None:
    """Every session takes one mail and hangs up at the next DATA."""
    async with RelayServer(on("DATA", DROP, mails=1)) as server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(i) for i in range(20)])
        assert server.connections <= 21
    assert {o.state for o in outcomes.values()} <= {DELIVERED, DEFERRED}
    assert len(server.accepted) == sum(o.state is DELIVERED for o in outcomes.values())


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
async def test_silence_ends_in_time(make_mail: MakeMail, extensions: tuple[str, ...], verb: str) -> None:
    server = RelayServer(on(verb, STALL), extensions=extensions)
    async with server, connected(server, timeouts=QUICK) as relay:
        outcome = (await send(relay, [make_mail(1)]))[1]
    assert outcome.state is DEFERRED
    assert outcome.detail == ("reply not read: time-out" if verb == "." else "not sent: time-out")


async def test_tarpit_holds_only_its_own_connection(make_mail: MakeMail) -> None:
    def answer(verb: str, argument: str, state: State) -> Any:
        return STALL if state.session == 1 and verb == "MAIL" else None

    slow = replace(QUICK, command_s=1.2)
    outcomes: list[Outcome] = []
    async with RelayServer(answer) as server, connected(server, connections=2, timeouts=slow) as relay:
        sending = asyncio.create_task(relay.send([make_mail(i) for i in range(100)], outcomes.extend))
        async with asyncio.timeout(1):
            while len(outcomes) < 99:
                await asyncio.sleep(0.01)
        await sending
    assert [o.state for o in outcomes] == [DELIVERED] * 99 + [DEFERRED]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x00\r\n",
        b"hello\r\n",
        b"199 what\r\n",
        b"250-a\r\n550 b\r\n",
        b"250-x\r\n" * 10_000 + b"250 x\r\n",
        b"2" * 100_000,
        b"333 no such step\r\n",
    ],
    ids=["tls", "words", "code", "two-codes", "10000-lines", "endless-line", "333"],
)
async def test_garbage_defers(make_mail: MakeMail, verb: str, garbage: bytes) -> None:
    async with RelayServer(on(verb, garbage)) as server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(1), make_mail(2)])
    assert {o.state for o in outcomes.values()} == {DEFERRED}
    assert "protocol error" in outcomes[1].detail
    assert outcomes[1].detail.startswith("reply not read") == (verb == ".")


async def test_one_reply_too_many_never_counts_as_delivered(make_mail: MakeMail) -> None:
    answer = on(".", b"250 2.0.0 ok\r\n250 2.0.0 ok\r\n")
    async with RelayServer(answer) as server, connected(server, connections=1) as relay:
        outcomes = await send(relay, [make_mail(i) for i in range(5)])
    assert outcomes[0].state is DELIVERED
    delivered = [f"m{number}@example.test" for number, o in outcomes.items() if o.state is DELIVERED]
    assert sorted(server.received) == sorted(delivered)
    assert {o.state for o in outcomes.values()} == {DELIVERED, DEFERRED}


@pytest.mark.parametrize("seed", range(12))
async def test_bad_weather(
    make_mail: MakeMail, monkeypatch: pytest.MonkeyPatch, extensions: tuple[str, ...], seed: int
) -> None:
    """Any trouble anywhere: one outcome for each mail, no mail taken twice, none called delivered that was not."""
    monkeypatch.setattr(client, "MAX_REST_S", 0.0)
    dice = random.Random(seed)
    troubles: list[Any] = [DROP, STALL, b"garbage\r\n", "421 4.3.2 bye", "450 4.2.0 later", "550 5.1.1 no"]

    def answer(verb: str, argument: str, state: State) -> Any:
        if verb == "CONNECT" or dice.random() > 0.03:
            return None
        return dice.choice(troubles)

    mails = [make_mail(i) for i in range(120)]
    async with RelayServer(answer, extensions=extensions) as server:
        relay = Relay(RelayConfig("127.0.0.1", server.port, "gateway.test", connections=3, timeouts=QUICK))
        halves = await asyncio.gather(send(relay, mails[:60]), send(relay, mails[60:]))
        await relay.close(grace_s=1)
    outcomes = halves[0] | halves[1]
    assert len(outcomes) == 120
    taken = server.received
    assert len(set(taken)) == len(taken)
    delivered = {f"m{number}@example.test" for number, o in outcomes.items() if o.state is DELIVERED}
    unread = {f"m{number}@example.test" for number, o in outcomes.items() if "reply not read" in o.detail}
    assert delivered <= set(taken) <= delivered | unread


# --- no connection --------------------------------------------------------------------------------------------------


async def test_nobody_listens(make_mail: MakeMail) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        relay = Relay(RelayConfig("127.0.0.1", free.getsockname()[1], "gateway.test"))
        outcomes = await send(relay, [make_mail(i) for i in range(10)])
        assert {(o.state, o.detail) for o in outcomes.values()} == {(DEFERRED, "no connection: connection refused")}
        assert 0 < relay.resting_s <= 2
        # While it rests it does not knock.
        assert (await send(relay, [make_mail(1)]))[1].state is DEFERRED
        await relay.close()


async def test_relay_that_comes_back_is_found(make_mail: MakeMail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_REST_S", 0.0)
    server = RelayServer(on("CONNECT", "554 5.3.2 closed"))
    async with server, connected(server) as relay:
        outcome = (await send(relay, [make_mail(1)]))[1]
        assert (outcome.state, outcome.detail) == (DEFERRED, "no connection: greeting refused: 554 5.3.2 closed")
        server._answer = lambda verb, argument, state: None
        assert (await send(relay, [make_mail(1)]))[1].state is DELIVERED
        assert relay.resting_s == 0


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (on("CONNECT", STALL), "no connection: time-out"),
        (on("CONNECT", DROP), "no connection: connection lost"),
        (on("CONNECT", b"\0\0\0\n"), "no connection: protocol error: no reply code"),
        (on("EHLO", "421 4.7.0 no"), "no connection: EHLO refused: 421 4.7.0 no"),
        (on("EHLO", b"250-x\r\n" * 10_000), "no connection: protocol error: endless reply"),
    ],
    ids=["silent", "drop", "garbage", "421", "endless"],
)
async def test_greeting_that_fails(make_mail: MakeMail, answer: Answer, detail: str) -> None:
    async with RelayServer(answer) as server, connected(server, timeouts=QUICK, connections=2) as relay:
        outcomes = await send(relay, [make_mail(1), make_mail(2)])
    assert {(o.state, o.detail) for o in outcomes.values()} == {(DEFERRED, detail)}


async def test_late_greeting_is_waited_for(make_mail: MakeMail) -> None:
    async with RelayServer(greeting_delay=0.2) as server, connected(server) as relay:
        assert (await send(relay, [make_mail(1)]))[1].state is DELIVERED


async def test_helo_where_ehlo_is_unknown(make_mail: MakeMail) -> None:
    server = RelayServer(on("EHLO", "502 5.5.1 what"), extensions=())
    async with server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(1), make_mail(2, data="é\r\n".encode())])
    assert outcomes[1].state is DELIVERED
    assert outcomes[2].detail.startswith("5.6.3")
    assert server.accepted[0].parameters == []


async def test_lease_ends_while_waiting_for_a_connection(make_mail: MakeMail) -> None:
    async with RelayServer(on("CONNECT", STALL)) as server, connected(server) as relay:
        outcome = (await send(relay, [make_mail(1, lease_s=0.1)]))[1]
    assert (outcome.state, outcome.detail) == (DEFERRED, "lease expired")


# --- leases, cancellation, closing ----------------------------------------------------------------------------------


async def test_expired_lease_is_not_begun(make_mail: MakeMail) -> None:
    async with RelayServer() as server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(1), make_mail(2, lease_s=-1), make_mail(3)])
    assert (outcomes[2].state, outcomes[2].detail) == (DEFERRED, "lease expired")
    assert server.received == ["m1@example.test", "m3@example.test"]


async def test_lease_is_checked_again_before_the_data(make_mail: MakeMail, extensions: tuple[str, ...]) -> None:
    """A sender that was paused between the envelope and 354 sends nothing, not even a dot."""
    ahead = timedelta(0)

    def answer(verb: str, argument: str, state: State) -> Any:
        nonlocal ahead
        if verb == "DATA" and state.mails == 1:
            ahead = timedelta(minutes=10)
        return None

    async with RelayServer(answer, extensions=extensions) as server:
        config = RelayConfig("127.0.0.1", server.port, "gateway.test", connections=1)
        relay = Relay(config, lambda: utc_now() + ahead)
        outcomes = await send(relay, [make_mail(1), make_mail(2)])
        await relay.close()
    assert (outcomes[1].state, outcomes[2].detail) == (DELIVERED, "lease expired")
    assert server.received == ["m1@example.test"]


async def test_cancelled_send_reports_what_it_owes(make_mail: MakeMail) -> None:
    outcomes: list[Outcome] = []
    async with RelayServer(on(".", STALL)) as server, connected(server) as relay:
        sending = asyncio.create_task(relay.send([make_mail(i) for i in range(5)], outcomes.extend))
        async with asyncio.timeout(5):
            while not any(line.startswith("DATA") for line in server.commands):
                await asyncio.sleep(0.01)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert sorted(o.delivery_id for o in outcomes) == [0, 1, 2, 3, 4]
        assert {o.state for o in outcomes} == {DEFERRED}
        assert next(o for o in outcomes if o.delivery_id == 0).detail == "cancelled: reply not read"
        assert next(o for o in outcomes if o.delivery_id == 4).detail == "cancelled"


async def test_close_reads_the_replies_still_owed(make_mail: MakeMail) -> None:
    outcomes: list[Outcome] = []
    reached = asyncio.Event()

    def answer(verb: str, argument: str, state: State) -> Any:
        if verb == ".":
            reached.set()
        return None

    async with RelayServer(answer) as server:
        relay = Relay(RelayConfig("127.0.0.1", server.port, "gateway.test", connections=1))
        sending = asyncio.create_task(relay.send([make_mail(i) for i in range(2000)], outcomes.extend))
        await reached.wait()
        await relay.close()
        await sending
        late = await send(relay, [make_mail(9)])
    assert late[9].state is DEFERRED
    delivered = [o for o in outcomes if o.state is DELIVERED]
    assert len(outcomes) == 2000
    assert len(delivered) == len(server.accepted) < 2000
    assert {o.detail for o in outcomes if o.state is DEFERRED} == {"the sender is closing"}


async def test_close_does_not_wait_for_ever(make_mail: MakeMail) -> None:
    async with RelayServer(on(".", STALL)) as server:
        relay = Relay(RelayConfig("127.0.0.1", server.port, "gateway.test"))
        outcomes: list[Outcome] = []
        sending = asyncio.create_task(relay.send([make_mail(1)], outcomes.extend))
        async with asyncio.timeout(5):
            while "DATA" not in server.commands:
                await asyncio.sleep(0.01)
            await relay.close(grace_s=0.1)
            await sending
    assert outcomes[0].state is DEFERRED
    assert outcomes[0].detail.startswith("reply not read")


# --- what the mail needs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\r\n\nb\r\n", b"a\n\rb\r\n", b"a\0b\r\n", b"a\r\n.\n"])
async def test_bare_line_ends_never_leave(make_mail: MakeMail, data: bytes) -> None:
    async with RelayServer() as server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(1, data=data), make_mail(2)])
    assert (outcomes[1].state, outcomes[1].detail[:5]) == (FAILED, "5.6.0")
    assert outcomes[2].state is DELIVERED


@pytest.mark.parametrize("path", ["a@b> SIZE=1", "a@b\r\nRCPT TO:<c@d", "", "a b@c", "\udc80@c"])
async def test_forward_path_cannot_become_a_command(make_mail: MakeMail, path: str) -> None:
    async with RelayServer() as server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(1, to=path), make_mail(2)])
    assert (outcomes[1].state, outcomes[1].detail[:5]) == (FAILED, "5.1.3")
    assert server.received == ["m2@example.test"]


async def test_null_reverse_path(make_mail: MakeMail) -> None:
    async with RelayServer() as server, connected(server) as relay:
        await send(relay, [make_mail(1, sender="")])
    assert server.accepted[0].reverse_path == ""
    assert any(line.startswith("MAIL FROM:<> ") for line in server.commands)


async def test_eight_bit_and_utf8_parameters(make_mail: MakeMail) -> None:
    mails = [make_mail(1, data="é\r\n".encode()), make_mail(2, to="élève@example.test")]
    async with RelayServer() as server, connected(server) as relay:
        outcomes = await send(relay, mails)
    assert {o.state for o in outcomes.values()} == {DELIVERED}
    assert [mail.parameters for mail in server.accepted] == [["SIZE=4", "BODY=8BITMIME"], ["SIZE=21", "SMTPUTF8"]]
    assert server.accepted[1].forward_paths == ["élève@example.test"]


async def test_what_the_relay_does_not_offer_fails_for_that_mail_only(make_mail: MakeMail) -> None:
    mails = [make_mail(1, data="é\r\n".encode()), make_mail(2, to="élève@example.test"), make_mail(3)]
    async with RelayServer(extensions=("PIPELINING",)) as server, connected(server) as relay:
        outcomes = await send(relay, mails)
    assert (outcomes[1].state, outcomes[1].detail[:5]) == (FAILED, "5.6.3")
    assert (outcomes[2].state, outcomes[2].detail[:5]) == (FAILED, "5.6.7")
    assert outcomes[3].state is DELIVERED
    assert server.accepted[0].parameters == []


# --- TLS and AUTH ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
@pytest.mark.parametrize("refused", ["", "PLAIN"])
async def test_tls_and_password(make_mail: MakeMail, tmp_path: Path, implicit: bool, refused: str) -> None:
    trusted, context = make_certificate(tmp_path)
    secure: dict[str, Any] = {
        "security": Security.TLS if implicit else Security.STARTTLS,
        "ca_file": trusted,
        "username": "gateway",
        "password": "pass wörd",
    }
    answer = on("EHLO", "250-relay.test\r\n250 AUTH LOGIN") if refused and implicit else None
    async with (
        RelayServer(answer, context=context, implicit_tls=implicit) as server,
        connected(server, **secure) as relay,
    ):
        outcomes = await send(relay, [make_mail(i) for i in range(20)])
    assert {o.state for o in outcomes.values()} == {DELIVERED}
    assert all(mail.tls for mail in server.accepted)
    assert any(line.startswith("AUTH LOGIN" if answer else "AUTH PLAIN") for line in server.commands)


async def test_wrong_password_defers(make_mail: MakeMail, tmp_path: Path) -> None:
    trusted, context = make_certificate(tmp_path)
    async with (
        RelayServer(context=context) as server,
        connected(server, security=Security.STARTTLS, ca_file=trusted, username="gateway", password="no") as relay,
    ):
        outcome = (await send(relay, [make_mail(1)]))[1]
    assert (outcome.state, outcome.detail) == (DEFERRED, "no connection: AUTH refused: 535 5.7.8 no")


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
async def test_unknown_certificate_is_refused(make_mail: MakeMail, tmp_path: Path, implicit: bool) -> None:
    _, context = make_certificate(tmp_path)
    security = Security.TLS if implicit else Security.STARTTLS
    async with (
        RelayServer(context=context, implicit_tls=implicit) as server,
        connected(server, security=security) as relay,
    ):
        outcome = (await send(relay, [make_mail(1)]))[1]
    assert outcome.state is DEFERRED
    assert outcome.detail.startswith("no connection: certificate refused")
    assert not server.accepted


async def test_certificate_of_another_host_is_refused(make_mail: MakeMail, tmp_path: Path) -> None:
    trusted, context = make_certificate(tmp_path, name="other.test")
    async with (
        RelayServer(context=context) as server,
        connected(server, security=Security.STARTTLS, ca_file=trusted) as relay,
    ):
        outcome = (await send(relay, [make_mail(1)]))[1]
    assert outcome.detail.startswith("no connection: certificate refused")


async def test_no_mail_without_the_tls_that_was_asked_for(make_mail: MakeMail) -> None:
    async with RelayServer() as server, connected(server, security=Security.STARTTLS) as relay:
        outcome = (await send(relay, [make_mail(1)]))[1]
    assert outcome.detail == "no connection: STARTTLS is not offered"
    assert not any(line.startswith("MAIL") for line in server.commands)


async def test_words_injected_before_the_handshake_are_noticed(make_mail: MakeMail, tmp_path: Path) -> None:
    trusted, context = make_certificate(tmp_path)
    answer = on("STARTTLS", b"220 2.0.0 go\r\n250-evil\r\n250 AUTH PLAIN\r\n")
    async with (
        RelayServer(answer, context=context) as server,
        connected(server, security=Security.STARTTLS, ca_file=trusted) as relay,
    ):
        outcome = (await send(relay, [make_mail(1)]))[1]
    assert outcome.state is DEFERRED
    assert outcome.detail == "no connection: talk before the TLS handshake"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"username": "u", "password": "p"}, "relay.security"),
        ({"connections": 0}, "relay.connections"),
        ({"hostname": "gateway.test\r\nMAIL FROM:<>"}, "relay.hostname"),
        ({"hostname": ""}, "relay.hostname"),
        ({"security": Security.TLS, "ca_file": Path("/nowhere/ca.pem")}, "relay.ca_file"),
    ],
)
async def test_wrong_configuration(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Relay(RelayConfig("127.0.0.1", 25, **{"hostname": "gateway.test", **changes}))
    assert [k for k, _ in caught.value.mistakes] == [key]


def test_password_is_not_in_the_repr() -> None:
    assert "hush" not in repr(RelayConfig("h", 25, "g", password="hush"))


async def test_relay_in_a_thread_of_its_own(make_mail: MakeMail) -> None:
    with relay_in_thread() as server:
        async with connected(server) as relay:
            assert (await send(relay, [make_mail(1)]))[1].state is DELIVERED
    assert server.received == ["m1@example.test"]


# --- a relay that refuses us ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        ("MAIL", "530 5.7.0 Authentication required"),
        ("MAIL", "550 5.7.1 sender address rejected"),
        ("MAIL", "500 what"),
        ("RCPT", "554 5.7.1 <m1@example.test>: Relay access denied"),
        ("RCPT", "550 relay not permitted"),
        ("RCPT", "550 5.7.1 Unable to relay"),
        ("RCPT", "530 5.7.0 Must issue a STARTTLS command first"),
        (".", "535 5.7.8 not authenticated"),
    ],
)
async def test_a_relay_that_refuses_us_costs_no_mail(
    make_mail: MakeMail, extensions: tuple[str, ...], verb: str, reply: str
) -> None:
    async with RelayServer(on(verb, reply), extensions=extensions) as server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(i) for i in range(30)])
        async with asyncio.timeout(5):
            while relay.resting_s == 0:
                await asyncio.sleep(0.01)
        # It is not asked again for every mail.
        assert sum(command.startswith("MAIL") for command in server.commands) <= 4
    assert {o.state for o in outcomes.values()} == {DEFERRED}


@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        ("MAIL", "552 5.3.4 too big"),
        ("MAIL", "550 5.6.7 no such letters"),
        ("RCPT", "550 5.1.1 unknown here"),
        ("RCPT", "550 5.7.1 blocked by policy"),
        (".", "554 5.7.1 looks like spam"),
    ],
)
async def test_a_refused_mail_is_the_fault_of_that_mail(
    make_mail: MakeMail, extensions: tuple[str, ...], verb: str, reply: str
) -> None:
    async with RelayServer(on(verb, reply), extensions=extensions) as server, connected(server) as relay:
        outcomes = await send(relay, [make_mail(i) for i in range(5)])
        assert relay.resting_s == 0
    assert {o.state for o in outcomes.values()} == {FAILED}


async def test_equal_refusals_without_end_are_the_relays_trouble(
    make_mail: MakeMail, extensions: tuple[str, ...]
) -> None:
    said: list[Outcome] = []
    async with (
        RelayServer(on("RCPT", "550 5.0.0 no"), extensions=extensions) as server,
        connected(server, connections=2) as relay,
    ):
        async with asyncio.timeout(10):
            await relay.send([make_mail(i) for i in range(100)], said.extend)
    failed = [o.delivery_id for o in said if o.state is FAILED]
    taken_back = [o for o in said if o.detail == TAKEN_BACK]
    assert len(failed) == IN_A_ROW - 1
    # Those before it was known were refused for the same reason.
    assert sorted(o.delivery_id for o in taken_back) == sorted(failed)
    assert {(o.state, o.attempts, str(o.reply)) for o in taken_back} == {(DEFERRED, 1, "550 5.0.0 no")}
    assert len(said) == 100 + len(failed)


async def test_one_mail_taken_ends_the_streak(make_mail: MakeMail, extensions: tuple[str, ...]) -> None:
    async with (
        RelayServer(on("RCPT", "550 5.1.1 no", containing="gone"), extensions=extensions) as server,
        connected(server) as relay,
    ):
        mails = [make_mail(i, to=f"m{i}@example.test" if i % 10 == 0 else f"gone{i}@example.test") for i in range(100)]
        outcomes = await send(relay, mails)
    assert sum(o.state is FAILED for o in outcomes.values()) == 90
