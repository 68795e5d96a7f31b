"""`make demo` holds what it shows, and ends by itself where it is told to."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

from gateway.demo.transcript import Transcript

ROOT = Path(__file__).parent.parent.parent


def test_every_step_holds() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway.demo"],
        cwd=ROOT,
        env={**os.environ, "DEMO_EXIT": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 29 held." in done.stdout
    assert "✗" not in done.stdout


def test_a_step_that_does_not_hold_is_told() -> None:
    told = io.StringIO()
    tell = Transcript(told)
    assert tell.check(True, "fine")
    assert not tell.check(False, "not fine")
    tell.end()
    assert (tell.held, tell.broken) == (1, ["not fine"])
    assert "1 of 2 did not hold" in told.getvalue()


def test_of_a_long_quote_the_end_is_shown() -> None:
    told = io.StringIO()
    quoted = "\n".join(f"> line {n}" for n in range(6))
    Transcript(told).mail("sent", EmailMessage(), f"Le 22/11, Relais a écrit :\n{quoted}\n>\n\nMine\n\n{quoted}")
    lines = [line.strip("│ \n") for line in told.getvalue().splitlines()]
    shown = lines.index("Le 22/11, Relais a écrit :")
    assert lines[shown + 1 : -1] == ["> ⋮ 4 lines", "> line 4", "> line 5", "", "Mine", "", "> ⋮ 6 lines"]


def test_a_short_quote_is_shown_whole() -> None:
    told = io.StringIO()
    Transcript(told).mail("sent", EmailMessage(), "> one\n>\n> two\nMine")
    assert "⋮" not in told.getvalue() and "> one" in told.getvalue()
