"""Delivery to bytes on the wire: what is the same for all readers is composed once, then filled in per person.

Called by outbound.worker. `prepare` pays for rendering, once per post and language; `fill` puts one person's address
and signed tokens into the waiting slots. The same delivery gives the same bytes at every try (invariant I6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial

from gateway.core.delivery import Delivery, Outgoing
from gateway.core.errors import CompositionError
from gateway.core.notice import NamedFile, NoticeKind, NoticeMail
from gateway.core.post import PostMail, StoredFile, shown_inside
from gateway.core.token import KeyRing, Purpose, Signer
from outbound import headers, mime
from outbound.headers import Field, Site
from outbound.mime import Piece, Slot, SlotKind
from outbound.notice_views import NoticeAddresses, notice_view
from outbound.reading_views import ReadingLinks
from outbound.receipt_views import PlaceAddresses
from outbound.render import Rendered, Renderer
from outbound.views import Links, file_name, post_view

_FLOWED = "; format=flowed; delsp=no"
# Encoded, a name may take nine octets a character on a line of 998.
_MAX_FILE_NAME = 100


class UnfitAddressError(CompositionError):
    """The address of one delivery is none. It says nothing of the other readers' mails."""


@dataclass(frozen=True, slots=True)
class MailTemplate:
    """A composed mail but for what differs per person. `parts` is b"" where a slot waits; the rest says which."""

    post_id: int
    community_id: int
    parts: tuple[bytes, ...]
    to_at: tuple[int, ...]
    reply_at: tuple[int, ...]
    leave_at: tuple[int, ...]
    files_at: tuple[tuple[int, int], ...]
    """Place and attachment id."""

    @property
    def size(self) -> int:
        """Octets kept, slots empty: what a cache has to count."""
        return sum(map(len, self.parts))


@dataclass(frozen=True, slots=True)
class NoticeTemplate:
    """A notice for very many readers, composed but for address and token: slots wait among the pieces."""

    notice_id: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class _Signers:
    reply: Signer
    leave: Signer
    bounce: Signer
    file: Signer
    answer: Signer


