"""What the templates of a notice see of its particular: the parts of a receipt, a word obeyed.

Called by outbound.notice_views. All that people wrote is cleaned here of control characters. A topic that the reader
may never have been shown is told by its number alone: a number that somebody tries opens no private place (I11).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import time
from urllib.parse import quote

from gateway.core.command import Verb
from gateway.core.decision import Reason
from gateway.core.digest import PartState
from gateway.core.notice import Choice, NoticeMail, Obeyed, ReceiptLine
from gateway.core.question import Circumstances
from outbound.digest_parts import excerpt
from outbound.headers import clean
from outbound.language import Language
from outbound.prose import Dresser, strip_controls, to_html
from outbound.sheet_views import SheetView, sheet_view

_MAX_TITLE = 140
_MAX_SUBJECT_TITLE = 50
_MAX_NAME = 60
_MAX_PLACES = 6
_EXCERPT = 200
_DEALT_WITH = frozenset((PartState.POSTED, PartState.THANKED, PartState.OBEYED))
_UNMOVED = frozenset((PartState.POSTED, PartState.THANKED, PartState.ASKED))
# Only who may write in a place hears these: whoever is told them may know what it is called.
_SAID_INSIDE = frozenset((Reason.TOPIC_CLOSED, Reason.MODERATED, Reason.ENCRYPTED, Reason.EMPTY))


@dataclass(frozen=True, slots=True)
class PartLine:
    """One part of an answer to a digest. Of `excerpt` and `text` one is "": what is nowhere comes back whole."""

    number: int
    state: str
    reason: str
    topic_id: int | None
    title: str
    """"" where there is no topic, or none that the reader may know of."""
    community: str
    excerpt: str
    html: str
    """The whole part, clean and styled."""
    text: str
    is_refused_move: bool
    """It was to go elsewhere, and `reason` says why it did not."""


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """A topic that may be meant."""

    topic_id: int
    title: str
    url: str
    """Opens a mail that chooses it; "" where a number alone would not."""


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """Where the parts of an answer are, counted and one by one."""

    lines: tuple[PartLine, ...]
    posted: int
    held: int
    returned: int
    asked: tuple[str, ...]
    """The numbers of the parts that wait for a topic."""
    asked_shown: str
    choices: tuple[ChoiceLine, ...]
    example: int
    """Of a topic, to show how one is named."""
    movable: int
    """The number of the first part that is posted, else of the first that comes back; 0 for none."""
    short_title: str
    """Of the topic of the first posted part."""
    is_unclear: bool
    """It is sent once more because an answer to it was not understood."""


@dataclass(frozen=True, slots=True)
class PlaceAddresses:
    """How a community is reached."""

    posting: str
    """"" without a community, as `join`."""
    managers: str
    """A human's."""
    join: str
    """Where an empty mail asks to join."""
    commands: str
    """That of words of command."""


@dataclass(frozen=True, slots=True)
class ObeyedView:
    """What was done."""

    verb: str
    places: str
    """The communities it changed, at most six by name; "" for none."""
    other_places: int
    other_places_shown: str
    topic_id: int | None
    title: str
    short_title: str
    day: str
    """The first day on which mail comes again, in words; "" where none was named."""
    short_day: str
    result: str
    number: int | None
    """Of the mail it is about."""
    who: str
    """Somebody it is about; "" for nobody."""
    by: str
    """Who did it; "" where that was the reader."""
    place: str
    """The name of the one community it is about; "" where they are more or none."""
    managers: str
    join: str
    """The address by which one comes into it; "" without a community."""
    posting: str
    """Of that community; "" without one."""
    commands: str
    sheet: SheetView | None
    """Of HELP, LIST, SETTINGS and WHO."""
    address: str
    """Of somebody outside; "" for none."""
    pace: str
    """Of the reader in that community, once they have come in; "" else."""
    hour: str
    """Of their digests."""


