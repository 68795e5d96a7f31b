"""Digest to bytes on the wire: ready fragments in a ready frame, and one person's tokens.

Called by the composing thread, and by whoever needs a sent digest word for word. An item is rendered once per language
and encoded once while it is remembered; what frames it is encoded once per set of equal values. So a mail is put
together from bytes, and the same delivery gives the same bytes at every try (invariant I6).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TypeAlias

from gateway.core.delivery import Delivery, Outgoing
from gateway.core.digest import Cadence, Item, SentDigest, SentPiece, Shape
from gateway.core.errors import CompositionError
from gateway.core.token import KeyRing, Purpose, Signer
from outbound import headers, mime
from outbound.compose import checked_address
from outbound.digest_parts import DigestMail, Fragment, FragmentSource, fragment_key, waiting_for
from outbound.digest_views import (
    PlainView,
    TopView,
    WhyView,
    digest_subject,
    item_view,
    plain_view,
    short_title,
    subject_start,
    top_view,
    why_view,
)
from outbound.headers import Site
from outbound.language import language_of
from outbound.mime import Piece, Slot, SlotKind
from outbound.prose import to_html
from outbound.render import Rendered, Renderer

__all__ = ["DigestComposer", "DigestMail", "Fragment", "FragmentSource", "fragment_key"]

FULL_OCTETS = 6_000
"""A full item in HTML and text at most, as it goes on the wire."""
FILED_OCTETS = 4_100
"""One that names files: what they take, its words give."""
LINE_OCTETS = 1_500
"""The same for one line."""
_EIGHTHS = (8, 6, 4, 2, 1)
"""Of the usual length of what people wrote: the longest that is light enough."""
_TOKEN_OCTETS = 56
_CACHE_OCTETS = 32 << 20
_FRAMES = 2048
# `=_` can stand in no quoted-printable, and no digest travels inside another: one boundary does for all.
_BOUNDARY = "=_digest"
_TEXT_HEAD = f"--{_BOUNDARY}\r\n".encode() + mime.text_head("plain", "; format=flowed; delsp=no")
_HTML_HEAD = f"\r\n--{_BOUNDARY}\r\n".encode() + mime.text_head("html")
_END = f"\r\n--{_BOUNDARY}--\r\n".encode()
_TO, _REPLY, _LEAVE = Slot(SlotKind.TO), Slot(SlotKind.REPLY), Slot(SlotKind.LEAVE)
_MESSAGE_ID, _DATE = Slot(SlotKind.MESSAGE_ID), Slot(SlotKind.DATE)
_CADENCES = tuple(Cadence)
_NO_DAY = date.min
_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Some of a digest, top to bottom: as text, and as it goes on the wire."""

    html: str
    text: str
    html_pieces: tuple[Piece, ...]
    text_pieces: tuple[Piece, ...]
    posts: tuple[Slot, ...]
    """The slots for tokens that answer a post, and those for tokens that open a file."""
    files: tuple[Slot, ...]
    title: str = ""
    short: str = ""
    """The title as a subject line has room for it."""

    @property
    def octets(self) -> int:
        """On the wire, with the longest token in each slot."""
        pieces = (*self.html_pieces, *self.text_pieces)
        return sum(len(piece) if isinstance(piece, bytes) else _TOKEN_OCTETS for piece in pieces)

    @property
    def size(self) -> int:
        """Octets kept, roughly: what a cache has to count."""
        return 2 * (len(self.html) + len(self.text))


_About: TypeAlias = tuple[str, Cadence, date]
_Place: TypeAlias = tuple[Item | None, _Stretch]


@dataclass(frozen=True, slots=True)
class _Signers:
    digest: Signer
    reply: Signer
    quiet: Signer
    bounce: Signer
    file: Signer


