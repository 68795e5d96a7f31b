"""The house rules: one readable table, the first rule that holds decides.

Pure; called by the pipeline for every arrival and by `relais explain`. A new rule is one line here and one Reason.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.command import Verb
from gateway.core.community import PersonState, PostPolicy
from gateway.core.decision import Decision, Reason, Verdict
from gateway.core.joining import Register
from gateway.core.message import Kind
from gateway.core.question import OF_THE_MAILBOX
from gateway.core.rights import Right, may
from gateway.core.ruling import Ruling
from inbound.auto_replies import SUBJECT_SIGN
from inbound.facts import Facts, Rules
from inbound.files import barred, is_heavy
from inbound.haste import is_too_fast
from inbound.route import (
    ToBounce,
    ToCommand,
    ToCommunity,
    ToDigest,
    ToLeave,
    ToManagers,
    ToNobody,
    ToParent,
    ToPerson,
    ToPost,
    ToQuestion,
    ToQuiet,
)
from inbound.thanks import read_thanks

OF_NEWCOMERS = frozenset((Verb.JOIN, Verb.HELP, Verb.LIST))
"""What somebody of the company may ask for before they are a person of the network."""


def decide(facts: Facts, rules: Rules) -> Decision:
    """The verdict on one arrival."""
    for verdict, reason, holds in TABLE:
        if holds(facts, rules):
            return Decision(verdict, reason, _flag(facts, reason))
    raise AssertionError("the last rule of the table always holds")


Test = Callable[[Facts, Rules], bool]


def _believed(f: Facts, r: Rules) -> bool:
    if f.proof.proven or f.vouched or r.require == "none":
        return True
    tokens = ToPost | ToDigest | ToQuestion | ToPerson
    own_token = isinstance(f.destination, tokens) and f.person and f.destination.token_person_id == f.person.id
    # Who has the mail that asked reads that mailbox, and that is all such a question wants to know.
    enough = r.require == "token" or (f.question is not None and f.question.asks in OF_THE_MAILBOX)
    return enough and bool(own_token)


def _by_words_alone(f: Facts, r: Rules) -> bool:
    """A subject of a known person's new mail sounds like a machine's, and nothing else does.

    "Absence: planning of week 48" is a subject of people too, and in doubt what a person wrote is never lost (I13).
    """
    new = not _is_answer(f) and f.place is None
    return f.reading.classification.sign == SUBJECT_SIGN and new and f.person is not None and _believed(f, r)


def _may_post(f: Facts) -> bool:
    return (
        f.approved or f.membership is not None or (f.community is not None and f.community.post is PostPolicy.EVERYONE)
    )


def _with_token_of_another(f: Facts) -> bool:
    to = f.destination
    return isinstance(to, ToPost | ToQuestion) and f.person is not None and to.token_person_id != f.person.id


def _empty(f: Facts) -> bool:
    body = f.reading.body
    return not (body.text.strip() or body.forwarded.strip() or f.reading.parsed.attachments)


def _is_cut(f: Facts) -> bool:
    """Words may stand where nobody looks: deeper, or in later parts, than is read."""
    return not {"too_deep", "too_many_parts"}.isdisjoint(f.reading.parsed.defects)


def _is_heavy(f: Facts, r: Rules) -> bool:
    return any(is_heavy(file, r.files) for file in f.reading.parsed.attachments)


def _has_barred(f: Facts, r: Rules) -> bool:
    return bool(barred(f.reading.parsed.attachments, r.files))


def _is_encrypted(f: Facts) -> bool:
    return "encrypted" in f.reading.parsed.defects


def _in_parts(f: Facts) -> bool:
    """It answers a digest: each part goes its own way."""
    return isinstance(f.destination, ToDigest)


def _is_letter(f: Facts) -> bool:
    return isinstance(f.destination, ToPerson)


def _may_write(f: Facts) -> bool:
    """A letter is its reader's: nobody answers it for them. A post is everybody's who belongs there."""
    to = f.destination
    assert isinstance(to, ToPerson)
    if to.person_id is None:
        return f.membership is not None
    return f.person is not None and f.person.id == to.token_person_id


def _is_there(f: Facts) -> bool:
    is_withdrawn = f.place is not None and f.place.post.withdrawn
    return f.addressee is not None and f.addressee.state is PersonState.ACTIVE and not is_withdrawn


def _is_to_a_question(f: Facts) -> bool:
    return isinstance(f.destination, ToQuestion)


def _is_for_people(f: Facts) -> bool:
    return isinstance(f.destination, ToManagers)


def _says_nothing(f: Facts) -> bool:
    return not (f.reading.parts or f.reading.parsed.attachments)


def _digest_gone(f: Facts) -> bool:
    """Its row or its words are forgotten: nothing can be told from what was quoted."""
    return f.digest is None or f.reading.parts is None


def _obeyed(f: Facts, r: Rules) -> bool:
    """A word of command of somebody we know, at an address for them; everything else there is for people."""
    known = _state(f) is PersonState.ACTIVE and _believed(f, r)
    return f.command is not None and (known or _may_ask(f, r))


def is_newcomer(f: Facts, r: Rules) -> bool:
    """Somebody of the company who is no person of the network yet, and may become one by writing."""
    author, registration = f.reading.parsed.author, r.registration
    is_out = f.person is None or f.person.state is PersonState.PENDING
    may_register = registration.register is not Register.CLOSED and author is not None and registration.knows(author)
    return is_out and may_register and (f.proof.proven or r.require == "none")


def _may_ask(f: Facts, r: Rules) -> bool:
    """A word of command of a newcomer: what anybody may ask, and the answer to what they were asked."""
    if f.command is None or _state(f) not in (None, PersonState.PENDING):
        return False
    answers = f.question is not None and f.question.asks in OF_THE_MAILBOX and f.person is not None
    return (answers and _believed(f, r)) or (f.command.verb in OF_NEWCOMERS and is_newcomer(f, r))


def wants_in(f: Facts, r: Rules) -> bool:
    """A newcomer has written to a community: they may come in, and then it is posted."""
    return isinstance(f.destination, ToCommunity) and f.community is not None and is_newcomer(f, r)


def _is_stranger_at_a_door(f: Facts) -> bool:
    """Somebody proven whom nobody knows asks a community for something by its address."""
    return isinstance(f.destination, ToCommand) and f.person is None


def _is_answer(f: Facts) -> bool:
    return isinstance(f.destination, ToPost | ToParent | ToDigest | ToQuestion)


def _gone(f: Facts) -> bool:
    return _is_answer(f) and f.place is not None and f.place.post.withdrawn


def _is_auto_reply(f: Facts) -> bool:
    return f.reading.classification.kind is Kind.AUTO_REPLY


def _is_machines(f: Facts, r: Rules) -> bool:
    return _is_auto_reply(f) and not _by_words_alone(f, r) and not _is_robot_at_home(f)


def _is_robot_at_home(f: Facts) -> bool:
    """A scanner or a monitor of ours, writing to a community that it was made a member of."""
    return _state(f) is PersonState.ROBOT and f.membership is not None and isinstance(f.destination, ToCommunity)


def _is_of_nobody(f: Facts) -> bool:
    return _state(f) is not PersonState.ACTIVE and not _is_robot_at_home(f)


def _looks_automatic(f: Facts) -> bool:
    return _is_auto_reply(f) and not f.vouched and not _is_robot_at_home(f)


def _is_hasty(f: Facts) -> bool:
    return f.after is not None and is_too_fast(f.reading, f.after)


def _strays(f: Facts, r: Rules) -> bool:
    """A signed mail to somebody else, handed to us by whoever has a copy, would act in its author's name."""
    places = ToCommunity | ToCommand
    return r.require_addressed and isinstance(f.destination, places) and not f.addressed and not f.vouched


