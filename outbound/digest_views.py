"""What the templates of a digest see: one frozen view per piece, every value already in the reader's language.

Called by outbound.digest. Views of equal values make equal pieces, so each is rendered and encoded once. All that
people wrote is cleaned here of control characters, so no word of an author can pass for a slot mark of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from gateway.core.digest import Cadence
from gateway.core.post import ToldFile
from outbound.digest_parts import EXCERPT, LATEST, DigestMail, FragmentSource, excerpt, label_of
from outbound.headers import Site, clean
from outbound.language import Language
from outbound.mime import Slot, SlotKind
from outbound.views import FileLine, file_lines, file_name

MAX_TITLE = 140
_MAX_SUBJECT = 90
_MAX_SHORT_TITLE = 32
_MAX_PLACES = 6
_MAX_NAME = 60
_MAX_FILES = 3
_SHORTEST_FILE_NAME = 12
_ENDS = (" :", "\u00a0:", "\u202f:", ": ", ", ", " – ", " — ", " - ")


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item, in full or as a line."""

    topic_id: int
    title: str
    community: str
    author: str
    at: str
    label: str
    """Of the mark above it; "" for none."""
    waits: bool
    is_answer: bool
    text: str
    is_cut: bool
    """More was written than is shown."""
    latest_author: str
    latest_text: str
    """"" without a latest answer."""
    news: int
    news_shown: str
    more: int
    more_shown: str
    reply_url: str
    commands: str
    """The address that takes command words."""
    files: tuple[FileLine, ...]
    """Of the post shown, and then of the latest answer: at most three in all."""
    latest_files: tuple[FileLine, ...]
    other_files: int
    """Those that are not named."""
    other_files_shown: str


@dataclass(frozen=True, slots=True)
class ShellView:
    """What stands around everything."""

    subject: str


@dataclass(frozen=True, slots=True)
class TopView:
    """What stands above the items."""

    cadence: Cadence
    network: str
    day: str
    topics: int
    topics_shown: str
    news: int
    news_shown: str
    waiting: int
    waiting_shown: str
    first: str
    """The title of the first topic, where one waits."""


@dataclass(frozen=True, slots=True)
class WhyView:
    """What says why it came."""

    cadence: Cadence
    every_day: bool
    weekday: str
    hour: str
    city: str
    """Whose time the messages carry; "" where it is the reader's own."""
    places: str
    other_places: int
    other_places_shown: str
    left_out: int
    left_out_shown: str


@dataclass(frozen=True, slots=True)
class PlainView:
    """What needs the addresses of the site alone, slot marks in them: how to answer, how to get more, how to stop."""

    subject: str
    commands: str
    answer: str
    leave_url: str


