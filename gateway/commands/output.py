"""What the commands print: a table for a person, plain columns for a program, one JSON document where asked for.

Text of strangers passes through here, so nothing that a terminal would obey is printed.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import date, datetime
from enum import Enum
from typing import Annotated, NoReturn, TypeAlias

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, and nothing else, on stdout.")]

Cell: TypeAlias = str | int | date | Enum | bool | None


def document(content: object) -> None:
    """Prints one JSON document."""
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=_plain))


def record(row: object) -> dict[str, Cell]:
    """A flat dataclass as the object of a JSON document."""
    return {field.name: getattr(row, field.name) for field in fields(row)}  # type: ignore[arg-type]


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Prints rows: a drawn table on a terminal, else one line each with tabs between, the names first."""
    if not sys.stdout.isatty():
        typer.echo("\t".join(columns))
        for row in rows:
            typer.echo("\t".join(map(shown, row)))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*columns, header_style="bold", box=None, pad_edge=False)
    for row in rows:
        drawn.add_row(*(Text(shown(cell)) for cell in row))
    Console().print(drawn)


def facts(content: Mapping[str, Cell]) -> None:
    """Prints one thing: a line for each fact, its name first."""
    width = max(map(len, content))
    for name, value in content.items():
        typer.echo(f"{name.replace('_', ' '):{width}}  {shown(value)}".rstrip())


def shown(cell: Cell) -> str:
    """A value in words on one line, without control characters."""
    match cell:
        case None:
            return "-"
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M:%SZ")
        case Enum():
            return str(cell.value)
        case _:
            return harmless(str(cell), keep="").strip()


def harmless(text: str, *, keep: str = "\n\t") -> str:
    """Text without what moves a cursor, rings a bell or turns the writing round (Unicode categories C and Z[lp])."""
    return "".join(
        character
        if character in keep or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
        else " "
        for character in text
    )


def on_screen(text: str) -> str:
    """Text that goes out as it is, but to a terminal without what that would obey."""
    return harmless(text.replace("\r\n", "\n")) if sys.stdout.isatty() else text


def complain(text: str) -> None:
    """Says what went wrong, on stderr."""
    typer.echo(harmless(text), err=True)


def fail(text: str) -> NoReturn:
    """Says what went wrong and ends the command with 1."""
    complain(text)
    raise typer.Exit(1)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr while the block runs, where that is a terminal. The block tells each advance to what it gets."""
    if not sys.stderr.isatty() or total <= 0:
        yield lambda _advance: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(label, total=total)
        yield lambda advance: bars.update(task, advance=advance)


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"no JSON for {type(value).__name__}")
