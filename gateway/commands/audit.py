"""relais audit: who that runs the network or a community did what, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.commands.output import AsJson, document, fail, record, table
from gateway.commands.queues import Most
from gateway.commands.session import open_store, read_settings

app = typer.Typer(no_args_is_help=True, help="What those who run the network or a community did.")

Since = Annotated[
    datetime | None,
    typer.Option(metavar="DATE", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only what was done since, in UTC."),
]


@app.command("list")
def list_acts(
    ctx: typer.Context,
    community: Annotated[str, typer.Option(metavar="LOCALPART", help="Only what was done in this community.")] = "",
    person: Annotated[str, typer.Option(metavar="EMAIL", help="Only what was done by or to this person.")] = "",
    since: Since = None,
    limit: Most = 50,
    as_json: AsJson = False,
) -> None:
    """List acts, the newest first: moderation, roles, closings, erasures, by mail and by command line."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway.commands import values
        from store import audit, communities, people
        from store.audit import Filter

        try:
            mailbox = values.mailbox(person, settings) if person else None
        except ValueError as error:
            fail(str(error))
        with database.reading() as tx:
            place = communities.find(tx, community.strip().lower()) if community else None
            who = people.find(tx, mailbox) if mailbox else None
            if community and place is None:
                fail(f"{community}: there is no such community")
            if mailbox and who is None:
                fail(f"{mailbox}: nobody has this address")
            wanted = Filter(
                place.id if place else None,
                who.id if who else None,
                since.replace(tzinfo=UTC) if since else None,
            )
            acts = audit.listing(tx, wanted, limit)
    if as_json:
        document({"acts": [record(act) for act in acts]})
        return
    columns = ("ID", "AT", "ACT", "BY", "COMMUNITY", "PERSON", "TOPIC", "POST", "ARRIVAL", "DETAIL")
    table(
        columns,
        (
            (a.id, a.at, a.act, a.actor, a.community, a.person, a.topic_id, a.post_id, a.arrival_id, a.detail or None)
            for a in acts
        ),
    )
