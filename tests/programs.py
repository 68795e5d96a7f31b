"""Programs of the system that some tests need: a test that misses one skips, and the run ends by saying how to get it.

A skip reason that holds `apt-get install PACKAGE` is counted, whoever wrote it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable

import pytest

_PACKAGES = re.compile(r"apt-get install ((?:[a-z0-9][a-z0-9.+-]+ ?)+)")


def needs(program: str, package: str = "") -> str:
    """The path of the program. Skips the test where it is not installed."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed: apt-get install {package or program}")
    return path


def command_for(reasons: Iterable[str]) -> str:
    """The one command that installs what these skip reasons miss; "" where they miss nothing."""
    packages = {word for reason in reasons for found in _PACKAGES.findall(reason) for word in found.split()}
    return f"apt-get install {' '.join(sorted(packages))}" if packages else ""


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last words of a run with something missing."""
    reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    skipped = reporter.stats.get("skipped", [])
    command = command_for(str(report.longrepr[2]) for report in skipped if isinstance(report.longrepr, tuple))
    if command:
        reporter.write_line(f"To run what was skipped: {command}", yellow=True)
