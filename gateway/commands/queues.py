"""relais arrivals and relais deliveries: what waits, what became of it, and what a human decides about it."""

from __future__ import annotations

import math
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.output import AsJson, document, facts, fail, harmless, record, table
from gateway.commands.session import open_store, read_settings
from gateway.core.audit import Act, Entry, Hand
from gateway.core.clock import utc_now
from gateway.core.decision import UNPROVEN
from gateway.core.delivery import DeliveryState
from gateway.core.ruling import Ruling, Waiting

if TYPE_CHECKING:
    from gateway.settings import Settings
    from store.database import Database

arrivals_app = typer.Typer(no_args_is_help=True, help="Mails that came in: list, show, retry, publish or drop them.")
deliveries_app = typer.Typer(no_args_is_help=True, help="Mails that go out: list, show, retry or drop them.")

# No database counts further.
_LARGEST = (1 << 63) - 1

Number = Annotated[int, typer.Argument(metavar="ID", min=1, max=_LARGEST, help="The number in the list.")]
Most = Annotated[int, typer.Option("--limit", min=1, max=_LARGEST, help="How many, the newest first.")]


class ArrivalState(StrEnum):
    """What an arrival may wait for."""

    HELD = "held"
    SET_ASIDE = "set_aside"
    SPOOLED = "spooled"
    CLOSED = "closed"


@arrivals_app.command("list")
def list_arrivals(
    ctx: typer.Context,
    state: Annotated[ArrivalState | None, typer.Option(help="Only these; by default all that are not closed.")] = None,
    limit: Most = 50,
    as_json: AsJson = False,
) -> None:
    """List arrivals: one line for each mail and address it was sent to."""
    with open_store(read_settings(ctx)) as database:
        from store import queues

        with database.reading() as tx:
            entries = queues.list_arrivals(tx, state.value if state else None, limit)
    if as_json:
        document({"arrivals": [record(entry) for entry in entries]})
        return
    columns = ("ID", "STATE", "REASON", "RECEIVED", "FROM", "TO", "TROUBLE")
    table(
        columns,
        ((e.id, e.state, e.reason, e.received_at, e.reverse_path, e.forward_path, e.trouble) for e in entries),
    )


