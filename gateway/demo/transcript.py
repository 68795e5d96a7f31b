"""The demo as it is read on a terminal: steps, mails, checks. The only file of the demo that knows how it looks."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from itertools import groupby
from typing import IO

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_WIDTH = 100
_ABOVE = 2
"""Quoted lines shown above what somebody wrote."""


class Transcript:
    """Tells the story on stdout, or on `file`, and counts what did not hold."""

    def __init__(self, file: IO[str] | None = None) -> None:
        out = file or sys.stdout
        self._console = Console(file=out, highlight=False, width=None if out.isatty() else _WIDTH + 10)
        self._steps = 0
        self.held = 0
        self.broken: list[str] = []

    def step(self, title: str) -> None:
        """A new chapter."""
        self._steps += 1
        self._console.print()
        self._console.rule(Text(f"{self._steps}. {title}", "bold"), align="left", style="green")

    def note(self, words: str) -> None:
        """A line of explanation."""
        self._console.print(Text(words))

    def command(self, words: Sequence[str], told: str) -> None:
        """A command of the gateway, and what it printed."""
        self._console.print(Text("$ ", "dim") + Text(f"relais {' '.join(words)}", "bold"))
        self._console.print(Text(told.strip()))

    def check(self, holds: bool, words: str) -> bool:
        """One thing that has to hold; returns whether it did."""
        if holds:
            self.held += 1
        else:
            self.broken.append(words)
        self._console.print(Text(" ✓ " if holds else " ✗ ", "bold green" if holds else "bold red") + Text(words))
        return holds

    def people(self, rows: Sequence[tuple[str, str, str, str, str]]) -> None:
        """Who is who."""
        columns = ("name", "address", "language", "member of", "gets")
        table = Table(*columns, box=None, header_style="dim", padding=(0, 3, 0, 0))
        for row in rows:
            table.add_row(*row)
        self._console.print(table)

    def mail(self, title: str, mail: EmailMessage, text: str, files: Sequence[str] = ()) -> None:
        """One mail: the fields a client shows, the text, the files."""
        head = Table.grid(padding=(0, 2, 0, 0))
        for name in ("From", "To", "Reply-To", "Subject"):
            if mail[name]:
                head.add_row(Text(name, "dim"), Text(str(mail[name]), "bold" if name == "Subject" else ""))
        for file in files:
            head.add_row(Text("Attached", "dim"), Text(file, "cyan"))
        words, _, foot = text.strip("\n").partition("\n-- \n")
        body = Group(head, Text(), _folded(words.strip("\n")), *([Text(f"\n{foot}", "dim")] if foot else []))
        panel = Panel(body, title=Text(title), title_align="left", border_style="blue", width=_WIDTH, padding=(0, 1))
        self._console.print(panel)

    def books(self, status: Mapping[str, Mapping[str, int]]) -> None:
        """The counts of `relais status`."""
        table = Table.grid(padding=(0, 2, 0, 0))
        for name, counts in status.items():
            table.add_row(Text(name, "dim"), Text("  ".join(f"{key} {value}" for key, value in counts.items())))
        self._console.print(table)

    def places(self, rows: Sequence[tuple[str, str]]) -> None:
        """Where to look. Commands are never broken into lines, so that they can be taken from the screen."""
        for name, place in rows:
            self._console.print(Text(f"{name:<12}", "dim") + Text(place), soft_wrap=True)

    def end(self) -> None:
        """How it went."""
        self._console.print()
        if self.broken:
            self._console.print(Text(f"{len(self.broken)} of {self.held + len(self.broken)} did not hold:", "bold red"))
            for words in self.broken:
                self._console.print(Text(f" ✗ {words}", "red"))
        else:
            self._console.print(Text(f"All {self.held} held.", "bold green"))


def _folded(words: str) -> Text:
    """The words of a mail; of a long quote only the lines right above what somebody wrote."""
    out = Text()
    runs = [(quoted, list(run)) for quoted, run in groupby(words.split("\n"), lambda line: line.startswith(">"))]
    for at, (is_quoted, lines) in enumerate(runs, start=1):
        kept = _ABOVE if at < len(runs) else 0
        said = [line for line in lines if line.strip("> ")]
        left_out = len(said) - kept
        shown = [f"> ⋮ {left_out} lines", *said[left_out:]] if is_quoted and left_out > 1 else lines
        out.append("\n".join([*shown, ""]), "dim" if is_quoted else "")
    out.rstrip()
    return out
