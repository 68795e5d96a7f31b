"""Logs that cost nobody anything and tell nobody's words; what ready means."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gateway.observe import Lines

_SPEAKER = """
import structlog, sys
from gateway.observe import set_up_logs
set_up_logs()
log = structlog.get_logger("speaker")
for n in range(100):
    log.error("trouble", number=n, words="x" * 1000)
try:
    raise OSError("no")
except OSError:
    log.exception("worse")
print("still here", flush=True)
"""


def test_a_log_on_a_full_disk_stops_nobody() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([sys.executable, "-c", _SPEAKER], stdout=subprocess.PIPE, stderr=full, check=False)
    assert ended.stdout == b"still here\n"


def test_a_closed_stream_stops_nobody(tmp_path: Path) -> None:
    stream = (tmp_path / "log").open("w")
    lines = Lines(stream)
    lines.msg("one")
    stream.close()
    lines.error("two")
    assert (tmp_path / "log").read_text() == "one\n"
