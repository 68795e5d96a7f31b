"""What the templates see: one frozen view per kind of mail, every value already in the reader's language.

Called by compose. All that came from a mail is cleaned here of control characters, so no word of an author can pass
for a slot mark of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.core.notice import Author, NoticeMail
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
class WriterLine:
    """The author of a forwarded mail, as those who run the place see them."""

    shown: str
    """Name and address, or what there is of them; in words where there is neither."""
    address: str
    """"" where there is none."""
    reply_to: str
    """Where an answer to the mail goes; "" where it cannot go to the author."""
    proven: bool


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses a post's mail points to; they may hold slot marks."""

    network: str
    leave_url: str
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


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice for templates/mail/notice. `html` is the person's text, clean and styled; "" for none."""

    kind: str
    reason: str
    network: str
    community: str
    posting: str
    """The posting address of the community; "" without one."""
    managers: str
    sent_to: str
    sent_at: str
    topic_title: str
    their_subject: str
    html: str
    text: str
    files: tuple[FileLine, ...]
    limit: str
    total: str
    heavy: FileLine | None
    """The one file that is above the limit by itself."""
    reference: str
    author: WriterLine | None
    """Who wrote a forwarded mail; None where it is the reader's own."""
    attached: tuple[FileLine, ...]
    sender: str
    """The name in From."""
    waiting: int
    """How many mails wait, where that is what it tells."""
    waiting_shown: str
    command: str
    """What lists them."""
    subject: str = ""


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
        attached=_files(
            ((file.name, file.size, "") for file in mail.files_attached if file.content_id not in links.images),
            language,
        ),
        linked=_files(((file.name, file.size, links.file_urls[file.id]) for file in mail.files_linked), language),
        link_days=mail.link_days,
        readers=mail.readers,
        readers_shown=language.number(mail.readers),
        also_in=language.names(tuple(map(clean, mail.also_in))),
        leave_url=links.leave_url,
        topic_id=mail.topic_id,
    )


def notice_view(
    mail: NoticeMail, network: str, addresses: tuple[str, str], language: Language, dresser: Dresser
) -> NoticeView:
    """The view of a notice; `addresses` are the community's posting address ("" without one) and the human's."""
    text = strip_controls(mail.text).strip("\n")
    heaviest = max(mail.files, key=lambda file: file.size, default=None)
    too_heavy = [(file.name, file.size, "") for file in (heaviest,) if file and file.size > mail.limit_bytes]
    heavy = _files(too_heavy, language)
    return NoticeView(
        kind=mail.kind,
        reason=mail.reason,
        network=network,
        community=clean(mail.community.name) if mail.community else "",
        posting=addresses[0],
        managers=addresses[1],
        sent_to=clean(mail.sent_to),
        sent_at=language.moment(mail.sent_at, mail.timezone),
        topic_title=clean(mail.topic_title),
        their_subject=clean(mail.subject) or language.untitled,
        html=dresser.dress(to_html(text), {}) if text else "",
        text=text,
        files=_files(((file.name, file.size, "") for file in mail.files), language),
        limit=language.size(mail.limit_bytes),
        total=language.size(sum(file.size for file in mail.files)),
        heavy=heavy[0] if heavy else None,
        reference=clean(mail.reference),
        author=_writer(mail.author, language) if mail.author else None,
        attached=_files(((file.name, file.size, "") for file in mail.attached), language),
        sender=_sender(mail, network, language),
        waiting=mail.waiting,
        waiting_shown=language.number(mail.waiting),
        command=f"relais arrivals list --state {mail.kind.value}" if mail.waiting else "",
    )


def _writer(author: Author, language: Language) -> WriterLine:
    name, address = clean(author.name), clean(author.address)
    both = f"{name} ({address})" if name and address and name != address else name or address
    return WriterLine(both or language.unsigned, address, clean(author.reply_to), author.proven)


def _sender(mail: NoticeMail, network: str, language: Language) -> str:
    """Ours alone, but for a colleague's mail: a name that a stranger chose never stands before an address of ours."""
    if mail.author is None or not mail.author.known or not clean(mail.author.name):
        return network
    return language.to_managers(clean(mail.author.name), clean(mail.community.name) if mail.community else network)


def _files(files: Iterable[tuple[str, int, str]], language: Language) -> tuple[FileLine, ...]:
    return tuple(FileLine(clean(name) or language.unnamed, language.size(size), url) for name, size, url in files)
