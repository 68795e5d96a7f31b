"""relais import: people, communities and members by the hundred thousand, from CSV.

Each batch of rows is one transaction with a handful of statements. A wrong row is reported with its line and leaves the
others in; what is there already stays as it is, so importing a file twice does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Generic, TypeVar

import typer

from gateway.commands.archives import import_posts
from gateway.commands.output import AsJson, complain, document, fail, progress
from gateway.commands.session import open_store, read_settings
from gateway.core.clock import utc_now

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.commands.sheets import SheetRow
    from gateway.commands.values import NewMembership
    from gateway.settings import Settings
    from store.communities import NewCommunity
    from store.database import Database
    from store.people import NewPerson

app = typer.Typer(no_args_is_help=True, help="Import many at once: from CSV with a header row, and old mails.")
app.command("posts")(import_posts)

BATCH = 2000
"""Rows a transaction: long enough to be quick, short enough that no mail waits behind one."""

Item = TypeVar("Item")
File = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="CSV, UTF-8, , or ; between.")
]


@dataclass(slots=True)
class Report:
    """What became of the rows; `wrong` are (line, why)."""

    added: int = 0
    known: int = 0
    wrong: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Import(Generic[Item]):
    """How one kind of row is read and written.

    `write` gets the right rows of a batch and answers for each: "" added, None known already, else what is wrong.
    """

    columns: tuple[str, ...]
    needed: tuple[str, ...]
    read: Callable[[dict[str, str], Settings], Item]
    write: Callable[[Connection, Sequence[Item], datetime], Sequence[str | None]]


@app.command("people")
def import_people(
    ctx: typer.Context,
    file: File,
    sync: Annotated[bool, typer.Option("--sync", help="The file names everybody: change and suspend as well.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --sync: only say what would be done.")] = False,
    most: Annotated[
        float, typer.Option(min=0, max=100, metavar="PERCENT", help="With --sync: suspend no larger share of them.")
    ] = 10.0,
    yes: Annotated[bool, typer.Option("--yes", help="With --sync: suspend whoever is gone, however many.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import people: email,name,locale,timezone. Only email must be filled in.

    With --sync the columns also (more addresses) and id (what the directory calls the person, whose address may then
    change) may stand in it too, and whom an earlier file named and this one does not is suspended.
    """
    from gateway.commands import values
    from gateway.commands.directory import Limits, sync_people

    if sync:
        sync_people(ctx, file, Limits(most, dry_run, yes), as_json=as_json)
        return
    if dry_run or yes:
        raise typer.BadParameter("goes with --sync only", param_hint="--dry-run, --yes")
    columns = ("email", "name", "locale", "timezone")
    _run(ctx, file, as_json, Import(columns, ("email",), values.listed_person, write_people))


@app.command("communities")
def import_communities(ctx: typer.Context, file: File, as_json: AsJson = False) -> None:
    """Import communities: address,name,kind,pace,join,post,description. address is the local part."""
    from gateway.commands import values

    columns = ("address", "name", "kind", "pace", "join", "post", "description")
    _run(ctx, file, as_json, Import(columns, ("address", "name"), values.community, write_communities))


@app.command("members")
def import_members(ctx: typer.Context, file: File, as_json: AsJson = False) -> None:
    """Import members: email,community,role,pace. The people and communities must be there already."""
    from gateway.commands import values

    columns = ("email", "community", "role", "pace")
    _run(ctx, file, as_json, Import(columns, ("email", "community"), values.membership, write_members))


def write_people(tx: Connection, batch: Sequence[NewPerson], now: datetime) -> list[str | None]:
    """Adds people who are not there yet."""
    from store import people

    return [None if person_id is None else "" for person_id in people.add(tx, batch, now)]


def write_communities(tx: Connection, batch: Sequence[NewCommunity], now: datetime) -> list[str | None]:
    """Adds communities that are not there yet."""
    from store import communities

    return [None if community_id is None else "" for community_id in communities.add_all(tx, batch, now)]


def write_members(tx: Connection, batch: Sequence[NewMembership], now: datetime) -> list[str | None]:
    """Adds memberships of known people in known communities."""
    from gateway.core.community import Membership
    from store import communities, memberships, people

    persons = people.find_all(tx, {new.person.key for new in batch})
    places = communities.find_all(tx, {new.community for new in batch})
    found = {
        (places[new.community].id, persons[new.person.key].id)
        for new in batch
        if new.community in places and new.person.key in persons
    }
    there = set(memberships.get_all(tx, found)) if found else set()
    told: list[str | None] = []
    fresh: list[Membership] = []
    for new in batch:
        person, place = persons.get(new.person.key), places.get(new.community)
        if person is None:
            told.append(f"{new.person}: nobody has this address")
        elif place is None:
            told.append(f"{new.community}: there is no such community")
        elif (place.id, person.id) in there:
            told.append(None)
        elif new.pace and not place.allows(new.pace):
            told.append(f"{new.pace.value}: {new.community} does not allow this pace")
        else:
            there.add((place.id, person.id))
            fresh.append(Membership(place.id, person.id, new.role, new.pace))
            told.append("")
    memberships.add(tx, fresh, now)
    return told


def _run(ctx: typer.Context, path: Path, as_json: bool, wanted: Import[Item]) -> None:
    settings = read_settings(ctx)
    with open_store(settings) as database, path.open("rb") as file:
        from gateway.commands.sheets import SheetError, read_rows

        report = Report()
        try:
            with progress(f"importing {path.name}", path.stat().st_size) as advance:
                for batch in _batches(read_rows(file, wanted.columns, wanted.needed), file, advance):
                    _import(database, settings, wanted, batch, report)
        except SheetError as error:
            fail(f"{path}: {error}")
    _tell(report, as_json)


def _batches(rows: Iterator[SheetRow], file: IO[bytes], advance: Callable[[int], None]) -> Iterator[list[SheetRow]]:
    batch: list[SheetRow] = []
    read = 0
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
            advance(file.tell() - read)
            read = file.tell()
    if batch:
        yield batch


def _import(
    database: Database, settings: Settings, wanted: Import[Item], batch: Sequence[SheetRow], report: Report
) -> None:
    right: list[tuple[int, Item]] = []
    for row in batch:
        try:
            if row.error:
                raise ValueError(row.error)
            right.append((row.line, wanted.read(row.values, settings)))
        except ValueError as error:
            report.wrong.append((row.line, str(error)))
    if not right:
        return
    with database.transaction() as tx:
        told = wanted.write(tx, [item for _, item in right], utc_now())
    for (line, _), word in zip(right, told, strict=True):
        if word is None:
            report.known += 1
        elif word:
            report.wrong.append((line, word))
        else:
            report.added += 1


def _tell(report: Report, as_json: bool) -> None:
    report.wrong.sort()
    if as_json:
        wrong = [{"line": line, "error": text} for line, text in report.wrong]
        document({"added": report.added, "known": report.known, "wrong": wrong})
    else:
        for line, text in report.wrong:
            complain(f"line {line}: {text}")
        typer.echo(f"{report.added} added, {report.known} already there, {len(report.wrong)} wrong")
    if report.wrong:
        raise typer.Exit(1)