class DigestComposer:
    """Composes digests. Not thread-safe: the composing thread's own, as its templates are."""

    def __init__(
        self, site: Site, keyring: KeyRing, renderer: Renderer | None = None, *, octets: int = _CACHE_OCTETS
    ) -> None:
        self._site = site
        self._keyring = keyring
        self._renderer = renderer or Renderer()
        self._encoded = _Encoded(octets)
        self._signers = lru_cache(maxsize=256)(self._make_signers)
        self._plain = lru_cache(maxsize=_FRAMES)(self._make_plain)
        self._top = lru_cache(maxsize=_FRAMES)(self._make_top)
        self._why = lru_cache(maxsize=_FRAMES)(self._make_why)
        self._start = lru_cache(maxsize=_FRAMES)(self._make_start)
        self._head = lru_cache(maxsize=_FRAMES)(self._make_head)
        self._date = lru_cache(maxsize=256)(_date)

    def render_fragment(self, source: FragmentSource, shape: Shape, locale: str) -> Fragment:
        """The item in the language of that locale, to be stored and shared by all who get it.

        It weighs at most FULL_OCTETS or LINE_OCTETS on the wire, and about FILED_OCTETS with files: what is long in
        that alphabet is cut shorter.
        """
        language = self._renderer.language(locale)
        full = FILED_OCTETS if source.files or source.latest_files else FULL_OCTETS
        most = full if shape is Shape.FULL else LINE_OCTETS
        fragment = Fragment("", "")
        for eighths in _EIGHTHS:
            view = item_view(source, self._site, language, eighths)
            html = self._renderer.dresser.dress(to_html(view.text), {}) if shape is Shape.FULL else ""
            rendered = self._renderer.piece(shape.value, view, language, html)
            fragment = Fragment(rendered.html, rendered.text)
            if _encode(fragment).octets <= most:
                break
        return fragment

    def compose(self, mail: DigestMail, fragments: Mapping[str, Fragment], delivery: Delivery) -> Outgoing:
        """The digest of one delivery; `fragments` by `fragment_key`, in the language of the delivery's locale.

        Raises CompositionError where it would not leave as meant, KeyError where a fragment is missing.
        """
        code = language_of(delivery.locale)
        stretches = [stretch for _, stretch in self._stretches(mail, fragments, code)]
        start = self._start(mail.network, mail.cadence, mail.day, code)
        shorts = [stretch.short for stretch in stretches if stretch.short]
        pieces: list[Piece] = [*self._head(mail.network, digest_subject(start, shorts)), _TEXT_HEAD]
        for stretch in stretches:
            pieces += stretch.text_pieces
        pieces.append(_HTML_HEAD)
        for stretch in stretches:
            pieces += stretch.html_pieces
        pieces.append(_END)
        signers = self._signers(delivery.created_at, delivery.key_id)
        filled = self._fill(mail, delivery, signers)
        person = delivery.person_id
        for stretch in stretches:
            for slot in stretch.posts:
                filled[slot] = signers.reply(slot.id, person).encode("ascii")
            for slot in stretch.files:
                filled[slot] = signers.file(slot.id, person).encode("ascii")
        data = b"".join([piece if isinstance(piece, bytes) else filled[piece] for piece in pieces])
        reverse_path = self._site.address("bounce", signers.bounce(delivery.id))
        return Outgoing(delivery.id, delivery.attempts, reverse_path, delivery.address, data, delivery.lease)

    def sent_digest(self, mail: DigestMail, fragments: Mapping[str, Fragment], locale: str) -> SentDigest:
        """The digest as it was sent in that locale's language, tokens left out. Raises KeyError as `compose` does."""
        stretches = self._stretches(mail, fragments, language_of(locale))
        return SentDigest(mail.digest_id, tuple(_sent(item, stretch) for item, stretch in stretches))

    def _stretches(self, mail: DigestMail, fragments: Mapping[str, Fragment], code: str) -> list[_Place]:
        """Top to bottom: what waits and what is new in full, then one line each for the rest."""
        full: list[_Place] = []
        lines: list[_Place] = []
        news = waiting = 0
        for item in mail.items:
            key = fragment_key(item, code, mail.zone)
            stretch = self._encoded.get(key, fragments[key])
            (full if item.shape is Shape.FULL else lines).append((item, stretch))
            news += item.news
            waiting += waiting_for(item) is not None
        about = (mail.network, mail.cadence, mail.day)
        first = (full or lines)[0][1].title if waiting else ""
        start = self._start(*about, code)
        # What stands in many mails alike is remembered by what it says, without what makes this one mail.
        reason = replace(mail, digest_id=0, message_id="", day=_NO_DAY, items=(), created_at=_NO_TIME)
        frame = [
            self._plain("shell", start, code),
            self._top(about, (len(mail.items), news, waiting), first, code),
            self._plain("how", "", code),
            *([self._plain("rest", "", code)] if lines else ()),
            self._why(reason, code),
            self._plain("foot", "", code),
            self._plain("end", "", code),
        ]
        around: list[_Place] = [(None, stretch) for stretch in frame]
        return [*around[:3], *full, *around[3:-3], *lines, *around[-3:]]

    def _make_plain(self, name: str, subject: str, code: str) -> _Stretch:
        return self._encode(name, plain_view(self._site, subject), code)

    def _make_top(self, about: _About, counts: tuple[int, int, int], first: str, code: str) -> _Stretch:
        return self._encode("top", top_view(about, counts, first, self._renderer.language(code)), code)

    def _make_why(self, reason: DigestMail, code: str) -> _Stretch:
        return self._encode("why", why_view(reason, self._renderer.language(code)), code)

    def _encode(self, name: str, view: TopView | WhyView | PlainView, code: str) -> _Stretch:
        return _encode(self._renderer.piece(name, view, self._renderer.language(code)))

    def _make_start(self, network: str, cadence: Cadence, day: date, code: str) -> str:
        return subject_start(network, cadence, day, self._renderer.language(code))

    def _make_head(self, network: str, subject: str) -> tuple[Piece, ...]:
        fields = headers.digest_fields(self._site, network, subject)
        fields.append(("Content-Type", f'multipart/alternative;\r\n boundary="{_BOUNDARY}"'))
        pieces = mime.merge(mime.cut(headers.block(fields), str.encode))
        whole = b"".join(b"x@x" if isinstance(piece, Slot) else piece for piece in pieces)
        headers.check(whole, [name for name, _ in fields])
        return (*pieces, b"\r\n")

    def _fill(self, mail: DigestMail, delivery: Delivery, signers: _Signers) -> dict[Piece, bytes]:
        # What is filled into the header is checked here: the header itself was read back with its slots empty.
        message_id = headers.message_ids([mail.message_id])
        if not message_id:
            raise CompositionError("the Message-ID of a digest is malformed")
        person = delivery.person_id
        return {
            _TO: checked_address(delivery.address),
            _REPLY: signers.digest(mail.digest_id, person).encode("ascii"),
            _LEAVE: signers.quiet(_CADENCES.index(mail.cadence), person).encode("ascii"),
            _MESSAGE_ID: message_id.encode("ascii"),
            _DATE: self._date(mail.created_at),
        }

    def _make_signers(self, issued: datetime, key_id: int) -> _Signers:
        def signer(purpose: Purpose) -> Signer:
            return self._keyring.signer(purpose, issued=issued, key_id=key_id)

        return _Signers(
            digest=signer(Purpose.DIGEST),
            reply=signer(Purpose.REPLY),
            quiet=signer(Purpose.QUIET),
            bounce=signer(Purpose.BOUNCE),
            file=signer(Purpose.FILE),
        )