class Composer:
    """Composes every mail. `read_blob` gives an attachment's bytes by sha256; safe to share between threads."""

    def __init__(
        self, site: Site, keyring: KeyRing, read_blob: Callable[[str], bytes], renderer: Renderer | None = None
    ) -> None:
        self._site = site
        self._keyring = keyring
        self._read_blob = read_blob
        self._renderer = renderer or Renderer()
        # The deliveries of one fan-out share their moment of birth and their key, and so their signers.
        self._signers = lru_cache(maxsize=256)(self._make_signers)
        self._leave_url = f"{site.base_url}/u/{Slot(SlotKind.LEAVE).mark}"

    def warm_up(self) -> None:
        """Makes ready what the first mail would wait for. Takes some tenths of a second."""
        self._renderer.warm_up()

    def prepare(self, mail: PostMail, locale: str) -> MailTemplate:
        """The mail of a post for all readers of that locale's language.

        Raises CompositionError where it would not leave as meant, StoreError where an attachment cannot be read.
        """
        subject = headers.subject_of(mail, self._renderer.language(locale).untitled)
        inline = _inline_images(mail, self._site.domain)
        body = self._post_body(mail, self._render(mail, locale, inline), inline)
        pieces = _message(headers.post_fields(self._site, mail, subject), body)
        return _template(mail, pieces)

    def text_of(self, mail: PostMail, locale: str) -> str:
        """The text part of that mail, tokens left out: what an answer to it may quote."""
        return self._render(mail, locale, _inline_images(mail, self._site.domain)).text

    def _render(self, mail: PostMail, locale: str, inline: Sequence[tuple[StoredFile, str]]) -> Rendered:
        language = self._renderer.language(locale)
        subject = headers.subject_of(mail, language.untitled)
        links = Links(
            network=self._site.name,
            leave_url=self._leave_url,
            author_address=self._site.address("author", Slot(SlotKind.REPLY).mark),
            file_urls={
                f.id: f"{self._site.base_url}/files/{Slot(SlotKind.FILE, f.id).mark}" for f in mail.files_linked
            },
            images={file.content_id: ours for file, ours in inline},
        )
        view = post_view(mail, subject, links, language, self._renderer.dresser)
        return self._renderer.post(view, language)

    def fill(self, template: MailTemplate, delivery: Delivery) -> Outgoing:
        """The mail of one delivery: the person's address and tokens are all that is new. Raises UnfitAddressError."""
        signers = self._signers(delivery.created_at, delivery.key_id)
        person = delivery.person_id
        parts = list(template.parts)
        address = checked_address(delivery.address)
        reply = signers.reply(template.post_id, person).encode("ascii")
        leave = signers.leave(template.community_id, person).encode("ascii")
        for place in template.to_at:
            parts[place] = address
        for place in template.reply_at:
            parts[place] = reply
        for place in template.leave_at:
            parts[place] = leave
        for place, attachment_id in template.files_at:
            parts[place] = signers.file(attachment_id, person).encode("ascii")
        reverse_path = self._site.address("bounce", signers.bounce(delivery.id))
        return _outgoing(delivery, reverse_path, b"".join(parts))

    def compose_notice(self, notice: NoticeMail, delivery: Delivery) -> Outgoing:
        """The mail of a notice, from the null reverse-path: a failure of it is answered by nobody (RFC 3834 §3.3).

        Only a probe is to come back where it fails. Raises UnfitAddressError, CompositionError where it would not leave
        as meant, and StoreError where an attachment cannot be read.
        """
        pieces = self._notice(notice, delivery, self._answer_address(notice, delivery))
        mail = _filled(pieces, delivery, b"")
        if not notice.is_probe:
            return mail
        signers = self._signers(delivery.created_at, delivery.key_id)
        return replace(mail, reverse_path=self._site.address("bounce", signers.bounce(delivery.id)))

    def prepare_notice(self, notice: NoticeMail, delivery: Delivery) -> NoticeTemplate:
        """The mail of a notice for very many, for all who read the language of this one. Raises as compose_notice."""
        answer = self._site.address("answer", Slot(SlotKind.REPLY).mark)
        return NoticeTemplate(notice.id, tuple(self._notice(notice, delivery, answer)))

    def fill_notice(self, template: NoticeTemplate, delivery: Delivery) -> Outgoing:
        """The mail of one delivery: address and token are all that is new. Raises UnfitAddressError."""
        signers = self._signers(delivery.created_at, delivery.key_id)
        token = signers.answer(template.notice_id, delivery.person_id).encode("ascii")
        return _filled(template.pieces, delivery, token)

    def _notice(self, notice: NoticeMail, delivery: Delivery, answer: str) -> list[Piece]:
        """The mail with a slot for the address, and for what has slots in `answer`."""
        site, language = self._site, self._renderer.language(delivery.locale)
        around = notice.circumstances
        if around is not None and around.hour is None:
            notice = replace(notice, circumstances=replace(around, hour=site.daily_at))
        posting = site.address(notice.community.address) if notice.community else ""
        join = site.address(notice.community.address, language.join_word) if notice.community else ""
        addresses = NoticeAddresses(
            PlaceAddresses(posting, site.managers(notice.community), join, site.address("relais")),
            answer,
            ReadingLinks(partial(self._file_url, delivery), partial(self._reply_address, delivery)),
        )
        view = notice_view(notice, site.name, addresses, language, self._renderer.dresser)
        subject, rendered = self._renderer.notice(view, language)
        fields = headers.notice_fields(site, notice, (view.sender, subject), answer, delivery.created_at)
        boundary = _boundary(notice.message_id)
        files = [self._part(file) for file in notice.attached]
        return _message(fields, _with_files(_alternative(rendered, boundary), files, boundary))

    def _file_url(self, delivery: Delivery, attachment_id: int) -> str:
        signers = self._signers(delivery.created_at, delivery.key_id)
        return f"{self._site.base_url}/files/{signers.file(attachment_id, delivery.person_id)}"

    def _reply_address(self, delivery: Delivery, post_id: int) -> str:
        signers = self._signers(delivery.created_at, delivery.key_id)
        return self._site.address("reply", signers.reply(post_id, delivery.person_id))

    def _answer_address(self, notice: NoticeMail, delivery: Delivery) -> str:
        """Where an answer to a notice goes: where it can be acted on, else to a human.

        A human is the author of a forwarded mail where there is an address for it, else those who run the place.
        """
        site, signers = self._site, self._signers(delivery.created_at, delivery.key_id)
        match notice.kind:
            case _ if notice.question is not None:
                return site.address("answer", signers.answer(notice.id, delivery.person_id))
            case NoticeKind.RECEIPT | NoticeKind.OBEYED:
                return site.address("answer", signers.answer(notice.id, delivery.person_id))
            case NoticeKind.READING if notice.post_id is not None:
                return self._reply_address(delivery, notice.post_id)
            case _:
                to_author = notice.author.reply_to if notice.author else ""
                return to_author or site.managers(notice.community)

    def _post_body(self, mail: PostMail, rendered: Rendered, inline: Sequence[tuple[StoredFile, str]]) -> list[Piece]:
        boundary = _boundary(mail.content.message_id)
        shown = {file.id for file, _ in inline}
        body = _alternative(rendered, boundary, [self._part(file, ours) for file, ours in inline])
        attached = [self._part(file) for file in mail.files_attached if file.id not in shown]
        return _with_files(body, attached, boundary)

    def _part(self, file: StoredFile | NamedFile, content_id: str = "") -> list[Piece]:
        return mime.file_part(
            file.content_type, file_name(file.name, _MAX_FILE_NAME), self._read_blob(file.sha256), content_id
        )

    def _make_signers(self, issued: datetime, key_id: int) -> _Signers:
        def signer(purpose: Purpose) -> Signer:
            return self._keyring.signer(purpose, issued=issued, key_id=key_id)

        return _Signers(
            reply=signer(Purpose.REPLY),
            leave=signer(Purpose.LEAVE),
            bounce=signer(Purpose.BOUNCE),
            file=signer(Purpose.FILE),
            answer=signer(Purpose.ANSWER),
        )


