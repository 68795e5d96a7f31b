"""What the templates of a notice see: one frozen view, every value already in the reader's language.

Called by compose. All that came from a mail is cleaned here of control characters.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.notice import Author, LostPerson, NoticeKind, NoticeMail
from outbound.headers import clean
from outbound.language import Language
from outbound.prose import Dresser, strip_controls, to_html
from outbound.question_views import QuestionView, question_view
from outbound.reading_views import ReadingLinks, ReadingView, reading_view
from outbound.receipt_views import ObeyedView, PlaceAddresses, ReceiptView, obeyed_view, receipt_view
from outbound.report_views import WeekView, week_view
from outbound.views import FileLine, file_lines


@dataclass(frozen=True, slots=True)
class NoticeAddresses:
    """Where what a notice names is reached."""

    place: PlaceAddresses
    answer: str
    """Where an answer to this notice goes."""
    links: ReadingLinks
    """The reader's own, of what is read by mail."""


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
class NoticeView:
    """A notice for templates/mail/notice. `html` is the person's text, clean and styled; "" for none."""

    kind: str
    reason: str
    network: str
    community: str
    posting: str
    """The posting address of the community; "" without one."""
    managers: str
    commands: str
    """The address that takes words of command."""
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
    receipt: ReceiptView | None
    """None where the mail is none."""
    obeyed: ObeyedView | None
    """None where the mail tells of no command."""
    reading: ReadingView | None
    """None where nothing may be read."""
    question: QuestionView | None
    """None where the mail asks nothing."""
    week: WeekView | None
    """None where the mail is no report."""
    their_reason: str
    """What those who run the place said of the mail; "" for nothing."""
    left_out: bool
    """Some of its files are only named, and kept with the mail."""
    lost: tuple[str, ...]
    """Who cannot be reached, a line each."""
    topic_id: int | None = None
    """Of the topic that goes too fast."""
    subject: str = ""


def notice_view(
    mail: NoticeMail, network: str, addresses: NoticeAddresses, language: Language, dresser: Dresser
) -> NoticeView:
    """The view of a notice."""
    text = strip_controls(mail.text).strip("\n")
    carried = (*mail.files, *mail.attached)
    heaviest = max(carried, key=lambda file: file.size, default=None)
    too_heavy = [(file.name, file.size, "") for file in (heaviest,) if file and file.size > mail.limit_bytes]
    heavy = file_lines(too_heavy, language)
    return NoticeView(
        topic_id=mail.topic.topic_id if mail.topic else None,
        kind=mail.kind,
        reason=mail.reason,
        network=network,
        community=clean(mail.community.name) if mail.community else "",
        posting=addresses.place.posting,
        managers=addresses.place.managers,
        commands=addresses.place.commands,
        sent_to=clean(mail.sent_to),
        sent_at=language.moment(mail.sent_at, mail.timezone),
        topic_title=clean(mail.topic_title),
        their_subject=clean(mail.subject) or language.untitled,
        html=dresser.dress(to_html(text), {}) if text else "",
        text=text,
        files=file_lines(((file.name, file.size, "") for file in mail.files), language),
        limit=language.size(mail.limit_bytes),
        total=language.size(sum(file.size for file in carried)),
        heavy=heavy[0] if heavy else None,
        reference=clean(mail.reference),
        author=_writer(mail.author, language) if mail.author else None,
        attached=file_lines(((file.name, file.size, "") for file in mail.attached), language),
        sender=_sender(mail, network, language),
        waiting=mail.waiting,
        waiting_shown=language.number(mail.waiting),
        command=_command(mail),
        their_reason=clean(mail.words),
        left_out=any(file.sha256 for file in mail.files),
        lost=tuple(_lost_line(one, language) for one in mail.lost),
        receipt=receipt_view(mail, addresses.answer, language, dresser) if mail.kind is NoticeKind.RECEIPT else None,
        obeyed=obeyed_view(mail, addresses.place, language) if mail.kind is NoticeKind.OBEYED else None,
        reading=reading_view(mail, addresses.links, language, dresser) if mail.read else None,
        week=week_view(mail.week, language) if mail.week else None,
        question=question_view(mail, addresses.answer, language, dresser),
    )


def _command(mail: NoticeMail) -> str:
    """What shows an administrator the mails that it tells of; "" where it tells of none."""
    match mail.kind:
        case NoticeKind.LATE_IN:
            return "relais arrivals list"
        case NoticeKind.LATE_OUT:
            return "relais deliveries list"
        case _:
            return f"relais arrivals list --state {mail.kind.value}" if mail.waiting else ""


def _lost_line(one: LostPerson, language: Language) -> str:
    places = language.names(tuple(clean(name) for name in one.communities))
    return f"{clean(one.name)} ({places})" if places else clean(one.name)


def _writer(author: Author, language: Language) -> WriterLine:
    name, address = clean(author.name), clean(author.address)
    both = f"{name} ({address})" if name and address and name != address else name or address
    return WriterLine(both or language.unsigned, address, clean(author.reply_to), author.proven)


def _sender(mail: NoticeMail, network: str, language: Language) -> str:
    """Ours alone, but for a colleague's mail: a name that a stranger chose never stands before an address of ours."""
    name = clean(mail.author.name) if mail.author and mail.author.known else ""
    if name and mail.kind is NoticeKind.LETTER:
        return f"{name} ({network})"
    if name and mail.kind is NoticeKind.FORWARDED:
        return language.to_managers(name, clean(mail.community.name) if mail.community else network)
    return network
