"""What the templates of a notice see of a topic that is read by mail, within the weight that a mail may have.

Called by outbound.notice_views. All that people wrote is cleaned here of control characters. What is long is cut and
says so, the longest posts first: no mail is so heavy that a client clips it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from gateway.core.notice import Choice, NoticeKind, NoticeMail, ReadPost
from outbound import mime
from outbound.headers import clean
from outbound.language import Language
from outbound.prose import Dresser, flow, strip_controls, to_html
from outbound.views import FileLine, file_lines, file_name

READING_OCTETS = 90_000
"""The whole mail at most, as it goes on the wire."""
_MAX_TITLE = 140
_MAX_SUBJECT_TITLE = 50
_FRAME_OCTETS = 15_000
_POST_OCTETS = 550
"""Of a post without its words and its author."""
_FILE_OCTETS = 450
"""Of a file without its name."""
_NAME_OCTETS = 7
"""Of one octet of a name, in the text and in the HTML and with the breaks of long lines."""
_MAX_NAME = 50
_MAX_FILES = 30
_LEAST_OCTETS = 200
_BESIDE = 420
"""Characters of a post that is shown beside other words."""


@dataclass(frozen=True, slots=True)
class ReadingLinks:
    """Addresses of the reader's own."""

    file: Callable[[int], str]
    """Of a file, by the id of the attachment."""
    reply: Callable[[int], str]
    """Where an answer to a post goes, by its id."""


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post of a topic that is read by mail."""

    author: str
    at: str
    html: str
    text: str
    is_cut: bool
    """More was written than is shown."""
    files: tuple[FileLine, ...]
    other_files: int
    """Those that are not named."""
    other_files_shown: str
    topic_id: int
    """Its own, where the posts of several are shown; else 0."""
    title: str
    answers: int
    answers_shown: str
    reply_url: str
    """Opens a mail that answers it; "" where the whole mail does."""
    reply_to: str
    """The address in it."""


@dataclass(frozen=True, slots=True)
class ReadingView:
    """What is read by mail: a topic, or posts of several."""

    topic_id: int
    """0 where they are of several."""
    community: str
    """Of those of several."""
    title: str
    short_title: str
    posts: tuple[PostLine, ...]
    count_shown: str
    left_out: int
    left_out_shown: str


def reading_view(mail: NoticeMail, links: ReadingLinks, language: Language, dresser: Dresser) -> ReadingView:
    """A topic with its posts, or posts of several topics, each with its own."""
    topic, posts = mail.topic or Choice(0, ""), []
    read = mail.read if mail.kind is NoticeKind.READING else tuple(map(_shortened_post, mail.read))
    for post, count in zip(read, _share_out_files(read), strict=True):
        files = [(file_name(file.name, _MAX_NAME), file.size, links.file(file.id)) for file in post.files[:count]]
        others = len(post.files) - count
        posts.append(
            PostLine(
                author=clean(post.author, _MAX_NAME) or language.unsigned,
                at=language.moment(post.at, mail.timezone),
                html="",
                text=strip_controls(post.text).strip("\n"),
                is_cut=False,
                files=file_lines(files, language),
                other_files=others,
                other_files_shown=language.number(others),
                topic_id=post.topic.topic_id if post.topic else 0,
                title=(clean(post.topic.title, _MAX_TITLE) or language.untitled) if post.topic else "",
                answers=post.answers,
                answers_shown=language.number(post.answers),
                reply_url=_reply_url(post, links, language),
                reply_to=links.reply(post.post_id) if post.post_id else "",
            )
        )
    room = READING_OCTETS - _FRAME_OCTETS - sum(map(_frame_octets, posts))
    shown = _shortened([post.text for post in posts], room, dresser)
    posts = [
        replace(post, html=_dressed(text, dresser), text=text, is_cut=text != post.text)
        for post, text in zip(posts, shown, strict=True)
    ]
    return ReadingView(
        topic_id=topic.topic_id,
        community=clean(mail.community.name, _MAX_NAME) if mail.community else "",
        title=clean(topic.title, _MAX_TITLE) or language.untitled,
        short_title=clean(topic.title, _MAX_SUBJECT_TITLE) or language.untitled,
        posts=tuple(posts),
        count_shown=language.number(len(mail.read)),
        left_out=mail.left_out,
        left_out_shown=language.number(mail.left_out),
    )


def _shortened_post(post: ReadPost) -> ReadPost:
    """Of what is shown beside other words, the beginning."""
    return post if len(post.text) <= _BESIDE else replace(post, text=_cut_to(post.text, _BESIDE))


def _reply_url(post: ReadPost, links: ReadingLinks, language: Language) -> str:
    if post.topic is None or post.post_id is None:
        return ""
    title = clean(post.topic.title, _MAX_SUBJECT_TITLE) or language.untitled
    subject = quote(f"Re: [#{post.topic.topic_id}] {title}", safe="")
    return f"mailto:{quote(links.reply(post.post_id), safe='@+')}?subject={subject}"


def _frame_octets(post: PostLine) -> int:
    """What a post weighs at most without its words."""
    names = (post.author, *(file.name for file in post.files))
    return _POST_OCTETS + len(post.files) * _FILE_OCTETS + _NAME_OCTETS * sum(len(name.encode()) for name in names)


def _share_out_files(posts: Sequence[ReadPost]) -> list[int]:
    """How many files of each post are named, the latest posts first."""
    left, counts = _MAX_FILES, []
    for post in reversed(posts):
        counts.append(min(left, len(post.files)))
        left -= counts[-1]
    return counts[::-1]


def _shortened(texts: Sequence[str], room: int, dresser: Dresser) -> list[str]:
    """The texts, the longest of them cut to one weight at which all of them together fit into `room` octets."""
    # No character weighs less than two octets, so most of what cannot stay is cut without being weighed.
    most = _limit([len(text) for text in texts], room // 2)
    texts = [text if len(text) <= most else _cut_to(text, most) for text in texts]
    weights = [_octets(text, dresser) for text in texts]
    limit = _limit(weights, room)
    return [
        text if weight <= limit else _cut(text, limit, weight, dresser)
        for text, weight in zip(texts, weights, strict=True)
    ]


def _limit(weights: Sequence[int], room: int) -> int:
    """What one of them may weigh at most: those that weigh less leave the rest of their share to the others."""
    left = room
    for place, weight in enumerate(sorted(weights)):
        share = left // (len(weights) - place)
        if weight > share:
            return max(share, _LEAST_OCTETS)
        left -= weight
    return max(weights, default=0)


def _cut(text: str, limit: int, weight: int, dresser: Dresser) -> str:
    """The beginning of the text, cut after a word with "…", weighing at most `limit`; `weight` is that of the whole."""
    most, shown = len(text), text
    while weight > limit and most > 1:
        # Not all of it weighs the same: what is left may be the heavier half, and is weighed again.
        most = min(most - 1, most * limit // weight)
        shown = _cut_to(text, max(1, most))
        weight = _octets(shown, dresser)
    return shown


def _cut_to(text: str, most: int) -> str:
    cut = text[:most]
    word_end = max(cut.rfind(" "), cut.rfind("\n"))
    return (cut[:word_end] if word_end > most // 2 else cut).rstrip(" \n…") + "…"


def _octets(text: str, dresser: Dresser) -> int:
    """What the text weighs on the wire, as text and as HTML."""
    return sum(len(piece) for body in (flow(text), _dressed(text, dresser)) for piece in map(_bytes, mime.quoted(body)))


def _bytes(piece: mime.Piece) -> bytes:
    return piece if isinstance(piece, bytes) else b""


def _dressed(text: str, dresser: Dresser) -> str:
    return dresser.dress(to_html(text), {})
