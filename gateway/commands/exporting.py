"""relais person export: everything that is stored about one person, as JSON, for them to read (GDPR art. 15)."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated

import typer

from gateway.commands.output import fail
from gateway.commands.session import open_store, read_settings


def export_person(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's mail address.")],
) -> None:
    """Print what is stored about a person as one JSON document: each kind of thing by its name.

    A post names its words by `content_id`, and so does a file; files lie in the blobs under their sha256.
    """
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway.commands import values
        from store import dossier, people

        try:
            mailbox = values.mailbox(email, settings)
        except ValueError as error:
            fail(str(error))
        with database.reading() as tx:
            person = people.find(tx, mailbox) or people.find_author(tx, mailbox)
            if person is None:
                fail(f"{mailbox}: nobody has this address")
            # Row by row: a long life in the network fits no memory.
            for number, (name, rows) in enumerate(dossier.sections(tx, person.id)):
                typer.echo(f"{',' if number else '{'}\n  {json.dumps(name)}: [", nl=False)
                for at, row in enumerate(rows):
                    typer.echo(
                        f"{',' if at else ''}\n    {json.dumps(row, ensure_ascii=False, default=_plain)}", nl=False
                    )
                typer.echo("]", nl=False)
            typer.echo("\n}")


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")
