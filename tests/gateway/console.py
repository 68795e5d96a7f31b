"""`relais` as tests call it: in this process on settings of their own, or as a program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from gateway.cli import app

SETTINGS = """
[gateway]
domain = "talk.example.com"
secret_file = "{folder}/secret"
[store]
url = "{url}"
blobs = "{folder}/blobs"
reserve_bytes = 0
[smtp]
listen = ""
[lmtp]
listen = ""
[relay]
outbox = "{folder}/outbox"
[web]
listen = ""
base_url = "https://talk.example.com"
[posting]
receipts = "never"
[authentication]
require = "none"
"""


class Console:
    """Runs commands on one settings file."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.config = folder / "settings.toml"
        self.config.write_text(SETTINGS.format(folder=folder, url=url))

    def run(self, *words: str, stdin: bytes | None = None) -> Any:
        """Runs a command in this process; returns its exit code, stdout and stderr."""
        return CliRunner().invoke(app, ["--config", str(self.config), *words], input=stdin, catch_exceptions=False)

    def done(self, *words: str) -> str:
        """Runs a command that must succeed; returns its stdout."""
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return str(result.stdout)

    def json(self, *words: str) -> Any:
        """Runs a command that must succeed with --json; returns its document."""
        return json.loads(self.done(*words, "--json"))

    def refused(self, *words: str) -> str:
        """Runs a command that must end with 1; returns what it said on stderr."""
        result = self.run(*words)
        assert result.exit_code == 1, result.output
        return str(result.stderr)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Starts a command as a program."""
        return subprocess.Popen(
            [sys.executable, "-m", "gateway", "--config", str(self.config), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def run_program(*words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m gateway` in that folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RELAIS")} | variables
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-m", "gateway", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
