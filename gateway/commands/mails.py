"""relais explain and relais accept: mails in files, to be understood or to be taken in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.output import AsJson, complain, document, fail, harmless, progress, shown
from gateway.commands.session import has_settings, read_settings, require_database_file
from gateway.core import address
from gateway.core.address import Address, AddressError
from gateway.core.clock import utc_now
from gateway.core.errors import ConfigurationError

if TYPE_CHECKING:
    from gateway.app import App
    from gateway.core.message import Envelope
    from gateway.core.reply import Reply
    from gateway.explaining import Explanation
    from gateway.mailfiles import FiledMail

ReversePath = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="ADDRESS", help="The reverse-path, <> for none; by default the Return-Path field's."
    ),
]


def explain(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A mail (eml), or - for stdin.")],
    to: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The forward-path; by default the first of ours it names.")
    ] = None,
    sender: ReversePath = None,
    as_json: AsJson = False,
) -> None:
    """Say what this mail would do, and why; do nothing.

    Without a settings file it tells what the mail says; with a store also where it would go, the decision and the
    reason, as if a trusted mail server had just handed it over.
    """
    from gateway import explaining
    from gateway.mailfiles import return_path

    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    reverse_path = return_path(raw) if sender is None else _reverse_path(sender)
    verdict: list[tuple[str, str | None]] = []
    with _app_with_store(ctx) as app:
        if app is None:
            told = explaining.explain_alone(raw, reverse_path)
        else:
            path = str(_address(to)) if to else None
            told = full = explaining.explain_within(app, raw, to=path, reverse_path=reverse_path, now=utc_now())
            verdict = [("destination", full["destination"]), ("decision", full["decision"]), ("reason", full["reason"])]
    if as_json:
        document(told)
    else:
        _tell(told, verdict)


def accept(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Mails (eml) and mailboxes (mbox).")],
    to: Annotated[list[str], typer.Option(metavar="ADDRESS", help="Whom they are for: an address of ours.")],
    sender: ReversePath = None,
) -> None:
    """Put mails into the spool by hand, as if a trusted mail server had handed them over.

    A file that begins with "From " is an mbox. What is in the spool is decided by the running gateway, or by drain.
    """
    from gateway.app import App
    from gateway.observe import set_up_logs

    settings = read_settings(ctx)
    require_database_file(settings)
    set_up_logs()
    app = App(settings)
    with closing(app.database):
        app.require_schema()
        paths = tuple(_forward_path(app, text) for text in to)
        reverse_path = None if sender is None else _reverse_path(sender)
        missing = [path for path in files if not path.is_file()]
        if missing:
            fail(f"{missing[0]}: there is no such file")
        _accept(app, files, paths, reverse_path)


def _accept(app: App, files: list[Path], paths: tuple[str, ...], sender: str | None) -> None:
    spool = app.make_spool()
    taken = 0

    def hand_over(mail: FiledMail) -> Reply:
        nonlocal taken
        reply = spool.accept(_envelope(app, mail, paths, sender), mail.raw)
        taken += reply.ok
        return reply

    spool.start()
    try:
        with progress("accepting", sum(path.stat().st_size for path in files)) as advance:
            for path in files:
                _take(app, path, hand_over, advance)
    finally:
        spool.stop()
        typer.echo(f"{taken} accepted")


def _take(app: App, path: Path, hand_over: Callable[[FiledMail], Reply], advance: Callable[[int], None]) -> None:
    """Hands the mails of one file over, in their order. Ends the command at the first refusal."""
    from gateway.mailfiles import read_mails

    read = 0
    most = app.settings.smtp.max_message_bytes
    with path.open("rb") as file:
        for number, mail in enumerate(read_mails(file), start=1):
            if not mail.raw.strip():
                fail(f"{path}: mail {number} is empty")
            if len(mail.raw) > most:
                fail(f"{path}: mail {number} is larger than smtp.max_message_bytes ({most} octets)")
            reply = hand_over(mail)
            if not reply.ok:
                fail(f"{path}: mail {number} was not taken: {reply}")
            advance(file.tell() - read)
            read = file.tell()


def _envelope(app: App, mail: FiledMail, paths: tuple[str, ...], sender: str | None) -> Envelope:
    from gateway.core.message import Envelope
    from gateway.explaining import LOCAL, UNKNOWN_SENDER
    from gateway.mailfiles import return_path

    reverse_path = sender if sender is not None else return_path(mail.raw)
    if reverse_path is None:
        reverse_path = mail.envelope_sender or UNKNOWN_SENDER
    return Envelope(reverse_path, paths, LOCAL, True, LOCAL, "", app.clock())


@contextmanager
def _app_with_store(ctx: typer.Context) -> Iterator[App | None]:
    """The gateway of these settings; None without settings or, with a word why, where `relais init` has not been."""
    if not has_settings(ctx):
        yield None
        return
    settings = read_settings(ctx)
    from gateway.app import App
    from gateway.observe import set_up_logs

    set_up_logs()
    with ExitStack() as opened:
        app: App | None = None
        try:
            require_database_file(settings)
            app = App(settings)
            opened.callback(app.database.close)
            app.require_schema()
        except ConfigurationError as error:
            app = None
            for key, text in error.mistakes:
                complain(f"no decision without a store: {key}: {text}")
        yield app


def _forward_path(app: App, text: str) -> str:
    path = _address(text)
    reply = app.check_recipient(path)
    if not reply.ok:
        fail(f"{path}: {reply.text}")
    return str(path)


def _reverse_path(text: str) -> str:
    """The address in --from; "" for <>, the null reverse-path."""
    return str(_address(text)) if text.strip().strip("<>") else ""


def _address(text: str) -> Address:
    try:
        return address.parse(text.strip().strip("<>"))
    except AddressError as error:
        fail(f"{text}: not a mail address ({error})")


def _tell(told: Explanation, verdict: list[tuple[str, str | None]]) -> None:
    lines = [
        ("kind", told["kind"]),
        ("author", told["author"]),
        ("subject", told["subject"]),
        ("message id", told["message_id"]),
        ("language", told["language"]),
        *verdict,
    ]
    if told["bounce"]:
        lines += [("bounced", f"{r['address']} {r['status']} {r['action']}") for r in told["bounce"]["recipients"]]
    if told["returns"]:
        lines.append(("returns", told["returns"]))
    lines += [("attachment", f"{a['saved_as']} ({a['content_type']}, {a['size']} octets)") for a in told["attachments"]]
    lines += [("defect", defect) for defect in told["defects"]]
    for name, value in lines:
        typer.echo(f"{name:12}{shown(value)}")
    for name, text in (("text", told["text"]), ("quoted", told["quoted"]), ("signature", told["signature"])):
        if text:
            typer.echo(f"\n--- {name}\n{harmless(text)}")
