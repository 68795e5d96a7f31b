"""NoticeMail: a mail about one mail, to the person who sent it or to those who run the place it was sent to.

Written by the store for outbound/compose.py. What a person wrote is never lost (invariant I13): a returned or forwarded
text is whole, never an excerpt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.core.command import HelpLine, Verb
from gateway.core.community import Community, Ended
from gateway.core.decision import Reason
from gateway.core.digest import PartState
from gateway.core.post import ToldFile
from gateway.core.question import Asks, Circumstances, Question
from gateway.core.report import Week
from gateway.core.sheet import Sheet


class NoticeKind(StrEnum):
    """What the notice says. A new kind is a member here, its words in templates/mail/notice and one golden file."""

    RETURNED = "returned"
    """Nothing was posted; the text comes back."""
    WAITING = "waiting"
    """The mail is held until a manager has looked at it."""
    FORWARDED = "forwarded"
    """Somebody wrote to the people who run the place, and this goes to one of them."""
    REPORT = "report"
    """The week of a community, for those who run it."""
    LETTER = "letter"
    """Somebody wrote to this person alone, through us."""
    HELD = "held"
    """Mails wait until somebody who runs the place has looked at them."""
    SET_ASIDE = "set_aside"
    """Mails could not be worked on and wait for an administrator."""
    STORM = "storm"
    """So much is answered in one topic so fast that it is not sent one by one any more, or not posted."""
    LATE_IN = "late_in"
    """Mails that came in have long waited to be decided."""
    LATE_OUT = "late_out"
    """Mails have long been due and do not leave."""
    RECEIPT = "receipt"
    """Where each part of an answer to a digest went."""
    OBEYED = "obeyed"
    """What was asked for by a word has been done."""
    READING = "reading"
    """A topic, read by mail."""
    QUESTION = "question"
    """Something is asked, and one word answers it."""
    LOST = "lost"
    """People of the communities that its reader runs cannot be reached by mail."""
    UNWELCOME = "unwelcome"
    """Many systems refuse our mails for what they are, not for whom they are to."""


ALARMS = frozenset((NoticeKind.STORM, NoticeKind.LATE_IN, NoticeKind.LATE_OUT))
"""Something goes too fast, or not at all."""
OF_THE_HOUSE = ALARMS | frozenset(
    (NoticeKind.HELD, NoticeKind.SET_ASIDE, NoticeKind.REPORT, NoticeKind.LOST, NoticeKind.UNWELCOME)
)
"""About no mail of its reader's: they run the place."""


class Receipts(StrEnum):
    """Whose posts are confirmed by mail."""

    FIRST = "first"
    """The first one of each person."""
    ALWAYS = "always"
    NEVER = "never"


class Result(StrEnum):
    """What came of a command, where that is not simply that it was done."""

    DONE = "done"
    NOT_ALLOWED = "not_allowed"
    """It is for those who run the community."""
    IS_MEMBER = "is_member"
    """They belong there already."""
    NO_PLACE = "no_place"
    """No community that could be meant, or none that can be told of."""
    CLOSED = "closed"
    """Its managers alone let people in."""
    TOO_MANY = "too_many"
    """So much was asked within a day that nothing more is."""
    ASKED = "asked"
    """Those who decide have been asked."""
    GRANTED = "granted"
    REFUSED = "refused"
    EXPIRED = "expired"
    """Nobody answered in time."""
    FOREIGN = "foreign"
    """No address of the company's."""
    MANDATORY = "mandatory"
    """Nobody leaves it."""
    OFF = "off"
    """Nothing more comes, and they are members still."""
    OVER = "over"
    """The question was settled, or nobody answered it in time."""
    DECLINED = "declined"
    """They said no, and nothing changes."""
    STEPPED_DOWN = "stepped_down"
    """Nobody asked for it: their mails piled up unanswered."""
    DEFAULT = "default"
    """Nobody asked for it: the default pace of the community is another one, and they never chose theirs."""
    SLOWED = "slowed"
    """As DEFAULT, where it was every message until now."""


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that the person's mail carried: its safe name and its size in octets."""

    name: str
    size: int
    content_type: str = ""
    """Lower-case type/subtype."""
    sha256: str = ""
    """The blob that holds it; "" where the file is only named."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a forwarded mail, in the words of its From: anybody's words, unless they are `proven`."""

    name: str
    address: str
    """Canonical, fit for a header; "" where the mail names no author."""
    proven: bool
    """The address really is the author's."""
    known: bool
    """Proven, and a person of the network: `name` is the one they have here, not one they chose for this mail."""

    @property
    def reply_to(self) -> str:
        """The address as a header field can carry it; "" where it cannot (RFC 6532 is not for every relay)."""
        return self.address if self.address.isascii() else ""


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One part of an answer to a digest, and what became of it."""

    number: int
    """By which MOVE and CANCEL call it."""
    state: PartState
    topic_id: int | None
    topic_title: str
    community: str
    """Its name."""
    text: str
    """The part as it was written, whole."""
    reason: str
    """Of what came back or is held: a word of gateway.core.decision.Reason; of a command its verb; else ""."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A topic that may be meant."""

    topic_id: int
    title: str


