"""A mailbox emptied into the spool, from a real server: one post per mail, whoever dies or meddles in between (I2)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from imapclient import IMAPClient
from sqlalchemy import select

from inbound.account import CommandRefusedError, MailboxError
from inbound.harvest import SpoolRefusedError
from inbound.mailbox import Mailbox, Waiting
from inbound.replies import TROUBLE
from inbound.spool import FULL, Spool
from store.schema import pickups, spool
from tests.crash.failing import Died, dying_before
from tests.inbound.bridge import PROJETS, Bridge, letter
from tests.network import DOMAIN
from tests.wire_proxy import WireProxy

CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.eml"))
WITHOUT_MOVE = b" MOVE ", b" "


def words(*numbers: int) -> list[str]:
    return [f"Words of letter {number}." for number in numbers]


def dying(monkeypatch: pytest.MonkeyPatch, bridge: Bridge, before: str) -> None:
    """The next connection dies before this method of it is called."""

    def die(*_: object) -> None:
        raise Died(before)

    with monkeypatch.context() as patch:
        patch.setattr(Mailbox, before, die)
        with pytest.raises(Died):
            bridge.empty()


def test_a_word_that_comes_with_the_answer_to_idle_is_heard(bridge: Bridge, wire: WireProxy) -> None:
    wire.edit = lambda data: data.replace(b"+ idling\r\n", b"+ idling\r\n* 1 EXISTS\r\n")
    box = Mailbox(bridge.account)
    try:
        box.open()
        for edit in (wire.edit, lambda data: data):
            wire.edit = edit
            box.begin_idle()
            begun = time.monotonic()
            assert box.has_word(0.3) == (time.monotonic() - begun < 0.2)
            box.end_idle()
    finally:
        box.close()


def test_everything_is_taken_and_moved(bridge: Bridge) -> None:
    bridge.put(*(letter(number) for number in range(120)))
    assert bridge.empty() == 120
    assert bridge.posts() == words(*range(120))
    assert (bridge.count(), bridge.count("Relais-done")) == (0, 120)
    assert bridge.empty() == 0


def test_nothing_is_marked_as_read(bridge: Bridge) -> None:
    bridge.put(letter(1))
    bridge.empty()
    with bridge.dovecot.client(bridge.user) as other:
        other.select_folder("Relais-done", readonly=True)
        assert [item[b"FLAGS"] for item in other.fetch(other.search(), ["FLAGS"]).values()] in ([()], [(b"\\Recent",)])


@pytest.mark.parametrize("before", ["open", "look", "fetch", "move"])
def test_a_death_between_any_two_steps_costs_nothing(
    either_bridge: Bridge, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """P2: fetched, spooled, committed, moved; a mail that was stored is only moved the next time."""
    either_bridge.put(letter(1), letter(2), letter(3))
    dying(monkeypatch, either_bridge, before)
    taken = 3 if before == "move" else 0
    assert either_bridge.outcomes["taken"] == taken
    assert either_bridge.empty() == 3 - taken
    assert either_bridge.posts() == words(1, 2, 3)
    assert len(either_bridge.stored()) == 3
    assert (either_bridge.count(), either_bridge.count("Relais-done")) == (0, 3)


def test_a_death_before_each_statement_costs_nothing(either_bridge: Bridge) -> None:
    """Also where the mail means a command or an answer: what is spooled once is spooled once."""
    deaths = 0
    for step in range(1, 12):
        either_bridge.put(letter(step, headers="Message-ID-Was: none\r\n"))
        with dying_before(either_bridge.database, step):
            try:
                either_bridge.empty()
            except (Died, SpoolRefusedError):
                deaths += 1
    either_bridge.empty()
    assert deaths >= 6
    assert len(either_bridge.stored()) == 11
    assert sorted(either_bridge.posts()) == sorted(words(*range(1, 12)))
    assert (either_bridge.count(), either_bridge.count("Relais-done")) == (0, 11)


def test_a_death_between_copy_and_expunge_costs_nothing(bridge: Bridge, wire: WireProxy) -> None:
    wire.edit = lambda data: data.replace(*WITHOUT_MOVE)
    bridge.put(letter(1), letter(2))
    died: list[object] = []

    def die(*_: object) -> None:
        died.append(1)
        raise Died("uid_expunge")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IMAPClient, "uid_expunge", die)
        with pytest.raises(Died):
            bridge.empty()
    assert died
    assert bridge.count() == 2
    assert bridge.empty() == 0
    assert bridge.posts() == words(1, 2)
    assert bridge.count() == 0


def test_without_move_only_our_own_mails_are_expunged(bridge: Bridge, wire: WireProxy) -> None:
    wire.edit = lambda data: data.replace(*WITHOUT_MOVE)
    bridge.put(letter(1), letter(2))
    late = [letter(3)]

    def mark_another(*_: object) -> None:
        if late:
            bridge.put(late.pop())
            with bridge.dovecot.client(bridge.user) as other:
                other.select_folder("INBOX")
                other.delete_messages([max(other.search())])

    with pytest.MonkeyPatch.context() as patch:
        _before(patch, "move", mark_another)
        bridge.empty()
    # What another program marked is taken as any other mail, and nothing was taken away unread.
    assert bridge.posts() == words(1, 2, 3)
    assert (bridge.count(), bridge.count("Relais-done")) == (0, 3)


def test_a_server_with_neither_is_refused(bridge: Bridge, wire: WireProxy) -> None:
    wire.edit = lambda data: data.replace(*WITHOUT_MOVE).replace(b" UIDPLUS ", b" ")
    bridge.put(letter(1))
    with pytest.raises(MailboxError, match="neither MOVE nor UIDPLUS"):
        bridge.empty()
    assert bridge.count() == 1


def test_a_mailbox_that_was_made_anew(either_bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server counts anew (UIDVALIDITY) between storing and moving: the same bytes are the same mails."""
    either_bridge.put(letter(1), letter(2))
    dying(monkeypatch, either_bridge, "move")
    kept = either_bridge.dovecot.mails(either_bridge.user)
    either_bridge.dovecot.renumber(either_bridge.user)
    assert either_bridge.dovecot.mails(either_bridge.user) == kept
    either_bridge.put(letter(3))
    either_bridge.empty()
    with either_bridge.database.reading() as tx:
        assert len(set(tx.scalars(select(pickups.c.uidvalidity)))) == 2
    assert len(either_bridge.stored()) == 3
    assert either_bridge.posts() == words(1, 2, 3)
    assert (either_bridge.count(), either_bridge.count("Relais-done")) == (0, 3)


