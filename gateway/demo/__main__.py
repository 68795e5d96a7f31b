"""`python -m gateway.demo`: runs the story, then stays up until Ctrl-C, or with DEMO_EXIT=1 ends by itself.

Exit code 0 where every step held, 1 where one did not.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from gateway.demo.cast import INES, KARIM
from gateway.demo.company import AUTHSERV_ID
from gateway.demo.house import DOMAIN, DemoError
from gateway.demo.stage import Stage
from gateway.demo.story import Story
from gateway.demo.transcript import Transcript


async def run(folder: Path, tell: Transcript, *, stays: bool) -> None:
    """The story in this folder; `stays` waits for Ctrl-C before everything is stopped."""
    stage = Stage(folder, tell)
    story = Story(stage)
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    told = asyncio.ensure_future(story.run())
    ended = asyncio.ensure_future(asked.wait())
    try:
        await asyncio.wait([told, ended], return_when=asyncio.FIRST_COMPLETED)
        if not told.done():
            raise DemoError("stopped before the end")
        told.result()
        if stays:
            _look_around(stage)
            await ended
    except (DemoError, OSError) as error:
        tell.check(False, str(error))
    finally:
        told.cancel()
        ended.cancel()
        await asyncio.wait([told, ended])
        await stage.clear()


def _look_around(stage: Stage) -> None:
    tell, house = stage.tell, stage.house
    tell.step("It is all still running: look around, end it with Ctrl-C")
    mailbox = stage.mails(KARIM)[0]
    proof = f"Authentication-Results: {AUTHSERV_ID}; auth=pass smtp.auth={KARIM.address}"
    swaks = ["swaks", "--server", f"127.0.0.1:{house.ports.smtp}", "--from", KARIM.address, "--to", f"projets@{DOMAIN}"]
    words = ["--header", "Subject: Bonjour", "--body", "Bonjour à tous", "--add-header", proof]
    tell.places(
        [
            ("a page", str(mailbox["List-Unsubscribe"]).partition(">")[0].strip("<")),
            ("metrics", f"{house.page}/metrics"),
            ("mailboxes", str(stage.folder / "mailboxes")),
            ("log", str(house.log)),
            ("status", shlex.join(house.command("status"))),
            ("held mails", shlex.join(house.command("arrivals", "list"))),
            ("write one", shlex.join([*swaks, *words])),
            ("next digest", shlex.join(house.command("digest", "preview", INES.address, "--cadence", "weekly"))),
        ]
    )


def main() -> int:
    """The exit code."""
    tell = Transcript()
    folder = Path(tempfile.mkdtemp(prefix="relais-demo-"))
    try:
        asyncio.run(run(folder, tell, stays=os.environ.get("DEMO_EXIT", "") in ("", "0")))
    finally:
        if not tell.broken:
            shutil.rmtree(folder, ignore_errors=True)
    tell.end()
    if tell.broken:
        tell.note(f"The log and the mails are in {folder}.")
    return 1 if tell.broken else 0


if __name__ == "__main__":
    sys.exit(main())
