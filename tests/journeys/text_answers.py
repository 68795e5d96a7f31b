"""Makes the answers of text programs in tests/inbound/digest_answers anew.

`python -m tests.journeys.text_answers [NAME]…`: Mutt, s-nail and Gnus answer the digests of
tests.inbound.sent_digests, in each language and style. Run by hand, with mutt, s-nail and emacs-nox installed. Each
starts an editor of ours, which types into what the program put there.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.inbound.sent_digests import SENTENCE, WORDS
from tests.inbound.test_digest_reply import ANSWERS, GENERAL, SAID
from tests.journeys.roundcube_answers import LAST_WORDS, STYLES, mail
from tests.relay_server import relay_in_thread

_PATIENCE_S = 20
_EDITOR = """\
#!{python}
import sys
from pathlib import Path
path = Path(sys.argv[-1])
lines = path.read_text("utf-8").rstrip().split("\\n")
# Gnus and s-nail edit the header as well; below this line the mail begins.
header = lines[0].startswith("# Message will be") or lines[0].startswith("To:")
head = next((at + 1 for at, line in enumerate(lines) if header and line in ("", "--text follows this line--")), 0)
{typing}
path.write_text("\\n".join(lines) + "\\n", "utf-8")
"""
_MUTT = """\
set realname = "Alice Martin"
set from = "alice@people.example"
set use_from = yes
set hostname = "people.example"
set smtp_url = "smtp://127.0.0.1:{port}"
set editor = "{home}/editor"
set folder = "{home}"
set record = ""
set copy = no
set include = yes
set fast_reply = yes
set reply_to = yes
set ssl_starttls = no
set ssl_force_tls = no
set wait_key = no
{attribution}
push "<display-message><reply><send-message><exit><quit>"
"""
_SNAIL = """\
set v15-compat=yes mta=smtp://127.0.0.1:{port} smtp-auth=none
set from=alice@people.example hostname=people.example
set quote indentprefix='> ' editalong=v reply-to-honour
set quote-inject-head=$'{attribution}\\n'
set sendwait sendcharsets=utf-8 ttycharset=utf-8
"""
_GNUS = """\
(require 'gnus) (require 'message) (require 'smtpmail)
(setq gnus-message-highlight-citation nil shr-use-fonts nil fill-column 72 gnus-init-file nil
 gnus-startup-file "{home}/newsrc" gnus-select-method '(nnnil "") gnus-secondary-select-methods nil
 gnus-use-dribble-file nil gnus-save-newsrc-file nil gnus-read-newsrc-file nil gnus-message-archive-group nil
 user-full-name "Alice Martin" user-mail-address "alice@people.example" mail-host-address "people.example"
 message-send-mail-function 'message-smtpmail-send-it smtpmail-smtp-server "127.0.0.1" smtpmail-smtp-service {port}
 mm-coding-system-priorities '(utf-8) {attribution})
(gnus)
(gnus-group-read-ephemeral-group "digest" `(nndoc "digest" (nndoc-address "{home}/box") (nndoc-article-type mbox)) t)
(set-buffer (seq-find (lambda (it) (string-prefix-p "*Summary" (buffer-name it))) (buffer-list)))
(gnus-summary-goto-subject 1)
(gnus-summary-select-article)
(gnus-summary-reply-with-original 1)
(let ((coding-system-for-write 'utf-8) (coding-system-for-read 'utf-8))
  (write-region (point-min) (point-max) "{home}/draft")
  (call-process "{home}/editor" nil nil nil "{home}/draft")
  (erase-buffer)
  (insert-file-contents "{home}/draft"))
(message-send)
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one answer is written: a folder with the mail in `box`, the editor and the program's settings."""

    home: Path
    language: str
    port: int

    def furnish(self, settings: str, french: str, english: str) -> None:
        """Writes the settings, with the attribution of the language."""
        attribution = french if self.language == "fr" else english
        made = settings.replace("{home}", str(self.home)).replace("{port}", str(self.port))
        (self.home / "rc").write_text(made.replace("{attribution}", attribution), "utf-8")

    def run(self, words: Sequence[str], keys: Sequence[tuple[float, bytes]] = ()) -> None:
        """Runs a program on a terminal and presses keys, each after so many seconds. Raises TimeoutExpired."""
        screen, terminal = pty.openpty()
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "TERM": "vt100", "LC_ALL": "C.UTF-8"}
        environment |= {"VISUAL": f"{self.home}/editor", "MAILRC": f"{self.home}/rc"}
        process = subprocess.Popen(
            words, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True, env=environment
        )
        os.close(terminal)
        threading.Thread(target=_read_all, args=(screen,), daemon=True).start()
        for pause, key in keys:
            time.sleep(pause)
            os.write(screen, key)
        try:
            process.wait(_PATIENCE_S)
        finally:
            process.kill()


def mutt(desk: Desk) -> None:
    """Answers in Mutt, with a French attribution as people set it."""
    desk.furnish(_MUTT, 'set attribution = "Le %d, %n a écrit :"', "")
    desk.run(["mutt", "-n", "-F", f"{desk.home}/rc", "-f", f"{desk.home}/box"])


def snail(desk: Desk) -> None:
    """Answers in s-nail, which writes no attribution unless it is set."""
    desk.furnish(_SNAIL, "Le %d, %n a écrit :", "On %d, %n wrote:")
    desk.run(["s-nail", "-:u", "-f", f"{desk.home}/box"], [(1, b"Reply 1\n"), (2, b"~.\n"), (1.5, b"xit\n")])


def gnus(desk: Desk) -> None:
    """Answers in Gnus, which quotes our HTML as it shows it."""
    line = "message-citation-line-function 'message-insert-formatted-citation-line message-citation-line-format"
    desk.furnish(_GNUS, f'{line} "Le %d/%m/%Y à %R, %f a écrit :"', "")
    desk.run(["emacs", "--batch", "-l", f"{desk.home}/rc"])


PROGRAMS: dict[str, Callable[[Desk], None]] = {"mutt": mutt, "snail": snail, "gnus": gnus}


def typing(style: str, language: str, *, shown: bool) -> str:
    """Python that changes `lines`, from `head` on; `shown`: the quote is our HTML, and has our buttons."""
    said, general = SAID[language], GENERAL[language]
    if style == "inline":
        marks = {WORDS[language]["reply" if shown else "under"].format(n=topic): said[topic] for topic in said}
        added = "[line, *(new for mark in marks if mark in line for new in ('', marks[mark], ''))]"
        return f"marks = {marks!r}\nlines = [new for line in lines for new in {added}]"
    if style == "inside":
        marks = {LAST_WORDS[language][topic]: said[topic] for topic in said}
        typed = "line + ''.join(' ' + marks[mark] for mark in marks if mark in line)"
        return f"marks = {marks!r}\nlines = [{typed} for line in lines]"
    if style == "selection":
        return (
            f"kept = next(line for line in lines if {SENTENCE[language]!r} in line)\n"
            "begins = next(at for at, line in enumerate(lines) if line.startswith('>'))\n"
            f"lines = [*lines[:begins], kept, '', {said[31]!r}]"
        )
    if style == "typed":
        return f"lines[head:head] = ['#12 ' + {said[12]!r}, '', '[#31]: ' + {said[31]!r}, '']"
    return f"lines[head:head] = [{general!r}, '']" if style == "top" else f"lines += ['', {general!r}]"


def main() -> None:
    """Writes all files."""
    with TemporaryDirectory() as folder, relay_in_thread() as server:
        for number, (name, language, style) in enumerate(
            (name, language, style) for name in sys.argv[1:] or PROGRAMS for language in SAID for style in STYLES
        ):
            home = Path(folder) / str(number)
            home.mkdir()
            received = mail(language).replace(b"\r\n", b"\n")
            (home / "box").write_bytes(b"From digest@relais.example Fri Nov 20 07:30:00 2026\n" + received + b"\n")
            written = typing(style, language, shown=name == "gnus")
            (home / "editor").write_text(_EDITOR.format(python=sys.executable, typing=written), "utf-8")
            (home / "editor").chmod(0o755)
            PROGRAMS[name](Desk(home, language, server.port))
            assert len(server.accepted) == number + 1, f"{name} sent nothing"
            (ANSWERS / f"{name}-{language}-{style}.eml").write_bytes(server.accepted[number].data)
            print(name, language, style)


def _read_all(screen: int) -> None:
    with suppress(OSError):
        while os.read(screen, 4096):
            pass


if __name__ == "__main__":
    main()
