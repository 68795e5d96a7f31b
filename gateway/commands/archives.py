"""relais import posts: the archive of a list becomes the posts of a community."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.output import AsJson, complain, document, fail, progress, shown
from gateway.commands.session import read_settings, require_database_file
from gateway.core.audit import Act, Entry, Hand
from gateway.core.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.app import App
    from gateway.archives import Plan, Report
    from gateway.core.community import Community
    from gateway.mailboxes import Archive, Head
    from gateway.settings import Settings

_REASONS = {
    "automatic": "written by no person",
    "empty": "without words and files",
    "encrypted": "encrypted",
    "no_author": "without an author",
    "nothing_new": "nothing but quoted words",
    "too_large": "larger than smtp.max_message_bytes",
    "unreadable": "could not be read",
}
_SHOWN = 20


def import_posts(
    ctx: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|DIR",
            exists=True,
            readable=True,
            help="An mbox, a Maildir, a mail, or a folder of them; .gz too.",
        ),
    ],
    community: Annotated[str, typer.Option(metavar="COMMUNITY", help="Where they become posts; it must be there.")],
    authors: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            readable=True,
            help="CSV author,email: who in the archive has which address now.",
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="WORDS", help="What the list put in [ ] before subjects; may be repeated."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is there, and write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import old mails as posts: with their threads, dates, authors and files; nothing is sent to anybody.

    Run again after a crash, or with a newer archive, it takes what is not there yet. Authors who are nobody here are
    kept as such: they get nothing, and have their posts when they are added later.
    """
    from gateway.app import App
    from gateway.mailboxes import Archive
    from gateway.observe import set_up_logs
    from store import communities

    settings = read_settings(ctx)
    require_database_file(settings)
    set_up_logs()
    renamed = _authors(authors, settings) if authors else {}
    app = App(settings)
    with closing(app.database):
        app.require_schema()
        with app.database.reading() as tx:
            place = communities.find(tx, community.strip().lower())
        if place is None:
            fail(f"{community}: there is no such community")
        try:
            with Archive(path, until=utc_now()) as archive:
                if dry_run:
                    _look(app, archive, renamed, as_json=as_json)
                else:
                    _tell(_import(app, archive, _plan(settings, place, tag or [], renamed)), archive, as_json=as_json)
        except OSError as error:
            fail(f"{error.filename or path}: {error.strerror or error}")


def _plan(settings: Settings, place: Community, tags: list[str], renamed: Mapping[str, str]) -> Plan:
    from gateway.archives import Plan
    from store.authors import Origin

    return Plan(
        community_id=place.id,
        names=(place.name, place.address, *tags),
        authors=renamed,
        origin=Origin(settings.gateway.locale, settings.gateway.timezone),
        max_bytes=settings.smtp.max_message_bytes,
        readers=max(1, min(4, os.cpu_count() or 1)),
    )


def _import(app: App, archive: Archive, plan: Plan) -> Report:
    from gateway.archives import Importer
    from store import audit

    with progress("looking through", archive.size) as advance:
        order = archive.index(lambda _head: None, advance)
    importer = Importer(app.database, app.house, app.reader_setup(), plan)
    with progress("importing", len(order)) as advance:
        report = importer.run(archive, order, app.clock(), advance)
    if report.imported:
        entry = Entry(Act.POSTS_IMPORTED, Hand.CLI, plan.community_id, detail=str(report.imported))
        with app.database.transaction() as tx:
            audit.record(tx, entry, app.clock())
    return report


def _look(app: App, archive: Archive, renamed: Mapping[str, str], *, as_json: bool) -> None:
    """What the archive holds, from the headers of its mails alone."""
    from gateway.archives import glimpsed_author
    from store import authors

    wrote: Counter[str] = Counter()

    def see(head: Head) -> None:
        wrote[glimpsed_author(head, renamed)] += 1

    with progress("looking through", archive.size) as advance:
        archive.index(see, advance)
    with app.database.reading() as tx:
        known = {key for keys in _hundreds(list(wrote)) for key in authors.find(tx, keys)}
    counted = archive.counted
    told = {
        "mails": counted.mails,
        "twice": counted.twice,
        "undated": counted.undated,
        "first": counted.first,
        "last": counted.last,
        "authors": len(wrote),
        "authors_known": len(known),
        "authors_unknown": [{"author": key, "mails": n} for key, n in wrote.most_common() if key not in known],
    }
    if as_json:
        document(told)
        return
    typer.echo(f"{counted.mails} mails, {counted.twice} of them twice, {counted.undated} without a date")
    if counted.first and counted.last:
        typer.echo(f"from {counted.first:%Y-%m-%d} to {counted.last:%Y-%m-%d}")
    typer.echo(f"{len(wrote)} authors, {len(known)} of them known here; of the others these wrote most:")
    for key, n in [(key, n) for key, n in wrote.most_common() if key not in known][:_SHOWN]:
        typer.echo(f"{n:8}  {shown(key)}")


def _hundreds(keys: list[str]) -> list[list[str]]:
    return [keys[start : start + 500] for start in range(0, len(keys), 500)]


def _tell(report: Report, archive: Archive, *, as_json: bool) -> None:
    if as_json:
        counted = archive.counted
        document({**asdict(report), "why": dict(report.why), "first": counted.first, "last": counted.last})
        return
    typer.echo(f"{report.imported} of {report.mails} mails imported, in {report.topics} new topics")
    typer.echo(f"{report.known} were there already, {report.undated} had no date and stand behind the one before them")
    typer.echo(f"{report.authors_added} authors were nobody here, and are kept as authors")
    for why, n in report.why.most_common():
        complain(f"{n} skipped: {_REASONS[why]}")
    for one in report.skipped[:_SHOWN]:
        complain(f"  {one.where} {one.message_id}: {_REASONS[one.why]}")
    if len(report.skipped) > _SHOWN:
        complain("  … --json names up to a thousand")


def _authors(path: Path, settings: Settings) -> dict[str, str]:
    """The map of authors: what the archive calls them, folded, and their address."""
    from gateway.commands import values
    from gateway.commands.sheets import SheetError, read_rows

    renamed: dict[str, str] = {}
    try:
        with path.open("rb") as file:
            for row in read_rows(file, ("author", "email"), ("author", "email")):
                if row.error:
                    fail(f"{path}: line {row.line}: {row.error}")
                try:
                    renamed[row.values["author"].strip().casefold()] = str(
                        values.mailbox(row.values["email"], settings)
                    )
                except ValueError as error:
                    fail(f"{path}: line {row.line}: {error}")
    except SheetError as error:
        fail(f"{path}: {error}")
    return renamed