@dataclass(frozen=True, slots=True)
class Obeyed:
    """A command that was carried out."""

    verb: Verb
    communities: tuple[str, ...] = ()
    """The names of those it changed."""
    topic_id: int | None = None
    topic_title: str = ""
    until: date | None = None
    community_ids: tuple[int, ...] = ()
    """The communities by id: a pace word that answers this is about them."""
    result: Result = Result.DONE
    person_id: int | None = None
    """Somebody it is about, other than its reader."""
    by_id: int | None = None
    """Who did it, where that was not its reader."""
    number: int | None = None
    """Of the mail it is about, where that waits or waited; `topic_title` is then the subject of it."""
    address: str = ""
    """Of somebody outside, as its reader wrote it."""
    topic_ids: tuple[int, ...] = ()
    """What is shown of the community to whoever has just come in."""
    lines: tuple[HelpLine, ...] = ()
    """Of HELP: the words that its reader may use."""
    words: str = ""
    """What was written and understood by nobody, where that is why."""
    ended: Ended | None = None
    """What their membership was, for the way back."""


@dataclass(frozen=True, slots=True)
class ReadPost:
    """One post of a topic that is read by mail."""

    author: str
    at: datetime
    text: str
    files: tuple[ToldFile, ...] = ()
    """Those that came with it, without the images that its words show."""
    topic: Choice | None = None
    """Its own, where the posts of several are read."""
    post_id: int | None = None
    """What an answer to it answers, where each has its own."""
    answers: int = 0
    """How many posts of its topic follow, where it is the first."""


@dataclass(frozen=True, slots=True)
class LostPerson:
    """Somebody who cannot be reached by mail."""

    name: str
    communities: tuple[str, ...]
    """The names of theirs, of those that its reader runs."""


@dataclass(frozen=True, slots=True)
class NoticeMail:
    """One notice to one person about one mail: their own, but for a forwarded one, which is `author`'s."""

    kind: NoticeKind
    reason: Reason
    message_id: str
    """Ours, fixed when the notice was born, with angle brackets."""
    reference: str
    """A short word by which a human finds the case again, such as "A-1042"."""
    community: Community | None
    """Where the mail wanted to go; None where that is no community."""
    sent_to: str
    """The address the person wrote to. A token in it is left out: `reply@example.org`."""
    topic_title: str
    """The topic it answered; "" where it answered none."""
    subject: str
    """The subject of that mail. The next four are its own too."""
    text: str
    files: tuple[NamedFile, ...]
    """Named only: they do not travel along."""
    in_reply_to: str
    """Message-ID of the person's mail; "" where it had none."""
    sent_at: datetime
    timezone: str
    """IANA name of the person's zone, in which `sent_at` is told."""
    limit_bytes: int
    """What attachments may weigh, in octets; told where they were too large."""
    author: Author | None = None
    """Who wrote the mail that is forwarded or asked about; None where it is the person's own."""
    attached: tuple[NamedFile, ...] = ()
    """Files that travel along, each with its blob."""
    waiting: int = 0
    """How many mails wait, where the notice is about no single one of them: its subject and text are then empty."""
    id: int = 0
    """Of the notice: its reader's answer names it."""
    lines: tuple[ReceiptLine, ...] = ()
    """Of a receipt: the parts in their order."""
    choices: tuple[Choice, ...] = ()
    """Of a receipt that asks: the topics that may be meant."""
    obeyed: Obeyed | None = None
    topic: Choice | None = None
    """Of a topic that is read by mail."""
    read: tuple[ReadPost, ...] = ()
    """Its posts, oldest first."""
    left_out: int = 0
    """How many posts between the first and the second are left out, where the topic is too long for one mail."""
    post_id: int | None = None
    """The post that an answer to what is read answers."""
    question: Question | None = None
    week: Week | None = None
    """Of a report."""
    is_shared: bool = False
    """One for very many readers: but for their address and the token of their answer they get the same."""
    words: str = ""
    """What those who run the place said of the mail that comes back."""
    lost: tuple[LostPerson, ...] = ()
    """Who cannot be reached, where that is what it tells."""
    circumstances: Circumstances | None = None
    """What a question or an answer to a command tells beside it."""
    sheet: Sheet | None = None
    """Of HELP, LIST, SETTINGS and WHO: what was asked for."""

    @property
    def is_answer(self) -> bool:
        """It tells an author about their own mail."""
        if self.obeyed is not None and self.obeyed.result in (Result.STEPPED_DOWN, Result.DEFAULT, Result.SLOWED):
            return False
        if self.question is not None and self.question.asks in (Asks.PROBE, Asks.ABSENCE):
            return False
        return self.author is None and self.kind not in OF_THE_HOUSE

    @property
    def is_probe(self) -> bool:
        """It is to show whether its reader's address works: where it fails, we want it back."""
        return self.question is not None and self.question.asks is Asks.PROBE
