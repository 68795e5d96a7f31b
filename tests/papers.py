"""Configuration as docs/deploy shows it: what a reader is told to write is what the tests start.

A block is what stands indented below a line that names its file. A test gives its own ports and folders for those of
the paper; a value that the paper no longer has fails.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

DEPLOY = Path(__file__).parent.parent / "docs" / "deploy"


def block(paper: str, file: str, own: Mapping[str, str] | None = None) -> str:
    """What this paper of docs/deploy has for this file, each value of `own` in the place of its key."""
    text = (DEPLOY / paper).read_text("utf-8")
    found = re.findall(rf"^`{re.escape(file)}`[^\n]*:\n\n((?:(?:    [^\n]*)?\n)+)", text, re.MULTILINE)
    assert len(found) == 1, f"{paper} has {len(found)} blocks for {file}"
    shown = dedent(found[0]).strip() + "\n"
    for value, instead in (own or {}).items():
        assert value in shown, f"{paper} no longer says {value} in {file}"
        shown = shown.replace(value, instead)
    return shown