def _strays_to_a_command(f: Facts, r: Rules) -> bool:
    return isinstance(f.destination, ToCommand) and _strays(f, r)


# fmt: off
TABLE: tuple[tuple[Verdict, Reason, Test], ...] = (
    # What no person wrote: never posted, never answered (I8).
    (Verdict.DISCARD,     Reason.BOUNCE,               lambda f, r: isinstance(f.destination, ToBounce)),
    (Verdict.DISCARD,     Reason.BOUNCE,               lambda f, r: f.reading.classification.kind is Kind.BOUNCE),
    (Verdict.DISCARD,     Reason.LOOP,                 lambda f, r: f.reading.classification.kind is Kind.LOOP),
    (Verdict.UNSUBSCRIBE, Reason.LEAVE_TOKEN,          lambda f, r: isinstance(f.destination, ToLeave | ToQuiet)),
    (Verdict.DISCARD,     Reason.AUTO_REPLY,           _is_machines),
    # Mail for the people who run the place.
    (Verdict.FORWARD,     Reason.FOR_THE_ADMINS,       lambda f, r: _is_for_people(f) and not _obeyed(f, r)),
    # Who speaks: an unproven author is nobody, so nothing below may answer them.
    (Verdict.HOLD,        Reason.SENDER_NOT_CHECKED,   lambda f, r: not _believed(f, r) and f.proof.temporary),
    (Verdict.HOLD,        Reason.SENDER_NOT_PROVEN,    lambda f, r: not _believed(f, r)),
    (Verdict.HOLD,        Reason.NOT_ADDRESSED,        _strays_to_a_command),
    (Verdict.REJECT,      Reason.TOKEN_OF_ANOTHER,     lambda f, r: _is_to_a_question(f) and _with_token_of_another(f)),
    (Verdict.OBEY,        Reason.COMMAND,              _may_ask),
    (Verdict.FORWARD,     Reason.FOR_THE_ADMINS,       lambda f, r: _is_stranger_at_a_door(f)),
    (Verdict.REJECT,      Reason.NOT_A_MEMBER,         lambda f, r: wants_in(f, r) and not _is_auto_reply(f)),
    (Verdict.HOLD,        Reason.SENDER_UNKNOWN,       lambda f, r: _state(f) in (None, PersonState.PENDING)),
    (Verdict.HOLD,        Reason.SUSPENDED,            lambda f, r: _is_of_nobody(f)),
    # What somebody has said of it already.
    (Verdict.REJECT,      Reason.REFUSED,              lambda f, r: Ruling.REFUSED in f.rulings),
    (Verdict.REJECT,      Reason.EXPIRED,              lambda f, r: Ruling.EXPIRED in f.rulings),
    (Verdict.HOLD,        Reason.LOOKS_AUTOMATIC,      lambda f, r: _looks_automatic(f)),
    (Verdict.HOLD,        Reason.FASTER_THAN_HUMAN,    lambda f, r: _is_hasty(f) and not f.vouched),
    # What is no single post: a word of command, the answer to a digest.
    (Verdict.DISCARD,     Reason.DUPLICATE,            lambda f, r: _in_parts(f) and f.duplicate),
    (Verdict.OBEY,        Reason.COMMAND,              lambda f, r: f.command is not None and not _is_robot_at_home(f)),
    (Verdict.ASK,         Reason.NOT_UNDERSTOOD,       lambda f, r: f.unclear),
    (Verdict.REJECT,      Reason.DIGEST_GONE,          lambda f, r: _in_parts(f) and _digest_gone(f)),
    (Verdict.REJECT,      Reason.ATTACHMENT_TOO_LARGE, lambda f, r: _in_parts(f) and _is_heavy(f, r)),
    (Verdict.REJECT,      Reason.ENCRYPTED,            lambda f, r: _in_parts(f) and _is_encrypted(f)),
    (Verdict.REJECT,      Reason.FILE_TYPE,            lambda f, r: _in_parts(f) and _has_barred(f, r)),
    (Verdict.REJECT,      Reason.EMPTY,                lambda f, r: _in_parts(f) and _says_nothing(f)),
    (Verdict.HOLD,        Reason.CHARTER,              lambda f, r: _in_parts(f) and _owes_charter(f)),
    (Verdict.SHARE_OUT,   Reason.DIGEST_ANSWER,        lambda f, r: _in_parts(f)),
    # A letter to one person: who may read a post may write to its author, who got one may answer it.
    (Verdict.REJECT,      Reason.TOKEN_OF_ANOTHER,     lambda f, r: _is_letter(f) and not _may_write(f)),
    (Verdict.REJECT,      Reason.PERSON_GONE,          lambda f, r: _is_letter(f) and not _is_there(f)),
    (Verdict.REJECT,      Reason.ATTACHMENT_TOO_LARGE, lambda f, r: _is_letter(f) and _is_heavy(f, r)),
    (Verdict.REJECT,      Reason.ENCRYPTED,            lambda f, r: _is_letter(f) and _is_encrypted(f)),
    (Verdict.REJECT,      Reason.FILE_TYPE,            lambda f, r: _is_letter(f) and _has_barred(f, r)),
    (Verdict.REJECT,      Reason.EMPTY,                lambda f, r: _is_letter(f) and _empty(f)),
    (Verdict.HOLD,        Reason.CHARTER,              lambda f, r: _is_letter(f) and _owes_charter(f)),
    (Verdict.PASS_ON,     Reason.LETTER,               lambda f, r: _is_letter(f)),
    # Where to: the place must exist and take posts.
    (Verdict.REJECT,      Reason.TOPIC_GONE,           lambda f, r: _gone(f)),
    (Verdict.REJECT,      Reason.NO_PLACE,             lambda f, r: isinstance(f.destination, ToNobody)),
    (Verdict.REJECT,      Reason.NO_PLACE,             lambda f, r: f.community is None),
    (Verdict.REJECT,      Reason.COMMUNITY_ARCHIVED,   lambda f, r: f.community is not None and f.community.archived),
    # Once only.
    (Verdict.DISCARD,     Reason.ANSWERED_ELSEWHERE,   lambda f, r: f.served),
    (Verdict.DISCARD,     Reason.DUPLICATE,            lambda f, r: f.duplicate),
    # May this person write here: never as the owner of the token they answered with.
    (Verdict.HOLD,        Reason.TOKEN_OF_ANOTHER,     lambda f, r: not _may_post(f) and _with_token_of_another(f)),
    (Verdict.REJECT,      Reason.NOT_A_MEMBER,         lambda f, r: not _may_post(f)),
    (Verdict.REJECT,      Reason.TOPIC_CLOSED,         lambda f, r: f.place is not None and f.place.topic.closed),
    # What they wrote.
    (Verdict.REJECT,      Reason.ATTACHMENT_TOO_LARGE, _is_heavy),
    (Verdict.REJECT,      Reason.ENCRYPTED,            lambda f, r: _is_encrypted(f)),
    (Verdict.REJECT,      Reason.UNREADABLE,           lambda f, r: _empty(f) and _is_cut(f)),
    (Verdict.REJECT,      Reason.EMPTY,                lambda f, r: _empty(f)),
    (Verdict.HOLD,        Reason.NOT_ADDRESSED,        _strays),
    (Verdict.THANK,       Reason.THANKS,               lambda f, r: _only_thanks(f)),
    (Verdict.HOLD,        Reason.CHARTER,              lambda f, r: _owes_charter(f)),
    (Verdict.HOLD,        Reason.FILE_TYPE,            _has_barred),
    (Verdict.HOLD,        Reason.MODERATED,            lambda f, r: _waits(f, PostPolicy.MODERATED)),
    (Verdict.HOLD,        Reason.FIRST_POST,           lambda f, r: _waits(f, PostPolicy.FIRST) and f.is_first),
    (Verdict.HOLD,        Reason.LARGE_AUDIENCE,       lambda f, r: _is_loud(f, r) and not _is_unread(f)),
    # How much comes: what people write by hand is never so much.
    (Verdict.HOLD,        Reason.TOPIC_FLOOD,          lambda f, r: _floods_topic(f, r) and not _is_unread(f)),
    (Verdict.HOLD,        Reason.AUTHOR_FLOOD,         lambda f, r: _floods(f, r) and not f.approved),
    # Everything else is what we are here for.
    (Verdict.PUBLISH,     Reason.MEMBER_ANSWER,        lambda f, r: f.place is not None),
    (Verdict.PUBLISH,     Reason.MEMBER_POST,          lambda f, r: f.membership is not None),
    (Verdict.PUBLISH,     Reason.OPEN_POST,            lambda f, r: True),
)
# fmt: on


