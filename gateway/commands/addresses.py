"""relais person address: the mailboxes of one person, of which one gets the mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.output import fail, shown
from gateway.commands.session import open_store, read_settings
from gateway.core.clock import utc_now

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.core.address import Address

app = typer.Typer(no_args_is_help=True, help="More addresses of a person, and which of them gets the mail.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Any address of the person.")]
Other = Annotated[str, typer.Argument(metavar="ADDRESS", help="The address in question.")]


@app.command("add")
def add_address(ctx: typer.Context, email: Email, address: Other) -> None:
    """Give a person one more address, from which they may write as well. You vouch that it is theirs."""

    def act(tx: Connection, person_id: int, other: Address, now: datetime) -> str:
        from store import mailboxes

        return "" if mailboxes.add(tx, person_id, other, now) else "somebody has this address already"

    _act(ctx, email, address, act)


@app.command("remove")
def remove_address(ctx: typer.Context, email: Email, address: Other) -> None:
    """Take an address from a person; never the one that gets the mail."""

    def act(tx: Connection, person_id: int, other: Address, _now: datetime) -> str:
        from store import mailboxes

        return (
            "" if mailboxes.remove(tx, person_id, other) else "not an address of theirs, or the one that gets the mail"
        )

    _act(ctx, email, address, act)


@app.command("primary")
def choose_address(ctx: typer.Context, email: Email, address: Other) -> None:
    """Send a person's mail to another address of theirs."""

    def act(tx: Connection, person_id: int, other: Address, _now: datetime) -> str:
        from store import mailboxes

        return "" if mailboxes.make_primary(tx, person_id, other) else "not an address of theirs: add it first"

    _act(ctx, email, address, act)


def _act(ctx: typer.Context, email: str, other: str, act: Callable[[Connection, int, Address, datetime], str]) -> None:
    """Does it in one transaction; `act` returns why not, "" where it is done."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway.commands import values
        from store import people

        try:
            mailbox, address = values.mailbox(email, settings), values.mailbox(other, settings)
        except ValueError as error:
            fail(str(error))
        with database.transaction() as tx:
            person = people.find(tx, mailbox)
            if person is None:
                fail(f"{mailbox}: nobody has this address")
            if why := act(tx, person.id, address, utc_now()):
                fail(f"{address}: {why}")
            known = [key for key, _ in people.addresses_of(tx, person.id)]
            now = people.get_all(tx, [person.id])[person.id]
    typer.echo(f"{shown(now.address)} gets the mail; theirs: {shown(', '.join(known))}")