@arrivals_app.command("show")
def show_arrival(
    ctx: typer.Context,
    number: Number,
    quoted: Annotated[
        bool, typer.Option("--quoted", help="Also its words, and what was cut from them: quotes, signature, forward.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show everything that is known about one arrival."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from store import queues

        with database.reading() as tx:
            entry = queues.get_arrival(tx, number)
        if entry is None:
            fail(f"there is no arrival {number}")
        words = _read_words(settings, database, number) if quoted else {}
    if as_json:
        document({**record(entry), **words})
        return
    facts(record(entry))
    for name, text in words.items():
        if text:
            typer.echo(f"\n--- {name}\n{harmless(text)}")


def _read_words(settings: Settings, database: Database, number: int) -> dict[str, str | None]:
    """The text of one arrival and what was cut from it, each None where nothing is kept of it any more."""
    from gateway.explaining import words_of
    from store.blobs import open_blobs

    blobs = open_blobs(settings.store.blobs, endpoint=settings.store.blobs_endpoint)
    words = words_of(database, blobs, number)
    names = ("text", "quoted", "forwarded", "signature")
    return {name: getattr(words, name) if words else None for name in names}


@arrivals_app.command("retry")
def retry_arrival(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Have a held or set-aside arrival decided anew."""
    with open_store(read_settings(ctx)) as database:
        from store import arrivals, audit, rulings

        with database.transaction() as tx:
            found = rulings.waiting(tx, number)
            done = arrivals.retry(tx, number)
            if found and done:
                audit.record(tx, _entry(Act.MAIL_RETRIED, found), utc_now())
    _conclude(done, f"there is no held or set-aside arrival {number}", number, "spooled", as_json)


@arrivals_app.command("publish")
def publish_arrival(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Publish a held arrival: its author was unproven, or its community is moderated, and you vouch for it."""
    _rule(ctx, number, Ruling.PUBLISHED, "", as_json)


@arrivals_app.command("refuse")
def refuse_arrival(
    ctx: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(metavar="WHY", help="Told to its author, in your words.")] = "",
    as_json: AsJson = False,
) -> None:
    """Refuse a held arrival: it goes back to its author, whole, with your reason."""
    _rule(ctx, number, Ruling.REFUSED, reason, as_json)


def _rule(ctx: typer.Context, number: int, ruling: Ruling, reason: str, as_json: bool) -> None:
    with open_store(read_settings(ctx)) as database:
        from store import rulings

        with database.transaction() as tx:
            found = rulings.waiting(tx, number)
            if found and found.reason in UNPROVEN and ruling is Ruling.REFUSED:
                fail(f"the author of {number} is not proven, and is not written to: drop it")
            done = found is not None and rulings.settle(tx, found, ruling, Hand.CLI, utc_now(), reason)
    _conclude(done, f"there is no held arrival {number}", number, "spooled", as_json)


@arrivals_app.command("drop")
def drop_arrival(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """End a held or set-aside arrival without effect: its author hears nothing."""
    with open_store(read_settings(ctx)) as database:
        from store import arrivals, audit, rulings

        with database.transaction() as tx:
            found = rulings.waiting(tx, number)
            done = arrivals.drop(tx, number, utc_now())
            if found and done:
                audit.record(tx, _entry(Act.MAIL_DROPPED, found), utc_now())
    _conclude(done, f"there is no held or set-aside arrival {number}", number, "closed", as_json)


def _entry(act: Act, found: Waiting) -> Entry:
    return Entry(act, Hand.CLI, found.community_id, found.person_id, arrival_id=found.arrival_id)


@deliveries_app.command("list")
def list_deliveries(
    ctx: typer.Context,
    state: Annotated[DeliveryState | None, typer.Option(help="Only these; by default all not yet delivered.")] = None,
    limit: Most = 50,
    as_json: AsJson = False,
) -> None:
    """List deliveries: one line for each mail and person."""
    with open_store(read_settings(ctx)) as database:
        from store import queues

        with database.reading() as tx:
            entries = queues.list_deliveries(tx, state, limit)
    if as_json:
        document({"deliveries": [record(entry) for entry in entries]})
        return
    columns = ("ID", "KIND", "STATE", "TO", "ATTEMPTS", "NEXT", "ANSWER")
    table(
        columns,
        (
            (e.id, e.kind, e.state, e.address, e.attempts, None if e.finished_at else e.next_attempt_at, e.answer)
            for e in entries
        ),
    )


@deliveries_app.command("show")
def show_delivery(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Show everything that is known about one delivery."""
    with open_store(read_settings(ctx)) as database:
        from store import queues

        with database.reading() as tx:
            entry = queues.get_delivery(tx, number)
    if entry is None:
        fail(f"there is no delivery {number}")
    document(record(entry)) if as_json else facts(record(entry))


@deliveries_app.command("retry")
def retry_delivery(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Send a delivery that waits, failed or was dropped once more, now. After five days it has this one try."""
    with open_store(read_settings(ctx)) as database:
        from store import deliveries

        now = utc_now()
        with database.transaction() as tx:
            done = deliveries.retry(tx, number, now)
            held = deliveries.held_until(tx, number, now)
    refusal = _under_way(number, held, now) or f"there is no undelivered delivery {number}"
    _conclude(done, refusal, number, DeliveryState.PENDING.value, as_json)


@deliveries_app.command("drop")
def drop_delivery(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Give up a delivery that waits."""
    with open_store(read_settings(ctx)) as database:
        from store import deliveries

        now = utc_now()
        with database.transaction() as tx:
            done = deliveries.drop(tx, number, now)
            held = deliveries.held_until(tx, number, now)
    refusal = _under_way(number, held, now) or f"there is no waiting delivery {number}"
    _conclude(done, refusal, number, DeliveryState.DROPPED.value, as_json)


def _under_way(number: int, held: datetime | None, now: datetime) -> str:
    """What to say of a delivery that a sender holds, "" where none does."""
    if held is None:
        return ""
    seconds = math.ceil((held - now).total_seconds())
    return f"delivery {number} is under way and may arrive: try again in {seconds} s, should it still wait then"


def _conclude(done: bool, refusal: str, number: int, state: str, as_json: bool) -> None:
    if not done:
        fail(refusal)
    if as_json:
        document({"id": number, "state": state})
    else:
        typer.echo(f"{number} {state}")
