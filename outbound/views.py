"""What the templates of a post see: one frozen view, every value already in the reader's language.

Called by compose. All that came from a mail is cleaned here of control characters, so no word of an author can pass
for a slot mark of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.core.post import PostMail
from outbound.headers import clean
from outbound.language import Language
from outbound.prose import Dresser, strip_controls, to_html


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file as a reader sees it. `url` is "" where it travels with the mail or nowhere."""

    name: str
    size: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses a post's mail points to; they may hold slot marks."""

    network: str
    leave_url: str
    author_address: str
    file_urls: Mapping[int, str]
    """By attachment id, one for each linked file."""
    images: Mapping[str, str]
    """Content-IDs of the images shown inline: the author's to ours."""


@dataclass(frozen=True, slots=True)
class PostView:
    """A post for templates/mail/post. `html` is clean and styled."""

    subject: str
    network: str
    author: str
    community: str
    is_answer: bool
    language: str
    """Of the words, ISO 639-1; "" where unknown."""
    html: str
    text: str
    forwarded_html: str
    """The mail that the author passed on below their words, clean and styled; "" for none."""
    forwarded: str
    """The same as text, each line behind a mark."""
    attached: tuple[FileLine, ...]
    linked: tuple[FileLine, ...]
    link_days: int | None
    readers: int
    readers_shown: str
    also_in: str
    leave_url: str
    topic_id: int
    author_address: str
    """By it an answer reaches the author alone."""


def post_view(mail: PostMail, subject: str, links: Links, language: Language, dresser: Dresser) -> PostView:
    """The view of a post's mail."""
    content = mail.content
    text = strip_controls(content.text).strip("\n")
    forwarded = strip_controls(content.forwarded).strip("\n")
    return PostView(
        subject=clean(subject),
        network=links.network,
        author=clean(content.author_name),
        community=clean(mail.community.name),
        is_answer=mail.is_answer,
        language=content.language or "",
        html=dresser.dress(content.html or to_html(text), links.images),
        text=text,
        forwarded_html=dresser.dress(to_html(forwarded), {}) if forwarded else "",
        # Behind marks a line of another's mail cannot pass for one of the author's, or for the end of the words.
        forwarded="\n".join(f"> {line}".rstrip() for line in forwarded.split("\n")) if forwarded else "",
        attached=file_lines(
            ((file.name, file.size, "") for file in mail.files_attached if file.content_id not in links.images),
            language,
        ),
        linked=file_lines(((file.name, file.size, links.file_urls[file.id]) for file in mail.files_linked), language),
        link_days=mail.link_days,
        readers=mail.readers,
        readers_shown=language.number(mail.readers),
        also_in=language.names(tuple(map(clean, mail.also_in))),
        leave_url=links.leave_url,
        topic_id=mail.topic_id,
        author_address=links.author_address,
    )


def file_lines(files: Iterable[tuple[str, int, str]], language: Language) -> tuple[FileLine, ...]:
    """Files of (name, size in octets, address of a link) as a reader sees them."""
    return tuple(FileLine(clean(name) or language.unnamed, language.size(size), url) for name, size, url in files)


def file_name(name: str, most: int) -> str:
    """A name on one line of at most `most` characters; what is cut is the middle, for the ending tells what it is."""
    line = clean(name)
    stem, dot, ending = line.rpartition(".")
    if len(line) <= most or not dot or len(ending) > 10:
        return clean(line, most)
    return f"{clean(stem, most - len(ending) - 1)}.{ending}"
