"""`make corpus`: how the mails of the corpus are understood, by client, language and kind.

python -m tests.corpus [NAME...]: without a name the tables, with the beginning of a name what is expected and what is
got, in colour. Ends with 1 where something is wrong that KNOWN.toml does not list.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from inbound.explain import explain
from tests.corpus.cases import Case, compare, faults, folded, known, load

STYLES = {" ": "", "-": "bold red", "+": "bold yellow", ".": "dim"}


def main(names: list[str]) -> int:
    """Print; 1 where a case fails that is not known to."""
    console = Console()
    cases, listed = load(names), known()
    if not cases:
        console.print(f"no case begins with {' or '.join(names)}", style="red")
        return 2
    wrong = {case.name: faults(case) for case in cases}
    unknown = [case for case in cases if wrong[case.name].keys() != listed.get(case.name, {}).keys()]
    if names:
        for case in cases:
            console.print(shown(case, wrong[case.name], listed.get(case.name, {})))
    else:
        for title, key in (("kind", kind), ("language", language), ("client", client)):
            console.print(table(title, cases, wrong, key))
        for case in unknown:
            console.print(f"{case.name}: {', '.join(wrong[case.name]) or 'passes now'}", style="red", highlight=False)
    passed = sum(not found for found in wrong.values())
    console.print(f"{passed} of {len(cases)} as expected, {len(unknown)} not as KNOWN.toml says", highlight=False)
    return 1 if unknown else 0


def kind(case: Case) -> str:
    """What the mail is, and the way it answers."""
    return f"{case.kind} {case.style}" if case.kind == "ordinary" else case.kind


def language(case: Case) -> str:
    """The language of the mail."""
    return case.written_in


def client(case: Case) -> str:
    """The program that wrote it."""
    return case.client


def table(title: str, cases: list[Case], wrong: dict[str, dict[str, str]], key: Callable[[Case], str]) -> Table:
    """One line for each value of `key`: mails, and how many are as expected."""
    groups: defaultdict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[key(case)].append(case)
    drawn = Table(title=title, title_justify="left", box=None)
    for name, side in ((title, "left"), ("mails", "right"), ("as expected", "right"), ("otherwise", "left")):
        drawn.add_column(name, justify="right" if side == "right" else "left")
    for group in sorted(groups):
        failed = [case for case in groups[group] if wrong[case.name]]
        aspects = sorted({aspect for case in failed for aspect in wrong[case.name]})
        style = "" if not failed else "yellow"
        count = len(groups[group])
        drawn.add_row(group, str(count), str(count - len(failed)), ", ".join(aspects), style=style)
    return drawn


def shown(case: Case, found: dict[str, str], listed: dict[str, str]) -> Panel:
    """One case: its lines as expected and as got, then what else is wrong."""
    got = explain(case.raw)
    lines = Text()
    for mark, line in compare(case, got["text"]) if case.text is not None else [(" ", x) for x in folded(got["text"])]:
        lines.append(f"{mark} {line}\n", style=STYLES[mark])
    for title in ("quoted", "signature"):
        for line in folded(str(got[title]))[:12]:
            lines.append(f"{title[0]}| {line}\n", style="dim blue")
    other = Text()
    for aspect, fault in found.items():
        reason = listed.get(aspect)
        other.append(f"{aspect}: {'see above' if aspect == 'text' else fault}", style="bold red")
        other.append(f" ({reason})\n" if reason else "\n", style="dim")
    title = f"{case.name}: {'as expected' if not found else ', '.join(found)}"
    legend = Text("- lost  + too much  . may stay or go  q| quoted  s| signature", style="dim")
    return Panel(Group(lines, other, legend), title=title, title_align="left", border_style="red" if found else "green")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
