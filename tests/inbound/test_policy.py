"""The house rules: every line of the table decides something, and the lines above it win."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core import address
from gateway.core.command import Command, Verb
from gateway.core.community import (
    Community,
    CommunityKind,
    JoinPolicy,
    Membership,
    NetworkRole,
    Pace,
    Person,
    PersonState,
    PostPolicy,
    Role,
)
from gateway.core.decision import Decision, Reason, Verdict
from gateway.core.digest import Cadence, Part, PlacedBy
from gateway.core.joining import Registration
from gateway.core.message import Attachment, Body, Classification, Kind, ParsedMessage, Reading
from gateway.core.post import Post, Topic
from gateway.core.ruling import Ruling
from inbound.authenticity import Proof
from inbound.facts import Facts, Rules
from inbound.files import FileRules
from inbound.policy import TABLE, decide
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
from store.digests import ClosedDigest
from store.posts import Place
from tests.network import START

RULES = Rules(
    require="proof",
    files=FileRules(1000, ("exe",)),
    audience_moderation=500,
    topic_per_minute=20,
    author_per_hour=60,
    registration=Registration(frozenset({"company.example"})),
)
ANN = Person(1, "ann@people.example", "Ann", "en", "Europe/Paris", NetworkRole.MEMBER, PersonState.ACTIVE)
PROJETS = Community(
    3, "projets", "Projets", CommunityKind.PROJECT, Pace.EACH, JoinPolicy.OPEN, PostPolicy.MEMBERS, "", archived=False
)
MEMBER = Membership(3, 1, Role.MEMBER, None)
PLACE = Place(Post(9, 3, 4, 5, 1, None, 2, withdrawn=False), Topic(4, 3, "A visit", closed=False))
PARSED = ParsedMessage(
    author=address.parse("ann@people.example"),
    author_name="Ann",
    author_defect="",
    subject="A visit",
    message_id="<m1@people.example>",
    in_reply_to=(),
    references=(),
    date=None,
    recipients=(),
    headers=(),
    text="words",
    html=None,
    attachments=(),
    report=None,
    content_digest="0",
    defects=(),
)
WORDS = Reading(PARSED, Body("words", None), Classification(Kind.ORDINARY), "en")
# What everybody does: a proven member posts to their community.
PUBLISHED = frozenset((Ruling.PUBLISHED,))
PLAIN = Facts(
    destination=ToCommunity("projets"),
    addressed=True,
    reading=WORDS,
    proof=Proof(True, "dmarc"),
    person=ANN,
    community=PROJETS,
    membership=MEMBER,
    place=None,
    duplicate=False,
    served=False,
    rulings=frozenset(),
    reused_id=False,
)
ANSWER = replace(PLAIN, destination=ToPost(9, 1), place=PLACE)


def reading(kind: Kind = Kind.ORDINARY, text: str = "words", *sizes: int, name: str = "f") -> Reading:
    files = tuple(Attachment(name, "x/y", size, "0" * 64, inline=False) for size in sizes)
    return replace(
        WORDS, parsed=replace(PARSED, attachments=files), body=Body(text, None), classification=Classification(kind)
    )


def community(**changes: object) -> Community:
    return replace(PROJETS, **changes)  # type: ignore[arg-type]


AWAY = replace(WORDS, classification=Classification(Kind.AUTO_REPLY, "subject"))
ENCRYPTED = replace(WORDS, parsed=replace(PARSED, defects=("encrypted",)))
TOO_DEEP = replace(reading(Kind.ORDINARY, ""), parsed=replace(PARSED, defects=("too_deep",)))
WITHDRAWN = replace(PLACE, post=replace(PLACE.post, withdrawn=True))
CLOSED = replace(PLACE, topic=replace(PLACE.topic, closed=True))
MODERATED = community(post=PostPolicy.MODERATED)
FIRST_READ = community(post=PostPolicy.FIRST)
PROGRAM = reading(Kind.ORDINARY, "words", 1, name="Setup.PDF.Exe")
AGORA = community(post=PostPolicy.EVERYONE)

PARTS = (Part(4, "words", PlacedBy.POSITION),)
MOVE = Command(Verb.MOVE, topic=4, number=1)
DIGEST_ANSWER = replace(
    PLAIN,
    destination=ToDigest(5, 1),
    reading=replace(WORDS, parts=PARTS),
    digest=ClosedDigest(5, 1, Cadence.DAILY, "2026-11-23", "en", (), 0, START),
    community=None,
    membership=None,
)

# Somebody of the company whom nobody knows yet.
NEWCOMER = replace(
    PLAIN,
    destination=ToCommand("projets", Verb.JOIN),
    command=Command(Verb.JOIN, name="projets"),
    reading=replace(WORDS, parsed=replace(PARSED, author=address.parse("new@company.example"))),
    person=None,
    membership=None,
)

LETTER = replace(ANSWER, destination=ToPerson(None, 9, 1), addressee=replace(ANN, id=2))

OF_ANOTHER = replace(ANSWER, place=replace(PLACE, post=replace(PLACE.post, author_id=2)))

# One line of facts for each line of the table, in its order.
CASES: tuple[tuple[Verdict, Reason, Facts], ...] = (
    (Verdict.DISCARD, Reason.BOUNCE, replace(PLAIN, destination=ToBounce(7))),
    (Verdict.DISCARD, Reason.BOUNCE, replace(PLAIN, reading=reading(Kind.BOUNCE))),
    (Verdict.DISCARD, Reason.LOOP, replace(PLAIN, reading=reading(Kind.LOOP))),
    (Verdict.UNSUBSCRIBE, Reason.LEAVE_TOKEN, replace(PLAIN, destination=ToLeave(3, 1))),
    (Verdict.DISCARD, Reason.AUTO_REPLY, replace(PLAIN, reading=reading(Kind.AUTO_REPLY))),
    (Verdict.FORWARD, Reason.FOR_THE_ADMINS, replace(PLAIN, destination=ToManagers(None))),
    (Verdict.HOLD, Reason.SENDER_NOT_CHECKED, replace(PLAIN, proof=Proof(False, "no_pass", temporary=True))),
    (Verdict.HOLD, Reason.SENDER_NOT_PROVEN, replace(PLAIN, proof=Proof(False, "no_pass"))),
    (Verdict.HOLD, Reason.NOT_ADDRESSED, replace(PLAIN, destination=ToCommand("projets", Verb.LEAVE), addressed=False)),
    (Verdict.REJECT, Reason.TOKEN_OF_ANOTHER, replace(PLAIN, destination=ToQuestion(6, 2), command=MOVE)),
    (Verdict.OBEY, Reason.COMMAND, NEWCOMER),
    (Verdict.FORWARD, Reason.FOR_THE_ADMINS, replace(NEWCOMER, reading=WORDS)),
    (Verdict.REJECT, Reason.NOT_A_MEMBER, replace(NEWCOMER, destination=ToCommunity("projets"), command=None)),
    (Verdict.HOLD, Reason.SENDER_UNKNOWN, replace(PLAIN, person=None, membership=None)),
    (Verdict.HOLD, Reason.SUSPENDED, replace(PLAIN, person=replace(ANN, state=PersonState.SUSPENDED))),
    (Verdict.REJECT, Reason.REFUSED, replace(PLAIN, rulings=frozenset((Ruling.REFUSED,)))),
    (Verdict.REJECT, Reason.EXPIRED, replace(PLAIN, rulings=frozenset((Ruling.EXPIRED,)))),
    (Verdict.HOLD, Reason.LOOKS_AUTOMATIC, replace(PLAIN, reading=AWAY)),
    (
        Verdict.HOLD,
        Reason.FASTER_THAN_HUMAN,
        replace(ANSWER, reading=reading(Kind.ORDINARY, "Thank you. " * 20), after=timedelta(seconds=2)),
    ),
    (Verdict.DISCARD, Reason.DUPLICATE, replace(DIGEST_ANSWER, duplicate=True)),
    (Verdict.OBEY, Reason.COMMAND, replace(DIGEST_ANSWER, command=Command(Verb.WEEKLY))),
    (Verdict.ASK, Reason.NOT_UNDERSTOOD, replace(PLAIN, destination=ToQuestion(5, 1), unclear=True)),
    (Verdict.REJECT, Reason.DIGEST_GONE, replace(DIGEST_ANSWER, digest=None)),
    (
        Verdict.REJECT,
        Reason.ATTACHMENT_TOO_LARGE,
        replace(DIGEST_ANSWER, reading=replace(reading(Kind.ORDINARY, "words", 1001), parts=PARTS)),
    ),
    (Verdict.REJECT, Reason.ENCRYPTED, replace(DIGEST_ANSWER, reading=replace(ENCRYPTED, parts=PARTS))),
    (Verdict.REJECT, Reason.FILE_TYPE, replace(DIGEST_ANSWER, reading=replace(PROGRAM, parts=PARTS))),
    (Verdict.REJECT, Reason.EMPTY, replace(DIGEST_ANSWER, reading=replace(WORDS, parts=()))),
    (Verdict.HOLD, Reason.CHARTER, replace(DIGEST_ANSWER, owes_charter=True)),
    (Verdict.SHARE_OUT, Reason.DIGEST_ANSWER, DIGEST_ANSWER),
    (Verdict.REJECT, Reason.TOKEN_OF_ANOTHER, replace(LETTER, membership=None)),
    (Verdict.REJECT, Reason.PERSON_GONE, replace(LETTER, addressee=None)),
    (Verdict.REJECT, Reason.ATTACHMENT_TOO_LARGE, replace(LETTER, reading=reading(Kind.ORDINARY, "words", 1001))),
    (Verdict.REJECT, Reason.ENCRYPTED, replace(LETTER, reading=ENCRYPTED)),
    (Verdict.REJECT, Reason.FILE_TYPE, replace(LETTER, reading=PROGRAM)),
    (Verdict.REJECT, Reason.EMPTY, replace(LETTER, reading=reading(Kind.ORDINARY, ""))),
    (Verdict.HOLD, Reason.CHARTER, replace(LETTER, owes_charter=True)),
    (Verdict.PASS_ON, Reason.LETTER, LETTER),
    (Verdict.REJECT, Reason.TOPIC_GONE, replace(ANSWER, place=WITHDRAWN)),
    (Verdict.REJECT, Reason.NO_PLACE, replace(PLAIN, destination=ToNobody())),
    (Verdict.REJECT, Reason.NO_PLACE, replace(PLAIN, destination=ToParent(), community=None, membership=None)),
    (Verdict.REJECT, Reason.COMMUNITY_ARCHIVED, replace(PLAIN, community=community(archived=True))),
    (Verdict.DISCARD, Reason.ANSWERED_ELSEWHERE, replace(PLAIN, served=True)),
    (Verdict.DISCARD, Reason.DUPLICATE, replace(PLAIN, duplicate=True)),
    (Verdict.HOLD, Reason.TOKEN_OF_ANOTHER, replace(ANSWER, destination=ToPost(9, 2), membership=None)),
    (Verdict.REJECT, Reason.NOT_A_MEMBER, replace(PLAIN, membership=None)),
    (Verdict.REJECT, Reason.TOPIC_CLOSED, replace(ANSWER, place=CLOSED)),
    (Verdict.REJECT, Reason.ATTACHMENT_TOO_LARGE, replace(PLAIN, reading=reading(Kind.ORDINARY, "words", 1, 1001))),
    (Verdict.REJECT, Reason.ENCRYPTED, replace(PLAIN, reading=ENCRYPTED)),
    (Verdict.REJECT, Reason.UNREADABLE, replace(PLAIN, reading=TOO_DEEP)),
    (Verdict.REJECT, Reason.EMPTY, replace(PLAIN, reading=reading(Kind.ORDINARY, " \n"))),
    (Verdict.HOLD, Reason.NOT_ADDRESSED, replace(PLAIN, addressed=False)),
    (Verdict.THANK, Reason.THANKS, replace(OF_ANOTHER, reading=reading(Kind.ORDINARY, "Merci Bob !"))),
    (Verdict.HOLD, Reason.CHARTER, replace(PLAIN, owes_charter=True)),
    (Verdict.HOLD, Reason.FILE_TYPE, replace(PLAIN, reading=PROGRAM)),
    (Verdict.HOLD, Reason.MODERATED, replace(PLAIN, community=MODERATED)),
    (Verdict.HOLD, Reason.FIRST_POST, replace(PLAIN, community=FIRST_READ, is_first=True)),
    (Verdict.HOLD, Reason.LARGE_AUDIENCE, replace(PLAIN, audience=501)),
    (Verdict.HOLD, Reason.TOPIC_FLOOD, replace(ANSWER, topic_rate=20)),
    (Verdict.HOLD, Reason.AUTHOR_FLOOD, replace(PLAIN, author_rate=60)),
    (Verdict.PUBLISH, Reason.MEMBER_ANSWER, ANSWER),
    (Verdict.PUBLISH, Reason.MEMBER_POST, PLAIN),
    (Verdict.PUBLISH, Reason.OPEN_POST, replace(PLAIN, community=AGORA, membership=None)),
)


def test_there_is_a_case_for_each_line_of_the_table() -> None:
    assert [(verdict, reason) for verdict, reason, _ in CASES] == [(verdict, reason) for verdict, reason, _ in TABLE]
    assert {reason for _, reason, _ in CASES} == set(Reason)


@pytest.mark.parametrize(
    "number", range(len(CASES)), ids=[f"{n:02}-{reason}" for n, (_, reason, _) in enumerate(CASES)]
)
def test_the_line_decides(number: int) -> None:
    verdict, reason, facts = CASES[number]
    decision = decide(facts, RULES)
    assert (decision.verdict, decision.reason) == (verdict, reason)
    # The line itself held, not its neighbour of the same word.
    assert [holds(facts, RULES) for _, _, holds in TABLE].index(True) == number


def test_a_flood_holds_what_nobody_has_read_and_is_not_over() -> None:
    flooded = replace(ANSWER, is_paused=True)
    runs_it = replace(flooded, membership=replace(MEMBER, role=Role.MANAGER))
    approved = replace(flooded, rulings=frozenset((Ruling.PUBLISHED,)), author_rate=60)
    calmed = replace(flooded, rulings=frozenset((Ruling.CALMED,)))
    found = [decide(facts, RULES).reason for facts in (flooded, runs_it, approved, calmed)]
    assert found == [Reason.TOPIC_FLOOD, *[Reason.MEMBER_ANSWER] * 3]
    # Much is written by whoever runs the place, too, and a new topic floods none.
    assert decide(replace(runs_it, author_rate=60), RULES).reason is Reason.AUTHOR_FLOOD
    assert decide(replace(PLAIN, topic_rate=20, is_paused=True), RULES).reason is Reason.MEMBER_POST


def test_without_bounds_nothing_is_a_flood() -> None:
    boundless = replace(RULES, topic_per_minute=0, author_per_hour=0)
    assert decide(replace(ANSWER, topic_rate=5000, author_rate=5000), boundless).reason is Reason.MEMBER_ANSWER


def all_at_once() -> Facts:
    """Everything is wrong with this mail that a mail from a person can have wrong."""
    return replace(
        ANSWER,
        destination=ToPost(9, 2),
        reading=reading(Kind.ORDINARY, "", 5000),
        proof=Proof(False, "no_pass"),
        person=None,
        membership=None,
        community=community(archived=True, post=PostPolicy.MODERATED),
        place=replace(WITHDRAWN, topic=CLOSED.topic),
        duplicate=True,
        served=True,
    )


def test_who_speaks_is_asked_before_anything_that_is_answered() -> None:
    facts = all_at_once()
    mended = [
        (Reason.SENDER_NOT_PROVEN, {"proof": Proof(True, "dkim")}),
        (Reason.SENDER_UNKNOWN, {"person": replace(ANN, state=PersonState.ERASED)}),
        (Reason.SUSPENDED, {"person": ANN}),
        (Reason.TOPIC_GONE, {"place": CLOSED}),
        (Reason.COMMUNITY_ARCHIVED, {"community": MODERATED}),
        (Reason.ANSWERED_ELSEWHERE, {"served": False}),
        (Reason.DUPLICATE, {"duplicate": False}),
        (Reason.TOKEN_OF_ANOTHER, {"destination": ToPost(9, 1)}),
        (Reason.NOT_A_MEMBER, {"membership": MEMBER}),
        (Reason.TOPIC_CLOSED, {"place": PLACE}),
        (Reason.ATTACHMENT_TOO_LARGE, {"reading": reading(Kind.ORDINARY, "")}),
        (Reason.EMPTY, {"reading": WORDS}),
        (Reason.MODERATED, {"community": PROJETS}),
        (Reason.MEMBER_ANSWER, {}),
    ]
    for reason, mend in mended:
        assert decide(facts, RULES).reason is reason
        facts = replace(facts, **mend)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [Kind.BOUNCE, Kind.LOOP, Kind.AUTO_REPLY])
def test_no_machine_gets_further_than_the_first_lines(kind: Kind) -> None:
    facts = replace(all_at_once(), reading=reading(kind))
    assert decide(facts, RULES).verdict is Verdict.DISCARD


@pytest.mark.parametrize(
    "facts",
    [
        replace(PLAIN, reading=replace(WORDS, classification=Classification(Kind.AUTO_REPLY, "auto-submitted"))),
        replace(PLAIN, reading=AWAY, place=PLACE),
        replace(ANSWER, reading=AWAY),
        replace(PLAIN, reading=AWAY, proof=Proof(False, "no_pass")),
        replace(PLAIN, reading=AWAY, person=None, membership=None),
    ],
    ids=["header", "answer", "token", "unproven", "stranger"],
)
def test_words_and_one_more_sign_are_a_machine(facts: Facts) -> None:
    assert decide(facts, RULES) == Decision(Verdict.DISCARD, Reason.AUTO_REPLY)


def test_a_rule_that_reads_first_lets_those_through_who_were_read_or_are_trusted() -> None:
    for waits in (
        replace(PLAIN, community=MODERATED),
        replace(PLAIN, community=FIRST_READ, is_first=True),
        replace(PLAIN, audience=501),
    ):
        assert decide(replace(waits, rulings=PUBLISHED), RULES).verdict is Verdict.PUBLISH
        assert decide(replace(waits, membership=replace(MEMBER, role=Role.MANAGER)), RULES).verdict is Verdict.PUBLISH
    assert decide(replace(PLAIN, community=FIRST_READ), RULES).verdict is Verdict.PUBLISH
    assert decide(replace(PLAIN, audience=500), RULES).verdict is Verdict.PUBLISH
    assert decide(replace(PLAIN, audience=501), replace(RULES, audience_moderation=0)).verdict is Verdict.PUBLISH


def test_its_author_vouches_for_who_wrote_it_and_for_nothing_else() -> None:
    owned = frozenset((Ruling.OWNED,))
    unproven = replace(PLAIN, proof=Proof(False, "no_pass"), rulings=owned)
    assert decide(unproven, RULES).verdict is Verdict.PUBLISH
    assert decide(replace(unproven, addressed=False), RULES).verdict is Verdict.PUBLISH
    assert decide(replace(unproven, community=MODERATED), RULES).reason is Reason.MODERATED
    assert decide(replace(unproven, membership=None), RULES).reason is Reason.NOT_A_MEMBER


ROBOT = replace(ANN, state=PersonState.ROBOT)
SCAN = replace(
    PLAIN, person=ROBOT, reading=replace(WORDS, classification=Classification(Kind.AUTO_REPLY, "auto-submitted"))
)


def test_a_robot_posts_automatic_mail_where_it_is_a_member() -> None:
    assert decide(SCAN, RULES) == Decision(Verdict.PUBLISH, Reason.MEMBER_POST)
    assert decide(replace(SCAN, reading=WORDS), RULES).verdict is Verdict.PUBLISH
    assert decide(replace(SCAN, proof=Proof(False, "no_pass")), RULES).reason is Reason.SENDER_NOT_PROVEN
    # A word of command is none of a robot's.
    assert decide(replace(SCAN, command=MOVE), RULES).verdict is Verdict.PUBLISH
    assert decide(replace(SCAN, owes_charter=True), RULES).verdict is Verdict.PUBLISH
    assert decide(replace(SCAN, reading=reading(Kind.BOUNCE)), RULES).verdict is Verdict.DISCARD


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"membership": None},
        {"membership": None, "community": AGORA},
        {"destination": ToPost(9, 1), "place": PLACE},
        {"destination": ToDigest(5, 1)},
    ],
    ids=["no-member", "open-to-everyone", "token", "digest"],
)
def test_a_robot_posts_nowhere_else(elsewhere: dict[str, object]) -> None:
    facts = replace(SCAN, **elsewhere)  # type: ignore[arg-type]
    assert decide(facts, RULES) == Decision(Verdict.DISCARD, Reason.AUTO_REPLY)
    assert decide(replace(facts, reading=WORDS), RULES) == Decision(Verdict.HOLD, Reason.SUSPENDED)


def test_a_human_says_that_a_human_wrote_it() -> None:
    assert decide(replace(PLAIN, reading=AWAY, rulings=PUBLISHED), RULES).verdict is Verdict.PUBLISH


def test_a_mail_to_others_is_held_unless_switched_off_or_approved() -> None:
    strayed = replace(PLAIN, addressed=False)
    assert decide(strayed, RULES).reason is Reason.NOT_ADDRESSED
    assert decide(strayed, replace(RULES, require_addressed=False)).verdict is Verdict.PUBLISH
    assert decide(replace(strayed, rulings=PUBLISHED), RULES).verdict is Verdict.PUBLISH
    # A token is an address that only its reader knows: no To need repeat it.
    assert decide(replace(ANSWER, addressed=False), RULES).verdict is Verdict.PUBLISH


def test_a_check_that_failed_for_a_moment_is_told_from_one_that_failed() -> None:
    facts = replace(PLAIN, proof=Proof(False, "no_pass", temporary=True))
    assert decide(facts, RULES) == Decision(Verdict.HOLD, Reason.SENDER_NOT_CHECKED, "no_pass")
    assert decide(facts, replace(RULES, require="none")).verdict is Verdict.PUBLISH


def test_a_machine_may_leave() -> None:
    facts = replace(PLAIN, destination=ToLeave(3, 1), reading=reading(Kind.AUTO_REPLY), proof=Proof(False, "no_author"))
    assert decide(facts, RULES).verdict is Verdict.UNSUBSCRIBE


@pytest.mark.parametrize(
    ("require", "destination", "believed"),
    [
        ("proof", ToPost(9, 1), False),
        ("token", ToPost(9, 1), True),
        ("token", ToPost(9, 2), False),
        ("token", ToCommunity("projets"), False),
        ("token", ToParent(), False),
        ("none", ToCommunity("projets"), True),
    ],
)
def test_what_is_believed_without_proof(
    require: str, destination: ToPost | ToCommunity | ToParent, believed: bool
) -> None:
    facts = replace(ANSWER, destination=destination, proof=Proof(False, "no_pass"))
    decision = decide(facts, Rules(require, FileRules(1000)))
    assert (decision.reason is not Reason.SENDER_NOT_PROVEN) == believed


def test_the_flag_says_why_nobody_was_believed_or_what_was_odd() -> None:
    facts = replace(PLAIN, proof=Proof(False, "foreign_results"), reused_id=True)
    assert decide(facts, RULES) == Decision(Verdict.HOLD, Reason.SENDER_NOT_PROVEN, "foreign_results")
    assert decide(replace(PLAIN, reused_id=True), RULES).flag == "message_id_reused"
    assert decide(PLAIN, RULES).flag == ""


def test_words_are_words_also_in_a_forward_or_a_file() -> None:
    forwarded = replace(WORDS, body=Body("", None, forwarded="their words"))
    assert decide(replace(PLAIN, reading=forwarded), RULES).verdict is Verdict.PUBLISH
    assert decide(replace(PLAIN, reading=reading(Kind.ORDINARY, "", 1000)), RULES).verdict is Verdict.PUBLISH


@pytest.mark.parametrize(
    ("role", "verdict"),
    [(Role.MANAGER, Verdict.PUBLISH), (Role.CHAMPION, Verdict.PUBLISH), (Role.MEMBER, Verdict.HOLD)],
)
def test_who_runs_a_moderated_place_posts(role: Role, verdict: Verdict) -> None:
    facts = replace(PLAIN, community=MODERATED, membership=replace(MEMBER, role=role))
    assert decide(facts, RULES).verdict is verdict


def test_a_word_at_an_address_for_people_is_obeyed_and_everything_else_goes_to_them() -> None:
    asks = replace(PLAIN, destination=ToManagers(None, takes_commands=True), community=None, membership=None)
    assert decide(asks, RULES).verdict is Verdict.FORWARD
    assert decide(replace(asks, command=Command(Verb.DAILY)), RULES).verdict is Verdict.OBEY
    unproven = replace(asks, command=Command(Verb.DAILY), proof=Proof(False, "no_pass"))
    assert decide(unproven, RULES).verdict is Verdict.FORWARD


def test_a_digest_is_ended_by_mail_like_a_community() -> None:
    quiet = replace(PLAIN, destination=ToQuiet(Cadence.DAILY, 1), proof=Proof(False, "no_pass"))
    assert decide(quiet, RULES).verdict is Verdict.UNSUBSCRIBE
