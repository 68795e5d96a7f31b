"""relais doctor: whether this machine can do what the settings promise, one line each."""

from __future__ import annotations

import typer

from gateway.commands.output import AsJson, document, record, shown
from gateway.commands.session import read_settings
from gateway.core.clock import utc_now
from gateway.finding import State

_COLOURS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}


def doctor(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Check settings, store, disk, relay, mailboxes, clock, DNS and the rest; exit 1 when something fails."""
    settings = read_settings(ctx)
    from gateway import diagnosis

    findings = []
    for finding in diagnosis.examine(settings, utc_now):
        findings.append(finding)
        if not as_json:
            state = typer.style(f"{finding.state.value:5}", fg=_COLOURS[finding.state.value])
            typer.echo(f"{state} {finding.name:15} {shown(finding.text)}")
    well = all(finding.state is not State.FAIL for finding in findings)
    if as_json:
        document({"ok": well, "checks": [record(finding) for finding in findings]})
    if not well:
        raise typer.Exit(1)