def _state(f: Facts) -> PersonState | None:
    return f.person.state if f.person else None


def _is_unread(f: Facts) -> bool:
    """Nobody reads it first: who writes is trusted, or it was read."""
    return f.approved or (f.person is not None and may(f.person, f.membership, Right.POST_UNREAD))


def _waits(f: Facts, policy: PostPolicy) -> bool:
    return f.community is not None and f.community.post is policy and not _is_unread(f)


def _only_thanks(f: Facts) -> bool:
    """Nothing but thanks, for somebody else's post: everybody would get a mail that says "+1"."""
    if f.place is None or f.person is None or f.place.post.author_id == f.person.id:
        return False
    files = [file for file in f.reading.parsed.attachments if not file.inline]
    return not files and not f.reading.body.forwarded.strip() and read_thanks(f.reading.body.text, f.person.name)


def _is_loud(f: Facts, r: Rules) -> bool:
    return 0 < r.audience_moderation < f.audience


def _floods_topic(f: Facts, r: Rules) -> bool:
    is_full = 0 < r.topic_per_minute <= f.topic_rate
    return f.place is not None and (f.is_paused or is_full) and Ruling.CALMED not in f.rulings


def _floods(f: Facts, r: Rules) -> bool:
    return 0 < r.author_per_hour <= f.author_rate


def _owes_charter(f: Facts) -> bool:
    # A machine accepts nothing.
    return f.owes_charter and not f.approved and not _is_robot_at_home(f)


def _flag(f: Facts, reason: Reason) -> str:
    if reason in (Reason.SENDER_NOT_PROVEN, Reason.SENDER_NOT_CHECKED):
        return f.proof.how
    return "message_id_reused" if f.reused_id else ""
