"""`make demo` holds what it shows, and ends by itself where it is told to."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

from gateway.demo import letters
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
    assert "All 18 held." in done.stdout
    assert "✗" not in done.stdout


def test_a_step_that_does_not_hold_is_told() -> None:
    told = io.StringIO()
    tell = Transcript(told)
    assert tell.check(True, "fine")
    assert not tell.check(False, "not fine")
    tell.end()
    assert (tell.held, tell.broken) == (1, ["not fine"])
    assert "1 of 2 did not hold" in told.getvalue()


def test_the_answer_quotes_all_of_what_was_received() -> None:
    post = letters.post("Ann <ann@example.com>", ["p@relais.example"], "Été", "One\n\nTwo\n", letters.paper())
    answer = letters.answer("Bea <bea@example.com>", post, "Mine")
    text = letters.part_of(answer, "plain")
    assert text.splitlines()[1:] == ["> One", ">", "> Two", "", "Mine"]
    assert answer["Subject"] == "Re: Été"
    assert answer["In-Reply-To"] == post["Message-ID"]
    assert b"\r\n" in letters.as_sent(answer) and b"\n\n" not in letters.as_sent(answer)