class _Encoded:
    """Encoded fragments by key, the longest unused forgotten first."""

    def __init__(self, octets: int) -> None:
        self._octets = octets
        self._held = 0
        self._stretches: OrderedDict[str, _Stretch] = OrderedDict()

    def get(self, key: str, fragment: Fragment) -> _Stretch:
        """The fragment as it goes on the wire."""
        stretch = self._stretches.get(key)
        # A fragment that was erased and rendered anew has the same key and other words.
        if stretch is not None and stretch.html == fragment.html and stretch.text == fragment.text:
            self._stretches.move_to_end(key)
            return stretch
        if stretch is not None:
            self._held -= stretch.size
        stretch = _encode(fragment, fragment.title)
        self._stretches[key] = stretch
        self._stretches.move_to_end(key)
        self._held += stretch.size
        while self._held > self._octets and len(self._stretches) > 1:
            _, dropped = self._stretches.popitem(last=False)
            self._held -= dropped.size
        return stretch


def _encode(words: Fragment | Rendered, title: str = "") -> _Stretch:
    html = mime.merge(mime.quoted(words.html))
    text = mime.merge(mime.quoted(words.text))
    slots = {piece for piece in (*html, *text) if isinstance(piece, Slot)}
    return _Stretch(
        html=words.html,
        text=words.text,
        html_pieces=tuple(html),
        text_pieces=tuple(text),
        posts=tuple(slot for slot in slots if slot.kind is SlotKind.POST),
        files=tuple(slot for slot in slots if slot.kind is SlotKind.FILE),
        title=title,
        short=short_title(title) if title else "",
    )


def _sent(item: Item | None, stretch: _Stretch) -> SentPiece:
    html, text = (mime.without_marks(words) for words in (stretch.html, stretch.text))
    if item is None:
        return SentPiece(None, None, html, text)
    # A line has no button: who writes under it answers the latest it tells of.
    return SentPiece(item.topic_id, stretch.posts[0].id if stretch.posts else item.last, html, text)


def _date(moment: datetime) -> bytes:
    return headers.date_time(moment).encode("ascii")