@pytest.mark.parametrize("before", ["look", "fetch", "move"])
def test_somebody_else_takes_mails_away_beside_us(bridge: Bridge, monkeypatch: pytest.MonkeyPatch, before: str) -> None:
    bridge.put(*(letter(number) for number in range(1, 6)), letter(6, text="y" * 100_000))

    def expunge(*_: object) -> None:
        with bridge.dovecot.client(bridge.user) as other:
            other.select_folder("INBOX")
            found = other.search()
            if len(found) == 6:
                other.delete_messages([found[0], found[3], found[5]])
                other.expunge()

    with monkeypatch.context() as patch:
        _before(patch, before, expunge)
        bridge.empty()
    bridge.empty()
    # The large one is fetched before the others.
    left = {"look": [2, 3, 5], "fetch": [2, 3, 5, 6], "move": [1, 2, 3, 4, 5, 6]}[before]
    posted = sorted(bridge.posts())
    assert [text for text in posted if len(text) == 18] == words(*(number for number in left if number < 6))
    assert [len(text) for text in posted if len(text) > 18] == [100_000] * left.count(6)
    assert bridge.count() == bridge.count("Relais-failed") == 0


def test_a_mail_that_goes_while_it_is_fetched_is_none(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge.put(letter(1, text="line\r\n" * 400_000))
    own = Mailbox.fetch_part

    def expunge(box: Mailbox, uid: int, offset: int) -> bytes | None:
        if offset:
            with bridge.dovecot.client(bridge.user) as other:
                other.select_folder("INBOX")
                other.delete_messages(other.search())
                other.expunge()
        return own(box, uid, offset)

    monkeypatch.setattr(Mailbox, "fetch_part", expunge)
    assert bridge.empty() == 0
    assert bridge.stored() == []
    assert bridge.count("Relais-failed") == 0


def _before(patch: pytest.MonkeyPatch, name: str, act: Callable[..., None]) -> None:
    own = getattr(Mailbox, name)

    def do(box: Mailbox, *rest: object) -> object:
        act(*rest)
        return own(box, *rest)

    patch.setattr(Mailbox, name, do)


def test_folders_that_are_missing_are_made(bridge: Bridge) -> None:
    bridge.put(letter(1))
    bridge.empty()
    with bridge.dovecot.client(bridge.user) as other:
        other.delete_folder("Relais-done")
    bridge.put(letter(2))
    bridge.empty()
    assert (bridge.count(), bridge.count("Relais-done")) == (0, 1)
    with bridge.dovecot.client(bridge.user) as other:
        assert [name for _, _, name in other.list_sub_folders()] == ["Relais-done"]


def test_copies_in_the_mailbox_and_by_smtp_are_one_post(either_bridge: Bridge) -> None:
    """I5: by whatever door, the same mail is posted once."""
    either_bridge.office.accept(letter(1), f"projets@{DOMAIN}")
    either_bridge.put(letter(1), letter(2), letter(2))
    either_bridge.empty()
    assert either_bridge.posts() == words(1, 2)
    outcomes = Counter(either_bridge.office.words())
    assert outcomes == {("publish", "member_post"): 2, ("discard", "duplicate"): 2}


def test_what_is_too_large_is_not_even_fetched(bridge: Bridge) -> None:
    bridge.max_message_bytes = 100_000
    bridge.put(letter(1, text="z" * 200_000), letter(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mailbox, "fetch_part", lambda *_: pytest.fail("fetched"))
        bridge.empty()
    assert bridge.posts() == words(2)
    assert (bridge.count(), bridge.count("Relais-failed")) == (0, 1)
    assert bridge.outcomes == {"taken": 1, "too_large": 1}


def test_a_server_that_lies_about_a_size(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge.max_message_bytes = 3_000_000
    bridge.put(letter(1, text="line\r\n" * 600_000), letter(2, text="line\r\n" * 20_000), letter(3))
    own = Mailbox.look

    def lie(box: Mailbox, first: int, last: int) -> list[object]:
        return [type(mail)(mail.uid, 10) for mail in own(box, first, last)]

    monkeypatch.setattr(Mailbox, "look", lie)
    bridge.empty()
    assert bridge.outcomes == {"taken": 2, "too_large": 1}
    kept = sorted(bridge.dovecot.mails(bridge.user, "Relais-done"), key=len)
    assert bridge.stored() == kept
    assert len(kept[1]) > 120_000


def test_a_mail_that_cannot_be_fetched_holds_up_nobody(bridge: Bridge, wire: WireProxy) -> None:
    bridge.put(letter(1), letter(2), letter(3))
    own = Mailbox._fetch_part
    asked: list[Sequence[int]] = []

    def refuse(box: Mailbox, uids: Sequence[int], offset: int, octets: int) -> dict[int, bytes]:
        asked.append(uids)
        if 2 in uids:
            # As servers say where the file of a mail is damaged.
            wire.edit = lambda data: data.replace(b" OK Fetch completed", b" NO [SERVERBUG] Internal error")
        try:
            return own(box, uids, offset, octets)
        finally:
            wire.edit = lambda data: data

    harvest = bridge.harvest()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mailbox, "_fetch_part", refuse)
        for _ in range(3):
            bridge.empty(harvest)
    assert asked[:4] == [[1, 2, 3], [1], [2], [3]]
    assert bridge.posts() == words(1, 3)
    assert (bridge.count(), bridge.count("Relais-failed")) == (0, 1)
    assert bridge.outcomes == {"taken": 2, "not_fetched": 1}


def test_a_mail_that_ends_every_connection_is_put_aside(bridge: Bridge) -> None:
    bridge.put(letter(1), letter(2), letter(3))
    own = Mailbox._fetch_part

    def hang_up(box: Mailbox, uids: Sequence[int], offset: int, octets: int) -> dict[int, bytes]:
        if 2 in uids:
            box.cut()
        return own(box, uids, offset, octets)

    harvest = bridge.harvest()
    deaths = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mailbox, "_fetch_part", hang_up)
        while bridge.count():
            try:
                bridge.empty(harvest)
            except MailboxError:
                deaths += 1
    assert deaths == 6
    assert bridge.posts() == words(1, 3)
    assert bridge.outcomes == {"taken": 2, "not_fetched": 1}


def test_a_spool_that_refuses_leaves_everything_where_it_is(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """P5: what we cannot store, we do not take."""
    bridge.put(letter(1), letter(2, text="w" * 100_000))
    with monkeypatch.context() as patch:
        patch.setattr(Spool, "_commit", lambda _spool, batch: [FULL] * len(batch))
        with pytest.raises(SpoolRefusedError, match=r"452 4\.3\.1"):
            bridge.empty()
    assert bridge.count() == 2
    assert bridge.empty() == 2


def test_a_mail_that_our_store_alone_refuses_is_put_aside(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Spool._commit

    def refuse_second(made: Spool, batch: list[object]) -> list[object]:
        if len(batch) > 1:
            return [reply for item in batch for reply in refuse_second(made, [item])]
        return [TROUBLE] if b"letter2@" in batch[0].intake.raw else own(made, batch)

    monkeypatch.setattr(Spool, "_commit", refuse_second)
    harvest = bridge.harvest()
    for number in range(3):
        bridge.put(letter(2) if not number else letter(number * 10), letter(number * 10 + 5))
        bridge.empty(harvest)
    assert bridge.outcomes == {"taken": 5, "not_stored": 1}
    assert (bridge.count(), bridge.count("Relais-failed")) == (0, 1)


def test_for_whom_a_mail_is(bridge: Bridge) -> None:
    achats = bridge.office.network.community("achats")
    assert achats
    bridge.by_subaddress("relais@example.com")
    plain = letter(1).replace(f"To: projets@{DOMAIN}\r\n".encode(), b"To: relais+projets@example.com\r\n")
    cases = {
        "by subaddress": plain.replace(PROJETS.encode(), b"Delivered-To: relais@example.com\r\n"),
        "as the server noted": letter(2, to=f"X-Original-To: achats@{DOMAIN}\r\n"),
        "by To alone": letter(3, to=""),
        "for nobody of ours": letter(4, to="").replace(b"projets@", b"unknown@"),
        "hops": letter(5, headers="Received: from a by b; Fri, 20 Nov 2026 09:00:00 +0100\r\n" * 101),
        "header": letter(6, headers="X-Long: " + "long words\r\n\t" * 25_000 + "end\r\n"),
    }
    bridge.put(*cases.values())
    bridge.empty()
    with bridge.database.reading() as tx:
        assert set(tx.execute(select(spool.c.reverse_path, spool.c.protocol, spool.c.helo, spool.c.trusted))) == {
            ("ann@people.example", "IMAP", bridge.account.name, True)
        }
    assert bridge.outcomes == {"taken": 3, "no_recipient": 1, "too_many_hops": 1, "header_too_large": 1}
    assert bridge.count("Relais-failed") == 3
    bridge.office.work()
    # Ann is in projets alone; that relais@example.com stands for us, the post office was not told.
    assert Counter(bridge.office.words()) == {
        ("publish", "member_post"): 2,
        ("reject", "not_a_member"): 1,
        ("hold", "not_addressed"): 1,
    }


def test_every_mail_of_the_corpus_comes_through_as_it_is(bridge: Bridge) -> None:
    """Hostile mails, too: each is in the spool byte by byte, or put aside; none ends the bridge."""
    raws = [PROJETS.encode() + path.read_bytes().replace(b"\0", b"") for path in CORPUS[::2]]
    bridge.put(*raws)
    bridge.empty()
    put_aside = bridge.count("Relais-failed")
    assert bridge.count() == 0
    assert bridge.outcomes["taken"] + put_aside == len(raws)
    assert put_aside <= 3
    kept = bridge.dovecot.mails(bridge.user, "Relais-done")
    assert sorted(bridge.stored()) == sorted(kept)
    assert len(raws) >= 300


def test_fewer_mails_are_left_than_were_counted(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program takes mails away between two batches; a server may refuse to speak of places that are none."""
    monkeypatch.setattr("inbound.harvest.AT_ONCE", 2)
    bridge.put(*(letter(number) for number in range(1, 8)))
    own = Mailbox.look
    asked: list[tuple[int, int]] = []

    def strict(box: Mailbox, first: int, last: int) -> list[Waiting]:
        asked.append((first, last))
        if len(asked) == 2:
            with bridge.dovecot.client(bridge.user) as other:
                other.select_folder("INBOX")
                other.delete_messages(other.search()[:4])
                other.expunge()
            raise CommandRefusedError("BAD Invalid messageset")
        return own(box, first, last)

    monkeypatch.setattr(Mailbox, "look", strict)
    assert bridge.empty() == 3
    assert asked == [(1, 2), (1, 2), (1, 1)]
    assert bridge.posts() == words(1, 2, 7)


def test_a_server_that_shows_nothing_is_not_asked_for_ever(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge.put(letter(1))
    monkeypatch.setattr(Mailbox, "look", lambda *_: [])
    assert bridge.empty() == 0

    def refuse(*_: object) -> list[Waiting]:
        raise CommandRefusedError("NO")

    monkeypatch.setattr(Mailbox, "look", refuse)
    with pytest.raises(CommandRefusedError):
        bridge.empty()
