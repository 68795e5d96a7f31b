"""The program of a reader process, started by inbound.reader with one end of a socket pair.

Understands the bytes of strangers outside the gateway's own process. Five seconds of CPU or too much memory end it, and
the parent knows of which mail. Attachments become blobs here, before any row names them. Imports no database.
"""

from __future__ import annotations

import resource
import signal
import sys
from dataclasses import replace
from multiprocessing.connection import Connection

from gateway.core.errors import StoreError
from gateway.core.message import Reading
from inbound import authenticity, reading
from inbound.authenticity import Proof
from inbound.job import Job, NotRead, Read, ReaderSetup
from inbound.resolver import Ask, Resolver
from store.blobs import Blobs, open_blobs

CPU_S = 5.0
"""CPU time one mail may take; beyond it the kernel ends the process."""
MEMORY_BYTES = 1 << 30
_ARCHIVED = Proof(proven=False, how="archived")
_FIRST = b"""From: relais <relais@relais.example>\r
Subject: Ready\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary=b\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
\r
Ready.\r
--b\r
Content-Type: text/html; charset=utf-8\r
\r
<p>Ready.</p>\r
--b--\r
"""


def serve(pipe: Connection) -> None:
    """Answers jobs, each in its turn, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # No Python handler: the kernel ends the process even inside a C loop.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        setup: ReaderSetup = pipe.recv()
        blobs = open_blobs(setup.blobs, endpoint=setup.blobs_endpoint)
        # Whatever goes wrong before this word is no mail's fault.
        # What the parsers load and compile at their first mail is no stranger's waiting time.
        reading.read(_FIRST, "", setup.domain)
        verifying = setup.border.verifying
        ask = Resolver(verifying.nameservers).ask if verifying else None
        pipe.send("ready")
        while True:
            jobs: list[Job] = pipe.recv()
            for job in jobs:
                pipe.send((job.number, read(job, setup, blobs, ask)))
    except (EOFError, OSError):
        return


def read(job: Job, setup: ReaderSetup, blobs: Blobs, ask: Ask | None = None) -> Read | NotRead:
    """Reads one mail, and stores its attachments. `ask` is the DNS, where authors are verified here."""
    signal.setitimer(signal.ITIMER_PROF, CPU_S)
    try:
        raw = job.raw if job.raw is not None else blobs.read(job.blob)
        if setup.archive:
            return Read(_stored(reading.read_archived(raw, setup.domain), blobs), _ARCHIVED)
        understood = reading.read(raw, job.envelope.reverse_path, setup.domain, job.hints)
        proof = authenticity.find(raw, understood.parsed, job.envelope, setup.border, ask)
        return Read(_stored(understood, blobs), proof)
    except StoreError as error:
        return NotRead(str(error), error.temporary)
    except MemoryError:
        return NotRead("needs more memory than one mail may have", temporary=False)
    except Exception as error:
        # The last wall before the mail is tried again and set aside; the name of the bug is in its row then.
        return NotRead(f"{type(error).__name__}: {error}", temporary=False)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _stored(understood: Reading, blobs: Blobs) -> Reading:
    """The reading with its attachments stored as blobs, so that only their names travel on."""
    parsed = understood.parsed
    for file in parsed.attachments:
        if file.content is not None:
            blobs.put(file.content)
    files = tuple(replace(file, content=None) for file in parsed.attachments)
    return replace(understood, parsed=replace(parsed, attachments=files, text=None, html=None, report=None))


def main() -> None:
    """The entry: the number of the socket's file descriptor is the only argument."""
    serve(Connection(int(sys.argv[1])))
