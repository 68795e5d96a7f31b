"""relais import people --sync: the network follows the company's directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gateway.commands.output import complain, document, fail, progress, shown
from gateway.commands.session import open_store, read_settings
from gateway.core.clock import utc_now

if TYPE_CHECKING:
    from gateway.directory import Change, Entry, Plan
    from gateway.settings import Settings

_COLUMNS = ("email", "name", "locale", "timezone", "also", "id")
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a sync may go: `most` is the largest share of the staff, in percent, that it suspends."""

    most: float
    dry_run: bool
    yes: bool


def sync_people(ctx: typer.Context, path: Path, limits: Limits, *, as_json: bool) -> None:
    """Adds, changes, brings back and suspends people as the file says; ends with 1 where something was not done."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway import directory
        from store.directory import everybody

        entries, wrong = _read(path, settings)
        with database.reading() as tx:
            made = directory.plan(entries, everybody(tx))
        made.wrong += wrong
        too_many = made.share_gone > limits.most and not limits.yes
        if made.wrong:
            # A row that nobody could read may be that of somebody who seems to be gone.
            made.spare()
        done = not limits.dry_run and not too_many
        if done:
            with progress(f"following {path.name}", len(made.new) + len(made.changed)) as advance:
                directory.carry_out(database, made, utc_now(), advance)
    _tell(made, limits, too_many=too_many, done=done, as_json=as_json)
    if made.wrong or (too_many and not limits.dry_run):
        raise typer.Exit(1)


def _read(path: Path, settings: Settings) -> tuple[list[Entry], list[tuple[int, str]]]:
    """The rows of the file, and those that are wrong."""
    from gateway.commands import values
    from gateway.commands.sheets import SheetError, read_rows
    from gateway.directory import Entry

    entries: list[Entry] = []
    wrong: list[tuple[int, str]] = []
    try:
        with path.open("rb") as file:
            for row in read_rows(file, _COLUMNS, ("email",)):
                try:
                    if row.error:
                        raise ValueError(row.error)
                    given = frozenset(name for name, value in row.values.items() if value.strip())
                    also = values.mailboxes(row.values.get("also", ""), settings)
                    entries.append(Entry(row.line, values.listed_person(row.values, settings), also, given))
                except ValueError as error:
                    wrong.append((row.line, str(error)))
    except SheetError as error:
        fail(f"{path}: {error}")
    return entries, wrong


def _tell(made: Plan, limits: Limits, *, too_many: bool, done: bool, as_json: bool) -> None:
    made.wrong.sort()
    visible = [change for change in made.changed if change.is_visible]
    back = sum(change.back for change in visible)
    counts = {
        "added": len(made.new),
        "changed": len(visible),
        "back": back,
        "suspended": len(made.gone),
        "spared": len(made.spared),
        "same": len(made.changed) - len(visible),
    }
    if as_json:
        document(
            {
                "done": done,
                "too_many": too_many,
                **counts,
                "changes": [{"email": change.standing.address, "what": _what(change)} for change in visible],
                "gone": [standing.address for standing in (*made.gone, *made.spared)],
                "wrong": [{"line": line, "error": text} for line, text in made.wrong],
            }
        )
        return
    for line, text in made.wrong:
        complain(f"line {line}: {text}")
    if not done:
        for change in visible[:_SHOWN]:
            typer.echo(f"change {shown(change.standing.address)}: {', '.join(_what(change))}")
        for standing in (*made.gone, *made.spared)[:_SHOWN]:
            typer.echo(f"suspend {shown(standing.address)}")
    typer.echo(", ".join(f"{number} {name}" for name, number in counts.items()))
    if made.spared:
        complain(f"{len(made.spared)} not suspended: the only administrator, and whoever is gone while rows are wrong")
    if too_many:
        complain(f"{made.share_gone:.0f} % of the staff would be suspended, more than {limits.most:g} %: --yes does it")
    if not done:
        typer.echo("nothing was written")


def _what(change: Change) -> list[str]:
    """The changes of one person in words."""
    traits = change.traits
    told = [
        f"{name} {value}" for name in ("name", "locale", "timezone") if (value := getattr(traits, name)) is not None
    ]
    told += [f"address {change.move_to}"] if change.move_to else []
    told += [f"also {address}" for address in change.also]
    return [*told, "back"] if change.back else told