def receipt_view(mail: NoticeMail, answer: str, language: Language, dresser: Dresser) -> ReceiptView:
    """Where the parts of an answer are; `answer` is where an answer to the receipt goes."""
    lines = mail.lines
    asked = tuple(str(line.number) for line in lines if line.state is PartState.ASKED)
    posted = [line for line in lines if line.state is PartState.POSTED]
    movable = next(iter(posted or [line for line in lines if line.state is PartState.RETURNED]), None)
    # A topic other than the one it is in shows best where a part could go.
    others = [choice.topic_id for choice in mail.choices if not movable or choice.topic_id != movable.topic_id]
    offered: set[int | None] = {choice.topic_id for choice in mail.choices}
    is_unclear = mail.reason is Reason.NOT_UNDERSTOOD
    return ReceiptView(
        lines=tuple(_part(line, offered, language, dresser) for line in lines),
        posted=len(posted),
        held=sum(line.state is PartState.HELD for line in lines),
        returned=sum(line.state is PartState.RETURNED for line in lines),
        asked=asked,
        asked_shown=language.plain_list(asked),
        choices=tuple(_choice(choice, answer if len(asked) == 1 else "", language) for choice in mail.choices)
        if asked or is_unclear
        else (),
        example=others[0] if others else 0,
        movable=movable.number if movable else 0,
        short_title=clean(posted[0].topic_title, _MAX_SUBJECT_TITLE) or language.untitled if posted else "",
        is_unclear=is_unclear,
    )


def _part(line: ReceiptLine, offered: Collection[int | None], language: Language, dresser: Dresser) -> PartLine:
    whole = "" if line.state in _DEALT_WITH else strip_controls(line.text).strip("\n")
    is_known = line.state in _DEALT_WITH or line.topic_id in offered or line.reason in _SAID_INSIDE
    has_title = line.topic_id is not None and is_known
    return PartLine(
        number=line.number,
        state=line.state,
        reason=Reason.NO_PLACE if line.state is PartState.RETURNED and not is_known else line.reason,
        topic_id=line.topic_id,
        title=(clean(line.topic_title, _MAX_TITLE) or language.untitled) if has_title else "",
        community=clean(line.community, _MAX_NAME) if is_known else "",
        excerpt=excerpt(clean(line.text, 20 * _EXCERPT), _EXCERPT) if line.state in _DEALT_WITH else "",
        html=dresser.dress(to_html(whole), {}) if whole.strip() else "",
        text=whole,
        is_refused_move=line.state in _UNMOVED and line.reason != "",
    )


def _choice(choice: Choice, answer: str, language: Language) -> ChoiceLine:
    # The number is in the subject for the eye and in the body for us: a program may lose the one or the other.
    url = f"mailto:{quote(answer, safe='@+')}?subject=%23{choice.topic_id}&body={choice.topic_id}" if answer else ""
    return ChoiceLine(choice.topic_id, clean(choice.title, _MAX_TITLE) or language.untitled, url)


def obeyed_view(mail: NoticeMail, addresses: PlaceAddresses, language: Language) -> ObeyedView:
    """What was done, and the addresses of the community that it is about."""
    obeyed, around = mail.obeyed or Obeyed(Verb.HELP), mail.circumstances or Circumstances()
    shown = tuple(clean(name, _MAX_NAME) for name in obeyed.communities[:_MAX_PLACES])
    others = max(0, len(obeyed.communities) - _MAX_PLACES)
    return ObeyedView(
        verb=obeyed.verb,
        # "A, B and C and 4 more" would be one "and" too many.
        places=", ".join(language.names((name,)) for name in shown) if others else language.names(shown),
        other_places=others,
        other_places_shown=language.number(others),
        topic_id=obeyed.topic_id,
        title=clean(obeyed.topic_title, _MAX_TITLE),
        short_title=clean(obeyed.topic_title, _MAX_SUBJECT_TITLE),
        day=language.day(obeyed.until) if obeyed.until else "",
        short_day=language.short_day(obeyed.until) if obeyed.until else "",
        result=obeyed.result,
        number=obeyed.number,
        who=clean(around.who, _MAX_NAME),
        by=clean(around.by, _MAX_NAME),
        place=shown[0] if len(shown) == 1 and not others else "",
        managers=addresses.managers,
        join=addresses.join,
        posting=addresses.posting,
        commands=addresses.commands,
        sheet=sheet_view(mail, around.hour or time(7, 30), language),
        address=clean(obeyed.address),
        pace=around.pace,
        hour=language.hour(around.hour) if around.hour else "",
    )
