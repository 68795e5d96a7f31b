"""Logs that cost nobody anything and tell nobody's words; what ready means."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gateway.core.decision import Decision, Reason, Verdict
from gateway.core.urgency import Urgency
from gateway.observe import Lines, Metrics
from store.database import Database
from tests.network import SetClock

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


def test_a_mailbox_is_counted_and_its_state_is_told_by_whoever_has_it(database: Database, clock: SetClock) -> None:
    metrics = Metrics(database, clock)
    metrics.picked_up("box/INBOX", "taken", 3)
    metrics.picked_up("box/INBOX", "too_large", 1)
    lines = {
        None: None,
        True: 'relais_mailbox_up{mailbox="box/INBOX"} 1.0',
        False: 'relais_mailbox_up{mailbox="box/INBOX"} 0.0',
    }
    for up, line in lines.items():
        metrics.mailbox_is_up("box/INBOX", up)
        told = [found for found in metrics.page().decode().splitlines() if found.startswith("relais_mailbox_up{")]
        assert told == ([line] if line else [])
    metrics.mailbox_is_up("box/INBOX", None)
    page = metrics.page().decode()
    assert "relais_mailbox_up{" not in page
    assert 'relais_mailbox_mails_total{mailbox="box/INBOX",outcome="taken"} 3.0' in page
    assert 'relais_mailbox_mails_total{mailbox="box/INBOX",outcome="too_large"} 1.0' in page


def test_urgent_posts_are_counted_by_what_became_of_them(database: Database, clock: SetClock) -> None:
    metrics = Metrics(database, clock)
    for urgency in (Urgency.NONE, Urgency.GRANTED, Urgency.GRANTED, Urgency.SPENT):
        metrics.decided(Decision(Verdict.PUBLISH, Reason.MEMBER_POST), urgency)
    told = [line for line in metrics.page().decode().splitlines() if line.startswith("relais_urgent_posts_total")]
    assert told == [
        'relais_urgent_posts_total{urgency="granted"} 2.0',
        'relais_urgent_posts_total{urgency="spent"} 1.0',
    ]