def _alternative(rendered: Rendered, boundary: str, images: Sequence[Sequence[Piece]] = ()) -> list[Piece]:
    """Text and HTML, the HTML with the images it shows (RFC 2387)."""
    text = mime.text_part("plain", rendered.text, _FLOWED)
    html = mime.text_part("html", rendered.html)
    if images:
        html = mime.multipart("related", f"=_r{boundary}", [html, *images], '; type="text/html"')
    return mime.multipart("alternative", f"=_a{boundary}", [text, html])


def _with_files(body: list[Piece], files: Sequence[Sequence[Piece]], boundary: str) -> list[Piece]:
    return mime.multipart("mixed", f"=_m{boundary}", [body, *files]) if files else body


def _message(fields: Sequence[Field], body: Sequence[Piece]) -> list[Piece]:
    """Header and body in one, the header read back and found as intended."""
    # A body part begins with its own header: its Content-Type belongs to the message (RFC 2046 §5.1).
    assert isinstance(body[0], bytes)
    own, _, rest = body[0].partition(b"\r\n\r\n")
    pieces = mime.merge(
        [*mime.cut(headers.block(fields), str.encode), own + b"\r\n\r\n" + rest, *body[1:]],
    )
    intended = [*(name for name, _ in fields), "Content-Type"]
    headers.check(_head(pieces), intended)
    return pieces


def _head(pieces: Iterable[Piece]) -> bytes:
    whole = b"".join(b"x@x" if isinstance(piece, Slot) else piece for piece in pieces)
    return whole[: whole.index(b"\r\n\r\n") + 2]


def _template(mail: PostMail, pieces: Sequence[Piece]) -> MailTemplate:
    slots = [(place, piece) for place, piece in enumerate(pieces) if isinstance(piece, Slot)]

    def places(kind: SlotKind) -> tuple[int, ...]:
        return tuple(place for place, slot in slots if slot.kind is kind)

    return MailTemplate(
        post_id=mail.post_id,
        community_id=mail.community.id,
        parts=tuple(b"" if isinstance(piece, Slot) else piece for piece in pieces),
        to_at=places(SlotKind.TO),
        reply_at=places(SlotKind.REPLY),
        leave_at=places(SlotKind.LEAVE),
        files_at=tuple((place, slot.id) for place, slot in slots if slot.kind is SlotKind.FILE),
    )


def _filled(pieces: Iterable[Piece], delivery: Delivery, token: bytes) -> Outgoing:
    """The mail of a notice, with the address and the token in their slots."""
    address = checked_address(delivery.address)
    values = {SlotKind.TO: address, SlotKind.REPLY: token}
    data = b"".join(values[piece.kind] if isinstance(piece, Slot) else piece for piece in pieces)
    return _outgoing(delivery, "", data)


def _outgoing(delivery: Delivery, reverse_path: str, data: bytes) -> Outgoing:
    return Outgoing(delivery.id, delivery.attempts, reverse_path, delivery.address, data, delivery.lease)


def _inline_images(mail: PostMail, domain: str) -> list[tuple[StoredFile, str]]:
    """The images that the HTML shows, each with a Content-ID of ours: the author's may be shared or malformed."""
    named = shown_inside(mail.content.html or "")
    shown = (file for file in mail.files_attached if file.content_id in named)
    return [(file, f"image{file.id}.{mail.post_id}@{domain}") for file in shown]


def _boundary(message_id: str) -> str:
    return hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest()[:24]


def checked_address(address: str) -> bytes:
    """The address as it stands in a header. Raises UnfitAddressError where it is not one plain address."""
    # Addresses were parsed strictly when they came in; a line break here would be a header of somebody's choosing.
    if not address.isprintable() or " " in address:
        raise UnfitAddressError("the address is not one plain address")
    return address.encode("utf-8")