def item_view(source: FragmentSource, site: Site, language: Language, eighths: int = 8) -> ItemView:
    """The view of one item, what people wrote at so many `eighths` of its usual length."""
    title = clean(source.title, MAX_TITLE * eighths // 8) or language.untitled
    author, at = source.opener
    names = _MAX_NAME * eighths // 8
    text = excerpt(source.excerpt_text, EXCERPT * eighths // 8)
    answerer, answer = source.latest or ("", "")
    subject = quote(f"Re: [#{source.topic_id}] {clean(title, 60 * eighths // 8)}", safe="")
    # The answer is the newest: it names one of its files, whatever came with the post.
    most = _MAX_FILES if eighths > 1 else 1
    latest_files = source.latest_files[: max(1, most - len(source.files))]
    files = source.files[: most - len(latest_files)]
    others = len(source.files) + len(source.latest_files) - len(files) - len(latest_files)
    file_names = max(names, _SHORTEST_FILE_NAME)
    return ItemView(
        topic_id=source.topic_id,
        title=title,
        community=clean(source.community_name, names),
        author=clean(author, names) or language.unsigned,
        at=language.day_and_time(at, source.zone),
        label=label_of(source.waiting, question=source.question, brought_back=source.brought_back),
        waits=source.waiting is not None,
        is_answer=source.is_answer,
        text=text,
        is_cut=text.endswith("…") and not source.excerpt_text.rstrip().endswith(text),
        latest_author=clean(answerer, names) or language.unsigned,
        latest_text=excerpt(clean(answer, 20 * LATEST), LATEST * eighths // 8),
        news=source.news,
        news_shown=language.number(source.news),
        more=source.more,
        more_shown=language.number(source.more),
        reply_url=f"mailto:{site.address('reply', Slot(SlotKind.POST, source.post_id).mark)}?subject={subject}",
        commands=site.address("relais"),
        files=_file_lines(files, file_names, site, language),
        latest_files=_file_lines(latest_files, file_names, site, language),
        other_files=others,
        other_files_shown=language.number(others),
    )


def _file_lines(files: Iterable[ToldFile], most: int, site: Site, language: Language) -> tuple[FileLine, ...]:
    urls = ((file, f"{site.base_url}/files/{Slot(SlotKind.FILE, file.id).mark}") for file in files)
    return file_lines(((file_name(file.name, most), file.size, url) for file, url in urls), language)


def top_view(about: tuple[str, Cadence, date], counts: tuple[int, int, int], first: str, language: Language) -> TopView:
    """The view of what stands above: network, cadence and day; topics, messages, and topics that wait."""
    network, cadence, day = about
    topics, news, waiting = counts
    return TopView(
        cadence=cadence,
        network=clean(network),
        day=language.day(day),
        topics=topics,
        topics_shown=language.number(topics),
        news=news,
        news_shown=language.number(news),
        waiting=waiting,
        waiting_shown=language.number(waiting),
        first=first,
    )


def why_view(mail: DigestMail, language: Language) -> WhyView:
    """The view of what says why it came."""
    shown = tuple(clean(name, _MAX_NAME) for name in mail.communities[:_MAX_PLACES] or (mail.network,))
    others = max(0, len(mail.communities) - _MAX_PLACES)
    return WhyView(
        cadence=mail.cadence,
        every_day=len(mail.working_days) == 7,
        weekday=language.weekday(mail.weekly_on),
        hour=language.hour(mail.daily_at),
        city=language.city(mail.zone) if mail.zone != mail.timezone else "",
        # "A, B and C and 4 more" would be one "and" too many.
        places=", ".join(language.names((name,)) for name in shown) if others else language.names(shown),
        other_places=others,
        other_places_shown=language.number(others) if others else "",
        left_out=mail.left_out,
        left_out_shown=language.number(mail.left_out) if mail.left_out else "",
    )


def plain_view(site: Site, subject: str) -> PlainView:
    """The view of all that is the same for everybody."""
    return PlainView(
        subject=subject,
        commands=site.address("relais"),
        answer=site.address("digest", Slot(SlotKind.REPLY).mark),
        leave_url=f"{site.base_url}/u/{Slot(SlotKind.LEAVE).mark}",
    )


def subject_start(network: str, cadence: Cadence, day: date, language: Language) -> str:
    """`[Relais] Résumé du 20 nov. :`"""
    return f"[{clean(network, 30)}] {language.digest_of(cadence, day)}{language.colon}"


def digest_subject(start: str, shorts: Sequence[str]) -> str:
    """`[Relais] Résumé du 20 nov. : Budget 2027, Enquête cantine, +2`, about 90 characters at most."""
    subject, named = start, 0
    for short in shorts:
        joined = f"{subject}{',' if named else ''} {short}"
        unnamed = len(shorts) - named - 1
        if named and len(joined) + (len(f", +{unnamed}") if unnamed else 0) > _MAX_SUBJECT:
            break
        subject, named = joined, named + 1
    return f"{subject}, +{len(shorts) - named}" if named < len(shorts) else subject


def short_title(title: str) -> str:
    """A title as a subject line has room for it: up to its first colon, comma or dash, if that says enough."""
    places = [place for end in _ENDS if (place := title.find(end)) >= 8]
    return excerpt(title[: min(places)] if places else title, _MAX_SHORT_TITLE)
