"""The cases of the corpus: a mail beside what must be understood of it, and what is wrong where it is not.

test_corpus and `python -m tests.corpus` call load() and faults(). Lines are compared with blanks folded and blank lines
left out; an optional line may stay or go; everything else has to be there, in order, and nothing more.
"""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any, Self

from inbound.explain import Explanation, explain
from inbound.reading import read

FOLDER = Path(__file__).parent
KNOWN = FOLDER / "KNOWN.toml"
ASPECTS = frozenset(
    {"kind", "author", "subject", "language", "text", "must_not", "quoted", "forwarded", "attachments", "bounced"}
    | {"alone", "shown"}
)
_MARKS = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One expected attachment; a name of None is not looked at."""

    content_type: str
    name: str | None = None
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounced:
    """One expected recipient of a failure report; None is not looked at."""

    address: str
    status: str | None = None
    permanent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One mail and what must be understood of it; None is not looked at."""

    name: str
    client: str
    style: str
    kind: str
    author: str | None = None
    """The address, "" where the mail must not have one."""
    subject: str | None = None
    language: str | None = None
    text: str | None = None
    may_contain: tuple[str, ...] = ()
    """Lines that may stay or go: a closing formula, a name, the quote that an answer stands between."""
    must_not: tuple[str, ...] = ()
    quoted_contains: tuple[str, ...] = ()
    forwarded: bool | None = None
    """Whether a forwarded message is kept apart from the person's own words."""
    attachments: tuple[File, ...] = ()
    bounced: tuple[Bounced, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """The case of a .toml file; a key that is none of ours is an error."""
        try:
            found: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
            for key in ("may_contain", "must_not", "quoted_contains"):
                found[key] = tuple(found.get(key, ()))
            found["attachments"] = tuple(File(**file) for file in found.get("attachments", ()))
            found["bounced"] = tuple(Bounced(**recipient) for recipient in found.get("bounced", ()))
            return cls(name=path.stem, **found)
        except (TypeError, tomllib.TOMLDecodeError) as error:
            raise ValueError(f"{path.name}: {error}") from error

    @property
    def raw(self) -> bytes:
        """The mail as it comes over the wire, with CR LF."""
        raw = (FOLDER / f"{self.name}.eml").read_bytes()
        return raw if b"\r\n" in raw else raw.replace(b"\n", b"\r\n")

    @property
    def written_in(self) -> str:
        """The language of the mail, for the table: what is expected, or the word for it in the name."""
        words = self.name.split("-")
        return self.language or next((word for word in reversed(words) if len(word) == 2 and word.isalpha()), "-")


def load(names: Iterable[str] = ()) -> list[Case]:
    """The named cases, or all; a name may be the beginning of several."""
    wanted = tuple(Path(name).stem for name in names)
    paths = sorted(path for path in FOLDER.glob("*.toml") if path != KNOWN)
    return [Case.load(path) for path in paths if not wanted or path.stem.startswith(wanted)]


def known() -> dict[str, dict[str, str]]:
    """case → aspect → why it does not pass today."""
    return tomllib.loads(KNOWN.read_text("utf-8"))


def folded(text: str) -> list[str]:
    """The lines with blanks folded, without the blank ones."""
    return [line for line in (" ".join(line.split()) for line in text.split("\n")) if line]


def bare(line: str) -> str:
    """A folded line without the marks of a quote."""
    return " ".join(line.lstrip("> ").split())


def compare(case: Case, got: str) -> list[tuple[str, str]]:
    """(mark, line) of expected and got: " " both, "-" lost, "+" too much, "." optional."""
    optional = {bare(line) for text in case.may_contain for line in folded(text)}
    expected, lines = folded(case.text or ""), folded(got)
    if case.style == "forward":
        # Some programs forward a mail with the marks of a quote: with or without them, it is the same mail.
        expected, lines = [bare(line) for line in expected], [bare(line) for line in lines]
    result: list[tuple[str, str]] = []
    at = 0
    for line in lines:
        if line in expected[at:] and not (line != expected[at] and bare(line) in optional):
            found = expected.index(line, at)
            result += [("-", lost) for lost in expected[at:found]]
            result.append((" ", line))
            at = found + 1
        else:
            result.append(("." if bare(line) in optional else "+", line))
    return result + [("-", lost) for lost in expected[at:]]


def faults(case: Case) -> dict[str, str]:
    """aspect → what is wrong with it; empty where all is as expected."""
    raw = case.raw
    got = explain(raw)
    found: dict[str, str] = {}
    for aspect, expected in (("kind", case.kind), ("subject", case.subject), ("language", case.language)):
        if expected is not None and got[aspect] != expected:  # type: ignore[literal-required]
            found[aspect] = f"{got[aspect]!r}, not {expected!r}"  # type: ignore[literal-required]
    if case.author is not None and (got["author"] or "") != case.author:
        found["author"] = f"{got['author']!r}, not {case.author!r}"
    if case.text is not None:
        lines = compare(case, got["text"])
        if any(mark in "+-" for mark, _ in lines):
            found["text"] = "\n".join(f"{mark} {line}" for mark, line in lines)
    text = " ".join(got["text"].split())
    if wrong := [phrase for phrase in case.must_not if " ".join(phrase.split()) in text]:
        found["must_not"] = f"in the text: {wrong}"
    quoted = " ".join(bare(line) for line in folded(got["quoted"]))
    if lost := [phrase for phrase in case.quoted_contains if " ".join(phrase.split()) not in quoted]:
        found["quoted"] = f"not in what is quoted: {lost}"
    if case.forwarded is not None and bool(read(raw, "unknown", "").body.forwarded) is not case.forwarded:
        found["forwarded"] = f"{not case.forwarded}, not {case.forwarded}"
    return found | _html(case, raw, got) | _files(case, got) | _bounced(case, got)


def _html(case: Case, raw: bytes, got: Explanation) -> dict[str, str]:
    """`alone`: the words told from the HTML without its plain twin; `shown`: the clean HTML of a mail that has both."""
    found: dict[str, str] = {}
    if case.text is None or case.kind != "ordinary":
        return found
    if without := without_plain(raw):
        lines = compare(case, explain(without)["text"])
        if any(mark in "+-" for mark, _ in lines):
            found["alone"] = "\n".join(f"{mark} {line}" for mark, line in lines)
    if got["html"] is not None:
        words = "".join(html.unescape(_MARKS.sub(" ", got["html"])).split())
        lost = [line for line in folded(case.text) if "".join(line.lstrip("-*• ").split()) not in words]
        extra = [phrase for phrase in case.must_not if "".join(phrase.split()) in words]
        if lost or extra:
            found["shown"] = f"lost {lost}, too much {extra}"
    return found


def without_plain(raw: bytes) -> bytes | None:
    """The mail without the plain twin of its HTML; None where it has none."""
    message = message_from_bytes(raw)
    for part in message.walk():
        twins = part.get_payload()
        if part.get_content_type() == "multipart/alternative" and isinstance(twins, list):
            kept = [twin for twin in twins if isinstance(twin, Message) and twin.get_content_type() != "text/plain"]
            is_html = any(leaf.get_content_type() == "text/html" for twin in kept for leaf in twin.walk())
            if is_html and len(kept) < len(twins):
                part.set_payload([*kept])
                return message.as_bytes()
    return None


def _files(case: Case, got: Explanation) -> dict[str, str]:
    # What a machine attaches, the returned mail above all, is nothing that anybody reads.
    if case.kind != "ordinary":
        return {}
    files = [File(name=f["name"], content_type=f["content_type"], inline=f["inline"]) for f in got["attachments"]]
    as_expected = len(files) == len(case.attachments) and all(
        ours in (theirs, replace(theirs, name=None)) for ours, theirs in zip(case.attachments, files, strict=True)
    )
    return {} if as_expected else {"attachments": f"{files}, not {list(case.attachments)}"}


def _bounced(case: Case, got: Explanation) -> dict[str, str]:
    if case.kind != "bounce":
        return {}
    recipients = sorted(got["bounce"]["recipients"], key=lambda r: r["address"]) if got["bounce"] else []
    expected = sorted(case.bounced, key=lambda r: r.address)
    as_expected = len(recipients) == len(expected) and all(
        theirs["address"] == ours.address
        and ours.status in (None, theirs["status"])
        and ours.permanent in (None, theirs["permanent"])
        for theirs, ours in zip(recipients, expected, strict=True)
    )
    return {} if as_expected else {"bounced": f"{recipients}, not {expected}"}
